//! Nouns of surveys: where a wave stands, how people were asked, counts and per cent.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Where a wave stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SurveyState {
    /// Still being entered.
    Open,
    /// Changed by corrections only; feeds indicators.
    Closed,
    /// Closed, and a value was published.
    Published,
}

impl SurveyState {
    pub const NAMES: &[&str] = &["open", "closed", "published"];

    pub fn name(self) -> &'static str {
        SurveyState::NAMES[self as usize]
    }
}

/// What is done about a wave once its answers are entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SurveyAct {
    Close,
    Correct,
    Publish,
}

impl SurveyAct {
    pub const ALL: &[SurveyAct] = &[SurveyAct::Close, SurveyAct::Correct, SurveyAct::Publish];

    pub fn name(self) -> &'static str {
        ["close", "correct", "publish"][self as usize]
    }
}

/// How people were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SurveyMode {
    Paper,
    Online,
    Interview,
    Telephone,
    /// A device at the counter.
    Kiosk,
    Mixed,
}

/// The levels that could be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SurveyScale {
    /// From very dissatisfied to very satisfied.
    FivePoint,
    /// Very satisfied, satisfied, dissatisfied: the rating of a single dossier.
    ThreePoint,
}

/// How the index of a wave stands to that of the wave before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SurveyChange {
    /// Higher, by more than chance explains at 95 %.
    Rose,
    /// Lower, by more than chance explains at 95 %.
    Fell,
    /// The difference may be chance.
    NoClearChange,
    /// One of the two has fewer answers than are needed to tell.
    TooFewAnswers,
    /// Asked on another scale, or not asked at all.
    NotComparable,
}

/// A count of people or answers, 0 to 10⁹.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct SurveyCount(pub i32);

impl SurveyCount {
    const MOST: i32 = 1_000_000_000;

    pub fn get(self) -> i64 {
        self.0.into()
    }
}

impl<'de> Deserialize<'de> for SurveyCount {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let count = i32::deserialize(d)?;
        if (0..=SurveyCount::MOST).contains(&count) { Ok(SurveyCount(count)) } else { Err(D::Error::custom("the count is out of range")) }
    }
}

impl PartialSchema for SurveyCount {
    fn schema() -> RefOr<Schema> {
        let count = ObjectBuilder::new().schema_type(Type::Integer).description(Some("A count of people or answers."));
        RefOr::T(Schema::Object(count.minimum(Some(0)).maximum(Some(SurveyCount::MOST)).examples([serde_json::json!(120)]).build()))
    }
}
impl ToSchema for SurveyCount {
    fn name() -> Cow<'static, str> {
        "SurveyCount".into()
    }
}

/// A per cent with at most two decimals, exact: in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SurveyPercent(pub i32);

impl SurveyPercent {
    pub fn shown(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl Serialize for SurveyPercent {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64(self.shown())
    }
}

impl<'de> Deserialize<'de> for SurveyPercent {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(d)?;
        if !(0.0..=100.0).contains(&value) {
            return Err(D::Error::custom("not a per cent from 0 to 100"));
        }
        let hundredths = (value * 100.0).round();
        // The nearest number with two decimals is the one that was sent, if it has no more of them.
        if value != hundredths / 100.0 {
            return Err(D::Error::custom("more than two decimals"));
        }
        Ok(SurveyPercent(hundredths as i32))
    }
}

impl PartialSchema for SurveyPercent {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Number).description(Some("Per cent with at most two decimals."));
        RefOr::T(Schema::Object(number.minimum(Some(0.0)).maximum(Some(100.0)).examples([serde_json::json!(86.4)]).build()))
    }
}
impl ToSchema for SurveyPercent {
    fn name() -> Cow<'static, str> {
        "SurveyPercent".into()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{SurveyCount, SurveyPercent};

    #[test]
    fn per_cent_has_two_decimals_and_counts_are_not_negative() {
        for (text, hundredths) in [("0", 0), ("86.4", 8640), ("87.59", 8759), ("100", 10_000), ("0.07", 7), ("99.99", 9999), ("8.0", 800)] {
            assert_eq!(serde_json::from_str::<SurveyPercent>(text).unwrap().0, hundredths, "{text}");
        }
        for hundredths in 0..=10_000 {
            let sent = serde_json::to_string(&SurveyPercent(hundredths)).unwrap();
            assert_eq!(serde_json::from_str::<SurveyPercent>(&sent).unwrap().0, hundredths, "{sent}");
        }
        for wrong in ["-1", "100.01", "86.405", "\"86\"", "null"] {
            assert!(serde_json::from_str::<SurveyPercent>(wrong).is_err(), "{wrong}");
        }
        for wrong in ["-1", "1000000001", "1.5", "99999999999"] {
            assert!(serde_json::from_str::<SurveyCount>(wrong).is_err(), "{wrong}");
        }
    }
}
