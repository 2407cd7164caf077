//! Bodies of the revisions' operations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::Due;
use crate::calendar::Change;
use crate::http::{At, Day, Prose};

/// Why open dossiers are recomputed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCalendarRevision, example = json!({"reason": "Nghỉ tránh bão theo công điện 12/CĐ-TTg"}))]
pub struct NewRevision {
    /// For people, and for the history of every dossier that moves.
    #[serde(default)]
    pub reason: Option<Prose>,
    /// `calendar_base_version` of the preview. `If-Match` names the version of the calendar alone; whoever revises a calendar of a
    /// department says with this that the base under it is still what was previewed.
    #[serde(default)]
    #[schema(example = 2, minimum = 0)]
    pub calendar_base_version: Option<i32>,
}

/// A revision that was done.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CalendarRevision, example = json!({"calendar": "vn", "number": 1, "calendar_version": 2, "calendar_base_version": 2,
    "reason": "Nghỉ tránh bão theo công điện 12/CĐ-TTg", "revised_at": "2022-06-20T10:00:00+07:00", "revised_by": "office", "checked": 120, "moved": 7}))]
pub struct RevisionView {
    pub calendar: String,
    pub number: i32,
    /// The version that open dossiers were moved to.
    pub calendar_version: i32,
    /// The version of the base under it.
    pub calendar_base_version: i32,
    pub reason: Option<String>,
    pub revised_at: At,
    pub revised_by: String,
    /// Open dossiers that were recomputed.
    pub checked: i32,
    /// Those of them whose due date moved.
    pub moved: i32,
}

crate::page_of!(
    /// A page of a calendar's revisions.
    CalendarRevisionPage, RevisionView);

/// The due date in force of a dossier.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(example = json!({"due_on": "2022-06-09", "due_at": null, "due_before": null}))]
pub struct DueInForce {
    /// Null while a pause is open.
    pub due_on: Option<Day>,
    /// Its instant, for limits in working hours.
    pub due_at: Option<At>,
    /// The due date before the open pause.
    pub due_before: Option<Day>,
}

impl From<Due> for DueInForce {
    fn from(due: Due) -> Self {
        DueInForce { due_on: due.on.map(Day), due_at: due.at.map(At), due_before: due.before.map(Day) }
    }
}

/// A day that works in one version of the calendar and not in the other.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"on": "2022-06-08", "works": false, "name": "Nghỉ tránh bão"}))]
pub struct ChangedDay {
    pub on: Day,
    /// Whether it works now.
    pub works: bool,
    pub name: Option<String>,
}

impl From<&Change> for ChangedDay {
    fn from(change: &Change) -> Self {
        ChangedDay { on: Day(change.on), works: change.works, name: change.name.clone() }
    }
}

/// A dossier whose due date moves.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000003", "code": "H32.05-220606-0001", "resolving_department": "DKKD",
    "from": {"due_on": "2022-06-09", "due_at": null, "due_before": null}, "to": {"due_on": "2022-06-10", "due_at": null, "due_before": null},
    "changed_days": [{"on": "2022-06-08", "works": false, "name": "Nghỉ tránh bão"}], "office_hours_changed": false, "version": 3}))]
pub struct MovedDossier {
    pub id: Uuid,
    pub code: String,
    pub resolving_department: String,
    pub from: DueInForce,
    pub to: DueInForce,
    /// Why: the changed days that its clock ran over.
    pub changed_days: Vec<ChangedDay>,
    /// The calendar's office hours, or what becomes of receipts outside them, changed too.
    pub office_hours_changed: bool,
    /// Its version after the move.
    pub version: i32,
}

/// What a revision does, or did.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CalendarRevisionReport, example = json!({"calendar": "vn", "number": 1, "calendar_version": 2, "calendar_base_version": 2, "reason": null,
    "checked": 120, "moved": 1, "dossiers": [{"id": "0198c5a0-0000-7000-8000-000000000003", "code": "H32.05-220606-0001", "resolving_department": "DKKD",
    "from": {"due_on": "2022-06-09", "due_at": null, "due_before": null}, "to": {"due_on": "2022-06-10", "due_at": null, "due_before": null},
    "changed_days": [{"on": "2022-06-08", "works": false, "name": "Nghỉ tránh bão"}], "office_hours_changed": false, "version": 3}], "next_after": null}))]
pub struct RevisionReport {
    pub calendar: String,
    /// Number among the calendar's revisions; null when there is nothing to revise.
    pub number: Option<i32>,
    pub calendar_version: i32,
    pub calendar_base_version: i32,
    pub reason: Option<String>,
    /// Open dossiers that were recomputed: those counted with another edition of the calendar.
    pub checked: i32,
    /// Those of them whose due date moves; all of them, also when fewer are listed.
    pub moved: i32,
    /// The first 1,000 of those that move, in the order of their ids; from `after` on when it was given.
    pub dossiers: Vec<MovedDossier>,
    /// Give this as `after` to see those that follow; null when none does.
    pub next_after: Option<Uuid>,
}

/// A dossier whose due date a revision moved.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CalendarRevisionMove, example = json!({"id": "0198c5a0-0000-7000-8000-000000000003", "code": "H32.05-220606-0001",
    "resolving_department": "DKKD", "from": {"due_on": "2022-06-09", "due_at": null, "due_before": null},
    "to": {"due_on": "2022-06-10", "due_at": null, "due_before": null}}))]
pub struct RevisionMove {
    pub id: Uuid,
    pub code: String,
    /// The department that resolves it now.
    pub resolving_department: String,
    pub from: DueInForce,
    pub to: DueInForce,
}

crate::page_of!(
    /// A page of the dossiers that a revision moved.
    CalendarRevisionMovePage, RevisionMove);
