//! The statutory clock of a dossier (rules of counting §2): when it is due, and why.
//!
//! A pure function of the acceptance, the terms it was accepted with, the pauses and the calendar. `read` gives the
//! dates; `explain` gives the same dates from the same code, and tells every step in words.

mod count;
mod facts;
#[cfg(test)]
mod tests;
mod walk;
mod words;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::calendar::{Calendar, CalendarMissing};
use crate::procedures::LimitOutOfRange;
pub use crate::procedures::{DEFAULT_SAME_DAY_CUTOFF, Limit, LimitUnit, SupplementPolicy};
use crate::text::Text;

/// Why the clock stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PauseKind {
    /// The applicant was asked for papers.
    Supplement,
    /// The applicant was asked for a fee.
    Fee,
    /// The agency stopped on a legal ground.
    Suspension,
}

/// A stretch of waiting, beginning included, end not; open when `to` is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub kind: PauseKind,
    pub from: DateTime<Utc>,
    pub to: Option<DateTime<Utc>>,
}

/// What a dossier was accepted with and keeps, whatever becomes of its procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// `None` when the procedure has no limit.
    pub limit: Option<Limit>,
    pub policy: SupplementPolicy,
    /// Time in Vietnam from which a receipt under limit 0 is due the next working day.
    pub same_day_cutoff: NaiveTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    Running,
    Paused,
}

/// What the clock shows. All dates are civil dates in Vietnam; all are `None` without a limit, except `effective_on`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The day to which the receipt belongs; it is not counted.
    pub effective_on: NaiveDate,
    /// The due date as if nothing had ever paused.
    pub first_due_on: Option<NaiveDate>,
    /// Its instant, for limits in working hours only.
    pub first_due_at: Option<DateTime<Utc>>,
    /// The due date in force; `None` while a pause is open.
    pub due_on: Option<NaiveDate>,
    /// Its instant, for limits in working hours only.
    pub due_at: Option<DateTime<Utc>>,
    /// While a pause is open, the due date that was in force when it began; otherwise `None`.
    pub due_before: Option<NaiveDate>,
    pub state: ClockState,
    /// The pauses that had begun, in order.
    pub pauses: Vec<PauseReading>,
}

/// What one pause did to the due date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PauseReading {
    pub kind: PauseKind,
    pub from: DateTime<Utc>,
    /// `None` while it is open.
    pub to: Option<DateTime<Utc>>,
    /// The due date in force when it began.
    pub due_before: Option<NaiveDate>,
    /// The due date in force from its end; `None` while it is open.
    pub due_after: Option<NaiveDate>,
    /// Its instant, for limits in working hours only.
    pub due_at_after: Option<DateTime<Utc>>,
}

/// One step of the explanation, in the order of counting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What kind of step: `received`, `effective_day`, `limit`, `no_limit`, `skipped_day`, `counted_day`, `counted_hours`,
    /// `same_day`, `after_cutoff`, `rolled`, `first_due`, `pause_began`, `still_paused`, `fulfilled`,
    /// `fulfilled_day`, `waited`, `asked_after_due`, `restarted`, `recounted_day`, `recounted_hours`, `moved_day`, `moved_hours`, `due_unchanged`,
    /// `due_moved`. There are as many `counted_day` as a limit in days has days: those of the first due date.
    pub code: &'static str,
    /// The date it speaks of.
    pub on: Option<NaiveDate>,
    /// The instant it speaks of, where the time of day matters.
    pub at: Option<DateTime<Utc>>,
    pub text: Text,
}

/// Why no due date can be told. Where two reasons hold, the limit is named first, then the order of the facts, then the
/// calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockError {
    /// A day was asked about whose year has no calendar data.
    CalendarMissing { year: i32 },
    /// A pause began before another had ended, or while another was open.
    OverlappingPauses { from: DateTime<Utc> },
    /// A pause began before the dossier was accepted.
    PauseBeforeAcceptance { from: DateTime<Utc> },
    /// A pause ended before it began.
    PauseEndsBeforeItBegins { from: DateTime<Utc>, to: DateTime<Utc> },
    /// See `Limit::check`.
    LimitOutOfRange { limit: Limit },
}

impl ClockError {
    /// The stable code of this error.
    pub fn code(self) -> &'static str {
        match self {
            Self::CalendarMissing { .. } => "calendar_missing",
            Self::OverlappingPauses { .. } => "overlapping_pauses",
            Self::PauseBeforeAcceptance { .. } | Self::PauseEndsBeforeItBegins { .. } => "dates_backwards",
            Self::LimitOutOfRange { .. } => "limit_out_of_range",
        }
    }

    /// The error in words for the person who asked.
    pub fn text(self) -> Text {
        words::error(self)
    }
}

impl From<CalendarMissing> for ClockError {
    fn from(missing: CalendarMissing) -> Self {
        Self::CalendarMissing { year: missing.year }
    }
}

impl From<LimitOutOfRange> for ClockError {
    fn from(LimitOutOfRange(limit): LimitOutOfRange) -> Self {
        Self::LimitOutOfRange { limit }
    }
}

impl std::fmt::Display for ClockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for ClockError {}

/// Reads the clock (rules of counting §2). Builds no words: made for bulk loads.
///
/// Only facts at or before `as_of` exist: a pause begun later is not seen, one ended later is open. `None` takes every
/// fact. The acceptance itself is always taken. Pauses may come in any order; touching ones are allowed.
///
/// # Errors
/// `CalendarMissing`, `OverlappingPauses`, `PauseBeforeAcceptance`, `PauseEndsBeforeItBegins`, `LimitOutOfRange`.
pub fn read(
    calendar: &Calendar,
    accepted_at: DateTime<Utc>,
    terms: &Terms,
    pauses: &[Pause],
    as_of: Option<DateTime<Utc>>,
) -> Result<Reading, ClockError> {
    count::run(calendar, accepted_at, terms, pauses, as_of, &mut count::Untold)
}

/// As `read`, with every step told in Vietnamese and in English.
///
/// # Errors
/// As `read`.
pub fn explain(
    calendar: &Calendar,
    accepted_at: DateTime<Utc>,
    terms: &Terms,
    pauses: &[Pause],
    as_of: Option<DateTime<Utc>>,
) -> Result<(Reading, Vec<Step>), ClockError> {
    let mut steps = Vec::new();
    let reading = count::run(calendar, accepted_at, terms, pauses, as_of, &mut steps)?;
    Ok((reading, steps))
}
