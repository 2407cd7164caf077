//! The times a task is to be done: one for a plain task, one a period for those that recur or go on. Pure.
//!
//! A day that the source names stays as it is written. The end of a period that only follows from "every month" is the next working
//! day when it falls on a day off, but never later than the last day of the task. Periods that were over when the document was issued
//! are left out: nobody could be late with them. What goes on without a frequency is looked at every quarter.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::Serialize;

use crate::calendar::{Calendar, CalendarMissing, rules::roll};
use crate::plans::model::{Frequency, Occurrence, Recurrence, Schedule, ScheduleKind};

/// One time a task is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// What it is known by when the schedule changes.
    pub key: String,
    pub label: String,
    pub period: Option<String>,
    pub starts_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub internal_due_on: Option<NaiveDate>,
}

/// The occurrences of a task between its first and its last day, in order.
///
/// # Errors
/// A period ends in a year without a calendar.
pub fn occurrences(
    schedule: &Schedule,
    (start, end): (Option<NaiveDate>, Option<NaiveDate>),
    issued_on: NaiveDate,
    calendar: &Calendar,
) -> Result<Vec<Slot>, CalendarMissing> {
    let plain = || {
        vec![Slot {
            key: String::new(),
            label: schedule.text.as_str().to_owned(),
            period: None,
            starts_on: start,
            due_on: end,
            internal_due_on: None,
        }]
    };
    let (Some(start), Some(end)) = (start, end) else { return Ok(plain()) };
    let recurrence = schedule.recurrence.as_ref();
    let slots = match (schedule.kind, recurrence) {
        (ScheduleKind::Recurring, Some(r)) if !r.occurrences.is_empty() => named(r, start.year()),
        (ScheduleKind::Recurring | ScheduleKind::Ongoing, r) => periods(r, start, end, issued_on, calendar)?,
        _ => Vec::new(),
    };
    Ok(if slots.is_empty() { plain() } else { slots })
}

/// Those that the source names.
fn named(recurrence: &Recurrence, year: i32) -> Vec<Slot> {
    let one = |o: &Occurrence| {
        let month = o.month.and_then(|m| NaiveDate::from_ymd_opt(year, u32::from(m), 1));
        let starts_on = o.start_on.map(|d| d.0).or(month);
        let due_on = o.end_on.map(|d| d.0).or_else(|| month.and_then(|m| last_day(m, 1)));
        let before = o.internal_before_on.and_then(|d| d.0.checked_sub_days(Days::new(1)));
        Slot {
            key: o.name.as_str().to_owned(),
            label: o.name.as_str().to_owned(),
            period: due_on.map(|d| d.format("%Y-%m").to_string()),
            starts_on,
            due_on,
            internal_due_on: o.internal_end_on.map(|d| d.0).or(before),
        }
    };
    recurrence.occurrences.iter().map(one).collect()
}

/// One a period, by the calendar's weeks, months, quarters, halves and years.
fn periods(
    recurrence: Option<&Recurrence>,
    start: NaiveDate,
    end: NaiveDate,
    issued_on: NaiveDate,
    calendar: &Calendar,
) -> Result<Vec<Slot>, CalendarMissing> {
    let frequency = recurrence.map_or(Frequency::Unspecified, |r| r.frequency);
    let months = recurrence.and_then(|r| r.months.as_deref()).filter(|months| !months.is_empty());
    // Named months are what counts: one time in each.
    let frequency = if months.is_some() { Frequency::Monthly } else { frequency };
    let step = if months.is_some() { 1 } else { usize::from(recurrence.and_then(|r| r.interval).unwrap_or(1).max(1)) };
    let mut all = Vec::new();
    let mut first = beginning(frequency, start);
    while first <= end {
        let Some((last, next)) = ending(frequency, first) else { break };
        let wanted = months.is_none_or(|months| months.iter().any(|m| u32::from(*m) == first.month()));
        if wanted {
            let due_on = if last < end { roll(calendar, last)?.min(end) } else { end };
            let (period, label) = names(frequency, first);
            all.push(Slot {
                key: period.clone(),
                label,
                period: Some(period),
                starts_on: Some(first.max(start)),
                due_on: Some(due_on),
                internal_due_on: None,
            });
        }
        first = next;
    }
    let mut kept: Vec<Slot> = all.into_iter().step_by(step).collect();
    // The last one stays, so that a task never has none.
    let over = kept.iter().take_while(|slot| slot.due_on.is_some_and(|due| due < issued_on)).count().min(kept.len().saturating_sub(1));
    Ok(kept.split_off(over))
}

/// The first day of the period around a day.
fn beginning(frequency: Frequency, day: NaiveDate) -> NaiveDate {
    let month = match frequency {
        Frequency::Weekly => return day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday()))).unwrap_or(day),
        Frequency::Monthly => day.month(),
        Frequency::Quarterly | Frequency::Unspecified => (day.month0() / 3) * 3 + 1,
        Frequency::HalfYearly => (day.month0() / 6) * 6 + 1,
        Frequency::Yearly => 1,
    };
    NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day)
}

/// Its last day, and the first of the next.
fn ending(frequency: Frequency, first: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let next = match frequency {
        Frequency::Weekly => first.checked_add_days(Days::new(7)),
        Frequency::Monthly => first.checked_add_months(Months::new(1)),
        Frequency::Quarterly | Frequency::Unspecified => first.checked_add_months(Months::new(3)),
        Frequency::HalfYearly => first.checked_add_months(Months::new(6)),
        Frequency::Yearly => first.checked_add_months(Months::new(12)),
    }?;
    Some((next.pred_opt()?, next))
}

fn last_day(first: NaiveDate, months: u32) -> Option<NaiveDate> {
    first.checked_add_months(Months::new(months))?.pred_opt()
}

/// The code of a period and how the office calls it.
fn names(frequency: Frequency, first: NaiveDate) -> (String, String) {
    let year = first.year();
    let quarter = first.month0() / 3;
    match frequency {
        Frequency::Weekly => {
            let week = first.iso_week();
            (format!("{:04}-W{:02}", week.year(), week.week()), format!("Tuần {} năm {}", week.week(), week.year()))
        }
        Frequency::Monthly => (first.format("%Y-%m").to_string(), first.format("Tháng %m/%Y").to_string()),
        Frequency::Quarterly | Frequency::Unspecified => {
            let roman = ["I", "II", "III", "IV"].get(quarter as usize).copied().unwrap_or_default();
            (format!("{year:04}-Q{}", quarter + 1), format!("Quý {roman}/{year}"))
        }
        Frequency::HalfYearly if first.month() == 1 => (format!("{year:04}-H1"), format!("6 tháng đầu năm {year}")),
        Frequency::HalfYearly => (format!("{year:04}-H2"), format!("6 tháng cuối năm {year}")),
        Frequency::Yearly => (format!("{year:04}"), format!("Năm {year}")),
    }
}

/// Into which occurrence a report for a period falls, by the period's first day: that one in whose days it lies, else the last one
/// that had begun, else the first.
pub fn falls_into(period_start: NaiveDate, slots: &[(i32, Option<NaiveDate>, Option<NaiveDate>)]) -> Option<i32> {
    let begun = |(_, starts, _): &&(i32, Option<NaiveDate>, Option<NaiveDate>)| starts.is_some_and(|s| s <= period_start);
    let inside = slots.iter().filter(begun).find(|(_, _, due)| due.is_some_and(|due| period_start <= due));
    inside.or_else(|| slots.iter().rfind(begun)).or(slots.first()).map(|(n, ..)| *n)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::calendar::{Day, DayKind};
    use serde_json::{Value, json};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn made(kind: &str, recurrence: Value, (start, end): (&str, &str), issued: &str) -> Vec<(String, String, String)> {
        let schedule = json!({"text": "…", "kind": kind, "recurrence": recurrence});
        let schedule: Schedule = serde_json::from_value(schedule).unwrap();
        let slots = occurrences(&schedule, (Some(day(start)), Some(day(end))), day(issued), &calendar()).unwrap();
        let shown = |d: Option<NaiveDate>| d.map(|d| d.to_string()).unwrap_or_default();
        slots.iter().map(|s| (s.key.clone(), shown(s.starts_on), shown(s.due_on))).collect()
    }

    /// 2022 and 2023 with Tết of 2022 (31 January to 4 February) off.
    fn calendar() -> Calendar {
        let off = |date: &str, kind, name: &str| Day { date: day(date), kind, name: name.to_owned() };
        let mut days = vec![off("2023-01-02", DayKind::DayOff, "Tết Dương lịch (nghỉ bù)")];
        for date in ["2022-01-31", "2022-02-01", "2022-02-02", "2022-02-03", "2022-02-04"] {
            days.push(off(date, DayKind::DayOff, "Tết"));
        }
        Calendar::new("vn", 1, days)
    }

    fn three(rows: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
        rows.iter().map(|(k, s, d)| ((*k).to_owned(), (*s).to_owned(), (*d).to_owned())).collect()
    }

    #[test]
    fn every_frequency_makes_its_periods() {
        let year = ("2022-01-01", "2022-12-31");
        let every = |frequency: &str| json!({"frequency": frequency});
        assert_eq!(
            made("recurring", every("quarterly"), year, "2022-01-01"),
            three(&[
                ("2022-Q1", "2022-01-01", "2022-03-31"),
                ("2022-Q2", "2022-04-01", "2022-06-30"),
                ("2022-Q3", "2022-07-01", "2022-09-30"),
                // A Saturday, but the last day of the plan.
                ("2022-Q4", "2022-10-01", "2022-12-31"),
            ])
        );
        assert_eq!(
            made("recurring", every("half_yearly"), year, "2022-01-01"),
            three(&[("2022-H1", "2022-01-01", "2022-06-30"), ("2022-H2", "2022-07-01", "2022-12-31")])
        );
        assert_eq!(made("recurring", every("yearly"), year, "2022-01-01"), three(&[("2022", "2022-01-01", "2022-12-31")]));
        let months = made("recurring", every("monthly"), year, "2022-01-01");
        assert_eq!(months.len(), 12);
        // The end of January is in Tết: the next working day is 7 February. The end of April is a Saturday.
        assert_eq!(months[0].2, "2022-02-07");
        assert_eq!(months[3].2, "2022-05-02");
        let weeks = made("recurring", every("weekly"), ("2022-06-01", "2022-06-19"), "2022-01-01");
        let expected =
            [("2022-W22", "2022-06-01", "2022-06-06"), ("2022-W23", "2022-06-06", "2022-06-13"), ("2022-W24", "2022-06-13", "2022-06-19")];
        assert_eq!(weeks, three(&expected));
        let in_months = made("recurring", json!({"frequency": "half_yearly", "months": [6, 12]}), year, "2022-01-01");
        assert_eq!(in_months, three(&[("2022-06", "2022-06-01", "2022-06-30"), ("2022-12", "2022-12-01", "2022-12-31")]));
        let every_other = made("recurring", json!({"frequency": "monthly", "interval": 2}), ("2022-01-01", "2022-06-30"), "2022-01-01");
        assert_eq!(every_other.iter().map(|o| o.0.as_str()).collect::<Vec<_>>(), ["2022-01", "2022-03", "2022-05"]);
    }

    #[test]
    fn what_goes_on_is_looked_at_every_quarter_unless_it_says_how_often() {
        let year = ("2022-01-01", "2022-12-31");
        let keys = |recurrence: Value, issued: &str| made("ongoing", recurrence, year, issued).into_iter().map(|o| o.0).collect::<Vec<_>>();
        assert_eq!(keys(Value::Null, "2022-01-01"), ["2022-Q1", "2022-Q2", "2022-Q3", "2022-Q4"]);
        assert_eq!(keys(json!({"frequency": "monthly"}), "2022-10-15"), ["2022-10", "2022-11", "2022-12"]);
        // What was over when the plan was issued is nobody's fault.
        assert_eq!(keys(Value::Null, "2022-04-19"), ["2022-Q2", "2022-Q3", "2022-Q4"]);
        assert_eq!(keys(Value::Null, "2023-04-19"), ["2022-Q4"]);
    }

    #[test]
    fn a_plain_task_is_done_once_and_named_ones_keep_their_days() {
        assert_eq!(made("in", Value::Null, ("2022-04-01", "2022-06-30"), "2022-01-01"), three(&[("", "2022-04-01", "2022-06-30")]));
        let named = json!({"frequency": "half_yearly", "occurrences": [
            {"name": "Báo cáo 6 tháng", "month": 6, "internal_before_on": "2022-05-25"},
            {"name": "Báo cáo năm", "start_on": "2022-12-01", "end_on": "2022-12-14"}]});
        let rows = made("recurring", named, ("2022-01-01", "2022-12-31"), "2022-07-01");
        let expected = [("Báo cáo 6 tháng", "2022-06-01", "2022-06-30"), ("Báo cáo năm", "2022-12-01", "2022-12-14")];
        assert_eq!(rows, three(&expected));
    }

    #[test]
    fn a_report_falls_into_the_occurrence_around_its_period() {
        let slot = |n, from: &str, to: &str| (n, Some(day(from)), Some(day(to)));
        let slots = [slot(1, "2022-04-01", "2022-06-30"), slot(2, "2022-07-01", "2022-09-30")];
        for (at, n) in [("2022-05-01", 1), ("2022-07-01", 2), ("2022-01-01", 1), ("2022-12-01", 2)] {
            assert_eq!(falls_into(day(at), &slots), Some(n), "{at}");
        }
        assert_eq!(falls_into(day("2022-05-01"), &[(1, None, None)]), Some(1));
    }
}
