//! Bodies of the plans' operations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{DocumentRelation, LeadBasis, Schedule, TaskPart};
use super::tasks::wire::TaskSummary;
use super::versions::wire::PlanVersionSummary;
use crate::http::{Day, Line, Prose, ResourceCode};

/// Who issued a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanIssuer {
    /// Code of the department.
    pub department: ResourceCode,
    /// As printed.
    #[serde(default)]
    pub name: Option<Line>,
    #[serde(default)]
    pub province: Option<Line>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanSignature {
    pub name: Line,
    #[serde(default)]
    pub position: Option<Line>,
}

/// First and last day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanPeriod {
    pub from: Day,
    pub to: Day,
}

/// A document that a plan rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LegalBasis {
    #[serde(default)]
    pub number: Option<Line>,
    #[serde(default)]
    pub issued_on: Option<Day>,
    /// Code of the body that issued it.
    #[serde(default)]
    pub issuer: Option<ResourceCode>,
    #[serde(default)]
    pub title: Option<Prose>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanPurpose {
    pub text: Prose,
    /// Codes of the indicators that the sentence names.
    #[serde(default)]
    pub kpis: Vec<ResourceCode>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRequirement {
    pub text: Prose,
}

/// A paragraph on how the plan is carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanProvision {
    #[serde(default)]
    pub printed_number: Option<Line>,
    pub text: Prose,
    /// Codes of the reporting duties that the paragraph sets.
    #[serde(default)]
    pub reporting_duties: Vec<ResourceCode>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRecipient {
    pub text: Line,
    /// Codes of the departments meant.
    #[serde(default)]
    pub codes: Vec<ResourceCode>,
    #[serde(default)]
    pub purpose: Option<Line>,
    #[serde(default)]
    pub channel: Option<Line>,
}

/// The earlier deadline of a reporting duty inside the department.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InternalDue {
    /// Verbatim.
    pub text: Line,
    #[serde(default)]
    pub from: Vec<ResourceCode>,
    #[serde(default)]
    pub to: Vec<ResourceCode>,
    #[serde(default)]
    pub before_on: Option<Day>,
    #[serde(default)]
    pub end_on: Option<Day>,
    #[serde(default)]
    pub every_year: bool,
}

/// Who reports what, to whom and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportingDuty {
    pub code: ResourceCode,
    /// Verbatim.
    pub what: Prose,
    /// Where the plan says so.
    #[serde(default)]
    pub source: Option<Line>,
    #[serde(default)]
    pub from: Vec<ResourceCode>,
    #[serde(default)]
    pub via: Vec<ResourceCode>,
    #[serde(default)]
    pub to: Vec<ResourceCode>,
    pub schedule: Schedule,
    #[serde(default)]
    pub internal_due: Option<InternalDue>,
    #[serde(default)]
    pub notes: Vec<Prose>,
}

/// A heading of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    /// Unique within the plan.
    pub code: ResourceCode,
    /// Code of the group above.
    #[serde(default)]
    pub parent: Option<ResourceCode>,
    /// As printed; not a key.
    #[serde(default)]
    pub printed_number: Option<Line>,
    pub title: Prose,
    /// Codes of the indicators that the whole group serves.
    #[serde(default)]
    pub kpis: Vec<ResourceCode>,
}

/// A unit named beside those that act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MethodPartner {
    pub department: ResourceCode,
    pub role: TaskPart,
}

/// One step of how a task is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MethodStep {
    /// Verbatim.
    pub text: Prose,
    /// Who acts.
    #[serde(default)]
    pub departments: Vec<ResourceCode>,
    #[serde(default)]
    pub role: Option<TaskPart>,
    #[serde(default)]
    pub role_basis: Option<LeadBasis>,
    #[serde(default)]
    pub with: Vec<MethodPartner>,
    /// Bodies outside the department.
    #[serde(default)]
    pub external: Vec<ResourceCode>,
    /// People, where no unit is named.
    #[serde(default)]
    pub persons: Vec<Line>,
}

/// A document that the plan names for a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedDocument {
    pub r#type: Line,
    #[serde(default)]
    pub number: Option<Line>,
    #[serde(default)]
    pub issued_on: Option<Day>,
    /// Code of the body that issued it.
    #[serde(default)]
    pub issuer: Option<ResourceCode>,
    #[serde(default)]
    pub title: Option<Prose>,
    pub relation: DocumentRelation,
}

/// A task of a plan; the order of the list is the order on paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    /// Unique within the plan and kept through amendments; the task's code is the plan's, a dot, and this.
    pub local_code: ResourceCode,
    /// Code of the group it stands under.
    #[serde(default)]
    pub group: Option<ResourceCode>,
    /// As printed; not a key.
    #[serde(default)]
    pub printed_number: Option<Line>,
    /// Verbatim.
    pub title: Prose,
    /// What it is to achieve, verbatim.
    #[serde(default)]
    pub objective: Option<Prose>,
    /// Results or products, verbatim.
    #[serde(default)]
    pub outputs: Vec<Prose>,
    pub schedule: Schedule,
    #[serde(default)]
    pub method: Vec<MethodStep>,
    /// Codes of the departments that lead.
    #[serde(default)]
    pub lead: Vec<ResourceCode>,
    #[serde(default)]
    pub lead_basis: Option<LeadBasis>,
    /// Codes of the departments that co-operate.
    #[serde(default)]
    pub coordinate: Vec<ResourceCode>,
    /// Codes of the indicators that measure it.
    #[serde(default)]
    pub kpis: Vec<ResourceCode>,
    /// Codes of the indices that it is to improve.
    #[serde(default)]
    pub sub_indices: Vec<ResourceCode>,
    /// Documents that the plan names.
    #[serde(default)]
    pub evidence: Vec<NamedDocument>,
    /// Money and its source, verbatim.
    #[serde(default)]
    pub budget: Option<Prose>,
    /// Local codes of the earlier tasks of this plan that it was split from or merged of.
    #[serde(default)]
    pub replaces: Vec<ResourceCode>,
    /// Remarks on the source.
    #[serde(default)]
    pub notes: Vec<Prose>,
}

/// A whole plan as it is put; absent members take their default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "kh-1186-skhdt-2022", "document_number": "1186/KH-SKHĐT", "document_type": "Kế hoạch",
    "title": "Thực hiện các biện pháp cải thiện chất lượng phục vụ", "issuer": {"department": "SKHDT"}, "issued_on": "2022-04-19",
    "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"},
    "groups": [{"code": "II", "title": "NÂNG CAO CHỈ SỐ CẢI CÁCH HÀNH CHÍNH"}],
    "tasks": [{"local_code": "II-1", "group": "II", "title": "Báo cáo sáng kiến", "lead": ["CD"],
        "schedule": {"text": "Trước 15/12", "kind": "before", "before_on": "2022-12-15"}}]
}))]
pub struct NewPlan {
    pub code: ResourceCode,
    /// Number and symbol of the document.
    #[schema(example = "1186/KH-SKHĐT")]
    pub document_number: Line,
    /// The number as printed, where that differs.
    #[serde(default)]
    pub printed_number: Option<Line>,
    pub document_type: Line,
    pub title: Prose,
    pub issuer: PlanIssuer,
    pub issued_on: Day,
    #[serde(default)]
    pub signed_by: Option<PlanSignature>,
    /// The year the plan is for; within its period.
    pub year: i32,
    pub period: PlanPeriod,
    #[serde(default)]
    pub legal_bases: Vec<LegalBasis>,
    #[serde(default)]
    pub purposes: Vec<PlanPurpose>,
    #[serde(default)]
    pub requirements: Vec<PlanRequirement>,
    #[serde(default)]
    pub organisation: Vec<PlanProvision>,
    #[serde(default)]
    pub recipients: Vec<PlanRecipient>,
    #[serde(default)]
    pub reporting_duties: Vec<ReportingDuty>,
    /// Headings, in the order on paper.
    #[serde(default)]
    pub groups: Vec<NewGroup>,
    /// Tasks, in the order on paper.
    #[serde(default)]
    pub tasks: Vec<NewTask>,
    /// Remarks on the source.
    #[serde(default)]
    pub notes: Vec<Prose>,
}

/// A heading with what stands under it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GroupView {
    pub code: String,
    pub printed_number: Option<String>,
    pub title: String,
    pub kpis: Vec<String>,
    pub tasks: Vec<TaskSummary>,
    #[schema(no_recursion)]
    pub groups: Vec<GroupView>,
}

/// A plan with its tree.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0198c5a0-0000-7000-8000-000000000011", "code": "kh-1186-skhdt-2022", "document_number": "1186/KH-SKHĐT", "printed_number": null,
    "document_type": "Kế hoạch", "title": "Thực hiện các biện pháp cải thiện chất lượng phục vụ",
    "issuer": {"department": "SKHDT", "name": null, "province": "Khánh Hòa"}, "issued_on": "2022-04-19", "signed_by": null, "year": 2022,
    "period": {"from": "2022-01-01", "to": "2022-12-31"}, "legal_bases": [], "purposes": [], "requirements": [], "organisation": [],
    "recipients": [], "reporting_duties": [], "notes": [], "task_count": 0,
    "groups": [{"code": "I", "printed_number": "I", "title": "NÂNG CAO CHỈ SỐ HÀI LÒNG", "kpis": [], "tasks": [], "groups": []}],
    "tasks": [], "dropped_tasks": [], "version": 1,
    "versions": [{"version": 1, "kind": "issued", "amendment": null, "effective_on": "2022-04-19", "task_count": 0, "changed_by": "office",
        "changed_at": "2022-04-20T08:00:00+07:00"}]
}))]
pub struct PlanView {
    pub id: Uuid,
    pub code: String,
    pub document_number: String,
    pub printed_number: Option<String>,
    pub document_type: String,
    pub title: String,
    pub issuer: PlanIssuer,
    pub issued_on: Day,
    pub signed_by: Option<PlanSignature>,
    pub year: i32,
    pub period: PlanPeriod,
    pub legal_bases: Vec<LegalBasis>,
    pub purposes: Vec<PlanPurpose>,
    pub requirements: Vec<PlanRequirement>,
    pub organisation: Vec<PlanProvision>,
    pub recipients: Vec<PlanRecipient>,
    pub reporting_duties: Vec<ReportingDuty>,
    pub notes: Vec<Prose>,
    pub task_count: usize,
    /// The headings with their tasks, in the order on paper.
    pub groups: Vec<GroupView>,
    /// Tasks that stand under no heading.
    pub tasks: Vec<TaskSummary>,
    /// Tasks of earlier versions that the text has no more.
    pub dropped_tasks: Vec<TaskSummary>,
    pub version: i32,
    /// The texts the plan has had, the first one first; `/plans/{key}/versions/{version}` has each in full.
    pub versions: Vec<PlanVersionSummary>,
}

/// A plan in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000011", "code": "kh-1186-skhdt-2022", "document_number": "1186/KH-SKHĐT",
    "document_type": "Kế hoạch", "title": "Thực hiện các biện pháp cải thiện chất lượng phục vụ", "issuer": "SKHDT",
    "issued_on": "2022-04-19", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"}, "task_count": 24, "version": 1}))]
pub struct PlanSummary {
    pub id: Uuid,
    pub code: String,
    pub document_number: String,
    pub document_type: String,
    pub title: String,
    /// Code of the department that issued it.
    pub issuer: String,
    pub issued_on: Day,
    pub year: i32,
    pub period: PlanPeriod,
    pub task_count: i64,
    pub version: i32,
}

crate::page_of!(
    /// A page of plans.
    PlanPage, PlanSummary);
