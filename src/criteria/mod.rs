//! Index criteria (tiêu chí của bộ chỉ số: PAR INDEX, PCI): the sheet of a year as a tree, what a department gives itself, what a
//! figure, a survey and the appraisal make of it, and what rose or fell against the year before.
//! Only criteria without parts are scored; the appraised score counts, else what a survey or a figure gives, else the department's own.

mod acts;
mod model;
mod moved;
mod routes;
mod rules;
mod store;
mod wire;

pub use model::Trend;
pub use moved::{Moved, MovedCriterion, moved};
pub use routes::{configure, exported};
