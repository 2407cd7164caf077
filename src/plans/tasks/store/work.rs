//! What acts write: reports, hand-ins, closings, assignments, and what becomes of a task.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};
use serde_json::json;
use uuid::Uuid;

use crate::http::Call;
use crate::plans::tasks::wire::{AssignedPart, NewAssignment, NewCompletion, NewEvent, NewProgressReport};

pub(super) async fn run(tx: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Result<(), DbErr> {
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await.map(|_| ())
}

pub async fn insert_report(
    tx: &impl ConnectionTrait,
    call: &Call,
    (task, occurrence): (Uuid, i32),
    department: Uuid,
    report: &NewProgressReport,
) -> Result<Uuid, DbErr> {
    let id = Uuid::now_v7();
    run(
        tx,
        "INSERT INTO progress_reports (id, task_id, department_id, occurrence, period, content, percent, evidence, reported_by, reported_at)
         SELECT $1, $2, $3, $7, r.period, r.content, r.percent, r.evidence, $5, $6
           FROM jsonb_to_record($4) AS r(period text, content text, percent smallint, evidence jsonb)",
        vec![
            id.into(),
            task.into(),
            department.into(),
            json!(report).into(),
            call.actor.username.clone().into(),
            call.now.into(),
            occurrence.into(),
        ],
    )
    .await?;
    Ok(id)
}

/// Hands a task in, or closes it at once. Gives the number of the hand-in.
pub async fn insert_submission(
    tx: &impl ConnectionTrait,
    call: &Call,
    task: Uuid,
    department: Uuid,
    done: &NewCompletion,
    confirmed: bool,
) -> Result<(), DbErr> {
    run(
        tx,
        "INSERT INTO task_submissions (task_id, n, occurrence, department_id, completed_on, summary, evidence, status, submitted_by, submitted_at,
             decided_by, decided_at)
         SELECT $1, coalesce((SELECT max(n) FROM task_submissions WHERE task_id = $1), 0) + 1, r.occurrence, $2, r.completed_on, r.summary,
                r.evidence, CASE WHEN $6 THEN 'confirmed' ELSE 'open' END, $4, $5, CASE WHEN $6 THEN $4 END, CASE WHEN $6 THEN $5 END
           FROM jsonb_to_record($3) AS r(completed_on date, summary text, evidence jsonb, occurrence int)",
        vec![
            task.into(),
            department.into(),
            json!(done).into(),
            call.actor.username.clone().into(),
            call.now.into(),
            confirmed.into(),
        ],
    )
    .await
}

/// Marks as handed in on a day what is open of a task: one occurrence, or all.
pub async fn mark_handed_in(tx: &impl ConnectionTrait, task: Uuid, occurrence: Option<i32>, on: NaiveDate) -> Result<(), DbErr> {
    let sql = "UPDATE task_occurrences SET handed_in_on = $3, returned_on = NULL
                WHERE task_id = $1 AND ($2::int IS NULL OR n = $2) AND completed_on IS NULL";
    run(tx, sql, vec![task.into(), occurrence.into(), on.into()]).await
}

/// Closes what is open of a task: one occurrence, or all. Open requests for what is closed end as withdrawn, open hand-ins as confirmed.
pub async fn close(
    tx: &impl ConnectionTrait,
    call: &Call,
    task: Uuid,
    occurrence: Option<i32>,
    (on, today): (NaiveDate, NaiveDate),
) -> Result<(), DbErr> {
    let whose = || vec![task.into(), occurrence.into()];
    let mut values = whose();
    values.push(on.into());
    let sql = "UPDATE task_occurrences SET completed_on = $3, handed_in_on = NULL, returned_on = NULL
                WHERE task_id = $1 AND ($2::int IS NULL OR n = $2) AND completed_on IS NULL";
    run(tx, sql, values).await?;
    let mut values = whose();
    values.extend([call.actor.username.clone().into(), call.now.into()]);
    let sql = "UPDATE task_submissions SET status = 'confirmed', decided_by = $3, decided_at = $4
                WHERE task_id = $1 AND ($2::int IS NULL OR occurrence = $2) AND status = 'open'";
    run(tx, sql, values.clone()).await?;
    values.push(today.into());
    let sql = "UPDATE task_extensions SET status = 'withdrawn', decided_by = $3, decided_at = $4, decided_on = $5
                WHERE task_id = $1 AND ($2::int IS NULL OR occurrence = $2) AND status IN ('asked', 'counter_proposed')";
    run(tx, sql, values).await
}

/// Writes down that the whole task is closed, as the hand-in with the latest day tells it.
pub async fn conclude(tx: &impl ConnectionTrait, call: &Call, task: Uuid) -> Result<(), DbErr> {
    let sql = "INSERT INTO task_completions (task_id, completed_on, summary, evidence, completed_by, recorded_at)
               SELECT $1, s.completed_on, s.summary, s.evidence, s.submitted_by, $2
                 FROM task_submissions s WHERE s.task_id = $1 AND s.status = 'confirmed' ORDER BY s.completed_on DESC, s.n DESC LIMIT 1";
    run(tx, sql, vec![task.into(), call.now.into()]).await
}

/// The office confirms a hand-in.
pub async fn confirm(tx: &impl ConnectionTrait, call: &Call, (task, n): (Uuid, i32), note: Option<&str>) -> Result<(), DbErr> {
    let sql =
        "UPDATE task_submissions SET status = 'confirmed', decided_by = $3, decided_at = $4, reason = $5 WHERE task_id = $1 AND n = $2";
    let note = note.map(str::to_owned);
    run(tx, sql, vec![task.into(), n.into(), call.actor.username.clone().into(), call.now.into(), note.into()]).await
}

/// The office gives back a hand-in, or what was closed by it.
pub async fn give_back(
    tx: &impl ConnectionTrait,
    call: &Call,
    (task, n, occurrence): (Uuid, i32, Option<i32>),
    reason: &str,
    today: NaiveDate,
) -> Result<(), DbErr> {
    let sql =
        "UPDATE task_submissions SET status = 'returned', decided_by = $3, decided_at = $4, reason = $5 WHERE task_id = $1 AND n = $2";
    run(tx, sql, vec![task.into(), n.into(), call.actor.username.clone().into(), call.now.into(), reason.into()]).await?;
    // What another hand-in had closed stays closed.
    let sql = "UPDATE task_occurrences o SET returned_on = $3, handed_in_on = NULL, completed_on = NULL
                WHERE o.task_id = $1 AND ($2::int IS NULL OR o.n = $2) AND NOT EXISTS (SELECT 1 FROM task_submissions s
                      WHERE s.task_id = $1 AND s.status = 'confirmed' AND s.occurrence = o.n)";
    run(tx, sql, vec![task.into(), occurrence.into(), today.into()]).await?;
    run(tx, "DELETE FROM task_completions WHERE task_id = $1", vec![task.into()]).await
}

/// The event came: the dates of the task follow from it.
pub async fn trigger(tx: &impl ConnectionTrait, task: Uuid, event: &NewEvent, due_on: NaiveDate) -> Result<(), DbErr> {
    let text = |text: Option<&str>| Value::from(text.map(str::to_owned));
    run(
        tx,
        "UPDATE tasks SET trigger_on = $2, trigger_due_on = $3, trigger_document = $4, trigger_note = $5 WHERE id = $1",
        vec![
            task.into(),
            event.occurred_on.0.into(),
            due_on.into(),
            text(event.document_number.as_ref().map(|n| n.as_str())),
            text(event.note.as_ref().map(|n| n.as_str())),
        ],
    )
    .await?;
    settle_triggers(tx, Some(task), None).await
}

/// Dates that follow from events, once a plan has been written anew or an event has come.
pub async fn settle_triggers(tx: &impl ConnectionTrait, task: Option<Uuid>, plan: Option<Uuid>) -> Result<(), DbErr> {
    let sql = "UPDATE task_occurrences o SET starts_on = t.trigger_on, first_due_on = t.trigger_due_on,
                      due_on = coalesce((SELECT e.new_due_on FROM task_extensions e
                          WHERE e.task_id = t.id AND e.occurrence = o.n AND e.status = 'approved' ORDER BY e.n DESC LIMIT 1), t.trigger_due_on)
                 FROM tasks t WHERE o.task_id = t.id AND (t.id = $1 OR t.plan_id = $2) AND t.trigger_on IS NOT NULL
                  AND t.schedule_kind = 'after_event' AND o.key = ''";
    run(tx, sql, vec![task.into(), plan.into()]).await?;
    let sql = "UPDATE tasks t SET starts_on = coalesce(t.trigger_on, t.starts_on),
                      due_on = (SELECT max(o.due_on) FROM task_occurrences o WHERE o.task_id = t.id)
                WHERE (t.id = $1 OR t.plan_id = $2)";
    run(tx, sql, vec![task.into(), plan.into()]).await
}

pub async fn cancel(tx: &impl ConnectionTrait, task: Uuid, on: NaiveDate, reason: &str, document: &str) -> Result<(), DbErr> {
    let sql = "UPDATE tasks SET cancelled_on = $2, cancel_reason = $3, cancel_document = $4 WHERE id = $1";
    run(tx, sql, vec![task.into(), on.into(), reason.into(), document.into()]).await
}

pub async fn set_not_applicable(tx: &impl ConnectionTrait, task: Uuid, on: NaiveDate, reason: &str) -> Result<(), DbErr> {
    let sql = "UPDATE tasks SET not_applicable_on = $2, not_applicable_reason = $3 WHERE id = $1";
    run(tx, sql, vec![task.into(), on.into(), reason.into()]).await
}

/// Those of these user names who hold no role in a department.
pub async fn strangers(db: &impl ConnectionTrait, department: Uuid, usernames: &[String]) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT name FROM unnest($2::text[]) AS name WHERE NOT EXISTS (SELECT 1 FROM users u JOIN user_grants g ON g.user_id = u.id
                WHERE u.username = name AND u.active AND g.department_id = $1)";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [department.into(), usernames.to_vec().into()]);
    let rows: Vec<QueryResult> = db.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get("", "name")).collect()
}

/// Gives a task to a department anew, or names who does it there.
pub async fn assign(
    tx: &impl ConnectionTrait,
    call: &Call,
    (task, department): (Uuid, Uuid),
    role: AssignedPart,
    assignment: &NewAssignment,
) -> Result<(), DbErr> {
    // Who is named anew leaves the department's answer as it is; a part that is given asks for a new one.
    run(
        tx,
        "INSERT INTO task_assignments AS a (task_id, department_id, role, officers, note, status, assigned_by, assigned_at, answered_by, answered_at)
         SELECT $1, $2, $3, r.officers, r.note, CASE WHEN r.role IS NULL THEN 'accepted' ELSE 'assigned' END, $5, $6,
                CASE WHEN r.role IS NULL THEN $5 END, CASE WHEN r.role IS NULL THEN $6::timestamptz END
           FROM jsonb_to_record($4) AS r(officers text[], note text, role text)
         ON CONFLICT (task_id, department_id) DO UPDATE SET role = excluded.role, officers = excluded.officers, note = excluded.note,
             status = excluded.status, assigned_by = excluded.assigned_by, assigned_at = excluded.assigned_at,
             answered_by = excluded.answered_by, answered_at = excluded.answered_at, reason = NULL",
        vec![
            task.into(),
            department.into(),
            serde_json::to_value(role).unwrap_or_default().as_str().map(str::to_owned).into(),
            json!(assignment).into(),
            call.actor.username.clone().into(),
            call.now.into(),
        ],
    )
    .await
}

/// A department answers whether it takes a task.
pub async fn answer(
    tx: &impl ConnectionTrait,
    call: &Call,
    (task, department): (Uuid, Uuid),
    accepted: bool,
    reason: Option<&str>,
) -> Result<(), DbErr> {
    let sql = "UPDATE task_assignments SET status = $3, answered_by = $4, answered_at = $5, reason = $6
                WHERE task_id = $1 AND department_id = $2";
    let status = if accepted { "accepted" } else { "refused" };
    let values = vec![
        task.into(),
        department.into(),
        status.into(),
        call.actor.username.clone().into(),
        call.now.into(),
        reason.map(str::to_owned).into(),
    ];
    run(tx, sql, values).await
}

/// Counts an act on a task.
pub async fn touch(tx: &impl ConnectionTrait, task: Uuid) -> Result<(), DbErr> {
    run(tx, "UPDATE tasks SET version = version + 1, updated_at = now() WHERE id = $1", vec![task.into()]).await
}
