//! What happened to a dossier, told in order.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::DbErr;

use super::clock::PauseKind;
use super::revision::Moved;
use super::store::Row;
use super::wire::{Timeline, TimelineEntry};
use crate::audit::Recorded;
use crate::http::{At, Day};

/// The audit line that recorded something, as its place among all: of the act itself, or of the load that told of it. A line
/// that was taken told of something else at the same instant. A dossier that is loaded again is told again: of what had happened
/// by then the first load told.
fn line(recorded: &[Recorded], taken: &[usize], act: &str, at: DateTime<Utc>) -> Option<usize> {
    let verbs: &[&str] = match act {
        "calendar-revision" => &["revise"],
        "submission" => &["receive", "accept"],
        "acceptance" => &["accept"],
        "completion-request" => &["request_completion"],
        "completion" => &["complete"],
        "processing" => &["process"],
        "supplement-request" => &["request_supplement"],
        "fulfilment" => &["fulfil_supplement"],
        "fee-request" => &["request_fee"],
        "payment" => &["record_payment"],
        "suspension" => &["suspend"],
        "suspension-end" => &["end_suspension"],
        "apology" => &["apologise"],
        "consultation" => &["consult"],
        "consultation-reminder" => &["remind"],
        "consultation-answer" => &["record_answer"],
        "consultation-escalation" => &["escalate"],
        "resolution" => &["resolve"],
        "refusal" => &["refuse"],
        "termination" => &["terminate"],
        "withdrawal" => &["withdraw"],
        "non-acceptance" => &["decline"],
        other => &[other],
    };
    // A submission may lie before its receipt.
    let of_the_act = |l: &Recorded| verbs.contains(&l.act.as_str()) && (l.occurred_at == at || act == "submission");
    let mut free = recorded.iter().enumerate().filter(|(place, _)| !taken.contains(place));
    let load = || {
        let since = recorded.iter().position(|l| l.act == "load" && l.recorded_at >= at);
        since.or_else(|| recorded.iter().rposition(|l| l.act == "load"))
    };
    free.find(|(_, l)| of_the_act(l)).map(|(place, _)| place).or_else(load)
}

/// Everything that happened, oldest first; what happened at one instant in the order of its recording.
pub fn timeline(row: &Row, recorded: &[Recorded], moves: &[Moved]) -> Result<Timeline, DbErr> {
    let (mut items, mut taken) = (Vec::new(), Vec::new());
    let mut add = |at: Option<DateTime<Utc>>, act, reason: Option<&String>, document_no: Option<&String>, due_on: Option<NaiveDate>| {
        let place = at.and_then(|at| line(recorded, &taken, act, at));
        // A receipt that accepts at once tells of both.
        taken.extend(place.filter(|_| act != "submission"));
        let line = place.and_then(|place| recorded.get(place));
        items.extend(at.map(|at| {
            let entry = TimelineEntry {
                at: At(at),
                act,
                recorded_at: line.map(|l| At(l.recorded_at)),
                recorded_by: line.map(|l| l.actor.clone()),
                reason: reason.cloned(),
                document_no: document_no.cloned(),
                due_on: due_on.map(Day),
            };
            (place, entry)
        }));
    };
    add(row.submitted_at, "submission", None, None, None);
    for c in &row.completions()? {
        add(Some(c.requested_at), "completion-request", Some(&c.reason), c.document_no.as_ref(), c.respond_by_on);
        add(c.completed_at, "completion", None, None, None);
    }
    add(row.accepted_at, "acceptance", None, None, row.first_due_on);
    add(row.processing_at, "processing", None, None, None);
    for p in &row.pauses()? {
        let (begin, end) = match p.kind {
            PauseKind::Supplement => ("supplement-request", "fulfilment"),
            PauseKind::Fee => ("fee-request", "payment"),
            PauseKind::Suspension => ("suspension", "suspension-end"),
        };
        add(Some(p.from_at), begin, p.reason.as_ref(), p.document_no.as_ref().or(p.legal_basis.as_ref()), None);
        add(p.to_at, end, None, None, p.due_after);
    }
    for a in &row.apologies()? {
        add(Some(a.sent_at), "apology", a.reason.as_ref(), a.document_no.as_ref(), a.new_due_on);
    }
    for c in &row.consultations()? {
        add(Some(c.sent_at), "consultation", Some(&c.agency), c.document_no.as_ref(), c.answer_due_on);
        for r in &c.reminders {
            add(Some(r.sent_at), "consultation-reminder", Some(&c.agency), r.document_no.as_ref(), None);
        }
        add(c.answered_at, "consultation-answer", Some(&c.agency), None, None);
        add(c.escalated_at, "consultation-escalation", Some(&c.agency), None, None);
    }
    for t in &row.transfers()? {
        add(Some(t.occurred_at), "transfer", Some(&t.reason), None, None);
    }
    for moved in moves {
        add(Some(moved.moved_at), "calendar-revision", moved.reason.as_ref(), None, moved.due_on);
    }
    let verdict = match row.decision.as_deref() {
        Some("resolved") => "resolution",
        Some("refused") => "refusal",
        Some("terminated") => "termination",
        Some("withdrawn") => "withdrawal",
        _ => "non-acceptance",
    };
    add(row.finished_at, verdict, row.decision_reason.as_ref(), row.decision_document_no.as_ref(), None);
    add(row.returned_at, "return", None, None, None);
    add(row.voided_at, "void", row.void_reason.as_ref(), None, None);
    items.sort_by_key(|(place, entry)| (entry.at, *place));
    Ok(Timeline { items: items.into_iter().map(|(_, entry)| entry).collect() })
}
