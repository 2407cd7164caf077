//! Tasks of plans, and tasks from above: where they stand, and the work on them. A task is done in one or more occurrences, derived
//! from its schedule; a department hands in what it did, the office confirms or gives it back; more time is asked for and decided.

mod acts;
mod load;
mod routes;
mod rules;
mod store;
pub(super) mod wire;

pub(super) use acts::settle;
pub use acts::{assign_from_above, give_up};
pub use load::Rows as AssignedRows;
pub use routes::{configure, exported};
pub(super) use rules::{proven_on, window};
pub use store::{
    Counted, DueTask, Rows, Scope, TaskBehind, TaskCounts, TaskNow, due_between, issues, progress_by_department, progress_in_all, states,
    task_counts, task_counts_over, tasks_behind,
};
pub(super) use store::{SCHEDULE, indicators, of_plan, part, seen};
