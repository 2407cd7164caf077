//! Bodies of the tasks' operations.

mod assigned;
mod progress;
mod work;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

pub use assigned::*;
pub use progress::*;
pub use work::*;

use crate::http::{At, Day, Line, Prose, ResourceCode};
use crate::plans::model::{LeadBasis, Schedule, ScheduleKind, TaskState};
use crate::plans::wire::{MethodStep, NamedDocument};

/// A whole percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Percent(u8);

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(d)?;
        if number <= 100 { Ok(Percent(number)) } else { Err(D::Error::custom("more than 100")) }
    }
}

impl PartialSchema for Percent {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(100));
        RefOr::T(Schema::Object(schema.examples([serde_json::json!(60)]).build()))
    }
}
impl ToSchema for Percent {
    fn name() -> Cow<'static, str> {
        "Percent".into()
    }
}

/// A document that shows what was done; a number, a title or a link at least.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"document_number": "245/BC-VP", "issued_on": "2022-06-24", "title": "Báo cáo tháng 6", "link": null}))]
pub struct Proof {
    #[serde(default)]
    pub document_number: Option<Line>,
    #[serde(default)]
    pub issued_on: Option<Day>,
    #[serde(default)]
    pub title: Option<Line>,
    /// `https://…`
    #[serde(default)]
    pub link: Option<Line>,
}

/// What a department reports on a task for a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"department": "VP", "period": "2022-06", "content": "Đã rà soát 12 thủ tục.", "percent": 60,
    "evidence": [{"document_number": "245/BC-VP", "issued_on": "2022-06-24"}]}))]
pub struct NewProgressReport {
    /// Code of the department that reports; it has part in the task.
    pub department: ResourceCode,
    /// Year, half, quarter or month.
    #[schema(pattern = "^[0-9]{4}(-(0[1-9]|1[0-2]|Q[1-4]|H[12]))?$", example = "2022-06")]
    pub period: Line,
    pub content: Prose,
    /// How much of the task is done, as the department sees it.
    #[serde(default)]
    pub percent: Option<Percent>,
    #[serde(default)]
    pub evidence: Vec<Proof>,
}

/// The explicit closing of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"completed_on": "2022-06-28", "summary": "Đã ban hành quy chế.",
    "evidence": [{"document_number": "88/QĐ-SKHĐT", "issued_on": "2022-06-28"}]}))]
pub struct NewCompletion {
    pub completed_on: Day,
    pub summary: Prose,
    /// At least one document.
    #[schema(min_items = 1)]
    pub evidence: Vec<Proof>,
    /// Number of the occurrence that was done; the whole task when none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub occurrence: Option<i32>,
}

/// A report on a task.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProgressReportView {
    pub id: Uuid,
    /// Code of the department that reported.
    pub department: String,
    pub period: String,
    pub content: String,
    pub percent: Option<i16>,
    pub evidence: Vec<Proof>,
    /// User name.
    pub reported_by: String,
    pub reported_at: At,
}

/// How a task was closed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CompletionView {
    pub completed_on: Day,
    pub summary: String,
    pub evidence: Vec<Proof>,
    /// User name.
    pub completed_by: String,
    pub recorded_at: At,
}

/// What may be done with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskAct {
    ReportProgress,
    Complete,
    HandIn,
    Confirm,
    Return,
    Trigger,
    Assign,
    AcceptAssignment,
    RefuseAssignment,
    AddEvidence,
    AskExtension,
    ApproveExtension,
    RejectExtension,
    CounterProposeExtension,
    AcceptExtension,
    WithdrawExtension,
    Cancel,
    SetNotApplicable,
}

/// Where a task comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskOrigin {
    Plan,
    /// By a document of its own.
    Assigned,
}

impl TaskOrigin {
    pub const NAMES: &[&str] = &["plan", "assigned"];
}

/// A task in a list or under its heading.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000021", "code": "kh-1186-skhdt-2022.II.2-2.1", "origin": "plan",
    "plan": "kh-1186-skhdt-2022",
    "group": "II.2", "local_code": "II.2-2.1", "position": 20, "printed_number": "2.1", "title": "Có mô hình, sáng kiến tham gia cuộc thi",
    "schedule_kind": "before", "schedule_text": "Trước 15/12", "starts_on": "2022-01-01", "due_on": "2022-12-14", "lead": ["CD"],
    "coordinate": [], "state": "in_progress", "completed_on": null, "extended": false, "version": 1}))]
pub struct TaskSummary {
    pub id: Uuid,
    pub code: String,
    pub origin: TaskOrigin,
    /// Code of the plan; null for a task from above.
    pub plan: Option<String>,
    /// Code of the group it stands under.
    pub group: Option<String>,
    /// Unique within the plan; of a task from above its code.
    pub local_code: String,
    /// Order on paper, from 1.
    pub position: i32,
    pub printed_number: Option<String>,
    pub title: String,
    pub schedule_kind: ScheduleKind,
    pub schedule_text: String,
    /// Null while the task waits for an event.
    pub starts_on: Option<Day>,
    /// Last day in time; null while the task waits for an event.
    pub due_on: Option<Day>,
    pub lead: Vec<String>,
    pub coordinate: Vec<String>,
    /// As of today; null in a plan's tree for a task outside the caller's sight.
    pub state: Option<TaskState>,
    pub completed_on: Option<Day>,
    /// Whether more time was approved.
    pub extended: bool,
    pub version: i32,
}

/// A task with the work on it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000021", "code": "kh-1186-skhdt-2022.II.2-2.1", "origin": "plan",
    "plan": "kh-1186-skhdt-2022",
    "group": "II.2", "local_code": "II.2-2.1", "position": 20, "printed_number": "2.1", "title": "Có mô hình, sáng kiến tham gia cuộc thi",
    "objective": null, "outputs": ["Văn bản chứng minh việc triển khai áp dụng sáng kiến"],
    "schedule": {"text": "Trước 15/12", "kind": "before", "start_on": null, "end_on": "2022-12-14", "before_on": "2022-12-15", "quarter": null,
        "month": null, "event": null, "recurrence": null, "year_printed": false},
    "starts_on": "2022-01-01", "due_on": "2022-12-14", "method": [], "lead": ["CD"], "lead_basis": "inferred", "coordinate": [],
    "kpis": ["initiatives"], "sub_indices": [], "evidence": [], "budget": null, "replaces": [], "notes": [],
    "dropped_in": null, "moved_to": null, "state": "in_progress", "progress_reports": [],
    "completion": null, "first_due_on": "2022-12-14", "document_number": null, "document_on": null, "issuer": null, "parent": null,
    "occurrences": [{"n": 1, "label": "Trước 15/12", "period": null, "starts_on": "2022-01-01", "first_due_on": "2022-12-14",
        "due_on": "2022-12-14", "internal_due_on": null, "completed_on": null, "state": "in_progress"}],
    "assignments": [], "submissions": [], "extensions": [], "documents": [], "trigger": null, "cancelled": null, "not_applicable": null,
    "closing_suggested": null, "allowed_acts": ["report_progress", "complete"], "version": 1}))]
pub struct TaskView {
    pub id: Uuid,
    pub code: String,
    pub origin: TaskOrigin,
    /// Code of the plan; null for a task from above.
    pub plan: Option<String>,
    /// Code of the group it stands under.
    pub group: Option<String>,
    /// Unique within the plan; of a task from above its code.
    pub local_code: String,
    /// Order on paper, from 1.
    pub position: i32,
    pub printed_number: Option<String>,
    pub title: String,
    pub objective: Option<String>,
    pub outputs: Vec<String>,
    pub schedule: Schedule,
    /// Null while the task waits for an event.
    pub starts_on: Option<Day>,
    /// Last day in time; null while the task waits for an event.
    pub due_on: Option<Day>,
    pub method: Vec<MethodStep>,
    pub lead: Vec<String>,
    pub lead_basis: Option<LeadBasis>,
    pub coordinate: Vec<String>,
    pub kpis: Vec<String>,
    pub sub_indices: Vec<String>,
    pub evidence: Vec<NamedDocument>,
    pub budget: Option<String>,
    /// Local codes of the earlier tasks that it was split from or merged of.
    pub replaces: Vec<String>,
    pub notes: Vec<String>,
    /// The version of the plan since which its text has the task no more.
    pub dropped_in: Option<i32>,
    /// Code of the task that goes on in its place.
    pub moved_to: Option<String>,
    /// As of today.
    pub state: TaskState,
    pub progress_reports: Vec<ProgressReportView>,
    pub completion: Option<CompletionView>,
    /// Last day in time by the schedule; never moved by an extension.
    pub first_due_on: Option<Day>,
    /// Number of the document that assigns a task from above.
    pub document_number: Option<String>,
    pub document_on: Option<Day>,
    /// Code of the body that assigns a task from above.
    pub issuer: Option<String>,
    /// Code of the task that it is a part of.
    pub parent: Option<String>,
    /// One for a plain task, one a period for those that recur or go on.
    pub occurrences: Vec<TaskOccurrence>,
    pub assignments: Vec<AssignmentView>,
    pub submissions: Vec<SubmissionView>,
    pub extensions: Vec<ExtensionView>,
    pub documents: Vec<EvidenceView>,
    pub trigger: Option<TaskTrigger>,
    pub cancelled: Option<TaskEnd>,
    pub not_applicable: Option<TaskEnd>,
    /// Null unless an outgoing document names the task, which is still open.
    pub closing_suggested: Option<ClosingSuggestion>,
    /// What this caller may do with it now.
    pub allowed_acts: Vec<TaskAct>,
    pub version: i32,
}

crate::page_of!(
    /// A page of tasks.
    TaskPage, TaskSummary);
