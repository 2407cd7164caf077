//! Nouns of explanations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::reports::period::PeriodSet;

/// Where an explanation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExplanationState {
    /// Being written.
    Draft,
    /// Waits for the office.
    HandedIn,
    /// The office wants it better.
    Returned,
    Accepted,
}

impl ExplanationState {
    pub const NAMES: &[&str] = &["draft", "handed_in", "returned", "accepted"];

    pub fn name(self) -> &'static str {
        ExplanationState::NAMES[self as usize]
    }
}

/// How far a department is with something that it owes an explanation for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwedState {
    /// Nothing has been written.
    Owed,
    Draft,
    HandedIn,
    Returned,
    Accepted,
}

impl OwedState {
    pub fn name(self) -> &'static str {
        ["owed", "draft", "handed_in", "returned", "accepted"][self as usize]
    }

    pub fn of(state: ExplanationState) -> OwedState {
        match state {
            ExplanationState::Draft => OwedState::Draft,
            ExplanationState::HandedIn => OwedState::HandedIn,
            ExplanationState::Returned => OwedState::Returned,
            ExplanationState::Accepted => OwedState::Accepted,
        }
    }

    /// The department has still to do something.
    pub fn is_open(self) -> bool {
        matches!(self, OwedState::Owed | OwedState::Draft | OwedState::Returned)
    }
}

/// What is done with an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExplanationAct {
    Change,
    Submit,
    Accept,
    Return,
}

impl ExplanationAct {
    pub const ALL: &[ExplanationAct] = &[ExplanationAct::Change, ExplanationAct::Submit, ExplanationAct::Accept, ExplanationAct::Return];

    pub fn name(self) -> &'static str {
        ["change", "submit", "accept", "return"][self as usize]
    }
}

/// What something to be explained is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExplanationSubjectKind {
    /// An indicator that does not meet its target.
    Kpi,
    /// A task that was done late or is overdue.
    Task,
    /// All dossiers of the period that were finished late or are overdue.
    LateDossiers,
    /// All findings of a kind that arose in the period.
    Finding,
}

impl ExplanationSubjectKind {
    pub fn name(self) -> &'static str {
        ["kpi", "task", "late_dossiers", "finding"][self as usize]
    }
}

/// How a period is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExplanationPeriodSet {
    /// A month runs from the 15th of the month before to the 14th.
    #[default]
    Administrative,
    Calendar,
}

impl ExplanationPeriodSet {
    pub fn name(self) -> &'static str {
        ["administrative", "calendar"][self as usize]
    }

    pub fn set(self) -> PeriodSet {
        PeriodSet::named(self.name())
    }
}
