//! Bodies of the dossiers' operations: what is sent, and the views that are answered.

mod acts;

pub use acts::*;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{Channel, Finding, Outcome, Status, Timeliness};
use crate::http::{At, Day};

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApplicantView {
    pub kind: String,
    /// Null once personal data was purged.
    pub name: Option<String>,
    /// Masked but for its end, except in the details and for those who handle the dossier.
    pub identity_no: Option<String>,
    /// As `identity_no`.
    pub phone: Option<String>,
}

/// A request to complete the papers before acceptance; no clock runs yet.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CompletionRequestView {
    pub n: i16,
    pub requested_at: At,
    pub reason: String,
    pub document_no: Option<String>,
    pub items: Vec<String>,
    pub respond_by_on: Option<Day>,
    pub completed_at: Option<At>,
}

/// A hand-over from one resolving department to another.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TransferView {
    pub n: i16,
    pub at: At,
    /// Codes of the departments.
    pub from: String,
    pub to: String,
    pub reason: String,
}

/// A request for papers or a fee.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SupplementView {
    pub n: i16,
    pub requested_at: At,
    pub reason: Option<String>,
    pub document_no: Option<String>,
    pub items: Vec<String>,
    pub respond_by_on: Option<Day>,
    pub fulfilled_at: Option<At>,
    /// Due date in force when it was asked.
    pub due_before: Option<Day>,
    /// Due date in force since it was fulfilled.
    pub due_after: Option<Day>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeeRequestView {
    pub n: i16,
    pub requested_at: At,
    pub amount_vnd: Option<i64>,
    pub paid_at: Option<At>,
    pub due_before: Option<Day>,
    pub due_after: Option<Day>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SuspensionView {
    pub n: i16,
    pub from: At,
    pub to: Option<At>,
    pub reason: Option<String>,
    pub legal_basis: Option<String>,
    pub due_before: Option<Day>,
    pub due_after: Option<Day>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApologyView {
    pub n: i16,
    pub sent_at: At,
    pub reason: Option<String>,
    pub new_due_on: Option<Day>,
    pub document_no: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReminderView {
    pub sent_at: At,
    pub document_no: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConsultationView {
    pub n: i16,
    pub agency: String,
    pub sent_at: At,
    pub document_no: Option<String>,
    pub answer_due_on: Option<Day>,
    pub reminders: Vec<ReminderView>,
    pub answered_at: Option<At>,
    pub escalated_at: Option<At>,
}

/// A dossier with all that happened to it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000003", "code": "H32.05-220419-0001", "source_system": "dunghen", "external_code": null,
    "procedure": "2.001610", "receiving_department": "MC", "resolving_department": "DKKD", "channel": "direct",
    "applicant": {"kind": "enterprise", "name": "Công ty TNHH Biển Xanh", "identity_no": null, "phone": null}, "submitted_at": "2022-04-19T08:30:00+07:00",
    "accepted_at": "2022-04-19T08:30:00+07:00", "status": "accepted", "outcome": "in_progress", "timeliness": "in_time", "due_on": "2022-04-22",
    "due_at": null, "first_due_on": "2022-04-22", "due_before": null, "calendar": "vn", "calendar_version": 1, "calendar_base_version": 1,
    "finished_at": null, "finished_on": null, "returned_at": null,
    "decision_reason": null, "decision_document_no": null, "completion_requests": [], "supplements": [], "fee_requests": [], "suspensions": [], "apologies": [],
    "consultations": [], "transfers": [], "findings": [], "allowed_acts": ["processing"], "digitised": true, "source_due_on": null, "rule_set": "nd61-2018", "version": 1}))]
pub struct DossierView {
    pub id: Uuid,
    pub code: String,
    pub source_system: String,
    pub external_code: Option<String>,
    pub procedure: String,
    pub receiving_department: String,
    pub resolving_department: String,
    pub channel: Channel,
    pub applicant: Option<ApplicantView>,
    pub submitted_at: Option<At>,
    pub accepted_at: Option<At>,
    pub status: Status,
    pub outcome: Outcome,
    pub timeliness: Timeliness,
    /// The due date in force; null while a pause is open and without a limit.
    pub due_on: Option<Day>,
    /// Its instant, for limits in working hours.
    pub due_at: Option<At>,
    /// The first due date; it never changes.
    pub first_due_on: Option<Day>,
    /// The due date in force when the open pause began.
    pub due_before: Option<Day>,
    /// Code of the calendar that its dates were counted with; null before acceptance.
    pub calendar: Option<String>,
    /// The version of that calendar which holds for it: later ones count only after a revision.
    pub calendar_version: Option<i32>,
    /// The version of the base under that calendar; the same when it is the base itself.
    pub calendar_base_version: Option<i32>,
    pub finished_at: Option<At>,
    pub finished_on: Option<Day>,
    pub returned_at: Option<At>,
    pub decision_reason: Option<String>,
    pub decision_document_no: Option<String>,
    /// What was asked for before acceptance.
    pub completion_requests: Vec<CompletionRequestView>,
    pub supplements: Vec<SupplementView>,
    pub fee_requests: Vec<FeeRequestView>,
    pub suspensions: Vec<SuspensionView>,
    pub apologies: Vec<ApologyView>,
    pub consultations: Vec<ConsultationView>,
    pub transfers: Vec<TransferView>,
    /// What was not done by the rules.
    pub findings: Vec<Finding>,
    /// What this caller may do next.
    pub allowed_acts: Vec<&'static str>,
    pub digitised: Option<bool>,
    /// The due date that the source system sent along.
    pub source_due_on: Option<Day>,
    /// Code of the rule set it was accepted under, which stays; null before acceptance and for dossiers older than the first set.
    pub rule_set: Option<String>,
    pub version: i32,
}

/// A dossier in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000003", "code": "H32.05-220419-0001", "procedure": "2.001610",
    "receiving_department": "MC", "resolving_department": "DKKD", "channel": "direct",
    "applicant": {"kind": "enterprise", "name": "Công ty TNHH Biển Xanh", "identity_no": null, "phone": null}, "submitted_at": null, "accepted_at": "2022-04-19T08:30:00+07:00",
    "status": "accepted", "outcome": "in_progress", "timeliness": "in_time", "due_on": "2022-04-22", "first_due_on": "2022-04-22",
    "finished_on": null, "version": 1}))]
pub struct DossierSummary {
    pub id: Uuid,
    pub code: String,
    pub procedure: String,
    pub receiving_department: String,
    pub resolving_department: String,
    pub channel: Channel,
    pub applicant: Option<ApplicantView>,
    pub submitted_at: Option<At>,
    pub accepted_at: Option<At>,
    pub status: Status,
    pub outcome: Outcome,
    pub timeliness: Timeliness,
    pub due_on: Option<Day>,
    pub first_due_on: Option<Day>,
    pub finished_on: Option<Day>,
    pub version: i32,
}

crate::page_of!(
    /// A page of dossiers.
    DossierPage, DossierSummary);

/// One thing that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TimelineEntry {
    pub at: At,
    /// When it was entered here, later for a late entry; null when that is not on record.
    pub recorded_at: Option<At>,
    pub recorded_by: Option<String>,
    /// The act: `submission`, `acceptance`, `supplement-request`, `fulfilment` …
    #[schema(value_type = String)]
    pub act: &'static str,
    pub reason: Option<String>,
    pub document_no: Option<String>,
    /// The new date of an apology, or the due date that a pause or a revision of the calendar led to.
    pub due_on: Option<Day>,
}

/// What happened to a dossier, in order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"at": "2022-04-19T08:30:00+07:00", "recorded_at": "2022-04-19T08:30:00+07:00", "recorded_by": "one_stop", "act": "acceptance", "reason": null, "document_no": null, "due_on": "2022-04-22"}]}))]
pub struct Timeline {
    pub items: Vec<TimelineEntry>,
}
