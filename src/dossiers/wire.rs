//! Bodies of the dossiers' operations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::deeds::Deed;
use super::model::{ApplicantKind, Channel, Finding, Outcome, Status, Timeliness};
use crate::http::{At, Day, Line, Prose, ResourceCode};

/// Who files.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Applicant, example = json!({"kind": "enterprise", "name": "Công ty TNHH Biển Xanh"}))]
pub struct ApplicantBody {
    pub kind: ApplicantKind,
    pub name: Line,
}

/// A dossier as it is received at the counter.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"procedure": "2.001610", "receiving_department": "MC", "channel": "direct",
    "applicant": {"kind": "enterprise", "name": "Công ty TNHH Biển Xanh"}, "accept": true}))]
pub struct NewDossier {
    /// The caller's own code; by default a number is allotted: `{agency}-{yymmdd}-{nnnn}`.
    #[serde(default)]
    #[schema(value_type = Option<ResourceCode>)]
    pub code: Option<ResourceCode>,
    /// The system it comes from; `dunghen` by default.
    #[serde(default)]
    pub source_system: Option<Line>,
    /// Its code there.
    #[serde(default)]
    pub external_code: Option<Line>,
    /// Code of the procedure.
    pub procedure: ResourceCode,
    /// Code of the department at whose counter it is received.
    pub receiving_department: ResourceCode,
    /// Code of the department that resolves it; the procedure's by default.
    #[serde(default)]
    pub resolving_department: Option<ResourceCode>,
    pub channel: Channel,
    pub applicant: ApplicantBody,
    /// When it was submitted; now by default.
    #[serde(default)]
    pub submitted_at: Option<At>,
    /// Accept it in the same act: complete and valid, the clock starts.
    #[serde(default)]
    pub accept: bool,
    /// When it was received, for late entry; now by default.
    #[serde(default)]
    pub occurred_at: Option<At>,
    /// Whether the papers are scanned and attached.
    #[serde(default)]
    pub digitised: Option<bool>,
}

macro_rules! act_bodies {
    ($($(#[$doc:meta])* $name:ident $example:tt { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? })+) => {
        $($(#[$doc])*
        #[derive(Clone, Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        #[schema(example = json!($example))]
        pub struct $name {
            $($(#[$field_doc])* #[serde(default)] pub $field: $type,)*
            /// When it happened, for late entry; now by default.
            #[serde(default)]
            pub occurred_at: Option<At>,
        }

        impl ActBody for $name {
            fn occurred_at(&self) -> Option<At> {
                self.occurred_at
            }
        })+
    };
}

/// A body that may say when the act happened.
pub trait ActBody {
    fn occurred_at(&self) -> Option<At>;
}

act_bodies! {
    /// The dossier is complete and valid; the clock starts.
    Acceptance {} {}
    /// It is refused at the counter.
    NonAcceptance {"reason": "Không thuộc thẩm quyền giải quyết"} {
        /// Required.
        reason: Option<Prose>,
    }
    /// The resolving department begins.
    Processing {} {}
    /// The applicant is asked for papers; the clock stops.
    SupplementRequest {"reason": "Thiếu điều lệ công ty", "document_no": "12/TB-MC", "items": ["Điều lệ công ty"], "respond_by_on": "2030-01-15"} {
        /// Required.
        reason: Option<Prose>,
        /// Number of the notice; required.
        document_no: Option<Line>,
        /// The papers asked for.
        items: Vec<Line>,
        /// Last day to bring them.
        respond_by_on: Option<Day>,
    }
    /// The papers asked for are here; the clock runs on.
    Fulfilment {} {}
    /// The dossier is or will be late; the applicant is given a new date. The due date does not move.
    ApologyNotice {"reason": "Chờ ý kiến cơ quan phối hợp", "new_due_on": "2030-01-20", "document_no": "40/XL"} {
        /// Required.
        reason: Option<Prose>,
        /// Required; later than the due date.
        new_due_on: Option<Day>,
        document_no: Option<Line>,
    }
    /// Refused in writing, with the reason.
    RefusalNotice {"reason": "Ngành nghề bị cấm đầu tư kinh doanh", "document_no": "77/TB-DKKD"} {
        /// Required.
        reason: Option<Prose>,
        /// Number of the document; required.
        document_no: Option<Line>,
    }
    /// Processing is done.
    Resolution {"document_no": "1234/GCN"} {
        /// Number of the result.
        document_no: Option<Line>,
    }
    /// The result is handed over.
    HandOver {"method": "direct"} {
        method: Option<Channel>,
    }
    /// The applicant takes it back.
    Withdrawal {"reason": "Theo đề nghị của người nộp"} {
        /// Required.
        reason: Option<Prose>,
    }
    /// A wrong or duplicate entry.
    Voiding {"reason": "Nhập trùng"} {
        /// Required.
        reason: Option<Prose>,
    }
}

fn text(value: Option<Prose>) -> String {
    value.map(Prose::into_string).unwrap_or_default()
}

fn line(value: Option<Line>) -> Option<String> {
    value.map(Line::into_string).filter(|l| !l.trim().is_empty())
}

impl From<Acceptance> for Deed {
    fn from(_: Acceptance) -> Self {
        Deed::Accept
    }
}
impl From<NonAcceptance> for Deed {
    fn from(b: NonAcceptance) -> Self {
        Deed::Decline { reason: text(b.reason) }
    }
}
impl From<Processing> for Deed {
    fn from(_: Processing) -> Self {
        Deed::Process
    }
}
impl From<SupplementRequest> for Deed {
    fn from(b: SupplementRequest) -> Self {
        Deed::RequestSupplement {
            reason: text(b.reason),
            document_no: line(b.document_no).unwrap_or_default(),
            items: b.items.into_iter().map(Line::into_string).collect(),
            respond_by_on: b.respond_by_on.map(|d| d.0),
        }
    }
}
impl From<ApologyNotice> for Deed {
    fn from(b: ApologyNotice) -> Self {
        Deed::Apologise { reason: text(b.reason), new_due_on: b.new_due_on.map(|d| d.0), document_no: line(b.document_no) }
    }
}
impl From<RefusalNotice> for Deed {
    fn from(b: RefusalNotice) -> Self {
        Deed::Refuse { reason: text(b.reason), document_no: line(b.document_no).unwrap_or_default() }
    }
}
impl From<Resolution> for Deed {
    fn from(b: Resolution) -> Self {
        Deed::Resolve { document_no: line(b.document_no) }
    }
}
impl From<HandOver> for Deed {
    fn from(b: HandOver) -> Self {
        Deed::Return { method: b.method }
    }
}
impl From<Withdrawal> for Deed {
    fn from(b: Withdrawal) -> Self {
        Deed::Withdraw { reason: text(b.reason) }
    }
}
impl From<Voiding> for Deed {
    fn from(b: Voiding) -> Self {
        Deed::Void { reason: text(b.reason) }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApplicantView {
    pub kind: String,
    pub name: String,
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
    "applicant": {"kind": "enterprise", "name": "Công ty TNHH Biển Xanh"}, "submitted_at": "2022-04-19T08:30:00+07:00",
    "accepted_at": "2022-04-19T08:30:00+07:00", "status": "accepted", "outcome": "in_progress", "timeliness": "in_time", "due_on": "2022-04-22",
    "due_at": null, "first_due_on": "2022-04-22", "due_before": null, "finished_at": null, "finished_on": null, "returned_at": null,
    "decision_reason": null, "decision_document_no": null, "supplements": [], "fee_requests": [], "suspensions": [], "apologies": [],
    "consultations": [], "findings": [], "allowed_acts": ["processing"], "digitised": true, "source_due_on": null, "version": 1}))]
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
    pub finished_at: Option<At>,
    pub finished_on: Option<Day>,
    pub returned_at: Option<At>,
    pub decision_reason: Option<String>,
    pub decision_document_no: Option<String>,
    pub supplements: Vec<SupplementView>,
    pub fee_requests: Vec<FeeRequestView>,
    pub suspensions: Vec<SuspensionView>,
    pub apologies: Vec<ApologyView>,
    pub consultations: Vec<ConsultationView>,
    /// What was not done by the rules.
    pub findings: Vec<Finding>,
    /// What this caller may do next.
    pub allowed_acts: Vec<&'static str>,
    pub digitised: Option<bool>,
    /// The due date that the source system sent along.
    pub source_due_on: Option<Day>,
    pub version: i32,
}

/// A dossier in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000003", "code": "H32.05-220419-0001", "procedure": "2.001610",
    "receiving_department": "MC", "resolving_department": "DKKD", "channel": "direct",
    "applicant": {"kind": "enterprise", "name": "Công ty TNHH Biển Xanh"}, "submitted_at": null, "accepted_at": "2022-04-19T08:30:00+07:00",
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
    /// The act: `submission`, `acceptance`, `supplement-request`, `fulfilment` …
    #[schema(value_type = String)]
    pub act: &'static str,
    pub reason: Option<String>,
    pub document_no: Option<String>,
    /// The new date of an apology, or the due date that a pause led to.
    pub due_on: Option<Day>,
}

/// What happened to a dossier, in order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"at": "2022-04-19T08:30:00+07:00", "act": "acceptance", "reason": null, "document_no": null, "due_on": "2022-04-22"}]}))]
pub struct Timeline {
    pub items: Vec<TimelineEntry>,
}
