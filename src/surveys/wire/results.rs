//! What a wave comes to, as it is answered.

use serde::Serialize;
use utoipa::ToSchema;

use crate::surveys::model::{SurveyChange, SurveyCount, SurveyPercent, SurveyScale, SurveyState};

/// Bounds of an index, in per cent with two decimals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct SurveyInterval {
    pub from: f64,
    pub to: f64,
}

/// A published value beside the computed one.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct SurveyPublishedBeside {
    pub value: SurveyPercent,
    /// Published less computed, in percentage points with two decimals; null where nothing is computed.
    pub difference: Option<f64>,
}

/// An index held against that of the wave before.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SurveyComparison {
    pub valid: i64,
    pub satisfied: i64,
    /// The index then.
    pub value: Option<f64>,
    /// Now less then, in percentage points with two decimals.
    pub difference: Option<f64>,
    /// Statistic of the test of two proportions (pooled), with two decimals; beyond ±1.96 the difference is more than chance at 95 %.
    pub z: Option<f64>,
    /// Whether the two intervals overlap.
    pub intervals_overlap: Option<bool>,
    pub change: SurveyChange,
    /// The same in words.
    pub text: String,
}

/// Answers by level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SurveyLevels {
    pub very_dissatisfied: i64,
    pub dissatisfied: i64,
    pub neutral: i64,
    pub satisfied: i64,
    pub very_satisfied: i64,
}

/// The index of the whole, a factor or a field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SurveyLine {
    /// Code of the factor or field; null for the whole.
    pub key: Option<String>,
    pub name: Option<String>,
    pub levels: SurveyLevels,
    pub no_answer: i64,
    /// Answers at any level.
    pub valid: i64,
    /// Satisfied and very satisfied ones.
    pub satisfied: i64,
    /// Satisfied over valid in per cent, with two decimals, half up; null without valid answers.
    pub value: Option<f64>,
    /// The 95 % interval (Wilson).
    pub interval: Option<SurveyInterval>,
    /// Fewer valid answers than `minimum`: the figure says little.
    pub too_few_answers: bool,
    /// Place by the unrounded index among factors, or among fields: 1 is best, equal ones share a place.
    pub rank: Option<i64>,
    pub published: Option<SurveyPublishedBeside>,
    /// Against the wave before, if there is one.
    pub previous: Option<SurveyComparison>,
}

/// The wave that a wave is compared with.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SurveyBefore {
    pub survey: String,
    pub period: String,
    pub state: SurveyState,
    /// Whether both followed the same edition of the same method on the same scale.
    pub same_method: bool,
}

/// What a wave comes to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"survey": "hai-long-2022", "name": "Khảo sát mức độ hài lòng năm 2022", "department": "SKHDT", "period": "2022", "state": "closed",
    "scale": "five_point", "population": 4200, "sample_size": 500, "respondents": 480, "response_rate": 96.0, "minimum": 30, "compared_with": null,
    "whole": {"key": null, "name": null, "levels": {"very_dissatisfied": 4, "dissatisfied": 12, "neutral": 40, "satisfied": 300, "very_satisfied": 120},
        "no_answer": 4, "valid": 476, "satisfied": 420, "value": 88.24, "interval": {"from": 85.03, "to": 90.83}, "too_few_answers": false, "rank": null,
        "published": null, "previous": null}, "factors": [], "fields": []}))]
pub struct SurveyResults {
    /// Code of the wave.
    pub survey: String,
    pub name: String,
    pub department: String,
    pub period: String,
    pub state: SurveyState,
    pub scale: SurveyScale,
    pub population: Option<SurveyCount>,
    pub sample_size: SurveyCount,
    pub respondents: SurveyCount,
    /// Responses over sample, in per cent with two decimals.
    pub response_rate: Option<f64>,
    /// Valid answers below which a line is marked `too_few_answers`.
    pub minimum: i64,
    pub compared_with: Option<SurveyBefore>,
    pub whole: SurveyLine,
    /// The best first.
    pub factors: Vec<SurveyLine>,
    /// The best first.
    pub fields: Vec<SurveyLine>,
}
