//! Every query on explanations.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::model::{ExplanationAct, ExplanationPeriodSet, ExplanationState, ExplanationSubjectKind};
use super::rules::Explained;
use super::wire::{ExplainedSubject, ExplanationFacts, ExplanationSummary, ExplanationText, NewExplanation};
use crate::auth::Reach;
use crate::db::documents;
use crate::http::{At, Call, Day};
use crate::reports::period::{PeriodSet, Span};

// $1: the departments whose explanations the caller may see.
const SEEN: &str = "($1::uuid[] IS NULL OR e.department_id = ANY($1))";

const WHOLE: &str = "jsonb_build_object('id', e.id, 'department_id', e.department_id, 'department', d.code, 'period', e.period,
    'period_set', e.period_set, 'cause', e.cause, 'remedy', e.remedy, 'remedy_due_on', e.remedy_due_on, 'responsible', e.responsible,
    'state', e.state, 'handed_in_at', e.handed_in_at, 'handed_in_by', e.handed_in_by, 'reviewed_at', e.reviewed_at,
    'reviewed_by', e.reviewed_by, 'remark', e.remark, 'version', e.version,
    'subjects', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', s.kind, 'code', s.code, 'field', s.field, 'facts', s.facts) ORDER BY s.n), '[]')
                   FROM explanation_subjects s WHERE s.explanation_id = e.id))";

fn set_name(set: PeriodSet) -> &'static str {
    if set == PeriodSet::Calendar { "calendar" } else { "administrative" }
}

#[derive(Deserialize)]
struct NamedRow {
    code: String,
    name: String,
}

pub async fn department_names(db: &impl ConnectionTrait) -> Result<HashMap<String, String>, DbErr> {
    let sql = "SELECT jsonb_build_object('code', code, 'name', name) AS doc FROM departments";
    let rows: Vec<NamedRow> = documents(db, sql, Vec::new()).await?;
    Ok(rows.into_iter().map(|row| (row.code, row.name)).collect())
}

/// A late task of a department that leads it.
#[derive(Deserialize)]
pub struct LateTask {
    pub department: String,
    pub code: String,
    pub title: String,
    pub due_on: Option<Day>,
    pub done_on: Option<Day>,
}

/// Tasks that were done late in the period or were overdue at its end, once for each department that leads; the members lead for
/// a collective, who issued the plan or the task where nobody is named. What is late is said in `late_tasks` of the database alone.
pub async fn late_tasks(db: &impl ConnectionTrait, reach: &Reach, from: NaiveDate, to: NaiveDate) -> Result<Vec<LateTask>, DbErr> {
    let sql =
        "SELECT jsonb_build_object('department', d.code, 'code', t.code, 'title', t.title, 'due_on', l.due_on, 'done_on', l.done_on) AS doc
                 FROM late_tasks($2, $3) l JOIN tasks t ON t.id = l.task_id LEFT JOIN plans p ON p.id = t.plan_id
                CROSS JOIN LATERAL unnest(coalesce(without_collectives(array(
                    SELECT td.department_id FROM task_parts td WHERE td.task_id = t.id AND td.role = 'lead')),
                    ARRAY[coalesce(p.issuer_id, t.issuer_id)])) AS lead(id)
                 JOIN departments d ON d.id = lead.id
                WHERE ($1::uuid[] IS NULL OR d.id = ANY($1)) ORDER BY t.code, d.code";
    documents(db, sql, vec![reach.ids().into(), from.into(), to.into()]).await
}

#[derive(Deserialize)]
struct ExplainedRow {
    explanation: Uuid,
    state: ExplanationState,
    department: String,
    department_name: String,
    kind: ExplanationSubjectKind,
    code: String,
    field: Option<String>,
    facts: ExplanationFacts,
}

/// Everything that was explained for a period.
pub async fn explained(db: &impl ConnectionTrait, reach: &Reach, span: &Span) -> Result<Vec<Explained>, DbErr> {
    let sql = format!(
        "SELECT jsonb_build_object('explanation', e.id, 'state', e.state, 'department', d.code, 'department_name', d.name, 'kind', s.kind,
                'code', s.code, 'field', s.field, 'facts', s.facts) AS doc
           FROM explanation_subjects s JOIN explanations e ON e.id = s.explanation_id JOIN departments d ON d.id = e.department_id
          WHERE {SEEN} AND e.period = $2 AND e.period_set = $3 ORDER BY e.id, s.n"
    );
    let rows: Vec<ExplainedRow> = documents(db, sql, vec![reach.ids().into(), span.name.clone().into(), set_name(span.set).into()]).await?;
    let explained = |row: ExplainedRow| Explained {
        explanation: row.explanation,
        state: row.state,
        department: row.department,
        department_name: row.department_name,
        subject: ExplainedSubject { kind: row.kind, code: row.code, field: row.field, facts: row.facts },
    };
    Ok(rows.into_iter().map(explained).collect())
}

#[derive(Default)]
pub struct Filter<'a> {
    pub department: Option<&'a str>,
    pub period: Option<&'a str>,
    pub period_set: Option<&'static str>,
    pub states: &'a [&'static str],
}

/// Explanations in sight, in the order in which they were begun.
///
/// # Errors
/// The database's.
pub async fn list(
    db: &impl ConnectionTrait,
    reach: &Reach,
    filter: &Filter<'_>,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<ExplanationSummary>, DbErr> {
    let sql = format!(
        "SELECT {WHOLE} AS doc FROM explanations e JOIN departments d ON d.id = e.department_id
          WHERE {SEEN} AND ($2::uuid IS NULL OR e.id > $2) AND ($3::text IS NULL OR d.code = $3) AND ($4::text IS NULL OR e.period = $4)
            AND ($5::text IS NULL OR e.period_set = $5) AND (cardinality($6::text[]) = 0 OR e.state = ANY($6))
          ORDER BY e.id LIMIT $7"
    );
    let states: Vec<String> = filter.states.iter().map(|s| (*s).to_owned()).collect();
    let owned = |text: Option<&str>| -> Value { text.map(str::to_owned).into() };
    let values = vec![
        reach.ids().into(),
        after.into(),
        owned(filter.department),
        owned(filter.period),
        owned(filter.period_set),
        states.into(),
        i64::from(limit + 1).into(),
    ];
    documents(db, sql, values).await
}

/// An explanation with what acts on it are judged by.
#[derive(Clone, Deserialize)]
pub struct Found {
    pub id: Uuid,
    pub department_id: Uuid,
    pub department: String,
    pub period: String,
    pub period_set: ExplanationPeriodSet,
    pub subjects: Vec<ExplainedSubject>,
    pub cause: String,
    pub remedy: String,
    pub remedy_due_on: Option<Day>,
    pub responsible: Option<String>,
    pub state: ExplanationState,
    pub handed_in_at: Option<At>,
    pub handed_in_by: Option<String>,
    pub reviewed_at: Option<At>,
    pub reviewed_by: Option<String>,
    pub remark: Option<String>,
    pub version: i32,
}

pub async fn find(db: &impl ConnectionTrait, reach: &Reach, id: Uuid) -> Result<Option<Found>, DbErr> {
    let sql = format!("SELECT {WHOLE} AS doc FROM explanations e JOIN departments d ON d.id = e.department_id WHERE {SEEN} AND e.id = $2");
    Ok(documents(db, sql, vec![reach.ids().into(), id.into()]).await?.into_iter().next())
}

/// Locks an explanation against other acts, then reads it as it is now.
pub async fn lock(tx: &impl ConnectionTrait, reach: &Reach, id: Uuid) -> Result<Option<Found>, DbErr> {
    let sql = format!("SELECT e.id FROM explanations e WHERE {SEEN} AND e.id = $2 FOR UPDATE");
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [reach.ids().into(), id.into()])).await?;
    find(tx, reach, id).await
}

pub async fn insert(tx: &impl ConnectionTrait, call: &Call, id: Uuid, department: Uuid, new: &NewExplanation) -> Result<(), DbErr> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO explanations (id, department_id, period, period_set, cause, remedy, remedy_due_on, responsible, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'draft', $9)",
        [
            id.into(),
            department.into(),
            new.period.as_str().into(),
            new.period_set.name().into(),
            new.cause.as_str().into(),
            new.remedy.as_str().into(),
            new.remedy_due_on.map(|d| d.0).into(),
            new.responsible.as_ref().map(|r| r.as_str().to_owned()).into(),
            call.now.into(),
        ],
    );
    tx.execute_raw(statement).await.map(drop)
}

pub async fn update(tx: &impl ConnectionTrait, call: &Call, id: Uuid, text: &ExplanationText) -> Result<(), DbErr> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "UPDATE explanations SET cause = $2, remedy = $3, remedy_due_on = $4, responsible = $5, version = version + 1, updated_at = $6 WHERE id = $1",
        [
            id.into(),
            text.cause.as_str().into(),
            text.remedy.as_str().into(),
            text.remedy_due_on.map(|d| d.0).into(),
            text.responsible.as_ref().map(|r| r.as_str().to_owned()).into(),
            call.now.into(),
        ],
    );
    tx.execute_raw(statement).await.map(drop)
}

/// Makes these the things that an explanation covers.
pub async fn cover(tx: &impl ConnectionTrait, id: Uuid, subjects: &[ExplainedSubject]) -> Result<(), DbErr> {
    for sql in [
        "DELETE FROM explanation_subjects WHERE explanation_id = $1 AND $2::jsonb IS NOT NULL",
        "INSERT INTO explanation_subjects (explanation_id, n, department_id, period, period_set, kind, code, field, facts)
         SELECT e.id, s.n, e.department_id, e.period, e.period_set, s.subject ->> 'kind', s.subject ->> 'code', s.subject ->> 'field', s.subject -> 'facts'
           FROM explanations e CROSS JOIN LATERAL jsonb_array_elements($2::jsonb) WITH ORDINALITY AS s(subject, n) WHERE e.id = $1",
    ] {
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [id.into(), json!(subjects).into()])).await?;
    }
    Ok(())
}

/// Writes down that it was handed in, accepted or returned.
pub async fn set_state(
    tx: &impl ConnectionTrait,
    call: &Call,
    id: Uuid,
    (act, state): (ExplanationAct, ExplanationState),
    remark: Option<&str>,
) -> Result<(), DbErr> {
    let sql = if act == ExplanationAct::Submit {
        "UPDATE explanations SET state = $2, handed_in_at = $3, handed_in_by = $4, remark = $5, version = version + 1, updated_at = $3 WHERE id = $1"
    } else {
        "UPDATE explanations SET state = $2, reviewed_at = $3, reviewed_by = $4, remark = $5, version = version + 1, updated_at = $3 WHERE id = $1"
    };
    let values = [id.into(), state.name().into(), call.now.into(), call.actor.username.as_str().into(), remark.map(str::to_owned).into()];
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await.map(drop)
}
