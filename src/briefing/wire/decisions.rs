//! Bodies of the decisions' operations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::briefing::model::{BriefingPeriodSet, DecisionAct, DecisionState};
use crate::http::{At, Day, Line, Prose, ResourceCode};
use crate::obstacles::ObstacleRuling;
use crate::plans::TaskState;

/// A decision taken at a briefing.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"item": "obstacle:VM-2022-0007", "text": "Văn phòng soạn văn bản gửi Công an tỉnh đề nghị cấp tài khoản.", "lead": ["VP"],
    "coordinate": ["DKKD"], "due_on": "2022-07-05", "held_on": "2022-06-17", "document_no": "15/TB-SKHĐT", "ruling": "agreed"}))]
pub struct NewDecision {
    /// How the month of the briefing is cut.
    #[serde(default)]
    pub period_set: BriefingPeriodSet,
    /// Key of the item of the briefing.
    #[schema(example = "obstacle:VM-2022-0007")]
    pub item: Line,
    /// What is to be done: the title of the task that it becomes.
    pub text: Prose,
    /// Codes of the departments that carry it out.
    pub lead: Vec<ResourceCode>,
    /// Codes of the departments that co-operate.
    #[serde(default)]
    pub coordinate: Vec<ResourceCode>,
    /// Last day for it.
    pub due_on: Day,
    /// Day of the meeting; today when it is left out.
    #[serde(default)]
    pub held_on: Option<Day>,
    /// Number of the notice that makes it known.
    #[serde(default)]
    pub document_no: Option<Line>,
    /// Decides the obstacle that is the item, too; for who may decide on obstacles.
    #[serde(default)]
    pub ruling: Option<ObstacleRuling>,
}

/// A decision put anew; item, day of the meeting and ruling stay.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Văn phòng soạn văn bản gửi Công an tỉnh, Sở Tư pháp góp ý.", "lead": ["VP"], "coordinate": ["DKKD"],
    "due_on": "2022-07-08", "document_no": "15/TB-SKHĐT"}))]
pub struct DecisionText {
    pub text: Prose,
    pub lead: Vec<ResourceCode>,
    #[serde(default)]
    pub coordinate: Vec<ResourceCode>,
    pub due_on: Day,
    #[serde(default)]
    pub document_no: Option<Line>,
}

/// Why a decision is revoked.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Công an tỉnh đã cấp tài khoản."}))]
pub struct DecisionRevocation {
    pub reason: Prose,
}

/// How a decision ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DecisionEnd {
    pub on: Day,
    /// User name.
    pub by: String,
    pub reason: String,
}

/// A decision.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000061", "code": "KL-2022-0001", "period": "2022-06", "period_set": "administrative",
    "item": "obstacle:VM-2022-0007", "item_title": "Chưa có tài khoản tra cứu dân cư", "department": "DKKD",
    "text": "Văn phòng soạn văn bản gửi Công an tỉnh đề nghị cấp tài khoản.", "lead": ["VP"], "coordinate": ["DKKD"], "held_on": "2022-06-17",
    "due_on": "2022-07-05", "document_no": "15/TB-SKHĐT", "ruling": "agreed", "state": "standing", "revoked": null, "task": "KL-2022-0001",
    "task_state": "in_progress", "task_due_on": "2022-07-05", "decided_by": "director", "decided_at": "2022-06-17T09:30:00+07:00",
    "allowed_acts": ["change", "revoke"], "version": 1}))]
pub struct DecisionView {
    pub id: Uuid,
    pub code: String,
    /// Code of the month of the briefing.
    pub period: String,
    pub period_set: BriefingPeriodSet,
    /// Key of the item.
    pub item: String,
    /// What the item said then.
    pub item_title: String,
    /// Code of the department that the item is about, where it is about one.
    pub department: Option<String>,
    pub text: String,
    /// Codes of the departments that carry it out.
    pub lead: Vec<String>,
    pub coordinate: Vec<String>,
    /// Day of the meeting.
    pub held_on: Day,
    /// Last day, as it was decided.
    pub due_on: Day,
    pub document_no: Option<String>,
    pub ruling: Option<ObstacleRuling>,
    pub state: DecisionState,
    pub revoked: Option<DecisionEnd>,
    /// Code of its task.
    pub task: String,
    /// Where the task stands today.
    pub task_state: TaskState,
    /// The due date in force of the task.
    pub task_due_on: Option<Day>,
    /// User name.
    pub decided_by: String,
    pub decided_at: At,
    /// What this caller may do with it now.
    pub allowed_acts: Vec<DecisionAct>,
    pub version: i32,
}

crate::page_of!(
    /// A page of decisions.
    DecisionPage, DecisionView);
