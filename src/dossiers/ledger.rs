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

/// What changed the due date.
enum What<'a> {
    Accepted,
    Begun(PauseKind, i16),
    Ended(PauseKind, i16),
    /// Whether a pause was open: then what moved is the date before it.
    Revised {
        reason: Option<&'a str>,
        paused: bool,
    },
}

/// A change before it is put into words.
struct Change<'a> {
    since: DateTime<Utc>,
    what: What<'a>,
    /// The due date that it put in force, or before the pause that was open; none where a pause begins.
    due_on: Option<NaiveDate>,
}

impl Change<'_> {
    /// Whether the clock stands still from then on.
    fn pauses(&self) -> bool {
        matches!(self.what, What::Begun(..) | What::Revised { paused: true, .. })
    }

    /// The due date in force from then on, or which was before the pause that is open, given the one until then.
    fn standing(&self, before: Option<NaiveDate>) -> Option<NaiveDate> {
        if matches!(self.what, What::Begun(..)) { before } else { self.due_on }
    }

    fn entry(&self, before: Option<NaiveDate>, lang: Lang) -> DueEntry {
        let (cause, n) = match self.what {
            What::Accepted => ("acceptance", None),
            What::Begun(kind, n) => (words(kind).begin, Some(n)),
            What::Ended(kind, n) => (words(kind).end, Some(n)),
            What::Revised { .. } => ("calendar-revision", None),
        };
        let due_on = self.due_on.filter(|_| !self.pauses()).map(Day);
        DueEntry { since: At(self.since), due_on, cause, n, text: lang.pick(self.text(before)) }
    }

    fn text(&self, before: Option<NaiveDate>) -> Text {
        let (from, to) = (printed(before), printed(self.due_on));
        match self.what {
            What::Accepted if self.due_on.is_none() => {
                Text::new("Tiếp nhận hồ sơ; thủ tục không quy định thời hạn.", "Accepted; the procedure has no limit.")
            }
            What::Accepted => {
                Text { vi: format!("Tiếp nhận hồ sơ: hẹn trả ngày {to}."), en: format!("Accepted: due on {to}.") }
            }
            What::Begun(kind, n) => Text {
                vi: format!("{} (lần {n}): ngừng tính thời hạn; hạn trả trước đó là {from}.", words(kind).begun.0),
                en: format!("{} (no. {n}): the clock stands still; it was due on {from}.", words(kind).begun.1),
            },
            What::Ended(kind, n) if before == self.due_on => Text {
                vi: format!("{} (lần {n}): hạn trả vẫn là {to}.", words(kind).ended.0),
                en: format!("{} (no. {n}): still due on {to}.", words(kind).ended.1),
            },
            What::Ended(kind, n) => Text {
                vi: format!("{} (lần {n}): hạn trả chuyển từ {from} sang {to}.", words(kind).ended.0),
                en: format!("{} (no. {n}): the due date moved from {from} to {to}.", words(kind).ended.1),
            },
            What::Revised { reason, paused } => {
                let reason = reason.map(|r| format!(" ({r})")).unwrap_or_default();
                let (vi, en) = if paused {
                    ("hạn trả trước khi ngừng tính thời hạn nay", "the due date before the clock stood still")
                } else {
                    ("hạn trả tính lại", "the due date")
                };
                Text {
                    vi: format!("Lịch làm việc thay đổi{reason}: {vi} là {to}."),
                    en: format!("The calendar changed{reason}: {en} is now {to}."),
                }
            }
        }
    }
}

fn printed(day: Option<NaiveDate>) -> String {
    day.map_or_else(|| "—".to_owned(), |day| day.format("%d/%m/%Y").to_string())
}

/// How the beginning and the end of a pause are called: as causes, and in both languages.
struct Words {
    begin: &'static str,
    end: &'static str,
    begun: (&'static str, &'static str),
    ended: (&'static str, &'static str),
}

fn words(kind: PauseKind) -> Words {
    match kind {
        PauseKind::Supplement => Words {
            begin: "supplement-request",
            end: "fulfilment",
            begun: ("Yêu cầu bổ sung", "Papers were asked for"),
            ended: ("Đã bổ sung đủ giấy tờ", "The papers are here"),
        },
        PauseKind::Fee => Words {
            begin: "fee-request",
            end: "payment",
            begun: ("Yêu cầu nộp phí, lệ phí", "A fee was asked for"),
            ended: ("Đã nộp phí, lệ phí", "The fee is paid"),
        },
        PauseKind::Suspension => Words {
            begin: "suspension",
            end: "suspension-end",
            begun: ("Tạm dừng", "Suspended"),
            ended: ("Hết tạm dừng", "The suspension ended"),
        },
    }
}

/// Every change, oldest first. What a pause ends and another begins at one instant stays in the order of the pauses; a revision at
/// that instant stands where the clock stood still, or ran, as it did for the revision.
fn changes<'a>(accepted: Option<(DateTime<Utc>, Option<NaiveDate>)>, pauses: &[PauseRow], moves: &'a [Moved]) -> Vec<Change<'a>> {
    let mut changes: Vec<Change> = accepted.into_iter().map(|(since, due_on)| Change { since, what: What::Accepted, due_on }).collect();
    for pause in pauses {
        changes.push(Change { since: pause.from_at, what: What::Begun(pause.kind, pause.n), due_on: None });
        let ended = |to| Change { since: to, what: What::Ended(pause.kind, pause.n), due_on: pause.due_after };
        changes.extend(pause.to_at.map(ended));
    }
    changes.sort_by_key(|change| change.since);
    for revision in moves {
        let since = revision.moved_at;
        let (first, last) = (changes.partition_point(|c| c.since < since), changes.partition_point(|c| c.since <= since));
        let paused = |place: usize| place.checked_sub(1).is_some_and(|before| changes[before].pauses());
        let place = (first..=last).rev().find(|place| paused(*place) == revision.paused).unwrap_or(last);
        // A history that grew tells of pauses that the revision did not know.
        let what = What::Revised { reason: revision.reason.as_deref(), paused: paused(place) };
        changes.insert(place, Change { since, what, due_on: revision.due_on });
    }
    changes
}

fn of_row<'a>(row: &Row, moves: &'a [Moved]) -> Result<Vec<Change<'a>>, DbErr> {
    Ok(changes(row.accepted_at.map(|at| (at, row.first_due_on)), &row.pauses()?, moves))
}

fn told(changes: &[Change], lang: Lang) -> Vec<DueEntry> {
    let entry = |before: &mut Option<NaiveDate>, change: &Change| {
        let entry = change.entry(*before, lang);
        *before = change.standing(*before);
        Some(entry)
    };
    changes.iter().scan(None, entry).collect()
}

fn standing(changes: &[Change], at: DateTime<Utc>) -> Option<NaiveDate> {
    changes.iter().take_while(|change| change.since <= at).fold(None, |before, change| change.standing(before))
}

/// The due dates in force by an instant; all of them without one.
pub fn due_dates(row: &Row, moves: &[Moved], as_of: Option<DateTime<Utc>>, lang: Lang) -> Result<Vec<DueEntry>, DbErr> {
    let mut changes = of_row(row, moves)?;
    changes.retain(|change| as_of.is_none_or(|end| change.since <= end));
    Ok(told(&changes, lang))
}

/// The due date in force at an instant, or the one before the pause that was open.
pub fn due_on_at(row: &Row, moves: &[Moved], at: DateTime<Utc>) -> Result<Option<NaiveDate>, DbErr> {
    Ok(standing(&of_row(row, moves)?, at))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2022-06-{text}:00+07:00").parse().unwrap()
    }

    fn on(day: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(2022, 6, day)
    }

    fn pause(n: i16, from: &str, to: Option<&str>, due: (u32, Option<u32>)) -> PauseRow {
        PauseRow {
            kind: PauseKind::Supplement,
            n,
            from_at: at(from),
            to_at: to.map(at),
            reason: None,
            document_no: None,
            legal_basis: None,
            items: None,
            respond_by_on: None,
            amount_vnd: None,
            due_before: on(due.0),
            due_after: due.1.and_then(on),
        }
    }

    fn moved(when: &str, due: u32, paused: bool) -> Moved {
        Moved { moved_at: at(when), due_on: on(due), paused, reason: None }
    }

    const ACCEPTED: &str = "06T08:00";

    #[test]
    fn the_date_that_stands_is_carried_through_pauses_and_revisions() {
        let accepted = Some((at(ACCEPTED), on(9)));
        let pauses = [pause(1, "09T08:00", Some("14T08:00"), (9, Some(14)))];
        let stood = |moves: &[Moved], when: &str| standing(&changes(accepted, &pauses, moves), at(when));
        for (when, none, paused, after) in [
            ("06T07:59", None, None, None),
            ("06T08:00", on(9), on(9), on(9)),
            ("13T07:59", on(9), on(9), on(9)),
            ("13T08:00", on(9), on(10), on(9)),
            ("14T08:00", on(14), on(14), on(14)),
            ("17T08:00", on(14), on(14), on(20)),
        ] {
            assert_eq!(stood(&[], when), none, "{when}");
            assert_eq!(stood(&[moved("13T08:00", 10, true)], when), paused, "{when}");
            assert_eq!(stood(&[moved("16T08:00", 20, false)], when), after, "{when}");
        }
        // At the instant of the fulfilment: a revision that found the pause open came before it, one that found it over after it.
        assert_eq!(stood(&[moved("14T08:00", 10, true)], "14T08:00"), on(14));
        assert_eq!(stood(&[moved("14T08:00", 20, false)], "14T08:00"), on(20));
        assert_eq!(standing(&changes(None, &[], &[]), at(ACCEPTED)), None);
    }

    #[test]
    fn every_entry_goes_on_from_the_one_before() {
        let pauses = [pause(1, "07T08:00", Some("08T08:00"), (9, Some(13))), pause(2, "08T08:00", None, (13, None))];
        let texts = |moves: &[Moved]| {
            let told = told(&changes(Some((at(ACCEPTED), on(9))), &pauses, moves), Lang::En);
            told.into_iter().map(|e| (e.text, e.due_on.map(|d| d.0))).collect::<Vec<_>>()
        };
        let entry = |text: &str, due: Option<NaiveDate>| (text.to_owned(), due);
        let (accepted, asked) =
            (entry("Accepted: due on 09/06/2022.", on(9)), "Papers were asked for (no. 1): the clock stands still; it was due on");
        // One revision found the first pause open, another the second.
        let expected = [
            accepted.clone(),
            entry(&format!("{asked} 09/06/2022."), None),
            entry("The calendar changed: the due date before the clock stood still is now 10/06/2022.", None),
            entry("The papers are here (no. 1): the due date moved from 10/06/2022 to 13/06/2022.", on(13)),
            entry("Papers were asked for (no. 2): the clock stands still; it was due on 13/06/2022.", None),
            entry("The calendar changed: the due date before the clock stood still is now 14/06/2022.", None),
        ];
        assert_eq!(texts(&[moved("07T14:00", 10, true), moved("09T08:00", 14, true)]), expected);
        // Between two pauses that touch the clock ran, for an instant.
        let between = texts(&[moved("08T08:00", 14, false)]);
        let told: Vec<_> = between[2..].iter().map(|(text, due)| (text.as_str(), *due)).collect();
        let expected = [
            ("The papers are here (no. 1): the due date moved from 09/06/2022 to 13/06/2022.", on(13)),
            ("The calendar changed: the due date is now 14/06/2022.", on(14)),
            ("Papers were asked for (no. 2): the clock stands still; it was due on 14/06/2022.", None),
        ];
        assert_eq!(told, expected);
    }
}
