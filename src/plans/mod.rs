//! Plans and their tasks. A plan is put as a whole, as it was issued: its head, its headings, its tasks with the words of the
//! source and what they mean. Work is done on tasks: reports per department and period, and an explicit closing.
//! How far a task is follows from its schedule, its closing and today; nobody sets it, and nothing is done by itself.

mod acts;
mod amendments;
mod import;
mod model;
mod routes;
mod rules;
mod store;
mod tasks;
mod versions;
mod view;
mod wire;

pub use model::{Frequency, ScheduleKind, TaskState};
pub use routes::exported;
pub use store::{EXPANDED, find};
pub use tasks::AssignedRows;
pub use tasks::exported as exported_tasks;
pub use tasks::wire::{AssignedTask, ProgressCounts, ProgressIssue, ProgressRow};
pub use tasks::{
    Counted as TaskCounted, DueTask, Rows as TaskRows, Scope as TaskScope, TaskBehind, TaskCounts, TaskNow, assign_from_above,
    due_between as tasks_due_between, give_up as give_up_task, issues as task_issues,
    progress_by_department as task_progress_by_department, progress_in_all as task_progress, states as task_states, task_counts,
    task_counts_over, tasks_behind,
};
pub use versions::routes::exported as exported_versions;
pub use wire::{NewPlan, ReportingDuty};

pub fn configure(cfg: &mut crate::http::ServiceConfig) {
    routes::configure(cfg);
    amendments::routes::configure(cfg);
    versions::routes::configure(cfg);
    import::routes::configure(cfg);
    tasks::configure(cfg);
}
