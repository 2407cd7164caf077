//! The ledger of a dossier's clock: every due date that was in force, since when, and why it changed. Told from what was stored
//! when it happened, never recomputed.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::DbErr;
use serde::Serialize;
use utoipa::ToSchema;

use super::calculator::ClockView;
use super::clock::{PauseKind, Reading, Step};
use super::revision::Moved;
use super::store::{PauseRow, Row};
use crate::http::{At, Day, Lang};
use crate::text::Text;

/// A due date that was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"since": "2022-06-16T09:00:00+07:00", "due_on": "2022-06-17", "cause": "fulfilment", "n": 1,
    "text": "Đã bổ sung đủ giấy tờ (lần 1): hạn trả chuyển từ 09/06/2022 sang 17/06/2022."}))]
pub struct DueEntry {
    /// From then on, until the next entry.
    pub since: At,
    /// Null while the clock stands still, and without a limit.
    pub due_on: Option<Day>,
    /// `acceptance`, `supplement-request`, `fulfilment`, `fee-request`, `payment`, `suspension`, `suspension-end`, `calendar-revision`.
    #[schema(value_type = String, example = "fulfilment")]
    pub cause: &'static str,
    /// Number of the request, within its kind.
    pub n: Option<i16>,
    /// What happened to the due date, in the caller's language.
    pub text: String,
}

/// The clock of a dossier: what it shows, and what it showed before.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"effective_on": "2022-06-06", "first_due_on": "2022-06-09", "due_on": "2022-06-17", "due_at": null, "due_before": null,
    "state": "running", "steps": [
        {"code": "counted_day", "on": "2022-06-07", "at": null, "text": "Thứ Ba 07/06/2022: ngày làm việc thứ 1."}],
    "due_dates": [
        {"since": "2022-06-06T09:00:00+07:00", "due_on": "2022-06-09", "cause": "acceptance", "n": null, "text": "Tiếp nhận hồ sơ: hẹn trả ngày 09/06/2022."}]}))]
pub struct DossierClock {
    #[serde(flatten)]
    pub clock: ClockView,
    /// Every due date that was in force by then, oldest first, with what changed it.
    pub due_dates: Vec<DueEntry>,
}

/// A revision of the calendar moves the due date, not the first promise: the reading shows the promise, and the step that counts to
/// it says so.
pub fn keep_promise(reading: &mut Reading, steps: &mut [Step], promise: Option<NaiveDate>) {
    if reading.first_due_on == promise || promise.is_none() {
        return;
    }
    let (counted, first) = (printed(reading.first_due_on), printed(promise));
    for step in steps.iter_mut().filter(|step| step.code == "first_due") {
        step.text = Text {
            vi: format!("Theo lịch làm việc đang áp dụng, thời hạn tính đến {counted}; ngày hẹn trả ban đầu vẫn là {first}."),
            en: format!("By the calendar that holds now the limit ends on {counted}; the first due date is still {first}."),
        };
    }
    reading.first_due_on = promise;
}

/// What is known of a change before it is put into words.
struct Change {
    since: DateTime<Utc>,
    due_on: Option<NaiveDate>,
    cause: &'static str,
    n: Option<i16>,
    text: Text,
}

fn printed(day: Option<NaiveDate>) -> String {
    day.map_or_else(|| "—".to_owned(), |day| day.format("%d/%m/%Y").to_string())
}

fn moved(what: (&str, &str), before: Option<NaiveDate>, after: Option<NaiveDate>) -> Text {
    let (vi, en) = what;
    if before == after {
        let day = printed(after);
        return Text { vi: format!("{vi}: hạn trả vẫn là {day}."), en: format!("{en}: still due on {day}.") };
    }
    let (before, after) = (printed(before), printed(after));
    Text {
        vi: format!("{vi}: hạn trả chuyển từ {before} sang {after}."),
        en: format!("{en}: the due date moved from {before} to {after}."),
    }
}

fn of_pause(pause: &PauseRow) -> [Option<Change>; 2] {
    let n = pause.n;
    let (begin, end, vi, en) = match pause.kind {
        PauseKind::Supplement => (
            "supplement-request",
            "fulfilment",
            ("Yêu cầu bổ sung", "Đã bổ sung đủ giấy tờ"),
            ("Papers were asked for", "The papers are here"),
        ),
        PauseKind::Fee => {
            ("fee-request", "payment", ("Yêu cầu nộp phí, lệ phí", "Đã nộp phí, lệ phí"), ("A fee was asked for", "The fee is paid"))
        }
        PauseKind::Suspension => ("suspension", "suspension-end", ("Tạm dừng", "Hết tạm dừng"), ("Suspended", "The suspension ended")),
    };
    let before = printed(pause.due_before);
    let begun = Change {
        since: pause.from_at,
        due_on: None,
        cause: begin,
        n: Some(n),
        text: Text {
            vi: format!("{} (lần {n}): ngừng tính thời hạn; hạn trả trước đó là {before}.", vi.0),
            en: format!("{} (no. {n}): the clock stands still; it was due on {before}.", en.0),
        },
    };
    let ended = pause.to_at.map(|to| Change {
        since: to,
        due_on: pause.due_after,
        cause: end,
        n: Some(n),
        text: moved((&format!("{} (lần {n})", vi.1), &format!("{} (no. {n})", en.1)), pause.due_before, pause.due_after),
    });
    [Some(begun), ended]
}

/// The due dates in force by an instant; all of them without one.
pub fn due_dates(row: &Row, moves: &[Moved], as_of: Option<DateTime<Utc>>, lang: Lang) -> Result<Vec<DueEntry>, DbErr> {
    let first = printed(row.first_due_on);
    let accepted = row.accepted_at.map(|at| Change {
        since: at,
        due_on: row.first_due_on,
        cause: "acceptance",
        n: None,
        text: match row.first_due_on {
            Some(_) => Text { vi: format!("Tiếp nhận hồ sơ: hẹn trả ngày {first}."), en: format!("Accepted: due on {first}.") },
            None => Text {
                vi: "Tiếp nhận hồ sơ; thủ tục không quy định thời hạn.".into(),
                en: "Accepted; the procedure has no limit.".into(),
            },
        },
    });
    let mut changes: Vec<Change> = accepted.into_iter().collect();
    let pauses = row.pauses()?;
    for pause in &pauses {
        changes.extend(of_pause(pause).into_iter().flatten());
    }
    for revision in moves {
        let reason = revision.reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
        let day = printed(revision.due_on);
        let at = revision.moved_at;
        let paused = pauses.iter().any(|p| p.from_at <= at && p.to_at.is_none_or(|to| at < to));
        changes.push(Change {
            since: at,
            due_on: revision.due_on.filter(|_| !paused),
            cause: "calendar-revision",
            n: None,
            text: Text {
                vi: format!("Lịch làm việc thay đổi{reason}: hạn trả tính lại là {day}."),
                en: format!("The calendar changed{reason}: the due date is now {day}."),
            },
        });
    }
    // Stable: what a pause ends and another begins at one instant stays in the order of the pauses.
    changes.sort_by_key(|change| change.since);
    let by_then = changes.into_iter().filter(|change| as_of.is_none_or(|end| change.since <= end));
    let told = by_then.map(|c| DueEntry { since: At(c.since), due_on: c.due_on.map(Day), cause: c.cause, n: c.n, text: lang.pick(c.text) });
    Ok(told.collect())
}
