//! The times of tasks, brought up to date with their schedules.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::SCHEDULE;
use super::work::run;
use crate::http::Day;
use crate::plans::model::Schedule;
use crate::plans::store::documents;
use crate::plans::tasks::rules::occurrences::Slot;

/// A task of a plan as far as its times follow from it.
#[derive(Deserialize)]
pub struct Timed {
    pub id: Uuid,
    pub schedule: Schedule,
    pub starts_on: Option<Day>,
    pub ends_on: Option<Day>,
    pub issued_on: Day,
    pub position: i32,
}

/// The tasks of a plan, in their order. Their last day is that of the schedule, whatever was extended.
pub async fn timed(tx: &impl ConnectionTrait, plan: Uuid) -> Result<Vec<Timed>, DbErr> {
    let sql = format!(
        "SELECT jsonb_build_object('id', t.id, 'schedule', {SCHEDULE}, 'starts_on', t.starts_on,
                'ends_on', CASE WHEN t.schedule_kind = 'after_event' THEN t.schedule_end_on
                     ELSE coalesce(t.schedule_end_on, t.schedule_before_on - 1, p.ends_on) END,
                'issued_on', p.issued_on, 'position', t.position) AS doc
           FROM tasks t JOIN plans p ON p.id = t.plan_id WHERE t.plan_id = $1 ORDER BY t.position"
    );
    documents(tx, sql, vec![plan.into()]).await
}

/// Brings the times of tasks up to date: new ones are added, those of the same key change their days, those that the schedule does not
/// know any more go unless there is work on them.
pub async fn settle(tx: &impl ConnectionTrait, slots: &[(Uuid, Vec<Slot>)]) -> Result<(), DbErr> {
    let rows: Vec<Value> = slots
        .iter()
        .flat_map(|(task, slots)| slots.iter().enumerate().map(move |(i, slot)| (task, i, slot)))
        .map(|(task, i, slot)| {
            let mut row = json!(slot);
            row["task"] = json!(task);
            row["place"] = json!(i + 1);
            row
        })
        .collect();
    let tasks: Vec<Uuid> = slots.iter().map(|(task, _)| *task).collect();
    let rows = Value::from(rows);
    run(
        tx,
        "DELETE FROM task_occurrences o
          WHERE o.task_id = ANY($1) AND o.completed_on IS NULL
            AND NOT EXISTS (SELECT 1 FROM jsonb_to_recordset($2) AS r(task uuid, key text) WHERE r.task = o.task_id AND r.key = o.key)
            AND NOT EXISTS (SELECT 1 FROM progress_reports r WHERE r.task_id = o.task_id AND r.occurrence = o.n)
            AND NOT EXISTS (SELECT 1 FROM task_submissions s WHERE s.task_id = o.task_id AND s.occurrence = o.n)
            AND NOT EXISTS (SELECT 1 FROM task_extensions e WHERE e.task_id = o.task_id AND e.occurrence = o.n)",
        vec![tasks.into(), rows.clone().into()],
    )
    .await?;
    run(
        tx,
        "INSERT INTO task_occurrences AS o (task_id, n, key, label, period, starts_on, first_due_on, due_on, internal_due_on)
         SELECT r.task, coalesce((SELECT max(n) FROM task_occurrences m WHERE m.task_id = r.task), 0) + r.place, r.key, r.label, r.period,
                r.starts_on, r.due_on, r.due_on, r.internal_due_on
           FROM jsonb_to_recordset($1) AS r(task uuid, place int, key text, label text, period text, starts_on date, due_on date,
                internal_due_on date)
         ON CONFLICT (task_id, key) DO UPDATE SET label = excluded.label, period = excluded.period, starts_on = excluded.starts_on,
             first_due_on = excluded.first_due_on, internal_due_on = excluded.internal_due_on,
             due_on = coalesce((SELECT e.new_due_on FROM task_extensions e WHERE e.task_id = o.task_id AND e.occurrence = o.n
                 AND e.status = 'approved' ORDER BY e.n DESC LIMIT 1), excluded.first_due_on)",
        vec![rows.into()],
    )
    .await
}

/// The last day of a task as its occurrences say, extensions included.
pub async fn move_due(tx: &impl ConnectionTrait, task: Uuid, occurrence: i32, due_on: NaiveDate) -> Result<(), DbErr> {
    let sql = "UPDATE task_occurrences SET due_on = $3 WHERE task_id = $1 AND n = $2";
    run(tx, sql, vec![task.into(), occurrence.into(), due_on.into()]).await?;
    let sql = "UPDATE tasks t SET due_on = (SELECT max(o.due_on) FROM task_occurrences o WHERE o.task_id = t.id) WHERE t.id = $1";
    run(tx, sql, vec![task.into()]).await
}
