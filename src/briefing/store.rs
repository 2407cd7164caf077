//! Every query on decisions, and what the agency is called.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use serde::Deserialize;
use uuid::Uuid;

use super::model::BriefingPeriodSet;
use super::wire::{DecisionEnd, DecisionText};
use crate::auth::Reach;
use crate::db::documents;
use crate::http::values::Key;
use crate::http::{At, Call, Day};
use crate::obstacles::ObstacleRuling;

// $1: the departments whose decisions the caller may see; to whom they were given, themselves or through a collective, or what they are about.
const SEEN: &str = "($1::uuid[] IS NULL OR b.item_department_id = ANY($1) OR EXISTS (SELECT 1 FROM briefing_decision_departments bd
    WHERE bd.decision_id = b.id AND bd.department_id = ANY((SELECT with_collectives($1))::uuid[])))";

const SELECT: &str = "SELECT jsonb_build_object('id', b.id, 'code', b.code, 'period', b.period, 'period_set', b.period_set, 'item', b.item,
        'item_title', b.item_title, 'department', i.code, 'text', b.text, 'lead', array(SELECT d.code FROM briefing_decision_departments bd
            JOIN departments d ON d.id = bd.department_id WHERE bd.decision_id = b.id AND bd.role = 'lead' ORDER BY bd.position),
        'coordinate', array(SELECT d.code FROM briefing_decision_departments bd
            JOIN departments d ON d.id = bd.department_id WHERE bd.decision_id = b.id AND bd.role = 'coordinate' ORDER BY bd.position),
        'held_on', b.held_on, 'due_on', b.due_on, 'document_no', b.document_no, 'ruling', b.ruling,
        'revoked', CASE WHEN b.revoked_on IS NOT NULL THEN
            jsonb_build_object('on', b.revoked_on, 'by', b.revoked_by, 'reason', b.revoked_reason) END,
        'task', t.code, 'decided_by', b.decided_by, 'decided_at', b.created_at, 'version', b.version) AS doc
   FROM briefing_decisions b JOIN tasks t ON t.id = b.task_id LEFT JOIN departments i ON i.id = b.item_department_id";

/// A decision as it is stored.
#[derive(Clone, Deserialize)]
pub struct Stored {
    pub id: Uuid,
    pub code: String,
    pub period: String,
    pub period_set: BriefingPeriodSet,
    pub item: String,
    pub item_title: String,
    pub department: Option<String>,
    pub text: String,
    pub lead: Vec<String>,
    pub coordinate: Vec<String>,
    pub held_on: Day,
    pub due_on: Day,
    pub document_no: Option<String>,
    pub ruling: Option<ObstacleRuling>,
    pub revoked: Option<DecisionEnd>,
    pub task: String,
    pub decided_by: String,
    pub decided_at: At,
    pub version: i32,
}

/// Decisions of a briefing in sight, by number.
pub async fn list(
    db: &impl ConnectionTrait,
    reach: &Reach,
    (period, set): (&str, BriefingPeriodSet),
    after: Option<String>,
    limit: u32,
) -> Result<Vec<Stored>, DbErr> {
    let sql = format!(
        "{SELECT} WHERE {SEEN} AND b.period = $2 AND b.period_set = $3 AND ($4::text IS NULL OR b.code > $4 COLLATE \"C\")
          ORDER BY b.code COLLATE \"C\" LIMIT $5"
    );
    let values = vec![reach.ids().into(), period.into(), set.name().into(), after.into(), i64::from(limit + 1).into()];
    documents(db, sql, values).await
}

/// The decision of a month that a key names, if the caller may see it.
pub async fn find(db: &impl ConnectionTrait, reach: &Reach, period: &str, key: &Key) -> Result<Option<Stored>, DbErr> {
    let (named, value) = named(key);
    let sql = format!("{SELECT} WHERE {SEEN} AND b.period = $2 AND {named}");
    Ok(documents(db, sql, vec![reach.ids().into(), period.into(), value]).await?.into_iter().next())
}

fn named(key: &Key) -> (&'static str, Value) {
    match key {
        Key::Id(id) => ("b.id = $3", (*id).into()),
        Key::Code(code) => ("b.code = $3", code.as_str().into()),
    }
}

/// Locks a decision against other acts, then reads it as it is now.
pub async fn lock(tx: &impl ConnectionTrait, reach: &Reach, period: &str, key: &Key) -> Result<Option<Stored>, DbErr> {
    let (named, value) = named(key);
    let sql = format!("SELECT b.id FROM briefing_decisions b WHERE {SEEN} AND b.period = $2 AND {named} FOR UPDATE");
    run(tx, sql, vec![reach.ids().into(), period.into(), value]).await?;
    find(tx, reach, period, key).await
}

async fn run(tx: &impl ConnectionTrait, sql: impl Into<String>, values: Vec<Value>) -> Result<(), DbErr> {
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await.map(drop)
}

/// The next number of a year; others wait until it is used or given up.
pub async fn next_number(tx: &impl ConnectionTrait, year: i32) -> Result<i32, DbErr> {
    let sql = "INSERT INTO briefing_decision_numbers (year, last) VALUES ($1, 1)
               ON CONFLICT (year) DO UPDATE SET last = briefing_decision_numbers.last + 1 RETURNING last";
    let row = tx.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [year.into()])).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("a number".into()))?.try_get("", "last")
}

/// A decision that is made.
pub struct Made<'a> {
    pub id: Uuid,
    /// Of the task, too.
    pub code: &'a str,
    pub period: &'a str,
    pub period_set: BriefingPeriodSet,
    pub item: &'a str,
    pub item_title: &'a str,
    /// Code of the department that the item is about.
    pub department: Option<&'a str>,
    pub text: &'a DecisionText,
    pub held_on: NaiveDate,
    pub ruling: Option<ObstacleRuling>,
}

pub async fn insert(tx: &impl ConnectionTrait, call: &Call, made: &Made<'_>) -> Result<(), DbErr> {
    let text = made.text;
    let sql = "INSERT INTO briefing_decisions (id, code, period, period_set, item, item_title, item_department_id, text, held_on, due_on,
                   document_no, ruling, task_id, decided_by, created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, (SELECT id FROM departments WHERE code = $7), $8, $9, $10, $11, $12,
                   (SELECT id FROM tasks WHERE code = $2), $13, $14, $14)";
    let values = vec![
        made.id.into(),
        made.code.into(),
        made.period.into(),
        made.period_set.name().into(),
        made.item.into(),
        made.item_title.into(),
        made.department.map(str::to_owned).into(),
        text.text.as_str().into(),
        made.held_on.into(),
        text.due_on.0.into(),
        text.document_no.as_ref().map(|no| no.as_str().to_owned()).into(),
        made.ruling.map(ObstacleRuling::name).into(),
        call.actor.username.as_str().into(),
        call.now.into(),
    ];
    run(tx, sql, values).await?;
    set_departments(tx, made.id, text).await
}

async fn set_departments(tx: &impl ConnectionTrait, decision: Uuid, text: &DecisionText) -> Result<(), DbErr> {
    run(tx, "DELETE FROM briefing_decision_departments WHERE decision_id = $1", vec![decision.into()]).await?;
    let sql = "INSERT INTO briefing_decision_departments (decision_id, department_id, role, position)
               SELECT $1, d.id, $2, named.position FROM unnest($3::text[]) WITH ORDINALITY AS named(code, position)
                 JOIN departments d ON d.code = named.code";
    for (role, codes) in [("lead", &text.lead), ("coordinate", &text.coordinate)] {
        let codes: Vec<String> = codes.iter().map(|code| code.as_str().to_owned()).collect();
        run(tx, sql, vec![decision.into(), role.into(), codes.into()]).await?;
    }
    Ok(())
}

pub async fn change(tx: &impl ConnectionTrait, call: &Call, decision: Uuid, text: &DecisionText) -> Result<(), DbErr> {
    let sql =
        "UPDATE briefing_decisions SET text = $2, due_on = $3, document_no = $4, version = version + 1, updated_at = $5 WHERE id = $1";
    let document_no = text.document_no.as_ref().map(|no| no.as_str().to_owned());
    let values = vec![decision.into(), text.text.as_str().into(), text.due_on.0.into(), document_no.into(), call.now.into()];
    run(tx, sql, values).await?;
    set_departments(tx, decision, text).await
}

pub async fn revoke(tx: &impl ConnectionTrait, call: &Call, decision: Uuid, on: NaiveDate, reason: &str) -> Result<(), DbErr> {
    let sql = "UPDATE briefing_decisions SET revoked_on = $2, revoked_by = $3, revoked_reason = $4, version = version + 1, updated_at = $5
                WHERE id = $1";
    let values = vec![decision.into(), on.into(), call.actor.username.as_str().into(), reason.into(), call.now.into()];
    run(tx, sql, values).await
}

/// The agency at the top of a department.
#[derive(Deserialize)]
pub struct Top {
    pub code: String,
    pub name: String,
}

/// The agency above the department with a code.
pub async fn top_of(db: &impl ConnectionTrait, code: &str) -> Result<Option<Top>, DbErr> {
    let sql = "SELECT jsonb_build_object('code', r.code, 'name', r.name) AS doc
                 FROM departments d JOIN departments r ON r.id = d.path[1] WHERE d.code = $1";
    Ok(documents(db, sql, vec![code.into()]).await?.into_iter().next())
}

/// The agency of which most divisions in force are parts.
pub async fn agency(db: &impl ConnectionTrait, on: NaiveDate) -> Result<Option<Top>, DbErr> {
    let sql = "SELECT jsonb_build_object('code', r.code, 'name', r.name) AS doc FROM departments r
                 JOIN (SELECT d.path[1] AS id, count(*) AS parts FROM departments d
                        WHERE coalesce(d.valid_from <= $1, true) AND coalesce(d.valid_to >= $1, true) GROUP BY 1) p ON p.id = r.id
                ORDER BY p.parts DESC, r.code LIMIT 1";
    Ok(documents(db, sql, vec![on.into()]).await?.into_iter().next())
}
