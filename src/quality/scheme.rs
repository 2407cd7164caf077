//! What a decision says about the index: groups, components, points, thresholds, ratings. Data, read once.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, Code};
use crate::http::Day;
use crate::http::decimal::Decimal;

/// A text of the data.
#[derive(Clone, Debug, Deserialize)]
pub struct Words {
    pub vi: String,
    pub en: String,
}

/// What a component counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = QualityMeasure)]
pub enum Measure {
    PublishedOnTime,
    MadePublicOnTime,
    CompleteDescription,
    Synchronised,
    OnTime,
    MeanTime,
    OnlineCoverage,
    ServicesUsed,
    OnlineChannel,
    PayableOnline,
    PaidOnline,
    ElectronicResult,
    Digitised,
    Reused,
    PersonalStore,
    PopulationData,
    FeedbackClassified,
    FeedbackOnTime,
    FeedbackSatisfied,
    NeitherLateNorDisliked,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Component {
    pub number: String,
    pub measure: Measure,
    pub name: Words,
    pub formula: Words,
    /// None where it is told and gives no points.
    pub max_points: Option<Decimal>,
    /// Whether the decision states them; others are an assumption that shares out the points of the group.
    pub max_stated: bool,
    /// The rate from which on it gives the maximum; 100 when none is given.
    pub full_at: Option<Decimal>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Group {
    pub code: String,
    pub name: Words,
    pub max_points: Decimal,
    pub components: Vec<Component>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Rating {
    pub from: Decimal,
    pub code: String,
    pub name: Words,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Scheme {
    pub decision: String,
    pub title: Words,
    pub valid_from: Day,
    pub valid_to: Option<Day>,
    /// The best first.
    pub ratings: Vec<Rating>,
    pub groups: Vec<Group>,
}

const DECISIONS: &[&str] = &[include_str!("../../data/quality/766.json")];

fn schemes() -> Result<&'static [Scheme], ApiError> {
    static SCHEMES: OnceLock<Vec<Scheme>> = OnceLock::new();
    if let Some(schemes) = SCHEMES.get() {
        return Ok(schemes);
    }
    let read: Result<Vec<Scheme>, _> = DECISIONS.iter().map(|text| serde_json::from_str(text)).collect();
    let read = read.map_err(|e| ApiError::new(Code::Internal).because(e))?;
    Ok(SCHEMES.get_or_init(|| read))
}

/// The decision in force on a day; before the first one, that one.
///
/// # Errors
/// The data cannot be read, which is a defect.
pub fn on(day: Day) -> Result<&'static Scheme, ApiError> {
    let schemes = schemes()?;
    let found = schemes.iter().rfind(|s| s.valid_from <= day).or(schemes.first());
    found.ok_or_else(|| ApiError::new(Code::Internal).because("no decision on the quality index"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn points_add_up_and_ratings_fall() {
        for scheme in schemes().unwrap() {
            let sum = |points: &mut dyn Iterator<Item = Decimal>| points.fold(Decimal::ZERO, Decimal::plus);
            for group in &scheme.groups {
                let parts = sum(&mut group.components.iter().filter_map(|c| c.max_points));
                assert_eq!(parts, group.max_points, "{} {}", scheme.decision, group.code);
            }
            assert_eq!(sum(&mut scheme.groups.iter().map(|g| g.max_points)), Decimal::HUNDRED, "{}", scheme.decision);
            assert!(scheme.ratings.windows(2).all(|pair| pair[0].from > pair[1].from));
            assert_eq!(scheme.ratings.last().unwrap().from, Decimal::ZERO);
        }
        let codes: Vec<_> = schemes().unwrap()[0].groups.iter().map(|g| (g.code.as_str(), g.max_points.shown())).collect();
        assert_eq!(codes, [("CKMB", 18.0), ("TDGQ", 20.0), ("CLGQ", 12.0), ("TTTT", 10.0), ("MDSH", 22.0), ("MDHL", 18.0)]);
    }
}
