//! The counting itself, once for `read` and `explain`: they differ in the `Trail` they leave.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::{ClockError, ClockState, Limit, LimitUnit, Pause, PauseKind, PauseReading, Reading, Step, SupplementPolicy, Terms};
use super::{facts::facts, words};
use crate::calendar::{Calendar, CalendarMissing, rules};

/// Where steps are told. A step is built only if somebody listens.
pub(super) trait Trail {
    const HEARD: bool;

    fn tell(&mut self, step: impl FnOnce() -> Step);
}

/// Nobody listens.
pub(super) struct Untold;

impl Trail for Untold {
    const HEARD: bool = false;

    fn tell(&mut self, _: impl FnOnce() -> Step) {}
}

impl Trail for Vec<Step> {
    const HEARD: bool = true;

    fn tell(&mut self, step: impl FnOnce() -> Step) {
        self.push(step());
    }
}

/// Which due date is being counted; it names the steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    First,
    Again,
    Moved,
}

/// A due date; `at` is local time in Vietnam and only there for working hours.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Due {
    on: NaiveDate,
    at: Option<NaiveDateTime>,
}

impl Due {
    fn day(on: NaiveDate) -> Self {
        Self { on, at: None }
    }

    fn instant(at: NaiveDateTime) -> Self {
        Self { on: at.date(), at: Some(at) }
    }
}

pub(super) fn run(
    calendar: &Calendar,
    accepted_at: DateTime<Utc>,
    terms: &Terms,
    pauses: &[Pause],
    as_of: Option<DateTime<Utc>>,
    trail: &mut impl Trail,
) -> Result<Reading, ClockError> {
    if let Some(limit) = terms.limit {
        limit.check()?;
    }
    let pauses = facts(accepted_at, pauses, as_of)?;
    let mut count = Count { calendar, terms, trail };

    count.trail.tell(|| words::received(accepted_at));
    let effective_on = count.effective_day(accepted_at)?;
    count.trail.tell(|| words::effective_day(calendar, accepted_at, effective_on, terms.limit));
    let first = match terms.limit {
        Some(limit) => {
            count.trail.tell(|| words::limit(limit));
            let due = count.full_limit(limit, accepted_at, effective_on, Round::First)?;
            count.trail.tell(|| words::first_due(due.on, due.at));
            Some(due)
        }
        None => {
            count.trail.tell(words::no_limit);
            None
        }
    };

    let mut reading = Reading {
        effective_on,
        first_due_on: first.map(|due| due.on),
        first_due_at: first.and_then(|due| due.at).map(utc).transpose()?,
        due_on: None,
        due_at: None,
        due_before: None,
        state: ClockState::Running,
        pauses: Vec::with_capacity(pauses.len()),
    };
    let mut in_force = first;
    for pause in pauses {
        count.trail.tell(|| words::pause_began(pause));
        let before = in_force;
        in_force = match (pause.to, terms.limit, before) {
            (Some(to), Some(limit), Some(due)) => Some(count.after(due, limit, pause, to)?),
            (Some(to), ..) => {
                count.trail.tell(|| words::fulfilled(pause.kind, to));
                None
            }
            (None, ..) => {
                count.trail.tell(|| words::still_paused(before.map(|due| due.on)));
                reading.state = ClockState::Paused;
                reading.due_before = before.map(|due| due.on);
                None
            }
        };
        reading.pauses.push(PauseReading {
            kind: pause.kind,
            from: pause.from,
            to: pause.to,
            due_before: before.map(|due| due.on),
            due_after: in_force.map(|due| due.on),
            due_at_after: in_force.and_then(|due| due.at).map(utc).transpose()?,
        });
    }
    reading.due_on = in_force.map(|due| due.on);
    reading.due_at = in_force.and_then(|due| due.at).map(utc).transpose()?;
    Ok(reading)
}

/// Local time in Vietnam as an instant; past chrono's range there is no calendar either.
fn utc(local: NaiveDateTime) -> Result<DateTime<Utc>, CalendarMissing> {
    let missing = CalendarMissing { year: local.year() };
    local.checked_sub_offset(rules::VN).map(|utc| utc.and_utc()).ok_or(missing)
}

pub(super) struct Count<'a, T: Trail> {
    pub(super) calendar: &'a Calendar,
    terms: &'a Terms,
    pub(super) trail: &'a mut T,
}

impl<T: Trail> Count<'_, T> {
    fn effective_day(&mut self, at: DateTime<Utc>) -> Result<NaiveDate, CalendarMissing> {
        let (calendar, trail) = (self.calendar, &mut *self.trail);
        rules::effective_day_seen(calendar, at, |day, number| {
            if number.is_none() {
                trail.tell(|| words::skipped_day(calendar, day));
            }
        })
    }

    /// The whole limit from a receipt, or from the fulfilment that restarts it.
    fn full_limit(&mut self, limit: Limit, at: DateTime<Utc>, effective_on: NaiveDate, round: Round) -> Result<Due, CalendarMissing> {
        match limit.unit {
            LimitUnit::WorkingDay if limit.value == 0 => self.same_day(at, effective_on),
            LimitUnit::WorkingDay => self.add_wd(effective_on, limit.value, round).map(Due::day),
            LimitUnit::CalendarDay => self.add_days(effective_on, limit.value, round).map(Due::day),
            LimitUnit::WorkingHour => {
                let hours = TimeDelta::hours(i64::from(limit.value));
                self.spend(rules::vn_local(at), hours, round).map(Due::instant)
            }
        }
    }

    fn same_day(&mut self, at: DateTime<Utc>, effective_on: NaiveDate) -> Result<Due, CalendarMissing> {
        let (local, cutoff) = (rules::vn_local(at), self.terms.same_day_cutoff);
        if local.date() == effective_on && local.time() >= cutoff {
            let due_on = rules::next_working(self.calendar, effective_on)?;
            self.trail.tell(|| words::after_cutoff(cutoff, due_on));
            Ok(Due::day(due_on))
        } else {
            self.trail.tell(|| words::same_day(effective_on));
            Ok(Due::day(effective_on))
        }
    }

    /// The due date after a pause fulfilled at `to`.
    fn after(&mut self, due: Due, limit: Limit, pause: Pause, to: DateTime<Utc>) -> Result<Due, CalendarMissing> {
        let hours = limit.unit == LimitUnit::WorkingHour;
        let asked_on = rules::vn_date(pause.from);
        let may_restart = self.terms.policy == SupplementPolicy::Restart && pause.kind == PauseKind::Supplement;
        let restarts = may_restart && asked_on <= due.on;
        // Hours begin at the instant, not with a day: there the effective day has no say.
        self.trail.tell(|| words::fulfilled(pause.kind, to));
        let fulfilled_on = if hours { rules::vn_date(to) } else { self.effective_day(to)? };
        if fulfilled_on != rules::vn_date(to) {
            self.trail.tell(|| words::fulfilled_day(self.calendar, to, fulfilled_on));
        }
        if may_restart && !restarts {
            self.trail.tell(|| words::asked_after_due(due.on));
        }

        let new = if restarts {
            self.trail.tell(|| words::restarted(limit));
            self.full_limit(limit, to, fulfilled_on, Round::Again)?
        } else {
            match (limit.unit, due.at) {
                (LimitUnit::WorkingHour, Some(due_at)) => {
                    let due_at = self.hours_after(due_at, rules::vn_local(pause.from), rules::vn_local(to))?;
                    Due::instant(due_at)
                }
                (LimitUnit::CalendarDay, _) => Due::day(self.calendar_days_after(due.on, asked_on, fulfilled_on)?),
                _ => Due::day(self.working_days_after(due.on, asked_on, fulfilled_on)?),
            }
        };
        self.trail.tell(|| words::due_after((due.on, due.at), (new.on, new.at)));
        Ok(new)
    }

    fn working_days_after(
        &mut self,
        due_on: NaiveDate,
        asked_on: NaiveDate,
        fulfilled_on: NaiveDate,
    ) -> Result<NaiveDate, CalendarMissing> {
        let waited = rules::count_wd(self.calendar, asked_on, fulfilled_on)?;
        self.trail.tell(|| words::waited_days(LimitUnit::WorkingDay, waited.into(), asked_on, fulfilled_on));
        if waited == 0 { Ok(due_on) } else { self.add_wd(due_on, waited, Round::Moved) }
    }

    fn calendar_days_after(
        &mut self,
        due_on: NaiveDate,
        asked_on: NaiveDate,
        fulfilled_on: NaiveDate,
    ) -> Result<NaiveDate, CalendarMissing> {
        let waited = fulfilled_on.signed_duration_since(asked_on).num_days();
        self.trail.tell(|| words::waited_days(LimitUnit::CalendarDay, waited, asked_on, fulfilled_on));
        match u32::try_from(waited) {
            Ok(days) if days > 0 => self.add_days(due_on, days, Round::Moved),
            _ => Ok(due_on),
        }
    }

    /// The hours that remained at the request are spent from the fulfilment on; nothing remains of a request made after
    /// the due instant, which moves by the office hours waited.
    fn hours_after(
        &mut self,
        due_at: NaiveDateTime,
        asked: NaiveDateTime,
        fulfilled: NaiveDateTime,
    ) -> Result<NaiveDateTime, CalendarMissing> {
        if asked == fulfilled {
            return Ok(due_at);
        }
        if asked <= due_at {
            let left = self.office_time(asked, due_at)?;
            self.trail.tell(|| words::hours_left(left));
            return self.spend(fulfilled, left, Round::Moved);
        }
        let waited = self.office_time(asked, fulfilled)?;
        self.trail.tell(|| words::hours_waited(waited));
        if waited.is_zero() { Ok(due_at) } else { self.spend(due_at, waited, Round::Moved) }
    }
}
