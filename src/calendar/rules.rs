//! Counting days (rules of counting §1 and §2). Pure: no clock is read and nothing waits.
//!
//! Every function fails with `CalendarMissing` when it must ask about a day of a year without data. That is also why
//! none can run for ever: a calendar has finitely many years.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, Utc};

use super::model::{Calendar, CalendarMissing, OffHoursReceipt};
use super::wire::{CalendarView, NewCalendar};
use crate::error::{Code, Fault};

/// Vietnam's time, UTC+07:00 all year round.
pub const VN: FixedOffset = match FixedOffset::east_opt(7 * 3600) {
    Some(offset) => offset,
    None => panic!("seven hours are an offset"),
};

/// Vietnam's time as chrono's time zones want it.
pub fn vn_offset() -> FixedOffset {
    VN
}

/// Date and time of an instant in Vietnam. At the far end of chrono's range, where that is no date any more, the last one.
pub fn vn_local(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc().checked_add_offset(VN).unwrap_or(NaiveDateTime::MAX)
}

/// Civil date of an instant in Vietnam.
pub fn vn_date(at: DateTime<Utc>) -> NaiveDate {
    vn_local(at).date()
}

/// A day works if it is a make-up day, or Monday–Friday and not a day off; a department's day wins over the base.
pub fn is_working(calendar: &Calendar, date: NaiveDate) -> Result<bool, CalendarMissing> {
    calendar.works(date).ok_or(CalendarMissing { year: date.year() })
}

/// The first working day after `date`.
pub fn next_working(calendar: &Calendar, date: NaiveDate) -> Result<NaiveDate, CalendarMissing> {
    next_working_seen(calendar, date, |_, _| ())
}

/// `date` if it works, else the first working day after it.
pub fn roll(calendar: &Calendar, date: NaiveDate) -> Result<NaiveDate, CalendarMissing> {
    roll_seen(calendar, date, |_, _| ())
}

/// The `days`-th working day after `date`; for 0 it is `roll(date)`.
pub fn add_wd(calendar: &Calendar, date: NaiveDate, days: u32) -> Result<NaiveDate, CalendarMissing> {
    add_wd_seen(calendar, date, days, |_, _| ())
}

/// How many working days lie after `after` and not after `until`; 0 when `until` is not later.
pub fn count_wd(calendar: &Calendar, after: NaiveDate, until: NaiveDate) -> Result<u32, CalendarMissing> {
    let mut count: u32 = 0;
    let mut day = after;
    while day < until {
        day = day_after(day)?;
        count = count.saturating_add(u32::from(is_working(calendar, day)?));
    }
    Ok(count)
}

/// The day to which a receipt belongs (rules of counting §2): the date of the instant if that day works and the time is
/// before closing, otherwise the next working day; with `OffHoursReceipt::SameDay`, `roll` of the date.
pub fn effective_day(calendar: &Calendar, at: DateTime<Utc>) -> Result<NaiveDate, CalendarMissing> {
    effective_day_seen(calendar, at, |_, _| ())
}

/// As `effective_day`, telling each day met after the instant as `add_wd_seen` does.
pub fn effective_day_seen(
    calendar: &Calendar,
    at: DateTime<Utc>,
    seen: impl FnMut(NaiveDate, Option<u32>),
) -> Result<NaiveDate, CalendarMissing> {
    let local = vn_local(at);
    let too_late = calendar.off_hours_receipt() == OffHoursReceipt::NextWorkingDay && local.time() >= calendar.office_hours().closing();
    if too_late && is_working(calendar, local.date())? {
        next_working_seen(calendar, local.date(), seen)
    } else {
        roll_seen(calendar, local.date(), seen)
    }
}

/// As `roll`, telling each day met: `date` too when it does not work.
pub fn roll_seen(calendar: &Calendar, date: NaiveDate, mut seen: impl FnMut(NaiveDate, Option<u32>)) -> Result<NaiveDate, CalendarMissing> {
    if is_working(calendar, date)? {
        return Ok(date);
    }
    seen(date, None);
    next_working_seen(calendar, date, seen)
}

/// As `add_wd`, telling each day met with its number, or with `None` when it does not work.
pub fn add_wd_seen(
    calendar: &Calendar,
    date: NaiveDate,
    days: u32,
    mut seen: impl FnMut(NaiveDate, Option<u32>),
) -> Result<NaiveDate, CalendarMissing> {
    if days == 0 {
        return roll_seen(calendar, date, seen);
    }
    let mut counted = 0;
    let mut day = date;
    while counted < days {
        day = day_after(day)?;
        if is_working(calendar, day)? {
            counted += 1;
            seen(day, Some(counted));
        } else {
            seen(day, None);
        }
    }
    Ok(day)
}

fn next_working_seen(calendar: &Calendar, date: NaiveDate, seen: impl FnMut(NaiveDate, Option<u32>)) -> Result<NaiveDate, CalendarMissing> {
    add_wd_seen(calendar, date, 1, seen)
}

/// The next date; past chrono's last one there is no calendar either.
pub fn day_after(date: NaiveDate) -> Result<NaiveDate, CalendarMissing> {
    date.succ_opt().ok_or(CalendarMissing { year: date.year() })
}

/// A day that works in one edition of a calendar and not in another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub on: NaiveDate,
    /// Whether it works in the later edition.
    pub works: bool,
    /// Why: the later edition's name for it, else the name it had.
    pub name: Option<String>,
}

/// The days that work in one edition and not in the other, in order. A year that one of them has no data of says nothing.
pub fn differences(old: &Calendar, new: &Calendar) -> Vec<Change> {
    let mut dates: Vec<NaiveDate> = old.named_dates().chain(new.named_dates()).collect();
    dates.sort_unstable();
    dates.dedup();
    let change = |on: NaiveDate| match (old.works(on), new.works(on)) {
        (Some(before), Some(works)) if before != works => {
            let name = new.named_day(on).or_else(|| old.named_day(on)).map(|day| day.name.clone());
            Some(Change { on, works, name })
        }
        _ => None,
    };
    dates.into_iter().filter_map(change).collect()
}

/// Every fault of a calendar as it is put: what it says of itself, without asking whether the department exists.
pub fn faults(row: &NewCalendar, old: Option<&CalendarView>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if row.name.is_blank() {
        faults.push(Fault::missing("/name"));
    }
    let department = row.department.as_ref().map(|code| code.as_str());
    match (row.code.as_str() == "vn", department, old) {
        (true, Some(_), _) => faults.push(Fault::new(
            Code::RuleBroken,
            "/department",
            "Lịch gốc “vn” dùng chung, không thuộc đơn vị nào.",
            "The base “vn” is everyone's and belongs to no department.",
        )),
        (false, None, _) => faults.push(Fault::missing("/department")),
        (false, Some(_), Some(old)) if old.department.as_deref() != department => faults.push(Fault::new(
            Code::RuleBroken,
            "/department",
            "Lịch không chuyển được sang đơn vị khác; hãy lập lịch mới.",
            "A calendar stays with its department; make another one.",
        )),
        _ => {}
    }
    if row.office_hours.is_empty() {
        faults.push(Fault::missing("/office_hours"));
    }
    for (i, hours) in row.office_hours.iter().enumerate() {
        if hours.closes <= hours.opens {
            let (vi, en) = ("Giờ đóng cửa phải sau giờ mở cửa.", "It must close later than it opens.");
            faults.push(Fault::new(Code::BadOfficeHours, format!("/office_hours/{i}/closes"), vi, en));
        }
        let before = i.checked_sub(1).and_then(|before| row.office_hours.get(before));
        if before.is_some_and(|before| hours.opens < before.closes) {
            let (vi, en) = ("Phải từ giờ đóng cửa của khoảng trước trở đi.", "It must not open before the interval above has closed.");
            faults.push(Fault::new(Code::BadOfficeHours, format!("/office_hours/{i}/opens"), vi, en));
        }
    }
    faults
}

/// Whether putting the calendar would change nothing.
pub fn equal(row: &NewCalendar, old: &CalendarView) -> bool {
    old.name == row.name.as_str()
        && old.department.as_deref() == row.department.as_ref().map(|code| code.as_str())
        && old.office_hours == row.office_hours
        && old.off_hours_receipt == row.off_hours_receipt
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use chrono::{NaiveTime, TimeZone};

    use super::*;
    use crate::calendar::model::{Day, DayKind, OfficeHours};

    fn vn() -> Calendar {
        let rows = csv::Reader::from_reader(include_bytes!("../../data/calendar/vn.csv").as_slice())
            .into_deserialize()
            .collect::<Result<Vec<Day>, _>>();
        Calendar::new("vn", 1, rows.unwrap())
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn vn_at(text: &str) -> DateTime<Utc> {
        VN.from_local_datetime(&text.parse().unwrap()).unwrap().to_utc()
    }

    fn day(text: &str, kind: DayKind) -> Day {
        Day { date: date(text), kind, name: "x".into() }
    }

    #[test]
    fn a_day_works_by_its_row_or_else_by_its_weekday() {
        for (text, works) in [
            ("2022-06-10", true),
            ("2022-06-11", false),
            ("2022-06-12", false),
            ("2022-01-31", false),
            ("2024-05-04", true),
            ("2024-04-29", false),
            ("2024-12-31", true),
            ("2021-01-01", false),
        ] {
            assert_eq!(is_working(&vn(), date(text)), Ok(works), "{text}");
        }
    }

    #[test]
    fn the_bitmap_agrees_with_the_rows_on_every_day_it_covers() {
        let calendar = vn();
        let mut day = date("2021-01-01");
        while day.year() < 2028 {
            let weekday = day.weekday().number_from_monday() <= 5;
            let plain = calendar.base_day(day).map_or(weekday, |row| row.kind == DayKind::MakeUp);
            assert_eq!(is_working(&calendar, day), Ok(plain), "{day}");
            day = day.succ_opt().unwrap();
        }
    }

    #[test]
    fn a_year_without_rows_is_never_answered() {
        let calendar = vn();
        assert_eq!(is_working(&calendar, date("2028-01-03")), Err(CalendarMissing { year: 2028 }));
        assert_eq!(is_working(&calendar, date("2020-12-31")), Err(CalendarMissing { year: 2020 }));
        assert_eq!(next_working(&calendar, date("2027-12-31")), Err(CalendarMissing { year: 2028 }));
        assert_eq!(add_wd(&calendar, date("2027-01-01"), u32::MAX), Err(CalendarMissing { year: 2028 }));
        assert_eq!(count_wd(&calendar, date("2027-12-31"), NaiveDate::MAX), Err(CalendarMissing { year: 2028 }));
        assert_eq!(count_wd(&calendar, NaiveDate::MAX, NaiveDate::MIN), Ok(0));
        let overlaid = calendar.with_overlay([day("2028-01-03", DayKind::DayOff)]);
        assert_eq!(is_working(&overlaid, date("2028-01-03")), Err(CalendarMissing { year: 2028 }));
        let empty = Calendar::new("empty", 1, []);
        assert_eq!(roll(&empty, date("2022-06-10")), Err(CalendarMissing { year: 2022 }));
    }

    #[test]
    fn the_search_ends_where_the_calendar_does() {
        let year_off = (0..365).map(|n| day("2023-01-01", DayKind::DayOff).date + chrono::Days::new(n));
        let closed = Calendar::new("closed", 1, year_off.map(|date| Day { date, kind: DayKind::DayOff, name: String::new() }));
        assert_eq!(next_working(&closed, date("2023-01-01")), Err(CalendarMissing { year: 2024 }));
        let last = Calendar::new("last", 1, [Day { date: NaiveDate::MAX, kind: DayKind::DayOff, name: String::new() }]);
        assert!(next_working(&last, NaiveDate::MAX).is_err());
    }

    #[test]
    fn a_department_wins_for_its_date() {
        let calendar =
            vn().with_overlay([day("2022-06-10", DayKind::DayOff), day("2022-06-11", DayKind::MakeUp), day("2022-01-31", DayKind::MakeUp)]);
        assert_eq!(is_working(&calendar, date("2022-06-10")), Ok(false));
        assert_eq!(is_working(&calendar, date("2022-06-11")), Ok(true));
        assert_eq!(is_working(&calendar, date("2022-01-31")), Ok(true));
        assert_eq!(roll(&calendar, date("2022-06-10")), Ok(date("2022-06-11")));
    }

    #[test]
    fn the_later_of_two_rows_counts() {
        let rows = [day("2022-06-11", DayKind::MakeUp), day("2022-06-11", DayKind::DayOff)];
        let calendar = Calendar::new("vn", 1, rows);
        assert_eq!(calendar.days().len(), 1);
        assert_eq!(is_working(&calendar, date("2022-06-11")), Ok(false));
    }

    #[test]
    fn differences_are_the_days_that_turned() {
        let old = vn().with_overlay([day("2022-06-08", DayKind::DayOff), day("2022-06-09", DayKind::DayOff)]);
        let new = vn().with_overlay([
            Day { name: "y".into(), ..day("2022-06-09", DayKind::MakeUp) },
            day("2022-06-11", DayKind::DayOff),
            day("2022-06-12", DayKind::MakeUp),
            day("2029-06-11", DayKind::DayOff),
        ]);
        let told: Vec<_> = differences(&old, &new).into_iter().map(|c| (c.on.to_string(), c.works, c.name.unwrap())).collect();
        let turned = |on: &str, name: &str| (on.to_owned(), true, name.to_owned());
        assert_eq!(told, [turned("2022-06-08", "x"), turned("2022-06-09", "y"), turned("2022-06-12", "x")]);
        assert_eq!(differences(&old, &old), []);
    }

    #[test]
    fn every_fault_of_a_calendar_is_found() {
        let row = |body: serde_json::Value| -> NewCalendar { serde_json::from_value(body).unwrap() };
        let found = |body| -> Vec<String> { faults(&row(body), None).iter().map(|f| f.pointer.to_string()).collect() };
        let hours = serde_json::json!([{"opens": "08:00", "closes": "08:00"}, {"opens": "07:00", "closes": "12:00"}, {"opens": "12:00", "closes": "17:00"}]);
        let wrong = serde_json::json!({"code": "a", "name": " ", "office_hours": hours});
        assert_eq!(found(wrong), ["/name", "/department", "/office_hours/0/closes", "/office_hours/1/opens"]);
        assert_eq!(
            found(serde_json::json!({"code": "vn", "name": "x", "department": "A", "office_hours": []})),
            ["/department", "/office_hours"]
        );
        assert_eq!(found(serde_json::json!({"code": "a", "name": "x", "department": "A"})), [""; 0]);
    }

    #[test]
    fn counting() {
        let calendar = vn();
        assert_eq!(add_wd(&calendar, date("2022-06-10"), 0), Ok(date("2022-06-10")));
        assert_eq!(add_wd(&calendar, date("2022-06-11"), 0), Ok(date("2022-06-13")));
        assert_eq!(add_wd(&calendar, date("2022-06-11"), 1), Ok(date("2022-06-13")));
        assert_eq!(add_wd(&calendar, date("2022-01-26"), 5), Ok(date("2022-02-09")));
        assert_eq!(count_wd(&calendar, date("2022-01-26"), date("2022-02-09")), Ok(5));
        assert_eq!(count_wd(&calendar, date("2022-06-10"), date("2022-06-12")), Ok(0));
        assert_eq!(count_wd(&calendar, date("2022-06-12"), date("2022-06-10")), Ok(0));
    }

    #[test]
    fn a_receipt_belongs_to_a_day() {
        for (at, next, same) in [
            ("2022-06-10T16:59:59", "2022-06-10", "2022-06-10"),
            ("2022-06-10T17:00:00", "2022-06-13", "2022-06-10"),
            ("2022-06-10T05:00:00", "2022-06-10", "2022-06-10"),
            ("2022-06-10T12:10:00", "2022-06-10", "2022-06-10"),
            ("2022-06-11T09:00:00", "2022-06-13", "2022-06-13"),
            ("2022-06-11T18:00:00", "2022-06-13", "2022-06-13"),
            ("2022-02-01T09:00:00", "2022-02-07", "2022-02-07"),
            ("2024-05-04T09:00:00", "2024-05-04", "2024-05-04"),
        ] {
            assert_eq!(effective_day(&vn(), vn_at(at)), Ok(date(next)), "{at}");
            let calendar = vn().with_off_hours_receipt(OffHoursReceipt::SameDay);
            assert_eq!(effective_day(&calendar, vn_at(at)), Ok(date(same)), "{at}");
        }
    }

    #[test]
    fn closing_is_the_end_of_the_last_interval() {
        let hour = |h| NaiveTime::from_hms_opt(h, 0, 0).unwrap();
        let hours = OfficeHours::new(vec![(hour(8), hour(12))]).unwrap();
        let calendar = vn().with_office_hours(hours);
        assert_eq!(effective_day(&calendar, vn_at("2022-06-10T12:00:00")), Ok(date("2022-06-13")));
        assert!(OfficeHours::new(vec![]).is_err());
        assert!(OfficeHours::new(vec![(hour(8), hour(8))]).is_err());
        assert!(OfficeHours::new(vec![(hour(13), hour(17)), (hour(7), hour(11))]).is_err());
        assert!(OfficeHours::new(vec![(hour(7), hour(12)), (hour(11), hour(17))]).is_err());
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        assert_eq!(vn_date(DateTime::<Utc>::MAX_UTC), NaiveDate::MAX);
        assert!(effective_day(&vn(), DateTime::<Utc>::MIN_UTC).is_err());
        assert!(effective_day(&vn(), DateTime::<Utc>::MAX_UTC).is_err());
    }
}
