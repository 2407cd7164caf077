//! What the inbox answers.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::ReminderKind;
use crate::http::Day;

/// What a reminder is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReminderSubjectKind {
    Task,
    Report,
    Dossier,
    Obstacle,
    /// What a department owes for a period.
    Period,
}

/// The thing that a reminder is about.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReminderSubject {
    pub kind: ReminderSubjectKind,
    /// Absent for a report and a period.
    pub id: Option<Uuid>,
    /// Code of the task, duty, dossier, obstacle or period.
    pub code: String,
    pub title: String,
    /// Where to read it.
    pub href: String,
}

/// A reminder. It goes when what it asks for is done; nobody clicks it away.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"kind": "task_overdue", "day": "2022-12-14", "days_late": 2, "department": "CD",
    "text": "Nhiệm vụ kh-1186-skhdt-2022.II.2-2.1 đã quá hạn ngày 14/12/2022: Có mô hình, sáng kiến",
    "subject": {"kind": "task", "id": "0198c5a0-0000-7000-8000-000000000031", "code": "kh-1186-skhdt-2022.II.2-2.1",
        "title": "Có mô hình, sáng kiến", "href": "/api/v1/tasks/kh-1186-skhdt-2022.II.2-2.1"}}))]
pub struct Reminder {
    pub kind: ReminderKind,
    /// The day that counts: the last day in time, or since when someone waits.
    pub day: Day,
    /// Working days that have passed since, by the base calendar; 0 while there is time; null where the calendar of the year is missing.
    pub days_late: Option<u32>,
    /// Code of the department that has to act or that waits.
    pub department: Option<String>,
    /// What to do, in the caller's language.
    pub text: String,
    pub subject: ReminderSubject,
}

/// How many reminders of a kind there are.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReminderCount {
    pub kind: ReminderKind,
    /// In the caller's language.
    pub heading: String,
    pub count: i64,
}

/// What the caller has to see to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"on": "2022-12-16", "counts": [{"kind": "task_overdue", "heading": "Nhiệm vụ quá hạn", "count": 1}],
    "items": [{"kind": "task_overdue", "day": "2022-12-14", "days_late": 2, "department": "CD",
        "text": "Nhiệm vụ kh-1186-skhdt-2022.II.2-2.1 đã quá hạn ngày 14/12/2022: Có mô hình, sáng kiến",
        "subject": {"kind": "task", "id": "0198c5a0-0000-7000-8000-000000000031", "code": "kh-1186-skhdt-2022.II.2-2.1",
            "title": "Có mô hình, sáng kiến", "href": "/api/v1/tasks/kh-1186-skhdt-2022.II.2-2.1"}}]}))]
pub struct Inbox {
    /// The day it is judged on.
    pub on: Day,
    /// Every kind of which there is something, the most urgent first; all of them, also those beyond `limit`.
    pub counts: Vec<ReminderCount>,
    /// The most urgent first, of each kind those of the oldest day, `limit` at most.
    pub items: Vec<Reminder>,
}
