//! Nouns: which slips and acts a rule set speaks of, and which set holds on a day.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A printed form: a slip, or the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormKind {
    /// Receipt with the appointment.
    Receipt,
    /// Request to supplement or complete the dossier.
    Supplement,
    /// Refusal, before or after acceptance.
    Refusal,
    /// Apology with a new date.
    Apology,
    /// Notice that handling stops for good.
    Stop,
    /// Slip that goes with the dossier from hand to hand.
    Control,
    /// Register of dossiers.
    Register,
}

impl FormKind {
    pub const ALL: &[FormKind] = &[
        FormKind::Receipt,
        FormKind::Supplement,
        FormKind::Refusal,
        FormKind::Apology,
        FormKind::Stop,
        FormKind::Control,
        FormKind::Register,
    ];

    pub fn name(self) -> &'static str {
        match self {
            FormKind::Receipt => "receipt",
            FormKind::Supplement => "supplement",
            FormKind::Refusal => "refusal",
            FormKind::Apology => "apology",
            FormKind::Stop => "stop",
            FormKind::Control => "control",
            FormKind::Register => "register",
        }
    }
}

/// An act that the law grounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroundedAct {
    /// Cited on the refusal before acceptance.
    NonAcceptance,
    /// Cited on the request to supplement or complete.
    Supplement,
    /// No form is printed for it: what clients offer as `legal_basis` of a suspension, for the officer to make it exact.
    Suspension,
    /// Cited on the apology.
    Apology,
    /// Cited on the refusal after acceptance.
    Refusal,
    /// Cited on the stop notice.
    Termination,
}

/// Paper that a form is printed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PageSize {
    A4,
    A5,
}

/// From when to when a rule set holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    pub id: Uuid,
    pub code: String,
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
}

/// The validities of all rule sets, for deciding many rows.
#[derive(Clone, Debug, Default)]
pub struct Validities(pub Vec<Validity>);

impl Validities {
    /// The set that holds on a day; none before the first.
    pub fn on(&self, day: NaiveDate) -> Option<&Validity> {
        self.0.iter().find(|v| v.from <= day && v.to.is_none_or(|to| day <= to))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_serde_writes() {
        for kind in FormKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }

    #[test]
    fn the_last_day_still_belongs_to_a_set_and_the_days_before_the_first_to_none() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let set =
            |code: &str, from: &str, to: Option<&str>| Validity { id: Uuid::nil(), code: code.into(), from: day(from), to: to.map(day) };
        let sets = Validities(vec![set("a", "2018-06-21", Some("2025-06-30")), set("b", "2025-07-01", None)]);
        let on = |text: &str| sets.on(day(text)).map(|v| v.code.as_str());
        assert_eq!([on("2018-06-20"), on("2018-06-21"), on("2025-06-30"), on("2025-07-01")], [None, Some("a"), Some("a"), Some("b")]);
    }
}
