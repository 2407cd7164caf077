//! Satisfaction surveys (khảo sát mức độ hài lòng): waves with their method, sample and counts of answers, the index computed from
//! them with its interval, what was published beside, and whether it changed since the wave before. A closed wave is changed by
//! corrections only, and feeds the indicators that it names.

mod acts;
mod figures;
mod model;
mod results;
mod routes;
mod rules;
mod store;
mod wire;

pub use figures::{Figure, figures};
pub use routes::{configure, exported};
