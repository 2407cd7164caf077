//! Figures that were submitted are held: they change by a correction only, which the submission keeps.

use sea_orm::{ConnectionTrait, DbErr};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::db::documents;
use crate::http::Call;
use crate::kpi::store::statement;

/// A submission that holds the figures of a department and period.
#[derive(Clone, Debug, Deserialize)]
pub struct Held {
    pub id: Uuid,
    pub department_id: Uuid,
    pub department: String,
    pub period: String,
    /// Approved, not only submitted.
    pub approved: bool,
    pub version: i32,
}

/// What holds the figures of these departments in these periods.
pub async fn held(tx: &impl ConnectionTrait, departments: &[Uuid], periods: &[String]) -> Result<Vec<Held>, DbErr> {
    let sql = "SELECT jsonb_build_object('id', s.id, 'department_id', s.department_id, 'department', d.code, 'period', s.period,
                      'approved', s.state = 'approved', 'version', s.version) AS doc
                 FROM kpi_submissions s JOIN departments d ON d.id = s.department_id
                WHERE s.department_id = ANY($1) AND s.period = ANY($2) AND s.state IN ('submitted', 'approved')";
    documents(tx, sql, vec![departments.to_vec().into(), periods.to_vec().into()]).await
}

/// One held figure that is corrected.
#[derive(Clone, Debug, Serialize)]
pub struct Correction {
    pub submission: Uuid,
    /// Code of the indicator, and of the field.
    pub about: String,
    pub reason: String,
}

/// Writes corrections down with their submissions, each of which counts as one act.
pub async fn correct(tx: &impl ConnectionTrait, call: &Call, corrections: &[Correction]) -> Result<(), DbErr> {
    let (rows, by, at) = (json!(corrections), call.actor.username.as_str(), call.now);
    tx.execute_raw(statement(
        "INSERT INTO kpi_submission_steps (submission_id, n, act, text, about, done_by, done_at)
         SELECT r.submission, coalesce((SELECT max(n) FROM kpi_submission_steps WHERE submission_id = r.submission), 0)
                    + row_number() OVER (PARTITION BY r.submission ORDER BY r.i), 'correct', r.reason, r.about, $2, $3
           FROM ROWS FROM (jsonb_to_recordset($1) AS (submission uuid, reason text, about text)) WITH ORDINALITY AS r(submission, reason, about, i)",
        vec![rows.clone().into(), by.into(), at.into()],
    ))
    .await?;
    tx.execute_raw(statement(
        "UPDATE kpi_submissions SET corrected_at = $2, version = version + 1, updated_at = $2
          WHERE id IN (SELECT submission FROM jsonb_to_recordset($1) AS r(submission uuid))",
        vec![rows.into(), at.into()],
    ))
    .await
    .map(drop)
}
