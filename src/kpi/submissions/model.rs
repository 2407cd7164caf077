//! Nouns of submissions: where one stands, what is done with it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Permission;

/// Where the figures of a department and period stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KpiSubmissionState {
    /// Not submitted.
    Draft,
    /// Wait for approval; held.
    Submitted,
    /// Came back with a reason.
    Returned,
    /// Approved and locked.
    Approved,
}

impl KpiSubmissionState {
    pub const NAMES: &[&str] = &["draft", "submitted", "returned", "approved"];

    pub fn name(self) -> &'static str {
        KpiSubmissionState::NAMES[self as usize]
    }
}

/// What is done with the figures of a department and period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KpiSubmissionAct {
    Submit,
    /// Taken back by the department.
    Withdraw,
    Approve,
    Return,
    /// Unlocked by the director.
    Reopen,
    /// A held figure was corrected, by way of its measurement.
    Correct,
}

impl KpiSubmissionAct {
    /// What is done with a submission itself.
    pub const OWN: &[KpiSubmissionAct] = &[
        KpiSubmissionAct::Submit,
        KpiSubmissionAct::Withdraw,
        KpiSubmissionAct::Approve,
        KpiSubmissionAct::Return,
        KpiSubmissionAct::Reopen,
    ];

    pub fn name(self) -> &'static str {
        ["submit", "withdraw", "approve", "return", "reopen", "correct"][self as usize]
    }

    pub fn permission(self) -> Permission {
        match self {
            KpiSubmissionAct::Submit | KpiSubmissionAct::Withdraw => Permission::SubmitFigures,
            KpiSubmissionAct::Approve | KpiSubmissionAct::Return | KpiSubmissionAct::Correct => Permission::ApproveFigures,
            KpiSubmissionAct::Reopen => Permission::ReopenFigures,
        }
    }
}

/// Why a department owes a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KpiOwedBecause {
    /// It has a target for this very period.
    Target,
    /// It measured the indicator for the period of the same kind before.
    MeasuredBefore,
}

impl KpiOwedBecause {
    pub fn name(self) -> &'static str {
        ["target", "measured_before"][self as usize]
    }
}
