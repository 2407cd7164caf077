//! Bodies of the submissions' operations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{KpiOwedBecause, KpiSubmissionAct, KpiSubmissionState};
use crate::http::decimal::Decimal;
use crate::http::{At, Prose, ResourceCode};
use crate::kpi::measurements::MeasurementState;
use crate::kpi::wire::{Comparator, NoValue, Status};

/// A figure that is owed and not there, with the reason.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kpi": "satisfaction_index", "field": null, "reason": "Sở Nội vụ chưa công bố kết quả đo lường."}))]
pub struct KpiWithout {
    /// Code of the indicator.
    pub kpi: ResourceCode,
    /// Code of the field of procedures, where it is owed for one alone.
    #[serde(default)]
    pub field: Option<ResourceCode>,
    pub reason: Prose,
}

/// The figures of a department and period as they are submitted.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "Số liệu quý II", "without": [{"kpi": "satisfaction_index", "reason": "Sở Nội vụ chưa công bố kết quả đo lường."}]}))]
pub struct NewKpiSubmission {
    #[serde(default)]
    pub note: Option<Prose>,
    /// Each figure that is owed and was not measured, with the reason.
    #[serde(default)]
    pub without: Vec<KpiWithout>,
}

/// What is said with an approval or a withdrawal.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"remark": "Đã đối chiếu với báo cáo."}))]
pub struct KpiSubmissionRemark {
    #[serde(default)]
    pub remark: Option<Prose>,
}

/// Why figures are returned or reopened.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Mẫu số chưa khớp với số phiếu thu về."}))]
pub struct KpiSubmissionReason {
    pub reason: Prose,
}

/// A measured figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"kpi": "satisfaction_index", "name": "Chỉ số hài lòng", "field": null, "value": 86.4, "numerator": null, "denominator": null,
    "state": "final", "published": false, "version": 1}))]
pub struct KpiSubmissionFigure {
    /// Code of the indicator.
    pub kpi: String,
    pub name: String,
    /// Code of the field of procedures.
    pub field: Option<String>,
    pub value: Option<Decimal>,
    pub numerator: Option<Decimal>,
    pub denominator: Option<Decimal>,
    pub state: MeasurementState,
    /// It was published of a computed indicator.
    pub published: bool,
    /// Version of the measurement.
    pub version: i32,
}

/// A computed figure of the department with those below it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"kpi": "on_time_rate", "name": "Tỷ lệ thủ tục hành chính được hoàn thành đúng hạn", "numerator": 11.0, "denominator": 17.0,
    "value": 64.71, "reason": null, "target": 99.0, "comparator": ">=", "met": false, "status": "not_met"}))]
pub struct KpiSubmissionComputed {
    /// Code of the indicator.
    pub kpi: String,
    pub name: String,
    pub numerator: Option<f64>,
    pub denominator: Option<f64>,
    /// With two decimals, half up.
    pub value: Option<f64>,
    /// Why there is no value.
    pub reason: Option<NoValue>,
    pub target: Option<f64>,
    pub comparator: Option<Comparator>,
    pub met: Option<bool>,
    pub status: Status,
}

/// Figures as they were approved.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"figures": [], "computed": [], "by": "office", "at": "2022-07-05T09:00:00+07:00"}))]
pub struct KpiApproval {
    pub figures: Vec<KpiSubmissionFigure>,
    pub computed: Vec<KpiSubmissionComputed>,
    /// User name.
    pub by: String,
    pub at: At,
}

/// A figure that is no longer what was approved.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({"kpi": "satisfaction_index", "field": null, "computed": false, "approved": 86.4, "now": 84.2}))]
pub struct KpiSubmissionDifference {
    /// Code of the indicator.
    pub kpi: String,
    /// Code of the field of procedures.
    pub field: Option<String>,
    /// It is computed by the server, not a measured one.
    pub computed: bool,
    /// With two decimals, half up; null where there was none.
    pub approved: Option<f64>,
    pub now: Option<f64>,
}

/// A figure that is owed and was not measured.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"kpi": "satisfaction_index", "name": "Chỉ số hài lòng", "field": null, "because": "target"}))]
pub struct KpiMissing {
    /// Code of the indicator.
    pub kpi: String,
    pub name: String,
    /// Code of the field of procedures.
    pub field: Option<String>,
    pub because: KpiOwedBecause,
}

/// What was done with submitted figures.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"n": 1, "act": "submit", "text": "Số liệu quý II", "about": null, "by": "head.dkkd", "at": "2022-07-04T09:00:00+07:00"}))]
pub struct KpiSubmissionStep {
    /// Order, from 1.
    pub n: i32,
    pub act: KpiSubmissionAct,
    /// The note, the remark or the reason.
    pub text: Option<String>,
    /// The figure that was corrected: code of the indicator, and of the field.
    pub about: Option<String>,
    /// User name.
    pub by: String,
    pub at: At,
}

/// A submission in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000051", "department": "DKKD", "period": "2022Q2", "state": "submitted",
    "submitted_by": "head.dkkd", "submitted_at": "2022-07-04T09:00:00+07:00", "approved_by": null, "approved_at": null, "corrected_at": null, "version": 1}))]
pub struct KpiSubmissionSummary {
    pub id: Uuid,
    /// Code of the department.
    pub department: String,
    /// Code of the period.
    pub period: String,
    pub state: KpiSubmissionState,
    /// User name.
    pub submitted_by: Option<String>,
    pub submitted_at: Option<At>,
    /// User name; null while it is not approved.
    pub approved_by: Option<String>,
    pub approved_at: Option<At>,
    /// When a held figure was corrected last, since they were submitted.
    pub corrected_at: Option<At>,
    pub version: i32,
}

crate::page_of!(
    /// A page of submissions.
    KpiSubmissionPage, KpiSubmissionSummary);

/// The figures of a department for a period, and what was done with them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000051", "department": "DKKD", "period": "2022Q2", "state": "submitted",
    "figures": [{"kpi": "initiatives", "name": "Mô hình, sáng kiến, giải pháp mới", "field": null, "value": 1.0, "numerator": null, "denominator": null,
        "state": "final", "published": false, "version": 1}], "computed": [],
    "missing": [{"kpi": "satisfaction_index", "name": "Chỉ số hài lòng", "field": null, "because": "target"}],
    "without": [{"kpi": "satisfaction_index", "field": null, "reason": "Sở Nội vụ chưa công bố kết quả đo lường."}], "note": null, "remark": null,
    "submitted_by": "head.dkkd", "submitted_at": "2022-07-04T09:00:00+07:00", "approved_by": null, "approved_at": null, "corrected_at": null,
    "approval": null, "differences": [], "timeline": [{"n": 1, "act": "submit", "text": null, "about": null, "by": "head.dkkd",
        "at": "2022-07-04T09:00:00+07:00"}], "allowed_acts": ["withdraw"], "version": 1}))]
pub struct KpiSubmissionView {
    /// Null before anything was done.
    pub id: Option<Uuid>,
    /// Code of the department.
    pub department: String,
    /// Code of the period.
    pub period: String,
    pub state: KpiSubmissionState,
    /// What was measured, as it is now.
    pub figures: Vec<KpiSubmissionFigure>,
    /// What is computed for the department with those below it, as it is now.
    pub computed: Vec<KpiSubmissionComputed>,
    /// What is owed and was not measured.
    pub missing: Vec<KpiMissing>,
    /// The reasons that were given for that.
    pub without: Vec<KpiWithout>,
    /// What the department says.
    pub note: Option<String>,
    /// Why it was returned or reopened last, or what was said with the approval.
    pub remark: Option<String>,
    /// User name.
    pub submitted_by: Option<String>,
    pub submitted_at: Option<At>,
    /// User name; null while it is not approved.
    pub approved_by: Option<String>,
    pub approved_at: Option<At>,
    /// When a held figure was corrected last, since they were submitted.
    pub corrected_at: Option<At>,
    /// What was approved last, as it was then; it stays when the figures are reopened.
    pub approval: Option<KpiApproval>,
    /// What is no longer as it was approved last.
    pub differences: Vec<KpiSubmissionDifference>,
    /// What was done, oldest first.
    pub timeline: Vec<KpiSubmissionStep>,
    /// What this caller may do with it now.
    pub allowed_acts: Vec<KpiSubmissionAct>,
    pub version: i32,
}

/// A department that has not submitted what it owes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"department": "DKKD", "department_name": "Phòng Đăng ký kinh doanh", "state": "returned", "owed": 3, "measured": 2,
    "missing": [{"kpi": "satisfaction_index", "name": "Chỉ số hài lòng", "field": null, "because": "target"}]}))]
pub struct KpiMissingSubmission {
    /// Code of the department.
    pub department: String,
    pub department_name: String,
    pub state: KpiSubmissionState,
    /// Figures that it owes.
    pub owed: usize,
    /// Those of them that were measured.
    pub measured: usize,
    /// Those that were not.
    pub missing: Vec<KpiMissing>,
}

/// Who has not submitted for a period.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"period": "2022Q2", "items": [{"department": "DKKD", "department_name": "Phòng Đăng ký kinh doanh", "state": "draft", "owed": 1,
    "measured": 0, "missing": [{"kpi": "satisfaction_index", "name": "Chỉ số hài lòng", "field": null, "because": "target"}]}]}))]
pub struct KpiMissingSubmissions {
    /// Code of the period.
    pub period: String,
    pub items: Vec<KpiMissingSubmission>,
}
