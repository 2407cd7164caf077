//! Tasks of plans, and tasks from above: where they stand, and the work on them. A task is done in one or more occurrences, derived
//! from its schedule; a department hands in what it did, the office confirms or gives it back; more time is asked for and decided.

mod acts;
mod load;
mod routes;
mod rules;
mod store;
pub(super) mod wire;

pub(super) use acts::settle;
pub use load::Rows as AssignedRows;
pub use routes::{configure, exported};
pub(super) use rules::{proven_on, window};
pub(super) use store::{SCHEDULE, indicators, of_plan, part, seen};
pub use store::{Scope, TaskCounts, task_counts};
