//! Indicators (chỉ tiêu): what is computed or measured, what has to be reached, and how the figures stand against it.
//! Figures stay exact until they are shown; ratios are sums over sums, never a mean of ratios.

mod definitions;
mod expression;
mod measurements;
mod results;
mod routes;
mod rules;
mod store;
mod submissions;
mod targets;
mod tiles;
mod wire;

pub use definitions::routes::{exported, exported_versions};
pub use measurements::{
    MeasurementView, NewMeasurement, Rows, exported as exported_measurements, exported_versions as exported_measurement_versions,
};
pub use results::{KpiResult, Unmet, exported as exported_contributors, unmet};
pub use routes::configure;
pub use submissions::exported as exported_submissions;
pub use targets::routes::exported as exported_targets;
pub use tiles::{Tile, TileSpans, tiles};
pub use wire::{Comparator, Direction, Formula, KpiView, NewKpi, NoValue, Source, Status, Unit};
