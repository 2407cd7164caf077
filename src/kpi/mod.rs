//! Indicators (chỉ tiêu): what is computed or measured, what has to be reached, and how the figures stand against it.
//! Figures stay exact until they are shown; ratios are sums over sums, never a mean of ratios.

mod acts;
mod decimal;
mod load;
mod results;
mod routes;
mod rules;
mod store;
mod wire;

pub use load::Rows;
pub use results::{Unmet, unmet};
pub use routes::{configure, exported, exported_measurements};
pub use wire::{Comparator, Direction, Formula, KpiView, MeasurementView, NewKpi, NewMeasurement, NoValue, Source, Status, Unit};
