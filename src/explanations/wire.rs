//! Bodies of the explanations' operations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{ExplanationAct, ExplanationPeriodSet, ExplanationState, ExplanationSubjectKind, OwedState};
use crate::http::{At, Day, Line, Prose, ResourceCode};
use crate::kpi::Comparator;
use crate::reports::period::PeriodCode;

/// Something to be explained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "kpi", "code": "on_time_rate"}))]
pub struct ExplanationSubject {
    pub kind: ExplanationSubjectKind,
    /// Code of the indicator or task; kind of finding; `late_dossiers`.
    pub code: Line,
    /// Field of procedures that the figure is about.
    #[serde(default)]
    pub field: Option<ResourceCode>,
}

/// What there is to explain: the figures, days and counts that a kind has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExplanationFacts {
    /// Name of the indicator, title of the task, what the finding is called.
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparator: Option<Comparator>,
    /// Last day in time of a task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Day>,
    /// Day on which a task was done; none while it is overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_on: Option<Day>,
    /// Dossiers, or findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// How many of the dossiers were still open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<i64>,
}

/// Something that a department owes an explanation for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OwedItem {
    /// Code of the department.
    pub department: String,
    pub department_name: String,
    pub kind: ExplanationSubjectKind,
    pub code: String,
    pub field: Option<String>,
    pub facts: ExplanationFacts,
    pub state: OwedState,
    /// False when it was explained and the figure has changed since.
    pub still_owed: bool,
    /// Past the day by which it is to be explained, and not handed in.
    pub overdue: bool,
    /// Id of the explanation that covers it.
    pub explanation: Option<Uuid>,
}

/// How far a department is with its explanations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct OwedByDepartment {
    pub department: String,
    pub name: String,
    /// Things without a word yet, drafts included.
    pub owed: i64,
    pub handed_in: i64,
    pub returned: i64,
    pub accepted: i64,
}

/// Who owes which explanations for a period.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"period": "2022-06", "period_set": "administrative", "from": "2022-05-15", "to": "2022-06-14", "due_on": "2022-06-17",
    "departments": [{"department": "DKKD", "name": "Phòng Đăng ký kinh doanh", "owed": 1, "handed_in": 0, "returned": 0, "accepted": 0}],
    "items": [{"department": "DKKD", "department_name": "Phòng Đăng ký kinh doanh", "kind": "kpi", "code": "on_time_rate", "field": null,
        "facts": {"title": "Tỷ lệ thủ tục hành chính được hoàn thành đúng hạn", "value": 94.12, "target": 99.0, "comparator": ">="},
        "state": "owed", "still_owed": true, "overdue": false, "explanation": null}]}))]
pub struct OwedExplanations {
    pub period: String,
    pub period_set: ExplanationPeriodSet,
    pub from: Day,
    pub to: Day,
    /// Last day for handing in; null where there is no calendar for the year.
    pub due_on: Option<Day>,
    pub departments: Vec<OwedByDepartment>,
    /// By department, kind and code.
    pub items: Vec<OwedItem>,
}

/// An explanation as it is written; it is handed in by an act of its own.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"department": "DKKD", "period": "2022-06", "subjects": [{"kind": "kpi", "code": "on_time_rate"},
    {"kind": "late_dossiers", "code": "late_dossiers"}], "cause": "Hệ thống đăng ký quốc gia gián đoạn ba ngày.",
    "remedy": "Bố trí thêm người, báo trước khi quá hạn.", "remedy_due_on": "2022-07-15", "responsible": "Trần Văn B"}))]
pub struct NewExplanation {
    /// Code of the department that explains.
    pub department: ResourceCode,
    /// Code of the period.
    #[schema(value_type = PeriodCode, example = "2022-06")]
    pub period: Line,
    #[serde(default)]
    pub period_set: ExplanationPeriodSet,
    /// What it explains: any number of things that the department owes for the period.
    #[schema(min_items = 1)]
    pub subjects: Vec<ExplanationSubject>,
    pub cause: Prose,
    pub remedy: Prose,
    /// Day by which the remedy works.
    #[serde(default)]
    pub remedy_due_on: Option<Day>,
    /// Who sees to it.
    #[serde(default)]
    pub responsible: Option<Line>,
}

/// The text of an explanation, put anew while it is a draft or was returned.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"subjects": [{"kind": "kpi", "code": "on_time_rate"}], "cause": "Hệ thống đăng ký quốc gia gián đoạn ba ngày.",
    "remedy": "Bố trí thêm người, báo trước khi quá hạn.", "remedy_due_on": "2022-07-15", "responsible": "Trần Văn B"}))]
pub struct ExplanationText {
    #[schema(min_items = 1)]
    pub subjects: Vec<ExplanationSubject>,
    pub cause: Prose,
    pub remedy: Prose,
    #[serde(default)]
    pub remedy_due_on: Option<Day>,
    #[serde(default)]
    pub responsible: Option<Line>,
}

/// Hands an explanation in.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "Đã bổ sung thời hạn khắc phục."}))]
pub struct ExplanationSubmission {
    /// A word to the office.
    #[serde(default)]
    pub note: Option<Prose>,
}

/// The office is content.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"remark": "Theo dõi tiếp trong tháng 7."}))]
pub struct ExplanationAcceptance {
    #[serde(default)]
    pub remark: Option<Prose>,
}

/// The office wants it better.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Chưa nêu thời hạn khắc phục."}))]
pub struct ExplanationReturn {
    pub reason: Prose,
}

/// Something that was explained, with what it was then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedSubject {
    pub kind: ExplanationSubjectKind,
    pub code: String,
    pub field: Option<String>,
    /// As it was when it was explained.
    pub facts: ExplanationFacts,
}

/// An explanation in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000041", "department": "DKKD", "period": "2022-06", "period_set": "administrative",
    "subjects": [{"kind": "late_dossiers", "code": "late_dossiers", "field": null, "facts": {"title": "Hồ sơ quá hạn", "count": 3, "open": 1}}],
    "cause": "Hệ thống gián đoạn.", "remedy": "Bố trí thêm người.", "remedy_due_on": "2022-07-15", "responsible": "Trần Văn B",
    "state": "handed_in", "handed_in_at": "2022-06-16T09:00:00+07:00", "remark": null, "version": 2}))]
pub struct ExplanationSummary {
    pub id: Uuid,
    /// Code of the department.
    pub department: String,
    pub period: String,
    pub period_set: ExplanationPeriodSet,
    pub subjects: Vec<ExplainedSubject>,
    pub cause: String,
    pub remedy: String,
    pub remedy_due_on: Option<Day>,
    pub responsible: Option<String>,
    pub state: ExplanationState,
    pub handed_in_at: Option<At>,
    /// Why it was returned, or a word with the acceptance or, before that, with the handing in.
    pub remark: Option<String>,
    pub version: i32,
}

crate::page_of!(
    /// A page of explanations.
    ExplanationPage, ExplanationSummary);

/// Something that was explained, then and now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExplainedThenAndNow {
    #[serde(flatten)]
    pub subject: ExplainedSubject,
    /// As it is now; null when nothing is owed for it any longer.
    pub now: Option<ExplanationFacts>,
    pub still_owed: bool,
}

/// What was done with an explanation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExplanationStep {
    /// `create` or one of the acts.
    pub act: String,
    /// User name.
    pub by: String,
    pub at: At,
}

/// An explanation with its history.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000041", "department": "DKKD", "period": "2022-06", "period_set": "administrative",
    "subjects": [{"kind": "late_dossiers", "code": "late_dossiers", "field": null, "facts": {"title": "Hồ sơ quá hạn", "count": 3, "open": 1},
        "now": {"title": "Hồ sơ quá hạn", "count": 2, "open": 0}, "still_owed": true}],
    "cause": "Hệ thống gián đoạn.", "remedy": "Bố trí thêm người.", "remedy_due_on": "2022-07-15", "responsible": "Trần Văn B",
    "state": "draft", "due_on": "2022-06-17", "handed_in_at": null, "handed_in_by": null, "reviewed_at": null, "reviewed_by": null,
    "remark": null, "history": [{"act": "create", "by": "head.dkkd", "at": "2022-06-15T09:00:00+07:00"}],
    "allowed_acts": ["change", "submit"], "version": 1}))]
pub struct ExplanationView {
    pub id: Uuid,
    /// Code of the department.
    pub department: String,
    pub period: String,
    pub period_set: ExplanationPeriodSet,
    pub subjects: Vec<ExplainedThenAndNow>,
    pub cause: String,
    pub remedy: String,
    pub remedy_due_on: Option<Day>,
    pub responsible: Option<String>,
    pub state: ExplanationState,
    /// Last day for handing it in; null where there is no calendar for the year.
    pub due_on: Option<Day>,
    pub handed_in_at: Option<At>,
    /// User name.
    pub handed_in_by: Option<String>,
    pub reviewed_at: Option<At>,
    /// User name.
    pub reviewed_by: Option<String>,
    /// Why it was returned, or a word with the acceptance or, before that, with the handing in.
    pub remark: Option<String>,
    /// What was done with it, oldest first.
    pub history: Vec<ExplanationStep>,
    /// What this caller may do with it now.
    pub allowed_acts: Vec<ExplanationAct>,
    pub version: i32,
}
