//! Bodies of the obstacles' operations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{ObstacleAboutType, ObstacleAct, ObstacleRuling, ObstacleState};
use crate::http::{At, Day, Line, Prose, ResourceCode};

/// What an obstacle is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObstacleAbout {
    #[serde(rename = "type")]
    pub kind: ObstacleAboutType,
    /// Code of the task, dossier, procedure, plan or indicator.
    #[schema(example = "kh-1186-skhdt-2022.II.1-1.7")]
    pub code: Line,
}

/// An obstacle as it is raised.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"department": "DKKD", "title": "Chưa có tài khoản tra cứu dân cư", "description": "Không đối chiếu được giấy tờ khi tiếp nhận.",
    "about": {"type": "task", "code": "kh-1186-skhdt-2022.II.1-1.7"}, "proposal": "Đề nghị Sở có văn bản gửi Công an tỉnh.", "answer_by_on": "2022-06-24"}))]
pub struct NewObstacle {
    /// Code of the department that raises it.
    pub department: ResourceCode,
    pub title: Line,
    pub description: Prose,
    #[serde(default)]
    pub about: Option<ObstacleAbout>,
    /// What the department proposes.
    #[serde(default)]
    pub proposal: Option<Prose>,
    /// Day by which an answer is wished.
    #[serde(default)]
    pub answer_by_on: Option<Day>,
}

/// The office's answer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Văn phòng đã làm việc với Công an tỉnh, có tài khoản trong tháng 7.", "document_no": "212/VP"}))]
pub struct ObstacleAnswer {
    pub text: Prose,
    #[serde(default)]
    pub document_no: Option<Line>,
}

/// What is put to the director.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Trình Giám đốc xem xét, ký văn bản gửi Công an tỉnh."}))]
pub struct ObstacleEscalation {
    pub text: Prose,
    #[serde(default)]
    pub document_no: Option<Line>,
}

/// What is to be done after a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"what": "Soạn văn bản gửi Công an tỉnh", "department": "VP", "due_on": "2022-06-30"}))]
pub struct ObstacleFollowUp {
    pub what: Prose,
    /// Code of the department that is to do it.
    #[serde(default)]
    pub department: Option<ResourceCode>,
    #[serde(default)]
    pub due_on: Option<Day>,
}

/// The director's decision.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"decision": "agreed", "text": "Đồng ý, giao Văn phòng soạn văn bản.", "document_no": "15/TB-SKHĐT",
    "follow_up": {"what": "Soạn văn bản gửi Công an tỉnh", "department": "VP", "due_on": "2022-06-30"}}))]
pub struct ObstacleDecision {
    pub decision: ObstacleRuling,
    pub text: Prose,
    #[serde(default)]
    pub document_no: Option<Line>,
    #[serde(default)]
    pub follow_up: Option<ObstacleFollowUp>,
}

/// The end of an obstacle that has been answered or decided.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Đã có tài khoản, không còn vướng mắc."}))]
pub struct ObstacleClosure {
    #[serde(default)]
    pub text: Option<Prose>,
}

/// Why an obstacle is taken back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Phòng đã tự xử lý được."}))]
pub struct ObstacleWithdrawal {
    pub text: Prose,
}

/// What was done about an obstacle.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ObstacleStep {
    /// Order, from 1.
    pub n: i32,
    pub act: ObstacleAct,
    pub text: Option<String>,
    pub document_no: Option<String>,
    pub decision: Option<ObstacleRuling>,
    pub follow_up: Option<ObstacleFollowUp>,
    /// User name.
    pub by: String,
    pub at: At,
}

/// An obstacle in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000031", "code": "VM-2022-0007", "department": "DKKD",
    "title": "Chưa có tài khoản tra cứu dân cư", "about": null, "answer_by_on": "2022-06-24", "state": "escalated", "raised_on": "2022-06-15", "version": 2}))]
pub struct ObstacleSummary {
    pub id: Uuid,
    pub code: String,
    /// Code of the department that raised it.
    pub department: String,
    pub title: String,
    pub about: Option<ObstacleAbout>,
    pub answer_by_on: Option<Day>,
    pub state: ObstacleState,
    pub raised_on: Day,
    pub version: i32,
}

crate::page_of!(
    /// A page of obstacles.
    ObstaclePage, ObstacleSummary);

/// An obstacle with all that was done about it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000031", "code": "VM-2022-0007", "department": "DKKD",
    "title": "Chưa có tài khoản tra cứu dân cư", "description": "Không đối chiếu được giấy tờ khi tiếp nhận.", "about": null,
    "proposal": null, "answer_by_on": "2022-06-24", "state": "raised", "raised_on": "2022-06-15",
    "timeline": [{"n": 1, "act": "raise", "text": null, "document_no": null, "decision": null, "follow_up": null, "by": "head.dkkd",
        "at": "2022-06-15T09:00:00+07:00"}], "allowed_acts": ["answer", "escalate"], "version": 1}))]
pub struct ObstacleView {
    pub id: Uuid,
    pub code: String,
    /// Code of the department that raised it.
    pub department: String,
    pub title: String,
    pub description: String,
    pub about: Option<ObstacleAbout>,
    pub proposal: Option<String>,
    pub answer_by_on: Option<Day>,
    pub state: ObstacleState,
    pub raised_on: Day,
    /// What was done, oldest first.
    pub timeline: Vec<ObstacleStep>,
    /// What this caller may do with it now.
    pub allowed_acts: Vec<ObstacleAct>,
    pub version: i32,
}
