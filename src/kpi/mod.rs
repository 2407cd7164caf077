//! Indicators (chỉ tiêu): what is computed or measured, what has to be reached, and how the figures stand against it.
//! Figures stay exact until they are shown; ratios are sums over sums, never a mean of ratios.

mod acts;
mod counted;
mod decimal;
mod results;
mod routes;
mod rules;
mod store;
mod tiles;
mod wire;

pub use results::{Unmet, unmet};
pub use routes::{configure, exported, exported_measurements};
pub use tiles::{Tile, TileSpans, tiles};
pub use wire::{Comparator, Direction, Formula, KpiResult, KpiView, MeasurementView, NewKpi, NewMeasurement, NoValue, Source, Status, Unit};
