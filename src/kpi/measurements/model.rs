//! Nouns of measurements.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether more is known of a figure to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasurementState {
    /// An estimate; the final figure follows.
    Provisional,
    #[default]
    Final,
}
