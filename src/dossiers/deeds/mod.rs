//! The acts on a dossier, decided: from which state, with what given, to which facts. Pure.

use chrono::{DateTime, NaiveDate, Utc};

use super::clock::PauseKind;
use super::model::{Apology, Channel, Consultation, Decision, Facts, Pause, Reminder, Status, Verdict, Void};
use super::rules;
use crate::auth::Permission;
use crate::calendar::vn_date;
use crate::error::{Code, Fault};

/// What someone asks to do with a dossier.
#[derive(Clone, Debug)]
pub enum Deed {
    Accept,
    Decline { reason: String },
    Process,
    RequestSupplement { reason: String, document_no: String, items: Vec<String>, respond_by_on: Option<NaiveDate> },
    FulfilSupplement { n: i16 },
    RequestFee { amount_vnd: Option<i64>, reason: Option<String> },
    RecordPayment { n: i16 },
    Suspend { reason: String, legal_basis: String },
    EndSuspension { n: i16 },
    Consult { agency: String, document_no: Option<String>, answer_due_on: Option<NaiveDate> },
    Remind { n: usize, document_no: String },
    RecordAnswer { n: usize },
    Escalate { n: usize },
    Terminate { reason: String, notice_no: String },
    Apologise { reason: String, new_due_on: Option<NaiveDate>, document_no: Option<String> },
    Refuse { reason: String, document_no: String },
    Resolve { document_no: Option<String> },
    Return { method: Option<Channel> },
    Withdraw { reason: String },
    Void { reason: String },
}

/// Names of the acts as the contract has them: the last part of their path.
pub const ACTS: &[(&str, Permission)] = &[
    ("acceptance", Permission::AcceptDossier),
    ("non-acceptance", Permission::DeclineDossier),
    ("processing", Permission::ProcessDossier),
    ("supplement-requests", Permission::RequestSupplement),
    ("fulfilment", Permission::FulfilSupplement),
    ("fee-requests", Permission::RequestFee),
    ("payment", Permission::RecordPayment),
    ("suspensions", Permission::SuspendDossier),
    ("suspension-end", Permission::SuspendDossier),
    ("consultations", Permission::ConsultAgency),
    ("consultation-reminder", Permission::ConsultAgency),
    ("consultation-answer", Permission::ConsultAgency),
    ("consultation-escalation", Permission::ConsultAgency),
    ("termination", Permission::TerminateDossier),
    ("apologies", Permission::ApologiseDossier),
    ("refusal", Permission::RefuseDossier),
    ("resolution", Permission::ResolveDossier),
    ("return", Permission::ReturnDossier),
    ("withdrawal", Permission::WithdrawDossier),
    ("void", Permission::VoidDossier),
];

/// The acts that a state allows, whoever asks.
pub fn allowed(status: Status) -> &'static [&'static str] {
    match status {
        Status::Submitted | Status::AwaitingCompletion => &["acceptance", "non-acceptance", "withdrawal", "void"],
        Status::Accepted => &["processing", "apologies", "withdrawal", "void"],
        Status::Processing => &[
            "supplement-requests",
            "fee-requests",
            "suspensions",
            "consultations",
            "consultation-reminder",
            "consultation-answer",
            "consultation-escalation",
            "apologies",
            "refusal",
            "resolution",
            "termination",
            "withdrawal",
            "void",
        ],
        Status::AwaitingSupplement => &["fulfilment", "consultation-answer", "apologies", "refusal", "withdrawal", "void"],
        Status::AwaitingFee => &["payment", "consultation-answer", "apologies", "termination", "withdrawal", "void"],
        Status::Suspended => &["suspension-end", "consultation-answer", "apologies", "withdrawal", "void"],
        Status::Resolved => &["return", "void"],
        Status::Returned | Status::Refused | Status::Terminated | Status::Withdrawn | Status::NotAccepted => &["void"],
        Status::Voided => &[],
    }
}

impl Deed {
    /// As the contract names it.
    pub fn name(&self) -> &'static str {
        match self {
            Deed::Accept => "acceptance",
            Deed::Decline { .. } => "non-acceptance",
            Deed::Process => "processing",
            Deed::RequestSupplement { .. } => "supplement-requests",
            Deed::FulfilSupplement { .. } => "fulfilment",
            Deed::RequestFee { .. } => "fee-requests",
            Deed::RecordPayment { .. } => "payment",
            Deed::Suspend { .. } => "suspensions",
            Deed::EndSuspension { .. } => "suspension-end",
            Deed::Consult { .. } => "consultations",
            Deed::Remind { .. } => "consultation-reminder",
            Deed::RecordAnswer { .. } => "consultation-answer",
            Deed::Escalate { .. } => "consultation-escalation",
            Deed::Terminate { .. } => "termination",
            Deed::Apologise { .. } => "apologies",
            Deed::Refuse { .. } => "refusal",
            Deed::Resolve { .. } => "resolution",
            Deed::Return { .. } => "return",
            Deed::Withdraw { .. } => "withdrawal",
            Deed::Void { .. } => "void",
        }
    }

    /// The office's verb, for the audit line and the event.
    pub fn verb(&self) -> &'static str {
        match self {
            Deed::Accept => "accept",
            Deed::Decline { .. } => "decline",
            Deed::Process => "process",
            Deed::RequestSupplement { .. } => "request_supplement",
            Deed::FulfilSupplement { .. } => "fulfil_supplement",
            Deed::RequestFee { .. } => "request_fee",
            Deed::RecordPayment { .. } => "record_payment",
            Deed::Suspend { .. } => "suspend",
            Deed::EndSuspension { .. } => "end_suspension",
            Deed::Consult { .. } => "consult",
            Deed::Remind { .. } => "remind",
            Deed::RecordAnswer { .. } => "record_answer",
            Deed::Escalate { .. } => "escalate",
            Deed::Terminate { .. } => "terminate",
            Deed::Apologise { .. } => "apologise",
            Deed::Refuse { .. } => "refuse",
            Deed::Resolve { .. } => "resolve",
            Deed::Return { .. } => "return",
            Deed::Withdraw { .. } => "withdraw",
            Deed::Void { .. } => "void",
        }
    }
}

/// Why an act is refused.
#[derive(Debug, PartialEq)]
pub enum Refusal {
    /// The state does not allow it.
    NotAllowed { from: Status },
    /// There is no such request to fulfil.
    NoSuchRequest,
    /// Something is missing or cannot be.
    Broken(Vec<Fault>),
}

/// The facts after an act at an instant, if it may be done. `due` is the due date in force, or the one before a pause.
///
/// # Errors
/// Why it may not.
pub fn decide(facts: &Facts, deed: &Deed, at: DateTime<Utc>, due: Option<NaiveDate>, now: DateTime<Utc>) -> Result<Facts, Refusal> {
    let from = facts.status();
    if !allowed(from).contains(&deed.name()) {
        return Err(Refusal::NotAllowed { from });
    }
    let mut faults = missing(deed);
    let mut after = facts.clone();
    match deed {
        Deed::Accept => after.accepted_at = Some(at),
        Deed::Process => {
            after.processing_at = Some(at);
            if facts.accepted_at.is_some_and(|accepted| at < accepted) {
                faults.push(Fault::plain(Code::DatesBackwards, "/occurred_at"));
            }
        }
        Deed::Decline { reason } => after.verdict = Some(verdict(Decision::NotAccepted, at, Some(reason), None)),
        Deed::RequestSupplement { reason, document_no, items, respond_by_on } => {
            if respond_by_on.is_some_and(|day| day < vn_date(at)) {
                faults.push(Fault::new(
                    Code::DatesBackwards,
                    "/respond_by_on",
                    "Hạn bổ sung phải từ ngày yêu cầu trở đi.",
                    "The time to respond cannot end before the request.",
                ));
            }
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
            if facts.accepted_at.is_some_and(|accepted| at < accepted) {
                faults.push(Fault::plain(Code::DatesBackwards, "/occurred_at"));
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
            if facts.accepted_at.is_some_and(|accepted| at < accepted) {
                faults.push(Fault::plain(Code::DatesBackwards, "/occurred_at"));
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
        Deed::Withdraw { reason } => after.verdict = Some(verdict(Decision::Withdrawn, at, Some(reason), None)),
        Deed::Void { reason } => after.void = Some(Void { at: Some(at), reason: Some(reason.clone()) }),
    }
    // Whatever the facts cannot be is the fault of the instant given.
    let mut of_time: Vec<Fault> = rules::faults(&after, now).into_iter().map(|f| Fault { pointer: "/occurred_at".into(), ..f }).collect();
    if matches!(deed, Deed::Void { .. }) && facts.received_before(at) {
        of_time.push(Fault::plain(Code::DatesBackwards, "/occurred_at"));
    }
    for fault in of_time {
        if !faults.iter().any(|f| f.code == fault.code && f.pointer == fault.pointer) {
            faults.push(fault);
        }
    }
    if faults.is_empty() { Ok(after) } else { Err(Refusal::Broken(faults)) }
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

impl Facts {
    /// Something of this dossier happened after the instant.
    fn received_before(&self, at: DateTime<Utc>) -> bool {
        [self.submitted_at, self.accepted_at, self.returned_at, self.verdict.as_ref().map(|v| v.at)].into_iter().flatten().any(|t| t > at)
    }
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
        Deed::Decline { reason } | Deed::Withdraw { reason } | Deed::Void { reason } => need(reason, "/reason"),
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

#[cfg(test)]
mod tests;
