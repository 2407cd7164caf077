//! What the rows of a table mean: columns by their headers, headings, tasks, departments, schedules. Pure.

pub mod columns;
pub mod departments;
mod groups;
pub mod rows;
mod schedule;
mod spans;
mod task;
