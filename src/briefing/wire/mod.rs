//! The briefing as JSON.

mod decisions;

pub use decisions::*;

use serde::Serialize;
use utoipa::ToSchema;

use super::model::BriefingPeriodSet;
use crate::explanations::OwedState;
use crate::http::Day;
use crate::kpi::Comparator;
use crate::obstacles::ObstacleAbout;
use crate::plans::{ProgressCounts, TaskState};
use crate::reports::{Cause, CauseCounts, DaysTaken, OutcomeCounts};

/// One department, or all of them.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct BriefingRow {
    /// Code of the department; null for all.
    pub department: Option<String>,
    pub name: String,
    /// Its tasks, counted by their occurrences, as they stood at the end of `as_of`.
    pub tasks: ProgressCounts,
    /// The dossiers accepted in the month, by outcome; a count of zero is left out.
    pub outcomes: OutcomeCounts,
    /// How many were accepted.
    pub accepted: i64,
    /// Dossiers finished in the month, withdrawn ones left out.
    pub finished: i64,
    /// Working days that they took, without those spent waiting for others.
    pub handling_days: DaysTaken,
    /// Working days that the applicants waited.
    pub elapsed_days: DaysTaken,
    /// Dossiers of the month that were finished late or are overdue.
    pub late_dossiers: i64,
    /// Findings that arose in the month.
    pub findings: i64,
    /// Indicators that do not meet their targets.
    pub unmet_targets: i64,
}

/// The rate of dossiers finished on time in a month.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BriefingMonth {
    /// Code of the month.
    pub period: String,
    /// Dossiers finished, withdrawn ones left out.
    pub finished: i64,
    /// Of them early or on time.
    pub on_time: i64,
    /// Per cent; null when none was finished.
    pub on_time_rate: Option<f64>,
}

/// What a department says about something that went wrong.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BriefingExplanation {
    pub state: OwedState,
    /// Null while nothing was written.
    pub cause: Option<String>,
    pub remedy: Option<String>,
    /// Day by which the remedy works.
    pub remedy_due_on: Option<Day>,
    pub responsible: Option<String>,
}

/// A task that is overdue, or was done late in the month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BriefingTask {
    /// Key of the item, for a decision.
    pub item: String,
    /// Code of the task.
    pub task: String,
    pub title: String,
    /// Which of its times.
    pub occurrence: String,
    /// Codes of the departments that lead.
    pub lead: Vec<String>,
    pub state: TaskState,
    pub first_due_on: Day,
    pub due_on: Day,
    pub completed_on: Option<Day>,
    /// More time was given.
    pub extended: bool,
    pub explanation: Option<BriefingExplanation>,
}

/// A dossier that was finished late, or is overdue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BriefingDossier {
    /// Key of the item, for a decision.
    pub item: String,
    pub code: String,
    /// Code of the department whose it was.
    pub department: String,
    /// Code of the procedure.
    pub procedure: String,
    pub procedure_name: String,
    pub accepted_on: Day,
    pub due_on: Day,
    /// Null while it is open.
    pub finished_on: Option<Day>,
    /// Calendar days past the due date.
    pub days_late: i64,
    pub cause: Cause,
    /// What the apology says.
    pub reason: Option<String>,
    /// An apology that named a new date came in time.
    pub apologised: bool,
    /// The date that the last apology named.
    pub new_due_on: Option<Day>,
}

/// The late dossiers of the month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BriefingLate {
    /// How many there are.
    pub total: i64,
    /// Why, the most frequent first within each kind of cause.
    pub causes: Vec<CauseCounts>,
    /// What the departments say about theirs.
    pub departments: Vec<BriefingLateDepartment>,
    /// Those that are late longest first; at most 200.
    pub items: Vec<BriefingDossier>,
}

/// The late dossiers of a department.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BriefingLateDepartment {
    /// Key of the item, for a decision.
    pub item: String,
    /// Code of the department.
    pub department: String,
    pub name: String,
    pub count: i64,
    pub explanation: BriefingExplanation,
}

/// How often a department did not keep a rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BriefingFinding {
    /// Key of the item, for a decision.
    pub item: String,
    /// Code of the department.
    pub department: String,
    pub name: String,
    /// Kind of finding.
    pub kind: String,
    /// What it is called.
    pub label: String,
    pub count: i64,
    pub explanation: BriefingExplanation,
}

/// A figure that does not meet its target.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BriefingTarget {
    /// Key of the item, for a decision.
    pub item: String,
    /// Code of the department.
    pub department: String,
    pub name: String,
    /// Code of the indicator.
    pub kpi: String,
    pub title: String,
    /// The field of procedures, when the figure is about one.
    pub field: Option<String>,
    pub value: Option<f64>,
    pub target: Option<f64>,
    pub comparator: Option<Comparator>,
    pub explanation: BriefingExplanation,
}

/// An obstacle that waits for the director.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BriefingObstacle {
    /// Key of the item, for a decision.
    pub item: String,
    pub code: String,
    /// Code of the department that raised it.
    pub department: String,
    pub title: String,
    pub description: String,
    pub about: Option<ObstacleAbout>,
    /// What the department proposes.
    pub proposal: Option<String>,
    pub raised_on: Day,
    pub escalated_on: Day,
    /// What the office said when it put it to the director.
    pub remark: Option<String>,
}

/// A task that is due in the month after.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BriefingDueTask {
    /// Key of the item, for a decision.
    pub item: String,
    /// Code of the task.
    pub task: String,
    pub title: String,
    /// Which of its times.
    pub occurrence: String,
    pub lead: Vec<String>,
    pub state: TaskState,
    pub due_on: Day,
}

/// A report that is due in the month after.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BriefingDueReport {
    /// Key of the item, for a decision.
    pub item: String,
    /// Code of the duty.
    pub duty: String,
    pub what: String,
    pub period: String,
    /// Last day for the departments.
    pub internal_due_on: Option<Day>,
    pub due_on: Day,
    /// Codes of the departments that have not handed in.
    pub missing: Vec<String>,
    /// Codes of whom it goes to.
    pub to: Vec<String>,
}

/// What is due in the month after.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BriefingNext {
    pub period: String,
    pub from: Day,
    pub to: Day,
    /// By due date; at most 200.
    pub tasks: Vec<BriefingDueTask>,
    /// The most urgent first.
    pub reports: Vec<BriefingDueReport>,
}

/// The briefing of a month.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"period": "2022-06", "period_set": "administrative", "from": "2022-05-15", "to": "2022-06-14", "as_of": "2022-06-14",
    "running": false, "agency": "Sở Kế hoạch và Đầu tư", "department": null, "departments": [], "total": {"department": null, "name": "Tổng cộng",
    "tasks": {"not_started": 0, "in_progress": 20, "due_soon": 1, "handed_in": 1, "returned": 0, "overdue": 1, "done_on_time": 4, "done_late": 1,
        "cancelled": 0, "not_applicable": 0, "total": 28, "due": 6, "due_done": 5, "due_on_time": 4, "extended": 1, "late_or_extended": 3},
    "outcomes": {"on_time": 18, "late_with_apology": 1, "in_progress": 3}, "accepted": 22, "finished": 20, "handling_days": {"median": 2, "p90": 3},
    "elapsed_days": {"median": 3, "p90": 6}, "late_dossiers": 1, "findings": 2, "unmet_targets": 1}, "trend": [],
    "late_tasks": [], "late_dossiers": {"total": 0, "causes": [], "departments": [], "items": []}, "findings": [], "unmet_targets": [],
    "obstacles": [], "next": {"period": "2022-07", "from": "2022-06-15", "to": "2022-07-14", "tasks": [], "reports": []}, "decisions": []}))]
pub struct Briefing {
    /// Code of the month.
    pub period: String,
    pub period_set: BriefingPeriodSet,
    pub from: Day,
    pub to: Day,
    /// Judged by what had happened by the end of this day: the last of the month, or today while it runs.
    pub as_of: Day,
    /// The month has not ended.
    pub running: bool,
    /// Name of the agency.
    pub agency: String,
    /// Name of the department that was asked for, with those below it; null for all in sight.
    pub department: Option<String>,
    /// Every department with a figure, by code.
    pub departments: Vec<BriefingRow>,
    pub total: BriefingRow,
    /// Twelve months, this one last.
    pub trend: Vec<BriefingMonth>,
    /// By due date.
    pub late_tasks: Vec<BriefingTask>,
    pub late_dossiers: BriefingLate,
    /// By department and kind.
    pub findings: Vec<BriefingFinding>,
    /// By department and indicator.
    pub unmet_targets: Vec<BriefingTarget>,
    /// Those that wait for the director's decision.
    pub obstacles: Vec<BriefingObstacle>,
    pub next: BriefingNext,
    /// What was decided at this briefing.
    pub decisions: Vec<DecisionView>,
}
