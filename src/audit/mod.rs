//! What was done and by whom (`audit_events`), and what the outside is told (`outbox_events`), written in the
//! transaction of the act itself.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::http::Call;

/// One act on one subject.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The office's verb: `refuse`, `put`, `load`.
    pub act: &'static str,
    /// `dossier`, `department` …; with the act it names the event: `dossier.refuse`.
    pub subject_type: &'static str,
    pub subject_id: Uuid,
    pub subject_code: Option<String>,
    /// The department that the event belongs to.
    pub department_id: Option<Uuid>,
    pub version: i32,
    /// When it happened; the time of recording is kept beside.
    pub occurred_at: DateTime<Utc>,
    pub detail: Value,
}

/// Who acts on many subjects in one statement, for the audit lines: a caller, or the server by itself.
pub struct Teller<'a> {
    pub actor_id: Option<Uuid>,
    pub actor: &'a str,
    pub request_id: Option<&'a str>,
    pub now: DateTime<Utc>,
}

impl<'a> Teller<'a> {
    pub fn of(call: &'a Call) -> Teller<'a> {
        let Call { actor, request_id, now, .. } = call;
        Teller { actor_id: Some(actor.user_id), actor: &actor.username, request_id: Some(request_id), now: *now }
    }

    pub fn server(now: DateTime<Utc>) -> Teller<'static> {
        Teller { actor_id: None, actor: "dunghen", request_id: None, now }
    }
}

/// Writes the audit line and the event of each entry.
///
/// # Errors
/// The database's.
pub async fn record(tx: &impl ConnectionTrait, call: &Call, entries: &[Entry]) -> Result<(), DbErr> {
    if entries.is_empty() {
        return Ok(());
    }
    let entries = serde_json::to_value(entries).map_err(|e| DbErr::Custom(e.to_string()))?;
    tx.execute_raw(Statement::from_sql_and_values(
        DbBackend::Postgres,
        "WITH entry AS (
             SELECT * FROM jsonb_to_recordset($1) AS e(act text, subject_type text, subject_id uuid, subject_code text,
                 department_id uuid, version integer, occurred_at timestamptz, detail jsonb)
         ), line AS (
             INSERT INTO audit_events (recorded_at, occurred_at, actor_id, actor, act, subject_type, subject_id, subject_code, version, request_id, detail)
             SELECT $2, occurred_at, $3, $4, act, subject_type, subject_id, subject_code, version, $5, detail FROM entry
         )
         INSERT INTO outbox_events (recorded_at, occurred_at, type, subject_type, subject_id, subject_code, department_id, version, data)
         SELECT $2, occurred_at, subject_type || '.' || act, subject_type, subject_id, subject_code, department_id, version, detail FROM entry",
        [
            entries.into(),
            call.now.into(),
            call.actor.user_id.into(),
            call.actor.username.clone().into(),
            call.request_id.clone().into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Who recorded an act, and when.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Recorded {
    pub act: String,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    pub actor: String,
}

/// The audit lines of one subject, oldest first, for whoever may see the subject.
///
/// # Errors
/// The database's.
pub async fn of_subject(db: &impl ConnectionTrait, subject: Uuid) -> Result<Vec<Recorded>, DbErr> {
    let text = "SELECT act, occurred_at, recorded_at, actor FROM audit_events WHERE subject_id = $1 ORDER BY id";
    Recorded::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, text, [subject.into()])).all(db).await
}
