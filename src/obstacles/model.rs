//! Nouns of obstacles: where one stands, what is done about it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Permission;

/// Where an obstacle stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObstacleState {
    /// Waits for the office.
    Raised,
    /// The office has answered.
    Answered,
    /// Waits for the director.
    Escalated,
    Decided,
    Closed,
    /// Taken back by who raised it.
    Withdrawn,
}

impl ObstacleState {
    pub const NAMES: &[&str] = &["raised", "answered", "escalated", "decided", "closed", "withdrawn"];

    pub fn name(self) -> &'static str {
        ObstacleState::NAMES[self as usize]
    }
}

/// What is done about an obstacle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObstacleAct {
    Raise,
    Answer,
    Escalate,
    Decide,
    Close,
    Withdraw,
}

impl ObstacleAct {
    /// What can be done with one that was raised.
    pub const LATER: &[ObstacleAct] =
        &[ObstacleAct::Answer, ObstacleAct::Escalate, ObstacleAct::Decide, ObstacleAct::Close, ObstacleAct::Withdraw];

    pub fn name(self) -> &'static str {
        ["raise", "answer", "escalate", "decide", "close", "withdraw"][self as usize]
    }

    pub fn permission(self) -> Permission {
        match self {
            ObstacleAct::Raise | ObstacleAct::Withdraw => Permission::RaiseObstacle,
            ObstacleAct::Answer | ObstacleAct::Escalate => Permission::AnswerObstacle,
            ObstacleAct::Decide => Permission::DecideObstacle,
            ObstacleAct::Close => Permission::CloseObstacle,
        }
    }
}

/// What an obstacle is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObstacleAboutType {
    Task,
    Dossier,
    Procedure,
    Plan,
    Kpi,
}

impl ObstacleAboutType {
    pub const NAMES: &[&str] = &["task", "dossier", "procedure", "plan", "kpi"];

    pub fn name(self) -> &'static str {
        ObstacleAboutType::NAMES[self as usize]
    }
}

/// How the director decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObstacleRuling {
    /// As the department proposes.
    Agreed,
    AgreedInPart,
    Declined,
    /// Something else is to be done.
    Directed,
}

impl ObstacleRuling {
    pub fn name(self) -> &'static str {
        ["agreed", "agreed_in_part", "declined", "directed"][self as usize]
    }
}
