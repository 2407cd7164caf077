//! Every query on submissions.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::model::{KpiSubmissionAct, KpiSubmissionState};
use super::wire::{KpiApproval, KpiSubmissionStep, KpiSubmissionSummary, KpiWithout, NewKpiSubmission};
use crate::auth::Reach;
use crate::db::documents;
use crate::http::{At, Call};

fn statement(sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

pub struct Filter<'a> {
    pub department: Option<&'a str>,
    pub period: Option<&'a str>,
    pub states: &'a [&'static str],
}

/// Submissions in sight, by period and department.
pub async fn list(
    db: &impl ConnectionTrait,
    reach: &Reach,
    filter: &Filter<'_>,
    after: Option<(String, String)>,
    limit: u32,
) -> Result<Vec<KpiSubmissionSummary>, DbErr> {
    let sql =
        "SELECT jsonb_build_object('id', s.id, 'department', d.code, 'period', s.period, 'state', s.state, 'submitted_by', s.submitted_by,
                      'submitted_at', s.submitted_at, 'approved_by', s.approved_by, 'approved_at', s.approved_at,
                      'corrected_at', s.corrected_at, 'version', s.version) AS doc
                 FROM kpi_submissions s JOIN departments d ON d.id = s.department_id
                WHERE ($1::uuid[] IS NULL OR s.department_id = ANY($1)) AND ($2::text IS NULL OR d.code = $2)
                  AND ($3::text IS NULL OR s.period = $3) AND (cardinality($4::text[]) = 0 OR s.state = ANY($4))
                  AND ($5::text IS NULL OR (s.period COLLATE \"C\", d.code COLLATE \"C\") > ($5, $6))
                ORDER BY s.period COLLATE \"C\", d.code COLLATE \"C\" LIMIT $7";
    let (period, department) = after.unzip();
    let states: Vec<String> = filter.states.iter().map(|s| (*s).to_owned()).collect();
    let owned = |text: Option<&str>| -> Value { text.map(str::to_owned).into() };
    let values = vec![
        reach.ids().into(),
        owned(filter.department),
        owned(filter.period),
        states.into(),
        period.into(),
        department.into(),
        i64::from(limit + 1).into(),
    ];
    documents(db, sql, values).await
}

/// A submission with what acts on it are judged by.
#[derive(Clone, Deserialize)]
pub struct Found {
    pub id: Uuid,
    pub state: KpiSubmissionState,
    pub note: Option<String>,
    pub remark: Option<String>,
    pub without: Vec<KpiWithout>,
    pub submitted_by: Option<String>,
    pub submitted_at: Option<At>,
    pub approved_by: Option<String>,
    pub approved_at: Option<At>,
    pub corrected_at: Option<At>,
    pub approval: Option<KpiApproval>,
    pub timeline: Vec<KpiSubmissionStep>,
    pub version: i32,
}

/// The submission of a department for a period, once anything was done.
pub async fn find(db: &impl ConnectionTrait, department: Uuid, period: &str) -> Result<Option<Found>, DbErr> {
    let sql = "SELECT jsonb_build_object('id', s.id, 'state', s.state, 'note', s.note, 'remark', s.remark, 'without', s.without,
                      'submitted_by', s.submitted_by, 'submitted_at', s.submitted_at, 'approved_by', s.approved_by,
                      'approved_at', s.approved_at, 'corrected_at', s.corrected_at, 'version', s.version,
                      'approval', (SELECT t.frozen || jsonb_build_object('by', t.done_by, 'at', t.done_at) FROM kpi_submission_steps t
                                    WHERE t.submission_id = s.id AND t.act = 'approve' ORDER BY t.n DESC LIMIT 1),
                      'timeline', (SELECT coalesce(jsonb_agg(jsonb_build_object('n', t.n, 'act', t.act, 'text', t.text, 'about', t.about,
                                        'by', t.done_by, 'at', t.done_at) ORDER BY t.n), '[]')
                                     FROM kpi_submission_steps t WHERE t.submission_id = s.id)) AS doc
                 FROM kpi_submissions s WHERE s.department_id = $1 AND s.period = $2";
    Ok(documents(db, sql, vec![department.into(), period.into()]).await?.into_iter().next())
}

/// Keeps other acts on this submission out until the transaction ends, and measurements, too: none may slip in while figures become held.
/// Where nothing was done before the row is made.
pub async fn lock(tx: &impl ConnectionTrait, department: Uuid, period: &str) -> Result<Option<Found>, DbErr> {
    tx.execute_raw(statement("SELECT 1 FROM kpis ORDER BY id FOR NO KEY UPDATE", vec![])).await?;
    let made = "INSERT INTO kpi_submissions (id, department_id, period) VALUES ($1, $2, $3) ON CONFLICT (department_id, period) DO NOTHING";
    tx.execute_raw(statement(made, vec![Uuid::now_v7().into(), department.into(), period.into()])).await?;
    let locked = "SELECT 1 FROM kpi_submissions WHERE department_id = $1 AND period = $2 FOR UPDATE";
    tx.execute_raw(statement(locked, vec![department.into(), period.into()])).await?;
    find(tx, department, period).await
}

/// Keeps what is submitted.
pub async fn submit(tx: &impl ConnectionTrait, call: &Call, id: Uuid, new: &NewKpiSubmission) -> Result<(), DbErr> {
    let sql =
        "UPDATE kpi_submissions SET state = 'submitted', note = $2, without = $3, submitted_by = $4, submitted_at = $5, remark = NULL,
                      corrected_at = NULL, version = version + 1, updated_at = $5 WHERE id = $1";
    let note = new.note.as_ref().map(|n| n.as_str().to_owned());
    let values = vec![id.into(), note.into(), json!(new.without).into(), call.actor.username.as_str().into(), call.now.into()];
    tx.execute_raw(statement(sql, values)).await.map(drop)
}

/// Keeps where any other act leads, and what was said.
pub async fn decide(
    tx: &impl ConnectionTrait,
    call: &Call,
    id: Uuid,
    (act, state): (KpiSubmissionAct, KpiSubmissionState),
    text: Option<&str>,
) -> Result<(), DbErr> {
    let sql = "UPDATE kpi_submissions SET state = $2, remark = $3, approved_by = CASE WHEN $4 THEN $5 END,
                      approved_at = CASE WHEN $4 THEN $6::timestamptz END, version = version + 1, updated_at = $6 WHERE id = $1";
    let values = vec![
        id.into(),
        state.name().into(),
        text.map(str::to_owned).into(),
        (act == KpiSubmissionAct::Approve).into(),
        call.actor.username.as_str().into(),
        call.now.into(),
    ];
    tx.execute_raw(statement(sql, values)).await.map(drop)
}

/// Writes down what was done; with an approval, what was approved.
pub async fn add_step(
    tx: &impl ConnectionTrait,
    call: &Call,
    id: Uuid,
    (act, text): (KpiSubmissionAct, Option<&str>),
    frozen: Option<serde_json::Value>,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO kpi_submission_steps (submission_id, n, act, text, frozen, done_by, done_at)
               SELECT $1, coalesce(max(n), 0) + 1, $2, $3, $4, $5, $6 FROM kpi_submission_steps WHERE submission_id = $1";
    let values = vec![
        id.into(),
        act.name().into(),
        text.map(str::to_owned).into(),
        frozen.into(),
        call.actor.username.as_str().into(),
        call.now.into(),
    ];
    tx.execute_raw(statement(sql, values)).await.map(drop)
}

/// Where the submissions of a period stand, by code of the department.
pub async fn states(db: &impl ConnectionTrait, reach: &Reach, period: &str) -> Result<Vec<(String, KpiSubmissionState)>, DbErr> {
    let sql = "SELECT jsonb_build_array(d.code, s.state) AS doc FROM kpi_submissions s JOIN departments d ON d.id = s.department_id
                WHERE ($1::uuid[] IS NULL OR s.department_id = ANY($1)) AND s.period = $2";
    documents(db, sql, vec![reach.ids().into(), period.into()]).await
}

/// The root agencies, by code: a target of the whole organisation is theirs.
pub async fn roots(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT to_jsonb(code) AS doc FROM departments WHERE kind = 'agency' AND parent_id IS NULL ORDER BY code COLLATE \"C\"";
    documents(db, sql, vec![]).await
}
