//! Nouns of reporting duties: when reports are due, and where one stands.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::Line;

/// What becomes of a due day on which nobody works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DutyDayOff {
    /// The working day before: a report has to be there by the day named.
    #[default]
    Earlier,
    /// The working day after.
    Later,
    /// The day itself.
    Kept,
}

/// A day of each month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyMonthDay {
    /// Day of the month; null is its last day.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 31)]
    pub day: Option<u8>,
    /// Before this day, not on it.
    #[serde(default)]
    pub before: bool,
    /// In the month after the one that is reported on.
    #[serde(default)]
    pub next_month: bool,
}

/// A report for each month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"due": {"day": 25}, "internal": {"day": 20, "before": true}}))]
pub struct DutyMonthly {
    pub due: DutyMonthDay,
    /// The earlier day by which departments hand in.
    #[serde(default)]
    pub internal: Option<DutyMonthDay>,
}

/// The part of a year that a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum DutyPart {
    #[serde(rename = "year")]
    Year,
    H1,
    H2,
    Q1,
    Q2,
    Q3,
    Q4,
    #[serde(rename = "9M")]
    NineMonths,
}

impl DutyPart {
    /// What follows the year in the code of the period.
    pub fn suffix(self) -> &'static str {
        ["", "H1", "H2", "Q1", "Q2", "Q3", "Q4", "-9M"][self as usize]
    }
}

/// A day of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyYearDay {
    #[schema(minimum = 1, maximum = 12)]
    pub month: u8,
    /// Day of the month; null is its last day.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 31)]
    pub day: Option<u8>,
    /// Before this day, not on it.
    #[serde(default)]
    pub before: bool,
    /// In the year after the one that is reported on.
    #[serde(default)]
    pub next_year: bool,
}

/// A report for a part of each year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"part": "H1", "due": {"month": 6}, "internal": {"month": 5, "day": 25, "before": true}}))]
pub struct DutyDate {
    pub part: DutyPart,
    pub due: DutyYearDay,
    /// The earlier day by which departments hand in.
    #[serde(default)]
    pub internal: Option<DutyYearDay>,
}

/// When reports are due. Neither monthly nor with dates: on request, each report with dates of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Tháng 6; trước ngày 25/5", "dates": [{"part": "H1", "due": {"month": 6},
    "internal": {"month": 5, "day": 25, "before": true}}]}))]
pub struct DutySchedule {
    /// Verbatim.
    pub text: Line,
    #[serde(default)]
    pub day_off: DutyDayOff,
    #[serde(default)]
    pub monthly: Option<DutyMonthly>,
    #[serde(default)]
    pub dates: Vec<DutyDate>,
}

/// Where a report stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DutyState {
    Upcoming,
    /// Within a week of the next day that counts.
    DueSoon,
    /// Departments are missing and the day for them has passed.
    OverdueInternally,
    /// Every department has handed in.
    HandedIn,
    Consolidated,
    /// Not sent, and the day has passed.
    Overdue,
    SentOnTime,
    SentLate,
}

impl DutyState {
    pub const NAMES: &[&str] =
        &["upcoming", "due_soon", "overdue_internally", "handed_in", "consolidated", "overdue", "sent_on_time", "sent_late"];

    pub fn name(self) -> &'static str {
        DutyState::NAMES[self as usize]
    }
}

/// How a department stands with its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandInState {
    Missing,
    /// Missing, and the day for it has passed.
    Overdue,
    OnTime,
    Late,
}

/// What is done with a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DutyAct {
    HandIn,
    Consolidate,
    Dispatch,
    SetDates,
}

impl DutyAct {
    pub const ALL: &[DutyAct] = &[DutyAct::HandIn, DutyAct::Consolidate, DutyAct::Dispatch, DutyAct::SetDates];

    pub fn name(self) -> &'static str {
        ["hand_in", "consolidate", "dispatch", "set_dates"][self as usize]
    }
}

/// How a report was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DutyChannel {
    EOffice,
    Email,
    Post,
    InPerson,
    Portal,
}
