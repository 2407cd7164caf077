//! Slips as JSON.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::dossiers::model::{Channel, Timeliness};
use crate::dossiers::wire::ApplicantView;
use crate::http::{At, Day};
use crate::procedures::{Component, Limit};
use crate::rule_sets::{FormKind, PageSize};

/// The standard form that a slip follows.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SlipForm {
    /// Null where the rule set has no standard form: the slip is a plain notice.
    pub number: Option<String>,
    /// As printed, in Vietnamese.
    pub title: String,
    /// The text that the form is issued with; null for a plain notice.
    pub source: Option<String>,
    pub page_size: PageSize,
}

/// A department as a slip names it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SlipUnit {
    pub code: String,
    pub name: String,
    /// Name of the agency that it belongs to; null when it is none of an agency, or the agency itself.
    pub agency: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SlipProcedure {
    pub code: String,
    pub name: String,
}

/// Receipt with the appointment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReceiptPart {
    /// The papers of the procedure as they are asked for today.
    pub components: Vec<Component>,
    /// The limit it was accepted with; null when there is none.
    pub limit: Option<Limit>,
    /// The limit as printed.
    pub limit_text: Option<String>,
    pub received_at: At,
    /// The first appointment, which never changes; null without a limit.
    pub return_on: Option<Day>,
    /// Its instant, for limits in working hours that nothing has interrupted.
    pub return_at: Option<At>,
}

/// A request to complete or supplement the dossier.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SupplementPart {
    /// Among all requests for papers, those before acceptance first.
    pub n: usize,
    /// Asked at the counter, before acceptance.
    pub before_acceptance: bool,
    pub requested_at: At,
    pub reason: Option<String>,
    pub items: Vec<String>,
    pub respond_by_on: Option<Day>,
}

/// A refusal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefusalPart {
    pub refused_at: At,
    pub reason: Option<String>,
    /// Refused at the counter, before acceptance.
    pub before_acceptance: bool,
}

/// An apology with a new date.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApologyPart {
    pub n: usize,
    pub sent_at: At,
    pub reason: Option<String>,
    /// The return date that held until then: the due date in force when it was sent, after revisions of the calendar too, or the later
    /// date that an apology before it named.
    pub old_return_on: Option<Day>,
    pub new_return_on: Option<Day>,
}

/// A notice that handling stops for good.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StopPart {
    pub stopped_at: At,
    pub reason: Option<String>,
}

/// One hand-over.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ControlStep {
    pub n: usize,
    /// The act, as the timeline names it.
    #[schema(value_type = String, example = "acceptance")]
    pub act: &'static str,
    /// Who gave; null where nothing changed hands.
    pub from: Option<String>,
    /// Who took.
    pub to: Option<String>,
    pub at: At,
    /// Early, on time or late, against the date that was set for the step; null where none was.
    pub result: Option<Timeliness>,
    pub note: Option<String>,
}

/// The dossier from hand to hand.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ControlPart {
    pub steps: Vec<ControlStep>,
}

/// A slip; beside what all have in common, one part: that of its kind.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"kind": "apology", "rule_set": "nd61-2018",
    "form": {"number": "04", "title": "Phiếu xin lỗi và hẹn lại ngày trả kết quả", "source": "Thông tư số 01/2018/TT-VPCP", "page_size": "a5"},
    "issued_by": {"code": "MC", "name": "Bộ phận Một cửa", "agency": "Sở Kế hoạch và Đầu tư"}, "issued_on": "2022-04-21", "document_no": "40/XL",
    "ground": "khoản 9 Điều 19 Nghị định số 61/2018/NĐ-CP", "id": "0198c5a0-0000-7000-8000-000000000003", "code": "H32.05-220419-0001",
    "procedure": {"code": "2.001610", "name": "Đăng ký thành lập doanh nghiệp tư nhân"},
    "applicant": {"kind": "enterprise", "name": "Công ty TNHH Biển Xanh"}, "channel": "direct",
    "receiving_department": {"code": "MC", "name": "Bộ phận Một cửa", "agency": "Sở Kế hoạch và Đầu tư"},
    "resolving_department": {"code": "DKKD", "name": "Phòng Đăng ký kinh doanh", "agency": "Sở Kế hoạch và Đầu tư"},
    "submitted_at": "2022-04-19T08:30:00+07:00", "accepted_at": "2022-04-19T08:30:00+07:00",
    "apology": {"n": 1, "sent_at": "2022-04-21T08:00:00+07:00", "reason": "Chờ ý kiến", "old_return_on": "2022-04-22", "new_return_on": "2022-04-26"}}))]
pub struct Slip {
    pub kind: FormKind,
    /// Code of the rule set.
    pub rule_set: String,
    pub form: SlipForm,
    pub issued_by: SlipUnit,
    /// Day of the act; of printing, for the control slip.
    pub issued_on: Day,
    pub document_no: Option<String>,
    /// What is cited for the act; null where the form cites nothing (receipt, control slip), and where the rule set has no ground.
    pub ground: Option<String>,
    pub id: Uuid,
    pub code: String,
    pub procedure: SlipProcedure,
    pub applicant: Option<ApplicantView>,
    pub channel: Channel,
    pub receiving_department: SlipUnit,
    pub resolving_department: SlipUnit,
    pub submitted_at: Option<At>,
    pub accepted_at: Option<At>,
    #[serde(flatten)]
    pub part: Part,
}

/// The part of a slip that belongs to its kind.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SlipPart)]
pub enum Part {
    Receipt(ReceiptPart),
    Supplement(SupplementPart),
    Refusal(RefusalPart),
    Apology(ApologyPart),
    Stop(StopPart),
    Control(ControlPart),
}
