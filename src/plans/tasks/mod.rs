//! Tasks of plans: where they stand, and the work reported on them.

mod acts;
mod routes;
mod rules;
mod store;
pub(super) mod wire;

pub use routes::{configure, exported};
pub(super) use rules::{proven_on, window};
pub(super) use store::{SCHEDULE, indicators, of_plan, part, seen};
