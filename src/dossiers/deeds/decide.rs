//! The decision itself.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{Deed, Refusal, allowed};
use crate::calendar::{vn_date, vn_local};
use crate::departments;
use crate::dossiers::clock::PauseKind;
use crate::dossiers::model::{Apology, Completion, Consultation, Decision, Facts, Pause, Reminder, Transfer, Verdict, Void};
use crate::dossiers::rules;
use crate::error::{Code, Fault};

/// A dossier at the moment of an act.
pub struct Case<'a> {
    pub facts: &'a Facts,
    /// The due date in force, or the one before a pause.
    pub due: Option<NaiveDate>,
    pub resolving_id: Uuid,
    /// The department that a transfer names, if there is one of that code.
    pub destination: Option<&'a departments::Known>,
}

/// The facts after an act at an instant, if it may be done.
///
/// # Errors
/// Why it may not.
pub fn decide(case: &Case, deed: &Deed, at: DateTime<Utc>, now: DateTime<Utc>) -> Result<Facts, Refusal> {
    let (facts, due) = (case.facts, case.due);
    let from = facts.status();
    if !allowed(from).contains(&deed.name()) {
        return Err(Refusal::NotAllowed { from });
    }
    let mut faults = missing(deed);
    let mut after = facts.clone();
    match deed {
        Deed::Accept => after.accepted_at = Some(at),
        Deed::RequestCompletion { reason, document_no, items, respond_by_on } => {
            faults.extend(respond_by_fault(*respond_by_on, at));
            after.completions.push(Completion {
                requested_at: at,
                reason: reason.clone(),
                document_no: document_no.clone(),
                items: items.clone(),
                respond_by_on: *respond_by_on,
                completed_at: None,
            });
        }
        Deed::Complete { n } => {
            let asked = n.checked_sub(1).and_then(|i| after.completions.get_mut(i)).filter(|c| c.completed_at.is_none());
            asked.ok_or(Refusal::NoSuchRequest)?.completed_at = Some(at);
        }
        Deed::Process => after.processing_at = Some(at),
        Deed::Decline { reason } => after.verdict = Some(verdict(Decision::NotAccepted, at, Some(reason), None)),
        Deed::RequestSupplement { reason, document_no, items, respond_by_on } => {
            faults.extend(respond_by_fault(*respond_by_on, at));
            let pause = begin(&mut after, PauseKind::Supplement, at, &mut faults);
            pause.reason = Some(reason.clone());
            pause.document_no = Some(document_no.clone());
            pause.items.clone_from(items);
            pause.respond_by_on = *respond_by_on;
        }
        Deed::RequestFee { amount_vnd, reason } => {
            let pause = begin(&mut after, PauseKind::Fee, at, &mut faults);
            pause.amount_vnd = *amount_vnd;
            pause.reason.clone_from(reason);
        }
        Deed::Suspend { reason, legal_basis } => {
            let pause = begin(&mut after, PauseKind::Suspension, at, &mut faults);
            pause.reason = Some(reason.clone());
            pause.legal_basis = Some(legal_basis.clone());
        }
        Deed::FulfilSupplement { n } => end(&mut after, PauseKind::Supplement, *n, at)?,
        Deed::RecordPayment { n } => end(&mut after, PauseKind::Fee, *n, at)?,
        Deed::EndSuspension { n } => end(&mut after, PauseKind::Suspension, *n, at)?,
        Deed::Consult { agency, document_no, answer_due_on } => {
            if answer_due_on.is_some_and(|day| day < vn_date(at)) {
                faults.push(Fault::new(
                    Code::DatesBackwards,
                    "/answer_due_on",
                    "Hạn trả lời đã qua khi gửi.",
                    "The answer would be due before it is asked for.",
                ));
            }
            after.consultations.push(Consultation {
                agency: agency.clone(),
                sent_at: at,
                document_no: document_no.clone(),
                answer_due_on: *answer_due_on,
                reminders: Vec::new(),
                answered_at: None,
                escalated_at: None,
            });
        }
        Deed::Remind { n, document_no } => {
            unanswered(&mut after, *n)?.reminders.push(Reminder { sent_at: at, document_no: Some(document_no.clone()) });
        }
        Deed::RecordAnswer { n } => unanswered(&mut after, *n)?.answered_at = Some(at),
        Deed::Escalate { n } => {
            let consultation = unanswered(&mut after, *n)?;
            if consultation.escalated_at.replace(at).is_some() {
                return Err(Refusal::NoSuchRequest);
            }
        }
        Deed::Terminate { reason, notice_no } => after.verdict = Some(verdict(Decision::Terminated, at, Some(reason), Some(notice_no))),
        Deed::Apologise { reason, new_due_on, document_no } => {
            if let (Some(due), Some(new)) = (due, new_due_on)
                && *new <= due
            {
                let (vi, en) =
                    (format!("Ngày hẹn lại phải sau hạn {due}."), format!("The new date must be later than the due date {due}."));
                faults.push(Fault::new(Code::NotLaterThanDue, "/new_due_on", vi, en));
            }
            if new_due_on.is_some_and(|new| new < vn_date(at)) {
                faults.push(Fault::new(
                    Code::DatesBackwards,
                    "/new_due_on",
                    "Ngày hẹn lại đã qua khi gửi.",
                    "The new date has passed already.",
                ));
            }
            after.apologies.push(Apology {
                sent_at: at,
                reason: Some(reason.clone()),
                new_due_on: *new_due_on,
                document_no: document_no.clone(),
            });
        }
        Deed::Refuse { reason, document_no } => after.verdict = Some(verdict(Decision::Refused, at, Some(reason), Some(document_no))),
        Deed::Resolve { document_no } => after.verdict = Some(verdict(Decision::Resolved, at, None, document_no.as_ref())),
        Deed::Return { method } => {
            after.returned_at = Some(at);
            after.return_method = *method;
        }
        Deed::Transfer { department, reason } => match case.destination {
            None if department.is_empty() => {}
            None => faults.push(Fault::unknown("/department", department)),
            Some(to) => {
                faults.extend((!to.valid_on(vn_date(at))).then(|| Fault::plain(Code::NotValidThen, "/department")));
                faults.extend((to.id == case.resolving_id).then(|| same_department(department)));
                after.transfers.push(Transfer { at, from: case.resolving_id, to: to.id, reason: reason.clone() });
            }
        },
        Deed::Withdraw { reason } => after.verdict = Some(verdict(Decision::Withdrawn, at, Some(reason), None)),
        Deed::Void { reason } => after.void = Some(Void { at: Some(at), reason: Some(reason.clone()) }),
    }
    after.order_pauses();
    // Whatever the facts cannot be is the fault of the instant given.
    let mut of_time: Vec<Fault> = rules::faults(&after, now).into_iter().map(|f| Fault { pointer: "/occurred_at".into(), ..f }).collect();
    of_time.extend((at > now).then(|| Fault::plain(Code::DateInFuture, "/occurred_at")));
    of_time.extend(facts.last_at().filter(|last| at < *last).map(before_the_last));
    for fault in of_time {
        if !faults.iter().any(|f| f.code == fault.code && f.pointer == fault.pointer) {
            faults.push(fault);
        }
    }
    if faults.is_empty() { Ok(after) } else { Err(Refusal::Broken(faults)) }
}

/// Acts are told in their order, also when they are entered late.
fn before_the_last(last: DateTime<Utc>) -> Fault {
    let last = vn_local(last).format("%H:%M:%S %d/%m/%Y");
    Fault::new(
        Code::DatesBackwards,
        "/occurred_at",
        format!("Việc gần nhất của hồ sơ xảy ra lúc {last}; việc này không thể xảy ra trước đó."),
        format!("The last act on the dossier was at {last}; this one cannot be before it."),
    )
}

fn respond_by_fault(respond_by_on: Option<NaiveDate>, at: DateTime<Utc>) -> Option<Fault> {
    respond_by_on.filter(|day| *day < vn_date(at)).map(|_| {
        Fault::new(
            Code::DatesBackwards,
            "/respond_by_on",
            "Hạn bổ sung phải từ ngày yêu cầu trở đi.",
            "The time to respond cannot end before the request.",
        )
    })
}

fn same_department(code: &str) -> Fault {
    Fault::new(Code::RuleBroken, "/department", format!("Hồ sơ đang do {code} giải quyết."), format!("The dossier is with {code} already."))
}

/// A new pause, open, numbered among those of its kind.
fn begin<'f>(facts: &'f mut Facts, kind: PauseKind, at: DateTime<Utc>, faults: &mut Vec<Fault>) -> &'f mut Pause {
    if facts.pauses.iter().any(|p| p.to.is_some_and(|to| to > at)) {
        faults.push(Fault::plain(Code::OverlappingPauses, "/occurred_at"));
    }
    let n = 1 + facts.pauses.iter().filter(|p| p.kind == kind).count();
    let pause = Pause {
        kind,
        n: i16::try_from(n).unwrap_or(i16::MAX),
        from: at,
        to: None,
        reason: None,
        document_no: None,
        legal_basis: None,
        items: Vec::new(),
        respond_by_on: None,
        amount_vnd: None,
    };
    let last = facts.pauses.len();
    facts.pauses.push(pause);
    &mut facts.pauses[last]
}

fn end(facts: &mut Facts, kind: PauseKind, n: i16, at: DateTime<Utc>) -> Result<(), Refusal> {
    let open = facts.pauses.iter_mut().find(|p| p.kind == kind && p.n == n && p.to.is_none());
    open.ok_or(Refusal::NoSuchRequest)?.to = Some(at);
    Ok(())
}

/// The consultation with this number, from 1, if its answer is still awaited.
fn unanswered(facts: &mut Facts, n: usize) -> Result<&mut Consultation, Refusal> {
    let found = n.checked_sub(1).and_then(|i| facts.consultations.get_mut(i));
    found.filter(|c| c.answered_at.is_none()).ok_or(Refusal::NoSuchRequest)
}

fn verdict(decision: Decision, at: DateTime<Utc>, reason: Option<&String>, document_no: Option<&String>) -> Verdict {
    Verdict { decision, at, reason: reason.cloned(), document_no: document_no.cloned() }
}

/// What the law wants given and is not: blank text is missing text.
fn missing(deed: &Deed) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut need = |text: &str, pointer: &'static str| {
        if text.trim().is_empty() {
            faults.push(Fault::missing(pointer));
        }
    };
    match deed {
        Deed::RequestSupplement { reason, document_no, .. } | Deed::Refuse { reason, document_no } => {
            need(reason, "/reason");
            need(document_no, "/document_no");
        }
        Deed::Decline { reason } | Deed::Withdraw { reason } | Deed::Void { reason } | Deed::RequestCompletion { reason, .. } => {
            need(reason, "/reason");
        }
        Deed::Transfer { department, reason } => {
            need(department, "/department");
            need(reason, "/reason");
        }
        Deed::Suspend { reason, legal_basis } => {
            need(reason, "/reason");
            need(legal_basis, "/legal_basis");
        }
        Deed::Terminate { reason, notice_no } => {
            need(reason, "/reason");
            need(notice_no, "/notice_no");
        }
        Deed::Consult { agency, .. } => need(agency, "/agency"),
        Deed::Remind { document_no, .. } => need(document_no, "/document_no"),
        Deed::Apologise { reason, new_due_on, .. } => {
            need(reason, "/reason");
            if new_due_on.is_none() {
                faults.push(Fault::missing("/new_due_on"));
            }
        }
        Deed::Accept
        | Deed::Complete { .. }
        | Deed::Process
        | Deed::FulfilSupplement { .. }
        | Deed::RequestFee { .. }
        | Deed::RecordPayment { .. }
        | Deed::EndSuspension { .. }
        | Deed::RecordAnswer { .. }
        | Deed::Escalate { .. }
        | Deed::Resolve { .. }
        | Deed::Return { .. } => {}
    }
    faults
}
