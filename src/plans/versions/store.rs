//! Every query on the texts that plans have had.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use super::wire::{PlanVersionSummary, PlanVersionView};
use crate::auth::Reach;
use crate::http::Call;
use crate::http::values::Key;
use crate::plans::acts::Change;
use crate::plans::amendments::rules::Fate;
use crate::plans::store::documents;
use crate::plans::wire::NewPlan;

const HEAD: &str = "'version', v.version, 'kind', v.kind, 'amendment', v.amendment, 'effective_on', v.effective_on,
    'task_count', jsonb_array_length(v.content -> 'tasks'), 'changed_by', v.changed_by, 'changed_at', v.changed_at";

fn whole() -> String {
    format!("jsonb_build_object({HEAD}, 'plan', v.content, 'dropped', v.dropped)")
}

pub async fn insert(
    tx: &impl ConnectionTrait,
    call: &Call,
    plan_id: Uuid,
    version: i32,
    plan: &NewPlan,
    change: &Change<'_>,
) -> Result<(), DbErr> {
    let amendment = change.amendment.map(|a| {
        json!({"document_number": a.document_number, "document_type": a.document_type, "title": a.title, "issued_on": a.issued_on,
            "signed_by": a.signed_by, "note": a.note})
    });
    let dropped: Vec<Value> = change.fates.iter().map(Fate::told).collect();
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO plan_versions (plan_id, version, kind, content, amendment, dropped, effective_on, changed_by, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [
            plan_id.into(),
            version.into(),
            change.kind.name().into(),
            json!(plan).into(),
            amendment.into(),
            Value::from(dropped).into(),
            change.effective_on.0.into(),
            call.actor.username.clone().into(),
            call.now.into(),
        ],
    );
    tx.execute_raw(statement).await?;
    Ok(())
}

/// The versions of a plan, the first one first.
pub async fn list(db: &impl ConnectionTrait, plan: Uuid, after: Option<i32>, limit: u32) -> Result<Vec<PlanVersionSummary>, DbErr> {
    let sql = format!(
        "SELECT jsonb_build_object({HEAD}) AS doc FROM plan_versions v WHERE v.plan_id = $1 AND ($2::int IS NULL OR v.version > $2)
          ORDER BY v.version LIMIT $3"
    );
    documents(db, sql, vec![plan.into(), after.into(), i64::from(limit + 1).into()]).await
}

/// All versions of a plan, the first one first.
pub async fn of_plan(db: &impl ConnectionTrait, plan: Uuid) -> Result<Vec<PlanVersionSummary>, DbErr> {
    let sql = format!("SELECT jsonb_build_object({HEAD}) AS doc FROM plan_versions v WHERE v.plan_id = $1 ORDER BY v.version");
    documents(db, sql, vec![plan.into()]).await
}

/// The texts of a plan between two versions, both included.
pub async fn texts(db: &impl ConnectionTrait, plan: Uuid, from: i32, to: i32) -> Result<Vec<PlanVersionView>, DbErr> {
    let sql =
        format!("SELECT {} AS doc FROM plan_versions v WHERE v.plan_id = $1 AND v.version BETWEEN $2 AND $3 ORDER BY v.version", whole());
    documents(db, sql, vec![plan.into(), from.into(), to.into()]).await
}

/// The plan that a key names, if the caller may see it.
pub async fn plan(db: &impl ConnectionTrait, reach: &Reach, key: &Key) -> Result<Option<Uuid>, DbErr> {
    let (named, value): (_, sea_orm::Value) = match key {
        Key::Id(id) => ("p.id = $2", (*id).into()),
        Key::Code(code) => ("p.code = $2", code.as_str().into()),
    };
    let sql = format!("SELECT p.id FROM plans p WHERE ($1::uuid[] IS NULL OR p.issuer_id = ANY($1)) AND {named}");
    let row = db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [reach.ids().into(), value])).await?;
    row.map(|row| row.try_get("", "id")).transpose()
}

/// The plan of a task, and the task's local code, if the caller may see the task.
pub async fn of_task(db: &impl ConnectionTrait, reach: &Reach, key: &Key) -> Result<Option<(Uuid, String, String)>, DbErr> {
    let (named, value): (_, sea_orm::Value) = match key {
        Key::Id(id) => ("t.id = $2", (*id).into()),
        Key::Code(code) => ("t.code = $2", code.as_str().into()),
    };
    let sql = format!(
        "SELECT t.plan_id, t.code, t.local_code FROM tasks t WHERE {} AND {named} AND t.plan_id IS NOT NULL",
        crate::plans::tasks::seen()
    );
    let row = db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [reach.ids().into(), value])).await?;
    let read = |row: QueryResult| Ok((row.try_get("", "plan_id")?, row.try_get("", "code")?, row.try_get("", "local_code")?));
    row.map(read).transpose()
}

/// From when the text in force holds.
pub async fn in_force_since(tx: &impl ConnectionTrait, plan: Uuid) -> Result<Option<NaiveDate>, DbErr> {
    let sql = "SELECT max(effective_on) AS since FROM plan_versions WHERE plan_id = $1";
    let row = tx.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [plan.into()])).await?;
    row.map_or(Ok(None), |row| row.try_get("", "since"))
}

/// The days on which documents that amended a plan were issued.
pub async fn amended_on(tx: &impl ConnectionTrait, plan: Uuid) -> Result<Vec<NaiveDate>, DbErr> {
    let sql = "SELECT DISTINCT (amendment ->> 'issued_on')::date AS day FROM plan_versions WHERE plan_id = $1 AND amendment IS NOT NULL ORDER BY 1";
    let rows = tx.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [plan.into()])).await?;
    rows.iter().map(|row| row.try_get("", "day")).collect()
}
