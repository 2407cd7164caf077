//! The acts on a dossier, decided: from which state, with what given, to which facts. Pure.

use chrono::{DateTime, NaiveDate, Utc};

use super::clock::PauseKind;
use super::model::{Apology, Channel, Decision, Facts, Pause, Status, Verdict, Void};
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
        Status::Processing => &["supplement-requests", "apologies", "refusal", "resolution", "withdrawal", "void"],
        Status::AwaitingSupplement => &["fulfilment", "apologies", "refusal", "withdrawal", "void"],
        Status::AwaitingFee | Status::Suspended => &["apologies", "withdrawal", "void"],
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
            let n = 1 + after.pauses.iter().filter(|p| p.kind == PauseKind::Supplement).count();
            if respond_by_on.is_some_and(|day| day < vn_date(at)) {
                faults.push(Fault::new(
                    Code::DatesBackwards,
                    "/respond_by_on",
                    "Hạn bổ sung phải từ ngày yêu cầu trở đi.",
                    "The time to respond cannot end before the request.",
                ));
            }
            if after.pauses.iter().any(|p| p.to.is_some_and(|to| to > at)) {
                faults.push(Fault::plain(Code::OverlappingPauses, "/occurred_at"));
            }
            after.pauses.push(Pause {
                kind: PauseKind::Supplement,
                n: i16::try_from(n).unwrap_or(i16::MAX),
                from: at,
                to: None,
                reason: Some(reason.clone()),
                document_no: Some(document_no.clone()),
                legal_basis: None,
                items: items.clone(),
                respond_by_on: *respond_by_on,
                amount_vnd: None,
            });
        }
        Deed::FulfilSupplement { n } => {
            let open = after.pauses.iter_mut().find(|p| p.kind == PauseKind::Supplement && p.n == *n && p.to.is_none());
            open.ok_or(Refusal::NoSuchRequest)?.to = Some(at);
        }
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
        Deed::Apologise { reason, new_due_on, .. } => {
            need(reason, "/reason");
            if new_due_on.is_none() {
                faults.push(Fault::missing("/new_due_on"));
            }
        }
        Deed::Accept | Deed::Process | Deed::FulfilSupplement { .. } | Deed::Resolve { .. } | Deed::Return { .. } => {}
    }
    faults
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::dossiers::model::Outcome;

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_654_480_800, 0).unwrap_or_default()
    }

    fn submitted() -> Facts {
        Facts {
            submitted_at: Some(start()),
            accepted_at: None,
            processing_at: None,
            pauses: Vec::new(),
            apologies: Vec::new(),
            consultations: Vec::new(),
            verdict: None,
            returned_at: None,
            return_method: None,
            void: None,
            digitised: None,
        }
    }

    fn deed(name: &str, requests: usize) -> Deed {
        let text = || "x".to_owned();
        match name {
            "acceptance" => Deed::Accept,
            "non-acceptance" => Deed::Decline { reason: text() },
            "processing" => Deed::Process,
            "supplement-requests" => {
                Deed::RequestSupplement { reason: text(), document_no: text(), items: Vec::new(), respond_by_on: None }
            }
            "fulfilment" => Deed::FulfilSupplement { n: i16::try_from(requests).unwrap_or(1) },
            "apologies" => Deed::Apologise { reason: text(), new_due_on: NaiveDate::from_ymd_opt(2030, 1, 1), document_no: None },
            "refusal" => Deed::Refuse { reason: text(), document_no: text() },
            "resolution" => Deed::Resolve { document_no: None },
            "return" => Deed::Return { method: None },
            "withdrawal" => Deed::Withdraw { reason: text() },
            _ => Deed::Void { reason: text() },
        }
    }

    #[test]
    fn the_names_are_those_of_the_contract() {
        for (name, _) in ACTS {
            assert_eq!(deed(name, 1).name(), *name);
        }
        let named: Vec<&str> = ACTS.iter().map(|(name, _)| *name).collect();
        assert!(Status::ALL.iter().flat_map(|s| allowed(*s)).all(|name| named.contains(name)));
    }

    proptest! {
        /// Whatever is asked in whatever order: what the state allows is done, all else is refused and changes nothing,
        /// and what was once decided stays decided.
        #[test]
        fn acts_follow_the_table(sequence in proptest::collection::vec((0..ACTS.len(), 1i64..200), 1..25)) {
            let (mut facts, mut at) = (submitted(), start());
            let now = start() + TimeDelta::days(3000);
            for (act, minutes) in sequence {
                at += TimeDelta::minutes(minutes);
                let name = ACTS[act].0;
                let before = facts.status();
                let requests = facts.pauses.len();
                match decide(&facts, &deed(name, requests), at, None, now) {
                    Ok(after) => {
                        prop_assert!(allowed(before).contains(&name));
                        prop_assert!(after.verdict.is_some() || facts.verdict.is_none());
                        prop_assert!(facts.accepted_at.is_none() || after.accepted_at == facts.accepted_at);
                        prop_assert!(rules::faults(&after, now).is_empty());
                        facts = after;
                    }
                    Err(refusal) => {
                        prop_assert!(!allowed(before).contains(&name), "{name} from {before:?}: {refusal:?}");
                        prop_assert_eq!(refusal, Refusal::NotAllowed { from: before });
                    }
                }
            }
            let status = facts.status();
            let outcome = rules::outcome(status, facts.accepted_at.is_some(), rules::open_timeliness(None, vn_date(at)), false);
            prop_assert_eq!(outcome == Outcome::Voided, status == Status::Voided);
        }
    }
}
