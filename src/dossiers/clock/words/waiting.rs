//! The pauses in words.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::super::{Limit, LimitUnit, Pause, PauseKind, Step};
use super::spelling::{day_en, day_vi, instant_en, instant_vi, plural, span_en, span_vi, time};
use super::{due_step, due_words, limit_words, step, step_at};
use crate::calendar::{Calendar, rules};

pub(in super::super) fn pause_began(pause: Pause) -> Step {
    let local = rules::vn_local(pause.from);
    let (vi, en) = match pause.kind {
        PauseKind::Supplement => ("Yêu cầu bổ sung hồ sơ", "Papers were asked for"),
        PauseKind::Fee => ("Yêu cầu nộp phí, lệ phí", "A fee was asked for"),
        PauseKind::Suspension => ("Tạm dừng giải quyết", "The agency suspended the dossier"),
    };
    step_at(
        "pause_began",
        pause.from,
        format!("{vi} lúc {}; thời hạn tạm dừng.", instant_vi(local)),
        format!("{en} at {}; the clock stops.", instant_en(local)),
    )
}

pub(in super::super) fn still_paused(due_before: Option<NaiveDate>) -> Step {
    let (vi, en) = match due_before {
        Some(on) => {
            (format!(" Ngày hẹn trả trước khi tạm dừng là {}.", day_vi(on)), format!(" The due date before the pause was {}.", day_en(on)))
        }
        None => Default::default(),
    };
    step(
        "still_paused",
        due_before,
        format!("Việc tạm dừng chưa kết thúc nên hiện không có ngày hẹn trả.{vi}"),
        format!("The pause has not ended, so no due date is in force.{en}"),
    )
}

pub(in super::super) fn fulfilled(kind: PauseKind, to: DateTime<Utc>) -> Step {
    let local = rules::vn_local(to);
    let (vi, en) = match kind {
        PauseKind::Supplement => ("Hồ sơ được bổ sung", "The papers were supplied"),
        PauseKind::Fee => ("Phí, lệ phí đã nộp", "The fee was paid"),
        PauseKind::Suspension => ("Tiếp tục giải quyết", "The agency resumed the dossier"),
    };
    step_at("fulfilled", to, format!("{vi} lúc {}.", instant_vi(local)), format!("{en} at {}.", instant_en(local)))
}

pub(in super::super) fn fulfilled_day(calendar: &Calendar, to: DateTime<Utc>, on: NaiveDate) -> Step {
    let date = rules::vn_date(to);
    let (why_vi, why_en) = if rules::is_working(calendar, date) == Ok(true) {
        let closing = time(calendar.office_hours().closing());
        (format!("từ giờ đóng cửa ({closing}) trở đi"), format!("at or after closing time ({closing})"))
    } else {
        ("vào ngày nghỉ".into(), "on a day that does not work".into())
    };
    step(
        "fulfilled_day",
        Some(on),
        format!("Vì {why_vi} nên tính là {}.", day_vi(on)),
        format!("As this was {why_en}, it belongs to {}.", day_en(on)),
    )
}

pub(in super::super) fn waited_days(unit: LimitUnit, days: i64, asked_on: NaiveDate, fulfilled_on: NaiveDate) -> Step {
    let (unit_vi, unit_en) = match unit {
        LimitUnit::CalendarDay => ("ngày", "calendar day"),
        LimitUnit::WorkingDay | LimitUnit::WorkingHour => ("ngày làm việc", "working day"),
    };
    step(
        "waited",
        Some(fulfilled_on),
        format!("Thời gian chờ, tính sau {} đến hết {}: {days} {unit_vi}.", day_vi(asked_on), day_vi(fulfilled_on)),
        format!("Time waited, after {} up to and including {}: {}.", day_en(asked_on), day_en(fulfilled_on), plural(days, unit_en)),
    )
}

pub(in super::super) fn hours_left(left: TimeDelta) -> Step {
    step(
        "waited",
        None,
        format!("Khi tạm dừng, thời hạn còn {} làm việc; tính tiếp từ lúc kết thúc tạm dừng.", span_vi(left)),
        format!("When the clock stopped, {} of office time were left; they go on from the end of the pause.", span_en(left)),
    )
}

pub(in super::super) fn hours_waited(waited: TimeDelta) -> Step {
    step(
        "waited",
        None,
        format!("Yêu cầu sau giờ hẹn trả; thời gian chờ trong giờ làm việc: {}.", span_vi(waited)),
        format!("The request came after the due time; office time waited: {}.", span_en(waited)),
    )
}

pub(in super::super) fn asked_after_due(due_on: NaiveDate) -> Step {
    step(
        "asked_after_due",
        Some(due_on),
        format!("Yêu cầu bổ sung sau ngày hẹn trả {} nên thời hạn không tính lại từ đầu, chỉ cộng thời gian chờ.", day_vi(due_on)),
        format!("Papers were asked for after the due date {}, so the limit does not restart; only the wait is added.", day_en(due_on)),
    )
}

pub(in super::super) fn restarted(limit: Limit) -> Step {
    let (vi, en) = limit_words(limit);
    step("restarted", None, format!("Thời hạn được tính lại từ đầu: {vi}."), format!("The full limit begins again: {en}."))
}

pub(in super::super) fn due_after(old: (NaiveDate, Option<NaiveDateTime>), new: (NaiveDate, Option<NaiveDateTime>)) -> Step {
    let ((old_vi, old_en), (new_vi, new_en)) = (due_words(old), due_words(new));
    if old == new {
        return due_step("due_unchanged", new, format!("Ngày hẹn trả không đổi: {new_vi}."), format!("The due date stays {new_en}."));
    }
    due_step(
        "due_moved",
        new,
        format!("Ngày hẹn trả chuyển từ {old_vi} sang {new_vi}."),
        format!("The due date moves from {old_en} to {new_en}."),
    )
}
