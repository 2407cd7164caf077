//! Nouns of index criteria: how one is scored, whose score counts, where it goes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a criterion is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CriterionKind)]
pub enum Kind {
    /// Maximum × figure ÷ `full_at`.
    Formula,
    /// By the highest of `bands` that the figure reaches.
    Bands,
    /// All points or none.
    YesNo,
    /// By a survey; the department does not score it.
    Survey,
    /// As many as are deserved.
    Points,
}

impl Kind {
    /// Whether points follow from a figure.
    pub fn is_computed(self) -> bool {
        matches!(self, Kind::Formula | Kind::Bands)
    }
}

/// Whose score it is that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CriterionScoreBasis)]
pub enum Basis {
    Appraised,
    Survey,
    /// From the figure.
    Computed,
    /// The department's own.
    #[serde(rename = "self")]
    Own,
    /// The sum of its parts.
    Parts,
}

/// How a criterion stands against the year before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CriterionTrend)]
pub enum Trend {
    Up,
    Down,
    Same,
    /// The year before had no such criterion.
    New,
    /// This year has no such criterion any more.
    Gone,
    /// One of both years has no score yet.
    NotScored,
}

impl Trend {
    pub fn name(self) -> &'static str {
        ["up", "down", "same", "new", "gone", "not_scored"][self as usize]
    }
}
