//! Bodies of the acts on tasks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Proof;
use crate::http::{At, Day, Line, Prose, ResourceCode};
use crate::plans::model::TaskState;

/// The part a department is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssignedPart {
    /// Chủ trì.
    Lead,
    /// Phối hợp.
    Coordinate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStatus {
    Assigned,
    Accepted,
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionStatus {
    Open,
    Confirmed,
    Returned,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExtensionStatus {
    Asked,
    /// Another day was offered.
    CounterProposed,
    Approved,
    Rejected,
    Withdrawn,
}

/// To whom a task is given. The office or the director gives it to a department, with the part it has; the head of one that has part
/// names who does it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"department": "DKKD", "role": "lead", "officers": [], "note": "Báo cáo trước ngày 20"}))]
pub struct NewAssignment {
    /// Code of the department.
    pub department: ResourceCode,
    /// The part it is given; only from the office or the director.
    #[serde(default)]
    pub role: Option<AssignedPart>,
    /// User names of those in the department who do it.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub officers: Vec<Line>,
    #[serde(default)]
    pub note: Option<Prose>,
}

/// That a department takes a task it was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": null}))]
pub struct AssignmentAcceptance {
    #[serde(default)]
    pub note: Option<Prose>,
}

/// Why something is refused, returned or withdrawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Không thuộc chức năng của đơn vị"}))]
pub struct StatedReason {
    pub reason: Prose,
}

/// That the event came which a task waits for. `due_on`, or so many working days after the event. Sent again it corrects the day, with
/// the reason as its note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"occurred_on": "2022-06-06", "document_number": "883/QĐ-BKHĐT", "note": null, "working_days": 10}))]
pub struct NewEvent {
    pub occurred_on: Day,
    #[serde(default)]
    pub document_number: Option<Line>,
    #[serde(default)]
    pub note: Option<Prose>,
    #[serde(default)]
    pub due_on: Option<Day>,
    #[serde(default)]
    #[schema(maximum = 365)]
    pub working_days: Option<u16>,
}

/// What the office says of something handed in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"occurrence": null, "note": "Đủ tài liệu"}))]
pub struct TaskConfirmation {
    /// Number of the occurrence; needed when several are handed in.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub occurrence: Option<i32>,
    #[serde(default)]
    pub note: Option<Prose>,
}

/// Why the office gives something back: what is handed in, or what was closed already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"occurrence": null, "reason": "Thiếu biên bản nghiệm thu"}))]
pub struct TaskReturn {
    /// Number of the occurrence; needed when several could be meant.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub occurrence: Option<i32>,
    pub reason: Prose,
}

/// Why a task is given up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "UBND tỉnh rút nhiệm vụ", "document_number": "1200/UBND"}))]
pub struct TaskCancellation {
    pub reason: Prose,
    /// Number of the document that says so.
    pub document_number: Line,
}

/// A request for more time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"department": "DKKD", "reason": "Chờ ý kiến Sở Xây dựng", "new_due_on": "2022-07-15"}))]
pub struct NewExtension {
    /// Code of the department that asks; it leads the task.
    pub department: ResourceCode,
    pub reason: Prose,
    pub new_due_on: Day,
    /// Number of the occurrence; the first open one when none is given.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub occurrence: Option<i32>,
}

/// Another day than the one asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"new_due_on": "2022-07-08", "reason": "Phải xong trước kỳ giao ban"}))]
pub struct CounterProposal {
    pub new_due_on: Day,
    pub reason: Prose,
}

/// An approval, an acceptance or a withdrawal; it needs no words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": null}))]
pub struct ExtensionAnswer {
    #[serde(default)]
    pub note: Option<Prose>,
}

/// A document that shows work; a number, a title or a link at least. A file may be sent after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"department": "DKKD", "document_number": "245/BC-DKKD", "issued_on": "2022-06-10", "title": "Báo cáo", "link": null}))]
pub struct NewEvidence {
    /// Code of the department that shows it; it has part in the task.
    pub department: ResourceCode,
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

impl NewEvidence {
    pub fn proof(&self) -> Proof {
        let NewEvidence { document_number, issued_on, title, link, .. } = self.clone();
        Proof { document_number, issued_on, title, link }
    }
}

/// One time the task is to be done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TaskOccurrence {
    pub n: i32,
    pub label: String,
    /// `2022-06`, `2022-Q2`, `2022-W23`; null for a plain task.
    pub period: Option<String>,
    pub starts_on: Option<Day>,
    /// Last day in time by the schedule; never moved by an extension.
    pub first_due_on: Option<Day>,
    /// Last day in time now.
    pub due_on: Option<Day>,
    /// The earlier deadline inside the department.
    pub internal_due_on: Option<Day>,
    pub completed_on: Option<Day>,
    pub state: TaskState,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AssignmentView {
    /// Code of the department.
    pub department: String,
    pub role: AssignedPart,
    /// User names.
    pub officers: Vec<String>,
    pub note: Option<String>,
    pub status: AssignmentStatus,
    /// User name.
    pub assigned_by: String,
    pub assigned_at: At,
    pub answered_by: Option<String>,
    pub answered_at: Option<At>,
    pub reason: Option<String>,
}

/// What was handed in, and what became of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SubmissionView {
    pub n: i32,
    /// Number of the occurrence; null for the whole task.
    pub occurrence: Option<i32>,
    /// Code of the department.
    pub department: String,
    pub completed_on: Day,
    pub summary: String,
    pub evidence: Vec<Proof>,
    pub status: SubmissionStatus,
    /// User name.
    pub submitted_by: String,
    pub submitted_at: At,
    pub decided_by: Option<String>,
    pub decided_at: Option<At>,
    pub reason: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExtensionView {
    pub n: i32,
    /// Number of the occurrence.
    pub occurrence: i32,
    /// Code of the department that asked.
    pub department: String,
    pub reason: String,
    /// Last day in time when it was asked.
    pub old_due_on: Day,
    /// The day asked for, or agreed on.
    pub new_due_on: Day,
    pub status: ExtensionStatus,
    /// The day offered instead.
    pub counter_due_on: Option<Day>,
    pub decision_reason: Option<String>,
    pub asked_by: String,
    pub asked_at: At,
    pub decided_by: Option<String>,
    pub decided_at: Option<At>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EvidenceFile {
    pub media_type: String,
    pub size_bytes: i32,
    /// In hexadecimal.
    pub sha256: String,
}

/// A document that shows work.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EvidenceView {
    pub n: i32,
    /// Code of the department.
    pub department: String,
    pub document_number: Option<String>,
    pub issued_on: Option<Day>,
    pub title: Option<String>,
    pub link: Option<String>,
    pub file: Option<EvidenceFile>,
    pub added_by: String,
    pub added_at: At,
}

/// The event that the task waited for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskTrigger {
    pub occurred_on: Day,
    pub due_on: Day,
    pub document_number: Option<String>,
    pub note: Option<String>,
}

/// Why a task does not hold any more.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskEnd {
    pub on: Day,
    pub reason: Option<String>,
    pub document_number: Option<String>,
}

/// The outgoing document by which a task seems to be done; it closes nothing by itself.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClosingSuggestion {
    /// Number of the document.
    pub document: String,
    pub issued_on: Day,
}

/// One thing that happened to a task.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TaskEvent {
    pub at: At,
    /// What was done, as in the audit log.
    #[schema(example = "report_progress")]
    pub act: String,
    /// User name.
    pub by: String,
}

/// What happened to a task, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"at": "2022-06-10T08:00:00+07:00", "act": "report_progress", "by": "officer.dkkd"}]}))]
pub struct TaskTimeline {
    pub items: Vec<TaskEvent>,
}
