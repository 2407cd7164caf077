//! Tasks from above.

use std::collections::{HashMap, HashSet};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::part;
use super::work::run;
use crate::http::Day;
use crate::http::values::fold;
use crate::plans::model::TaskState;
use crate::plans::store::documents;
use crate::plans::tasks::wire::{AssignedTask, TaskOrigin};

/// A task as it was put, or as much as another may not take its code.
#[derive(Clone, Debug, Deserialize)]
pub struct Kept {
    pub id: Uuid,
    pub code: String,
    pub version: i32,
    pub origin: TaskOrigin,
    /// How it was put; none for a task of a plan.
    pub task: Option<AssignedTask>,
    /// There is work on it.
    pub worked: bool,
    /// It is closed, cancelled or does not apply.
    pub over: bool,
}

/// The tasks with these codes, locked, by code.
pub async fn standing_at(tx: &impl ConnectionTrait, codes: Vec<String>) -> Result<HashMap<String, Kept>, DbErr> {
    let lock = "SELECT id FROM tasks WHERE code = ANY($1) ORDER BY id FOR UPDATE";
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, lock, [codes.clone().into()])).await?;
    let sql = format!(
        "SELECT jsonb_build_object('id', t.id, 'code', t.code, 'version', t.version, 'origin', t.origin,
                'over', t.cancelled_on IS NOT NULL OR t.not_applicable_on IS NOT NULL OR c.task_id IS NOT NULL,
                'worked', EXISTS (SELECT 1 FROM progress_reports r WHERE r.task_id = t.id)
                    OR EXISTS (SELECT 1 FROM task_submissions s WHERE s.task_id = t.id)
                    OR EXISTS (SELECT 1 FROM task_extensions e WHERE e.task_id = t.id),
                'task', CASE WHEN t.origin = 'assigned' THEN jsonb_build_object('code', t.code, 'document_number', t.document_number,
                    'document_on', t.document_on, 'issuer', i.code, 'title', t.title, 'outputs', t.outputs, 'lead', {lead},
                    'coordinate', {coordinate}, 'due_on', t.schedule_end_on, 'parent', above.code) END) AS doc
           FROM tasks t LEFT JOIN departments i ON i.id = t.issuer_id LEFT JOIN tasks above ON above.id = t.parent_id
           LEFT JOIN task_completions c ON c.task_id = t.id
          WHERE t.code = ANY($1)",
        lead = part("lead"),
        coordinate = part("coordinate")
    );
    let rows: Vec<Kept> = documents(tx, sql, vec![codes.into()]).await?;
    Ok(rows.into_iter().map(|row| (row.code.clone(), row)).collect())
}

#[derive(FromQueryResult)]
pub struct Above {
    pub code: String,
    pub due_on: Option<chrono::NaiveDate>,
}

/// When the tasks with these codes are due, as far as they hold.
pub async fn above(tx: &impl ConnectionTrait, codes: Vec<String>) -> Result<HashMap<String, Option<chrono::NaiveDate>>, DbErr> {
    let sql = "SELECT code, due_on FROM tasks WHERE code = ANY($1) AND cancelled_on IS NULL AND not_applicable_on IS NULL FOR SHARE";
    let rows = Above::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, sql, [codes.into()])).all(tx).await?;
    Ok(rows.into_iter().map(|row| (row.code, row.due_on)).collect())
}

/// Those of these tasks that the tasks named as the ones above them are parts of already.
pub async fn below_themselves(tx: &impl ConnectionTrait, tasks: &[&AssignedTask]) -> Result<HashSet<String>, DbErr> {
    let rows: Vec<Value> = tasks.iter().map(|task| json!({"code": task.code, "parent": task.parent})).collect();
    let sql = "WITH RECURSIVE up AS (
                   SELECT r.code AS start, t.code, t.parent_id
                     FROM jsonb_to_recordset($1) AS r(code text, parent text) JOIN tasks t ON t.code = r.parent
                   UNION
                   SELECT up.start, t.code, t.parent_id FROM up JOIN tasks t ON t.id = up.parent_id
               )
               SELECT DISTINCT start FROM up WHERE code = start";
    let found = tx.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [Value::from(rows).into()])).await?;
    found.iter().map(|row| row.try_get("", "start")).collect()
}

/// Writes tasks from above with their one occurrence.
pub async fn save_assigned(tx: &impl ConnectionTrait, tasks: &[&AssignedTask]) -> Result<(), DbErr> {
    let rows: Vec<Value> = tasks
        .iter()
        .map(|task| {
            let mut row = json!(task);
            row["id"] = json!(Uuid::now_v7());
            row["text"] = json!(format!("Hạn {}", task.due_on.0.format("%d/%m/%Y")));
            row["search"] = json!(fold(task.title.as_str()));
            row
        })
        .collect();
    for sql in [
        "INSERT INTO tasks (id, code, origin, issuer_id, document_number, document_on, local_code, position, title, outputs, schedule_kind,
             schedule_text, schedule_start_on, schedule_end_on, schedule_year_printed, starts_on, due_on, search)
         SELECT r.id, r.code, 'assigned', i.id, r.document_number, r.document_on, r.code, 1, r.title, r.outputs, 'in', r.text, r.document_on,
                r.due_on, true, r.document_on, r.due_on, r.search
           FROM jsonb_to_recordset($1) AS r(id uuid, code text, document_number text, document_on date, issuer text, title text,
                outputs jsonb, due_on date, text text, search text) JOIN departments i ON i.code = r.issuer
         ON CONFLICT (code) DO UPDATE SET issuer_id = excluded.issuer_id, document_number = excluded.document_number,
             document_on = excluded.document_on, title = excluded.title, outputs = excluded.outputs,
             schedule_text = excluded.schedule_text, schedule_start_on = excluded.schedule_start_on,
             schedule_end_on = excluded.schedule_end_on, starts_on = excluded.starts_on, search = excluded.search,
             version = tasks.version + 1, updated_at = now()",
        "UPDATE tasks t SET parent_id = above.id
           FROM jsonb_to_recordset($1) AS r(code text, parent text) LEFT JOIN tasks above ON above.code = r.parent
          WHERE t.code = r.code AND t.parent_id IS DISTINCT FROM above.id",
        "INSERT INTO task_occurrences AS o (task_id, n, key, label, starts_on, first_due_on, due_on)
         SELECT t.id, 1, '', t.schedule_text, t.starts_on, t.schedule_end_on, t.schedule_end_on
           FROM jsonb_to_recordset($1) AS r(code text) JOIN tasks t ON t.code = r.code
         ON CONFLICT (task_id, key) DO UPDATE SET label = excluded.label, starts_on = excluded.starts_on,
             first_due_on = excluded.first_due_on,
             due_on = coalesce((SELECT e.new_due_on FROM task_extensions e WHERE e.task_id = o.task_id AND e.occurrence = o.n
                 AND e.status = 'approved' ORDER BY e.n DESC LIMIT 1), excluded.first_due_on)",
        "UPDATE tasks t SET due_on = o.due_on FROM jsonb_to_recordset($1) AS r(code text), task_occurrences o
          WHERE t.code = r.code AND o.task_id = t.id",
        "DELETE FROM task_departments td USING tasks t, jsonb_to_recordset($1) AS r(code text) WHERE t.code = r.code AND td.task_id = t.id",
        "INSERT INTO task_departments (task_id, department_id, role, position)
         SELECT t.id, d.id, part.role, named.position
           FROM jsonb_to_recordset($1) AS r(code text, lead jsonb, coordinate jsonb)
           JOIN tasks t ON t.code = r.code
           CROSS JOIN LATERAL (VALUES ('lead', r.lead), ('coordinate', r.coordinate)) AS part(role, codes)
           CROSS JOIN LATERAL jsonb_array_elements_text(part.codes) WITH ORDINALITY AS named(code, position)
           JOIN departments d ON d.code = named.code",
    ] {
        run(tx, sql, vec![Value::from(rows.clone()).into()]).await?;
    }
    Ok(())
}

/// Where a task stands.
#[derive(Clone, Debug, Deserialize)]
pub struct TaskNow {
    pub code: String,
    pub state: TaskState,
    /// The due date in force.
    pub due_on: Option<Day>,
}

/// Where the tasks with these codes stand today.
///
/// # Errors
/// The database's.
pub async fn states(db: &impl ConnectionTrait, codes: Vec<String>, today: chrono::NaiveDate) -> Result<Vec<TaskNow>, DbErr> {
    let sql = format!(
        "SELECT jsonb_build_object('code', t.code, 'state', {}, 'due_on', t.due_on) AS doc FROM tasks t WHERE t.code = ANY($1)",
        super::task_state()
    );
    documents(db, sql, vec![codes.into(), today.into()]).await
}
