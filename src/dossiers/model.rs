//! Nouns: what is known of a dossier. Everything else about it is derived from this by [`super::rules`].

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::clock::{PauseKind, Terms};
use crate::vault::Sealed;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($variant),+ }

        #[allow(dead_code, reason = "each noun uses what it needs")]
        impl $name {
            pub const NAMES: &[&'static str] = &[$($text),+];
            pub const ALL: &[$name] = &[$($name::$variant),+];

            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            pub fn parse(text: &str) -> Option<$name> {
                match text { $($text => Some($name::$variant),)+ _ => None }
            }
        }
    };
}

pub(super) use words;

words! {
    /// How a dossier came in.
    Channel { Direct "direct", Online "online", Postal "postal" }
}
words! {
    ApplicantKind { Citizen "citizen", Enterprise "enterprise", StateAgency "state_agency", Organisation "organisation" }
}
words! {
    /// How it ended.
    Decision { Resolved "resolved", Refused "refused", Terminated "terminated", Withdrawn "withdrawn", NotAccepted "not_accepted" }
}
words! {
    /// Where a dossier is.
    Status {
        Submitted "submitted", AwaitingCompletion "awaiting_completion", NotAccepted "not_accepted", Accepted "accepted",
        Processing "processing", AwaitingSupplement "awaiting_supplement", AwaitingFee "awaiting_fee", Suspended "suspended",
        Resolved "resolved", Returned "returned", Refused "refused", Terminated "terminated", Withdrawn "withdrawn", Voided "voided",
    }
}
words! {
    /// The verdict (rules of counting §4).
    Outcome {
        Voided "voided", NotAccepted "not_accepted", Withdrawn "withdrawn", Terminated "terminated", Refused "refused",
        OnTime "on_time", LateWithApology "late_with_apology", LateWithoutApology "late_without_apology",
        SupplementRequested "supplement_requested", Suspended "suspended", OverdueWithApology "overdue_with_apology",
        Overdue "overdue", InProgress "in_progress", Submitted "submitted",
    }
}
words! {
    /// By date only (rules of counting §3).
    Timeliness { Early "early", OnTime "on_time", Late "late", InTime "in_time", Overdue "overdue", NotApplicable "not_applicable" }
}
words! {
    /// What was not done by the rules (rules of counting §8).
    Finding {
        ReceivedOutsideOneStop "received_outside_one_stop", SupplementWithoutNotice "supplement_without_notice",
        RepeatedSupplement "repeated_supplement", RefusalWithoutReason "refusal_without_reason",
        RefusalWithoutDocument "refusal_without_document", LateWithoutApology "late_without_apology",
        ApologyAfterDue "apology_after_due", RepeatedApology "repeated_apology",
        SuspensionWithoutBasis "suspension_without_basis", TerminationWithoutNotice "termination_without_notice",
        MissingDigitalFile "missing_digital_file", NotAcceptedAfterAcceptance "not_accepted_after_acceptance",
        ConsultationReminderDue "consultation_reminder_due", ConsultationEscalationDue "consultation_escalation_due",
    }
}

/// A wait that stops the clock: a supplement request, a fee request or a suspension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pause {
    pub kind: PauseKind,
    /// Number among those of its kind, from 1.
    pub n: i16,
    pub from: DateTime<Utc>,
    pub to: Option<DateTime<Utc>>,
    pub reason: Option<String>,
    pub document_no: Option<String>,
    pub legal_basis: Option<String>,
    pub items: Vec<String>,
    pub respond_by_on: Option<NaiveDate>,
    pub amount_vnd: Option<i64>,
}

/// By what pauses are ordered. An empty one stands before another of the same instant, an open one after it; where the
/// instants tell nothing, the kind does, so that acts and rows of history make the same dossier.
pub fn pause_order(kind: PauseKind, n: i16, from: DateTime<Utc>, to: Option<DateTime<Utc>>) -> impl Ord {
    let kind = match kind {
        PauseKind::Supplement => 0,
        PauseKind::Fee => 1,
        PauseKind::Suspension => 2,
    };
    (from, to.is_none(), to, kind, n)
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Apology {
    pub sent_at: DateTime<Utc>,
    pub reason: Option<String>,
    /// Without a new date it counts as no apology.
    pub new_due_on: Option<NaiveDate>,
    pub document_no: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reminder {
    pub sent_at: DateTime<Utc>,
    pub document_no: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Consultation {
    pub agency: String,
    pub sent_at: DateTime<Utc>,
    pub document_no: Option<String>,
    pub answer_due_on: Option<NaiveDate>,
    pub reminders: Vec<Reminder>,
    pub answered_at: Option<DateTime<Utc>>,
    pub escalated_at: Option<DateTime<Utc>>,
}

/// A request to complete the papers before acceptance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Completion {
    pub requested_at: DateTime<Utc>,
    pub reason: String,
    pub document_no: Option<String>,
    pub items: Vec<String>,
    pub respond_by_on: Option<NaiveDate>,
    pub completed_at: Option<DateTime<Utc>>,
}

/// A hand-over from one resolving department to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transfer {
    pub at: DateTime<Utc>,
    pub from: Uuid,
    pub to: Uuid,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub decision: Decision,
    pub at: DateTime<Utc>,
    pub reason: Option<String>,
    pub document_no: Option<String>,
}

/// A wrong or duplicate entry. Without an instant it was never right: no report counts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Void {
    pub at: Option<DateTime<Utc>>,
    pub reason: Option<String>,
}

/// What happened to a dossier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    pub submitted_at: Option<DateTime<Utc>>,
    /// In order; before acceptance.
    pub completions: Vec<Completion>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub processing_at: Option<DateTime<Utc>>,
    /// In the order of [`pause_order`].
    pub pauses: Vec<Pause>,
    pub apologies: Vec<Apology>,
    pub consultations: Vec<Consultation>,
    /// In order.
    pub transfers: Vec<Transfer>,
    pub verdict: Option<Verdict>,
    pub returned_at: Option<DateTime<Utc>>,
    pub return_method: Option<Channel>,
    pub void: Option<Void>,
    pub digitised: Option<bool>,
}

impl Facts {
    pub fn order_pauses(&mut self) {
        self.pauses.sort_by_key(|p| pause_order(p.kind, p.n, p.from, p.to));
    }
}

/// What a dossier is, apart from what happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    pub code: String,
    pub source_system: String,
    pub external_code: Option<String>,
    pub procedure_id: Uuid,
    pub receiving_id: Uuid,
    pub resolving_id: Uuid,
    pub channel: Channel,
    pub applicant: Option<Applicant>,
    pub source_due_on: Option<NaiveDate>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Applicant {
    pub kind: ApplicantKind,
    /// None once personal data was purged.
    pub name: Option<String>,
    /// [`super::personal::Numbers`], sealed under the dossier's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// A dossier as an act finds it.
#[derive(Clone, Debug)]
pub struct Dossier {
    pub id: Uuid,
    pub version: i32,
    pub identity: Identity,
    /// Kept from the day of acceptance, whatever becomes of the procedure.
    pub terms: Terms,
    pub receiving_is_one_stop: bool,
    pub first_due_on: Option<NaiveDate>,
    /// The law it was accepted under; none before acceptance, and where no set held on that day.
    pub rule_set_id: Option<Uuid>,
    pub facts: Facts,
    pub created_at: DateTime<Utc>,
}

impl Dossier {
    /// Fingerprint of what is stored: equal for a row that is sent again unchanged.
    pub fn hash(identity: &Identity, facts: &Facts) -> [u8; 16] {
        let bytes = serde_json::to_vec(&(identity, facts)).unwrap_or_default();
        let full = crate::http::json::digest(&bytes);
        let mut short = [0; 16];
        short.copy_from_slice(&full[..16]);
        short
    }

    /// The instant lists are ordered by: acceptance, else submission, else recording.
    pub fn received_at(facts: &Facts, created_at: DateTime<Utc>) -> DateTime<Utc> {
        facts.accepted_at.or(facts.submitted_at).unwrap_or(created_at)
    }

    /// Words to search by: the applicant's name, the codes.
    pub fn search_words(identity: &Identity) -> Vec<String> {
        let name = identity.applicant.as_ref().and_then(|a| a.name.as_deref());
        crate::http::values::words([Some(identity.code.as_str()), identity.external_code.as_deref(), name])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_serde_writes() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).ok(), Some(status.name().into()));
        }
        for finding in Finding::ALL {
            assert_eq!(serde_json::to_value(finding).ok(), Some(finding.name().into()));
        }
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).ok(), Some(outcome.name().into()));
        }
    }
}
