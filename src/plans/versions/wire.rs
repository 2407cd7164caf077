//! Bodies of versions.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::{At, Day};
use crate::plans::amendments::wire::DroppedTask;
use crate::plans::model::Schedule;
use crate::plans::wire::{NewPlan, PlanSignature};

/// How a text of a plan came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanVersionKind {
    /// The first text.
    Issued,
    /// Put again, as errors of typing are corrected.
    Corrected,
    /// Its tasks were read from a table.
    Imported,
    /// Amended by a later document.
    Amended,
}

impl PlanVersionKind {
    pub fn name(self) -> &'static str {
        match self {
            PlanVersionKind::Issued => "issued",
            PlanVersionKind::Corrected => "corrected",
            PlanVersionKind::Imported => "imported",
            PlanVersionKind::Amended => "amended",
        }
    }
}

/// The document that amended a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AmendingDocument {
    pub document_number: String,
    pub document_type: String,
    pub title: String,
    pub issued_on: Day,
    pub signed_by: Option<PlanSignature>,
    pub note: Option<String>,
}

/// A text that a plan has had, in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"version": 2, "kind": "amended", "amendment": {"document_number": "2050/KH-SKHĐT", "document_type": "Kế hoạch",
    "title": "Sửa đổi Kế hoạch số 1186/KH-SKHĐT", "issued_on": "2022-07-04", "signed_by": null, "note": null}, "effective_on": "2022-07-04",
    "task_count": 24, "changed_by": "office", "changed_at": "2022-07-05T08:00:00+07:00"}))]
pub struct PlanVersionSummary {
    pub version: i32,
    pub kind: PlanVersionKind,
    /// Only where a later document amended the plan.
    pub amendment: Option<AmendingDocument>,
    /// The day from which it holds.
    pub effective_on: Day,
    pub task_count: i64,
    /// User name.
    pub changed_by: String,
    pub changed_at: At,
}

/// A text that a plan has had, in full.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"version": 1, "kind": "issued", "amendment": null, "effective_on": "2022-01-05", "task_count": 0,
    "changed_by": "office", "changed_at": "2022-01-06T08:00:00+07:00", "dropped": [],
    "plan": {"code": "kh-1", "document_number": "1/KH", "document_type": "Kế hoạch", "title": "Kế hoạch nhỏ", "issuer": {"department": "VP"},
        "issued_on": "2022-01-05", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"}}}))]
pub struct PlanVersionView {
    pub version: i32,
    pub kind: PlanVersionKind,
    /// Only where a later document amended the plan.
    pub amendment: Option<AmendingDocument>,
    /// The day from which it holds.
    pub effective_on: Day,
    pub task_count: i64,
    /// User name.
    pub changed_by: String,
    pub changed_at: At,
    /// The text, as the body that would put it.
    pub plan: NewPlan,
    /// What became of the tasks that this version dropped.
    pub dropped: Vec<DroppedTask>,
}

/// A member that differs between two texts.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct MemberChange {
    pub member: String,
    pub old: Value,
    pub new: Value,
}

/// A task or heading that only one of two texts has.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ListedPart {
    pub code: String,
    pub title: String,
    /// Codes of those that it was split from or merged of.
    pub replaces: Vec<String>,
}

/// A task or heading that two texts have with other words.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ChangedPart {
    pub code: String,
    pub title: String,
    pub members: Vec<MemberChange>,
}

/// A task that stands elsewhere: under another heading, or in another order among those that both texts have.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct MovedPart {
    pub code: String,
    pub old_group: Option<String>,
    pub old_position: usize,
    pub new_group: Option<String>,
    pub new_position: usize,
}

/// What of the headings or tasks differs between two texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct PartsDifference {
    pub added: Vec<ListedPart>,
    pub changed: Vec<ChangedPart>,
    pub dropped: Vec<ListedPart>,
    pub moved: Vec<MovedPart>,
}

/// What a text changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"version": 2, "against": 1, "head": [],
    "groups": {"added": [], "changed": [], "dropped": [], "moved": []},
    "tasks": {"added": [], "changed": [{"code": "I.1-1.3", "title": "Rà soát thủ tục", "members": [
        {"member": "schedule", "old": {"text": "Quý II", "kind": "in"}, "new": {"text": "Quý III", "kind": "in"}}]}], "dropped": [], "moved": []},
    "fates": [{"local_code": "II.1-1.3", "becomes": "cancelled", "reason": "Trung tâm đã giải thể", "to": null}]}))]
pub struct PlanDifference {
    pub version: i32,
    /// The version it is compared with; 0 is none.
    pub against: i32,
    /// Members of the head.
    pub head: Vec<MemberChange>,
    pub groups: PartsDifference,
    pub tasks: PartsDifference,
    /// What became of the tasks that were dropped between the two.
    pub fates: Vec<DroppedTask>,
}

/// What a text did to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskTurn {
    Added,
    Changed,
    Dropped,
}

/// A text of the plan that did something to a task.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TaskHistoryEntry {
    pub version: i32,
    pub kind: PlanVersionKind,
    pub turn: TaskTurn,
    pub amendment: Option<AmendingDocument>,
    pub effective_on: Day,
    /// User name.
    pub changed_by: String,
    pub changed_at: At,
    /// The schedule since then; null for a task that was dropped.
    pub schedule: Option<Schedule>,
    /// First and last day since then.
    pub starts_on: Option<Day>,
    pub due_on: Option<Day>,
    pub members: Vec<MemberChange>,
    /// What became of a task that was dropped.
    pub fate: Option<DroppedTask>,
}

/// What the texts of its plan did to a task, the first one first.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"task": "kh-1186-skhdt-2022.I.1-1.3", "items": [{"version": 1, "kind": "issued", "turn": "added", "amendment": null,
    "effective_on": "2022-04-19", "changed_by": "office", "changed_at": "2022-04-20T08:00:00+07:00", "schedule": null,
    "starts_on": "2022-04-01", "due_on": "2022-06-30", "members": [], "fate": null}]}))]
pub struct TaskHistory {
    /// Code of the task.
    pub task: String,
    pub items: Vec<TaskHistoryEntry>,
}

crate::page_of!(
    /// A page of versions.
    PlanVersionPage, PlanVersionSummary);
