//! What the acts are called, and in which state each may be done.

use super::Deed;
use crate::auth::Permission;
use crate::dossiers::model::Status;

/// Names of the acts as the contract has them: the last part of their path.
pub const ACTS: &[(&str, Permission)] = &[
    ("acceptance", Permission::AcceptDossier),
    ("completion-requests", Permission::RequestCompletion),
    ("completion", Permission::RecordCompletion),
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
    ("transfer", Permission::TransferDossier),
    ("withdrawal", Permission::WithdrawDossier),
    ("void", Permission::VoidDossier),
];

/// The acts that a state allows, whoever asks.
pub fn allowed(status: Status) -> &'static [&'static str] {
    match status {
        Status::Submitted => &["acceptance", "completion-requests", "non-acceptance", "transfer", "withdrawal", "void"],
        Status::AwaitingCompletion => &["completion", "non-acceptance", "transfer", "withdrawal", "void"],
        Status::Accepted => &["processing", "apologies", "transfer", "withdrawal", "void"],
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
            "transfer",
            "withdrawal",
            "void",
        ],
        Status::AwaitingSupplement => &["fulfilment", "consultation-answer", "apologies", "refusal", "transfer", "withdrawal", "void"],
        Status::AwaitingFee => &["payment", "consultation-answer", "apologies", "termination", "transfer", "withdrawal", "void"],
        Status::Suspended => &["suspension-end", "consultation-answer", "apologies", "transfer", "withdrawal", "void"],
        Status::Resolved => &["return", "void"],
        Status::Returned | Status::Refused | Status::Terminated | Status::Withdrawn | Status::NotAccepted => &["void"],
        Status::Voided => &[],
    }
}

impl Deed {
    /// As the contract names it.
    pub fn name(&self) -> &'static str {
        self.words().0
    }

    /// The office's verb, for the audit line and the event.
    pub fn verb(&self) -> &'static str {
        self.words().1
    }

    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Deed::Accept => ("acceptance", "accept"),
            Deed::RequestCompletion { .. } => ("completion-requests", "request_completion"),
            Deed::Complete { .. } => ("completion", "complete"),
            Deed::Decline { .. } => ("non-acceptance", "decline"),
            Deed::Process => ("processing", "process"),
            Deed::RequestSupplement { .. } => ("supplement-requests", "request_supplement"),
            Deed::FulfilSupplement { .. } => ("fulfilment", "fulfil_supplement"),
            Deed::RequestFee { .. } => ("fee-requests", "request_fee"),
            Deed::RecordPayment { .. } => ("payment", "record_payment"),
            Deed::Suspend { .. } => ("suspensions", "suspend"),
            Deed::EndSuspension { .. } => ("suspension-end", "end_suspension"),
            Deed::Consult { .. } => ("consultations", "consult"),
            Deed::Remind { .. } => ("consultation-reminder", "remind"),
            Deed::RecordAnswer { .. } => ("consultation-answer", "record_answer"),
            Deed::Escalate { .. } => ("consultation-escalation", "escalate"),
            Deed::Terminate { .. } => ("termination", "terminate"),
            Deed::Apologise { .. } => ("apologies", "apologise"),
            Deed::Refuse { .. } => ("refusal", "refuse"),
            Deed::Resolve { .. } => ("resolution", "resolve"),
            Deed::Return { .. } => ("return", "return"),
            Deed::Transfer { .. } => ("transfer", "transfer"),
            Deed::Withdraw { .. } => ("withdrawal", "withdraw"),
            Deed::Void { .. } => ("void", "void"),
        }
    }
}
