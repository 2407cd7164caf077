//! The explanation in words a clerk understands, and the errors.

mod errors;
mod spelling;
mod waiting;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use self::spelling::{capital, day_en, day_vi, instant_en, instant_vi, span_en, span_vi, time};
pub(super) use self::{errors::error, waiting::*};
use super::count::Round;
use super::{Limit, LimitUnit, Step};
use crate::calendar::{Calendar, DayKind, rules};
use crate::text::Text;

fn step(code: &'static str, on: Option<NaiveDate>, vi: String, en: String) -> Step {
    Step { code, on, at: None, text: Text { vi, en } }
}

fn step_at(code: &'static str, at: DateTime<Utc>, vi: String, en: String) -> Step {
    Step { code, on: Some(rules::vn_date(at)), at: Some(at), text: Text { vi, en } }
}

/// A step at an instant of local time.
fn step_local(code: &'static str, local: NaiveDateTime, vi: String, en: String) -> Step {
    let at = local.checked_sub_offset(rules::VN).map(|utc| utc.and_utc());
    Step { code, on: Some(local.date()), at, text: Text { vi, en } }
}

pub(super) fn received(at: DateTime<Utc>) -> Step {
    let local = rules::vn_local(at);
    step_at(
        "received",
        at,
        format!("Hồ sơ được tiếp nhận lúc {}.", instant_vi(local)),
        format!("The dossier was received at {}.", instant_en(local)),
    )
}

pub(super) fn effective_day(calendar: &Calendar, at: DateTime<Utc>, on: NaiveDate, limit: Option<Limit>) -> Step {
    let (why_vi, why_en) = why_effective(calendar, at, on);
    let in_days = limit.is_some_and(|limit| limit.unit != LimitUnit::WorkingHour && limit.value > 0);
    let (tail_vi, tail_en) =
        if in_days { ("; ngày này không tính vào thời hạn", "; that day itself is not counted") } else { ("", "") };
    step(
        "effective_day",
        Some(on),
        format!("Ngày tiếp nhận để tính thời hạn là {}, vì {why_vi}{tail_vi}.", day_vi(on)),
        format!("The effective day of receipt is {}, because {why_en}{tail_en}.", day_en(on)),
    )
}

fn why_effective(calendar: &Calendar, at: DateTime<Utc>, on: NaiveDate) -> (String, String) {
    let date = rules::vn_date(at);
    if on == date {
        let (closing, late) = (calendar.office_hours().closing(), rules::vn_local(at).time());
        if late < closing {
            return (
                format!("đó là ngày làm việc và chưa đến giờ đóng cửa ({})", time(closing)),
                format!("it is a working day and closing time ({}) had not come", time(closing)),
            );
        }
        return ("đó là ngày làm việc".into(), "it is a working day".into());
    }
    if rules::is_working(calendar, date) == Ok(true) {
        let closing = time(calendar.office_hours().closing());
        return (
            format!("hồ sơ đến từ giờ đóng cửa ({closing}) trở đi nên tính sang ngày làm việc tiếp theo"),
            format!("it came at or after closing time ({closing}), so it belongs to the next working day"),
        );
    }
    let (off_vi, off_en) = why_off(calendar, date);
    (
        format!("{} là {off_vi} nên tính sang ngày làm việc tiếp theo", day_vi(date)),
        format!("{} is {off_en}, so it belongs to the next working day", day_en(date)),
    )
}

pub(super) fn limit(limit: Limit) -> Step {
    let (vi, en) = limit_words(limit);
    step("limit", None, format!("Thời hạn giải quyết: {vi}."), format!("The limit is {en}."))
}

pub(super) fn no_limit() -> Step {
    step(
        "no_limit",
        None,
        "Thủ tục không quy định thời hạn nên không có ngày hẹn trả.".into(),
        "The procedure has no limit, so there is no due date.".into(),
    )
}

pub(super) fn skipped_day(calendar: &Calendar, day: NaiveDate) -> Step {
    let (vi, en) = why_off(calendar, day);
    step("skipped_day", Some(day), format!("Bỏ qua {}: {vi}.", day_vi(day)), format!("{} is skipped: {en}.", day_en(day)))
}

pub(super) fn counted_day(calendar: &Calendar, round: Round, unit: LimitUnit, number: u32, day: NaiveDate) -> Step {
    let code = match round {
        Round::First => "counted_day",
        Round::Again => "recounted_day",
        Round::Moved => "moved_day",
    };
    let (unit_vi, unit_en) = match unit {
        LimitUnit::CalendarDay => ("ngày", "calendar day"),
        LimitUnit::WorkingDay | LimitUnit::WorkingHour => ("ngày làm việc", "working day"),
    };
    let (moved_vi, moved_en) = if round == Round::Moved { (" được cộng thêm", " added") } else { ("", "") };
    let (note_vi, note_en) = if unit == LimitUnit::WorkingDay { why_made_up(calendar, day) } else { Default::default() };
    step(
        code,
        Some(day),
        format!("{}: {unit_vi} thứ {number}{moved_vi}{note_vi}.", capital(&day_vi(day))),
        format!("{}: {unit_en} {number}{moved_en}{note_en}.", day_en(day)),
    )
}

pub(super) fn counted_hours(round: Round, from: NaiveDateTime, to: NaiveDateTime, left: TimeDelta) -> Step {
    let code = match round {
        Round::First => "counted_hours",
        Round::Again => "recounted_hours",
        Round::Moved => "moved_hours",
    };
    let used = to.signed_duration_since(from);
    let (start, end) = (time(from.time()), time(to.time()));
    step_local(
        code,
        to,
        format!("{} từ {start} đến {end}: {}, còn {}.", capital(&day_vi(from.date())), span_vi(used), span_vi(left)),
        format!("{}, {start} to {end}: {}, {} left.", day_en(from.date()), span_en(used), span_en(left)),
    )
}

pub(super) fn same_day(on: NaiveDate) -> Step {
    step(
        "same_day",
        Some(on),
        format!("Thời hạn trong ngày: hẹn trả ngay {}.", day_vi(on)),
        format!("The limit is the same day: it is due on {}.", day_en(on)),
    )
}

pub(super) fn after_cutoff(cutoff: NaiveTime, on: NaiveDate) -> Step {
    let cutoff = time(cutoff);
    step(
        "after_cutoff",
        Some(on),
        format!("Thời hạn trong ngày, nhưng hồ sơ đến từ {cutoff} trở đi: hẹn trả ngày làm việc tiếp theo, {}.", day_vi(on)),
        format!("The limit is the same day, but it came at or after {cutoff}: it is due the next working day, {}.", day_en(on)),
    )
}

pub(super) fn rolled(landed: NaiveDate, on: NaiveDate) -> Step {
    step(
        "rolled",
        Some(on),
        format!("Ngày cuối rơi vào {}, là ngày nghỉ, nên chuyển sang {}.", day_vi(landed), day_vi(on)),
        format!("The last day falls on {}, which does not work, so it rolls to {}.", day_en(landed), day_en(on)),
    )
}

pub(super) fn first_due(on: NaiveDate, at: Option<NaiveDateTime>) -> Step {
    let (vi, en) = due_words((on, at));
    due_step("first_due", (on, at), format!("Ngày hẹn trả ban đầu: {vi}."), format!("The first due date is {en}."))
}

fn due_step(code: &'static str, due: (NaiveDate, Option<NaiveDateTime>), vi: String, en: String) -> Step {
    match due {
        (_, Some(local)) => step_local(code, local, vi, en),
        (on, None) => step(code, Some(on), vi, en),
    }
}

/// Why a day does not work, to follow "is".
fn why_off(calendar: &Calendar, day: NaiveDate) -> (String, String) {
    let (row, department) = match calendar.overlay_day(day) {
        Some(row) => (Some(row), true),
        None => (calendar.base_day(day), false),
    };
    let (vi, en) = match (row, department) {
        (None, _) => return ("ngày nghỉ cuối tuần".into(), "a weekend day".into()),
        (Some(_), false) => ("ngày nghỉ", "a day off"),
        (Some(_), true) => ("ngày nghỉ của đơn vị", "a day off of the department"),
    };
    let name = row.map_or("", |row| row.name.trim());
    if name.is_empty() { (vi.into(), en.into()) } else { (format!("{vi} ({name})"), format!("{en} ({name})")) }
}

/// A note on a day that works although its weekday would not.
fn why_made_up(calendar: &Calendar, day: NaiveDate) -> (String, String) {
    let row = calendar.overlay_day(day).or_else(|| calendar.base_day(day));
    match row.filter(|row| row.kind == DayKind::MakeUp) {
        None => Default::default(),
        Some(row) if row.name.trim().is_empty() => (" (ngày làm bù)".into(), " (a make-up day)".into()),
        Some(row) => {
            let name = row.name.trim();
            (format!(" (ngày làm bù: {name})"), format!(" (a make-up day: {name})"))
        }
    }
}

fn limit_words(limit: Limit) -> (String, String) {
    let words = limit.words();
    (words.vi, words.en)
}

fn due_words(due: (NaiveDate, Option<NaiveDateTime>)) -> (String, String) {
    match due {
        (_, Some(local)) => (instant_vi(local), instant_en(local)),
        (on, None) => (day_vi(on), day_en(on)),
    }
}
