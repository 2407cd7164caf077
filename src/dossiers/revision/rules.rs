//! What a revision does to one dossier. Pure.

use chrono::{DateTime, NaiveDate, Utc};

use crate::calendar::{self, Calendar, Change, vn_date};
use crate::dossiers::clock::{self, ClockError, Pause, Terms};

/// The due date in force: the date, its instant for limits in hours, or, while a pause is open, the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    pub on: Option<NaiveDate>,
    pub at: Option<DateTime<Utc>>,
    pub before: Option<NaiveDate>,
}

impl Due {
    fn latest(self) -> Option<NaiveDate> {
        self.on.or(self.before)
    }
}

/// What recomputing a dossier gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recomputed {
    pub effective_on: NaiveDate,
    pub due: Due,
}

/// # Errors
/// The clock's: in the current calendar a year may have no data any more.
pub fn recompute(calendar: &Calendar, accepted_at: DateTime<Utc>, terms: &Terms, pauses: &[Pause]) -> Result<Recomputed, ClockError> {
    let reading = clock::read(calendar, accepted_at, terms, pauses, None)?;
    let due = Due { on: reading.due_on, at: reading.due_at, before: reading.due_before };
    Ok(Recomputed { effective_on: reading.effective_on, due })
}

/// How two editions of a calendar differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub days: Vec<Change>,
    /// Office hours, or what becomes of receipts outside them.
    pub hours: bool,
}

pub fn difference(old: &Calendar, new: &Calendar) -> Difference {
    let hours = old.office_hours() != new.office_hours() || old.off_hours_receipt() != new.off_hours_receipt();
    Difference { days: calendar::differences(old, new), hours }
}

/// The changed days that a dossier's clock ran over: from its acceptance to the later of its two due dates.
pub fn because(difference: &Difference, accepted_at: DateTime<Utc>, from: Due, to: Due) -> Vec<&Change> {
    let span = vn_date(accepted_at)..=from.latest().max(to.latest()).unwrap_or(NaiveDate::MAX);
    difference.days.iter().filter(|change| span.contains(&change.on)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::calendar::{Day, DayKind, OfficeHours};
    use crate::dossiers::clock::{DEFAULT_SAME_DAY_CUTOFF, Limit, LimitUnit, PauseKind, SupplementPolicy};

    fn day(text: &str) -> Day {
        Day { date: text.parse().unwrap(), kind: DayKind::DayOff, name: text.into() }
    }

    fn calendar(days: &[&str]) -> Calendar {
        Calendar::new("vn", 1, days.iter().map(|text| day(text)).chain([day("2022-01-03")]))
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    const TERMS: Terms = Terms {
        limit: Some(Limit { value: 3, unit: LimitUnit::WorkingDay }),
        policy: SupplementPolicy::Pause,
        same_day_cutoff: DEFAULT_SAME_DAY_CUTOFF,
    };

    #[test]
    fn only_what_is_in_force_moves() {
        let accepted = at("2022-06-06T02:00:00Z");
        let on = |text: &str| Some(text.parse::<NaiveDate>().unwrap());
        let due = |days: &[&str], pauses: &[Pause]| recompute(&calendar(days), accepted, &TERMS, pauses).unwrap().due;
        assert_eq!(due(&[], &[]), Due { on: on("2022-06-09"), ..Due::default() });
        assert_eq!(due(&["2022-06-08"], &[]), Due { on: on("2022-06-10"), ..Due::default() });
        assert_eq!(due(&["2022-06-10"], &[]), due(&[], &[]));
        let open = Pause { kind: PauseKind::Fee, from: at("2022-06-07T02:00:00Z"), to: None };
        assert_eq!(due(&["2022-06-08"], &[open]), Due { before: on("2022-06-10"), ..Due::default() });
        assert!(recompute(&Calendar::new("vn", 2, []), accepted, &TERMS, &[]).is_err());
    }

    #[test]
    fn the_reason_is_the_days_that_its_clock_ran_over() {
        let (old, new) = (calendar(&["2022-06-03", "2022-06-13"]), calendar(&["2022-06-08", "2022-06-20"]));
        let difference = difference(&old, &new);
        assert!(!difference.hours && difference.days.len() == 4);
        let due = |text: &str| Due { on: Some(text.parse().unwrap()), ..Due::default() };
        let told = because(&difference, at("2022-06-06T02:00:00Z"), due("2022-06-09"), due("2022-06-10"));
        assert_eq!(told.iter().map(|c| (c.on.to_string(), c.works)).collect::<Vec<_>>(), [("2022-06-08".to_owned(), false)]);
        let shorter = OfficeHours::new(vec![("08:00:00".parse().unwrap(), "12:00:00".parse().unwrap())]).unwrap();
        assert!(super::difference(&old, &calendar(&[]).with_office_hours(shorter)).hours);
    }
}
