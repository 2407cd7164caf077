//! What was done and by whom (`audit_events`), and what the outside is told (`outbox_events`), written in the
//! transaction of the act itself.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::http::{At, Call};

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

/// Who acts, for the audit lines: a caller, or the server by itself.
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
    record_as(tx, &Teller::of(call), entries).await
}

/// As [`record`], for acts without a signed-in caller. Without entries it asks the database all the same.
///
/// # Errors
/// The database's.
pub async fn record_as(tx: &impl ConnectionTrait, teller: &Teller<'_>, entries: &[Entry]) -> Result<(), DbErr> {
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
            teller.now.into(),
            teller.actor_id.into(),
            teller.actor.into(),
            teller.request_id.into(),
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

/// One change of a subject: the version it made, by what and by whom, and the members of its view that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub version: i32,
    pub act: String,
    pub by: String,
    pub at: At,
    pub fields: Vec<String>,
}

/// Changes told at most; those before them are passed over.
const TOLD: usize = 20;

#[derive(FromQueryResult)]
struct Line {
    version: i32,
    act: String,
    actor: String,
    recorded_at: DateTime<Utc>,
    detail: Option<Value>,
}

/// What happened to a subject after the version `seen`, oldest first.
///
/// # Errors
/// The database's.
pub async fn changes_since(db: &impl ConnectionTrait, subject: Uuid, seen: i32) -> Result<Vec<Change>, DbErr> {
    let text = "SELECT version, act, actor, recorded_at, detail FROM (
                    SELECT * FROM audit_events WHERE subject_id = $1 AND version >= $2 ORDER BY version DESC, id DESC LIMIT $3) AS last
                 ORDER BY version, id";
    let values = [subject.into(), seen.into(), (TOLD as i64 + 1).into()];
    let lines = Line::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, text, values)).all(db).await?;
    let mut before = None;
    let mut changes = Vec::new();
    for line in lines {
        let fields = match (&line.detail, &before) {
            (Some(detail), _) if detail[CHANGED].is_array() => {
                detail[CHANGED].as_array().into_iter().flatten().filter_map(|f| f.as_str().map(str::to_owned)).collect()
            }
            (Some(now), Some(before)) => changed(before, now),
            _ => Vec::new(),
        };
        before = line.detail.or(before);
        if line.version > seen {
            changes.push(Change { version: line.version, act: line.act, by: line.actor, at: At(line.recorded_at), fields });
        }
    }
    Ok(changes)
}

/// The member of an audit line's detail that names what changed, where the detail is not the view itself.
pub const CHANGED: &str = "changed";

/// The members of a view that differ, by name; the version always does, and what the caller may do is no member of the thing.
pub fn changed(before: &Value, now: &Value) -> Vec<String> {
    let (Value::Object(before), Value::Object(now)) = (before, now) else { return Vec::new() };
    let mut names: Vec<String> = before
        .keys()
        .chain(now.keys())
        .filter(|name| before.get(*name) != now.get(*name) && !["version", "allowed_acts"].contains(&name.as_str()))
        .cloned()
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn what_differs_is_named_once() {
        let before = json!({"name": "A", "kind": "unit", "gone": 1, "version": 1, "allowed_acts": ["x"], "members": ["A"]});
        let now = json!({"name": "B", "kind": "unit", "new": 1, "version": 2, "allowed_acts": [], "members": ["A", "B"]});
        assert_eq!(super::changed(&before, &now), ["gone", "members", "name", "new"]);
        assert_eq!(super::changed(&now, &now), [""; 0]);
    }
}
