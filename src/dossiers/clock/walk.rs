//! Walking over days and hours, each step told.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta};

use super::count::{Count, Round, Trail};
use super::{LimitUnit, words};
use crate::calendar::{CalendarMissing, rules};

impl<T: Trail> Count<'_, T> {
    pub(super) fn add_wd(&mut self, from: NaiveDate, days: u32, round: Round) -> Result<NaiveDate, CalendarMissing> {
        let (calendar, trail) = (self.calendar, &mut *self.trail);
        rules::add_wd_seen(calendar, from, days, |day, number| {
            trail.tell(|| match number {
                Some(number) => words::counted_day(calendar, round, LimitUnit::WorkingDay, number, day),
                None => words::skipped_day(calendar, day),
            });
        })
    }

    /// `roll(from + days)`. Only the day it lands on is asked whether it works.
    pub(super) fn add_days(&mut self, from: NaiveDate, days: u32, round: Round) -> Result<NaiveDate, CalendarMissing> {
        let (calendar, trail) = (self.calendar, &mut *self.trail);
        let landed = from.checked_add_days(Days::new(days.into())).ok_or(CalendarMissing { year: from.year() })?;
        if T::HEARD {
            for (number, day) in (1..=days).zip(from.iter_days().skip(1)) {
                trail.tell(|| words::counted_day(calendar, round, LimitUnit::CalendarDay, number, day));
            }
        }
        let due_on = rules::roll_seen(calendar, landed, |day, number| {
            if number.is_none() {
                trail.tell(|| words::skipped_day(calendar, day));
            }
        })?;
        if due_on != landed {
            trail.tell(|| words::rolled(landed, due_on));
        }
        Ok(due_on)
    }

    /// Walks office hours from an instant until `time` is used up. What ends at a closing time ends there, not at the
    /// next opening; no time at all ends at `from`, or at the next opening when the office is closed then.
    pub(super) fn spend(&mut self, from: NaiveDateTime, time: TimeDelta, round: Round) -> Result<NaiveDateTime, CalendarMissing> {
        let calendar = self.calendar;
        let mut left = time;
        let mut day = from.date();
        loop {
            if rules::is_working(calendar, day)? {
                for &(open, close) in calendar.office_hours().intervals() {
                    let start = if day == from.date() { open.max(from.time()) } else { open };
                    if start >= close {
                        continue;
                    }
                    let used = left.min(close.signed_duration_since(start));
                    left -= used;
                    let end = start.overflowing_add_signed(used).0;
                    if !used.is_zero() {
                        self.trail.tell(|| words::counted_hours(round, day.and_time(start), day.and_time(end), left));
                    }
                    if left <= TimeDelta::zero() {
                        return Ok(day.and_time(end));
                    }
                }
            } else {
                self.trail.tell(|| words::skipped_day(calendar, day));
            }
            day = rules::day_after(day)?;
        }
    }

    /// Office time between two instants; zero when `until` is not later.
    pub(super) fn office_time(&self, from: NaiveDateTime, until: NaiveDateTime) -> Result<TimeDelta, CalendarMissing> {
        let mut sum = TimeDelta::zero();
        let mut day = from.date();
        while day <= until.date() {
            if rules::is_working(self.calendar, day)? {
                for &(open, close) in self.calendar.office_hours().intervals() {
                    let start = day.and_time(open).max(from);
                    let end = day.and_time(close).min(until);
                    sum += end.signed_duration_since(start).max(TimeDelta::zero());
                }
            }
            day = rules::day_after(day)?;
        }
        Ok(sum)
    }
}
