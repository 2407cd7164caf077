//! The acts on a dossier, decided: from which state, with what given, to which facts. Pure.

mod decide;
mod names;

use chrono::NaiveDate;

pub use decide::{Case, decide};
pub use names::{ACTS, allowed};

use super::model::{Channel, Status};
use crate::error::Fault;

/// What someone asks to do with a dossier.
#[derive(Clone, Debug)]
pub enum Deed {
    Accept,
    RequestCompletion { reason: String, document_no: Option<String>, items: Vec<String>, respond_by_on: Option<NaiveDate> },
    Complete { n: usize },
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
    Transfer { department: String, reason: String },
    Withdraw { reason: String },
    Void { reason: String },
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
