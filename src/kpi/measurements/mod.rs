//! Measurements (số đo): figures of indicators for a department and a period, each with its evidence. Every value a measurement has had
//! stays. On a computed indicator it is what was published, and stands beside what is computed.

mod acts;
mod job;
mod load;
mod model;
mod routes;
mod rules;
mod store;
mod wire;

pub use job::Rows;
pub use model::MeasurementState;
pub use routes::{configure, exported, exported_versions};
pub use store::{Measured, all_measured};
pub use wire::{Evidence, MeasurementView, NewMeasurement};
