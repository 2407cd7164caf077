//! Bodies of amendments.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::{Day, Line, Prose, ResourceCode};
use crate::plans::model::{LeadBasis, Schedule};
use crate::plans::wire::{MethodStep, NamedDocument, NewGroup, NewTask, PlanPeriod, PlanSignature, ReportingDuty};

/// What becomes of a task that the text has no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskFate {
    /// It need not be done.
    Cancelled,
    /// Another task goes on in its place.
    Moved,
    /// It is still to be finished, though the text has it no more.
    Kept,
}

/// A task that is dropped. What becomes of it must be said where there is work on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"local_code": "II.1-1.3", "becomes": "cancelled", "reason": "Trung tâm đã giải thể", "to": null}))]
pub struct DroppedTask {
    pub local_code: ResourceCode,
    #[serde(default)]
    pub becomes: Option<TaskFate>,
    /// Needed for one that is cancelled though there is work on it.
    #[serde(default)]
    pub reason: Option<Prose>,
    /// Local code of the task that goes on in place of one that is moved.
    #[serde(default)]
    pub to: Option<ResourceCode>,
}

/// A task that is added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddedTask {
    pub task: NewTask,
    /// Local code of the task that it stands behind; by default it is the last of its group.
    #[serde(default)]
    pub after: Option<ResourceCode>,
}

/// A task that is changed: the members given are its new ones, the others stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"local_code": "I.1-1.3", "schedule": {"text": "Quý III", "kind": "in", "start_on": "2022-07-01", "end_on": "2022-09-30"}}))]
pub struct ChangedTask {
    pub local_code: ResourceCode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<ResourceCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed_number: Option<Line>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Prose>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Prose>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<Vec<Prose>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Vec<MethodStep>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Vec<ResourceCode>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_basis: Option<LeadBasis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinate: Option<Vec<ResourceCode>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kpis: Option<Vec<ResourceCode>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_indices: Option<Vec<ResourceCode>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Vec<NamedDocument>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Prose>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Vec<ResourceCode>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Vec<Prose>>,
}

/// A later document that amends a plan: either with the whole new list of `tasks`, or with those `added`, `changed` and `dropped`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "document_number": "2050/KH-SKHĐT", "document_type": "Kế hoạch", "title": "Sửa đổi, bổ sung Kế hoạch số 1186/KH-SKHĐT", "issued_on": "2022-07-04",
    "changed": [{"local_code": "I.1-1.3", "schedule": {"text": "Quý III", "kind": "in", "start_on": "2022-07-01", "end_on": "2022-09-30"}}],
    "dropped": [{"local_code": "II.1-1.3", "becomes": "cancelled", "reason": "Trung tâm đã giải thể"}]
}))]
pub struct NewAmendment {
    /// Number and symbol of the amending document.
    pub document_number: Line,
    pub document_type: Line,
    pub title: Prose,
    pub issued_on: Day,
    #[serde(default)]
    pub signed_by: Option<PlanSignature>,
    /// The day from which the new text holds; by default the day of issue.
    #[serde(default)]
    pub effective_on: Option<Day>,
    #[serde(default)]
    pub note: Option<Prose>,
    /// The plan's new period.
    #[serde(default)]
    pub period: Option<PlanPeriod>,
    /// All reporting duties of the new text.
    #[serde(default)]
    pub reporting_duties: Option<Vec<ReportingDuty>>,
    /// All headings of the new text; they stay when this is absent.
    #[serde(default)]
    pub groups: Option<Vec<NewGroup>>,
    /// All tasks of the new text, in the order on paper; not together with `added` and `changed`.
    #[serde(default)]
    pub tasks: Option<Vec<NewTask>>,
    #[serde(default)]
    pub added: Vec<AddedTask>,
    #[serde(default)]
    pub changed: Vec<ChangedTask>,
    /// Tasks that the new text has no more. Beside `tasks`, those of which something is to be said.
    #[serde(default)]
    pub dropped: Vec<DroppedTask>,
}
