//! What was done and by whom (`audit_events`), and what the outside is told (`outbox_events`), written in the
//! transaction of the act itself.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use serde::Serialize;
use serde_json::{Value, json};
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

/// One change of a subject: the version it made, by what and by whom, and the members of its view that changed, where they are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub version: i32,
    pub act: String,
    pub by: String,
    pub at: At,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
}

/// What has become of a subject since a version that someone has seen.
#[derive(Debug, Default)]
pub struct Since {
    /// The last ones, oldest first.
    pub changes: Vec<Change>,
    /// The members of the view that any of them changed; none where that is not known of each version in between.
    pub fields: Option<Vec<String>>,
}

/// Changes told at most; those before them are passed over.
const TOLD: usize = 20;

#[derive(FromQueryResult)]
struct Line {
    version: i32,
    act: String,
    subject_type: String,
    actor: String,
    recorded_at: DateTime<Utc>,
    detail: Option<Value>,
}

impl Line {
    /// The view, where the line keeps it: a closed list, since other details look much the same.
    fn view(&self) -> Option<&Value> {
        let kept = [
            "calendar",
            "client",
            "criteria_sheet",
            "criterion_score",
            "department",
            "kpi",
            "kpi_measurement",
            "plan",
            "procedure",
            "rule_set",
            "user",
        ];
        let whole = self.act == "put" || (self.subject_type == "client" && self.act == "add_secret");
        self.detail.as_ref().filter(|_| whole && kept.contains(&self.subject_type.as_str()))
    }

    /// The members of the view that this line changed, by its own word or by what stood in the line before; none where neither tells.
    fn fields(&self, before: Option<&Line>) -> Option<Vec<String>> {
        let told = self.detail.as_ref().and_then(|detail| detail[CHANGED].as_array());
        let fields = match told {
            Some(told) => told.iter().filter_map(|f| f.as_str().map(str::to_owned)).collect(),
            None => changed(before.filter(|b| b.version + 1 == self.version)?.view()?, self.view()?),
        };
        // Something did change; what no view shows, such as a password, has no name here.
        Some(fields).filter(|fields| !fields.is_empty())
    }
}

/// What happened to a subject after the version `seen`, until the version `current` was made.
///
/// # Errors
/// The database's.
pub async fn changes_since(db: &impl ConnectionTrait, subject: Uuid, seen: i32, current: i32) -> Result<Since, DbErr> {
    let text = "SELECT version, act, subject_type, actor, recorded_at, detail FROM audit_events
                 WHERE subject_id = $1 AND version BETWEEN $2 AND $3 ORDER BY id DESC LIMIT $4";
    let values = [subject.into(), seen.into(), current.into(), (TOLD as i64 + 1).into()];
    let mut lines = Line::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, text, values)).all(db).await?;
    lines.reverse();
    Ok(since(lines, seen, current))
}

fn since(lines: Vec<Line>, seen: i32, current: i32) -> Since {
    let before = std::iter::once(None).chain(lines.iter().map(Some));
    let fields: Vec<_> = lines.iter().zip(before).map(|(line, before)| line.fields(before)).collect();
    let told = lines.into_iter().zip(fields).filter(|(line, _)| line.version > seen);
    let mut changes: Vec<Change> = told
        .map(|(line, fields)| Change { version: line.version, act: line.act, by: line.actor, at: At(line.recorded_at), fields })
        .collect();
    // One more than is told was read, for what stood before.
    changes.drain(..changes.len().saturating_sub(TOLD));
    let each = (i64::from(seen) + 1..=current.into()).all(|version| changes.iter().any(|c| i64::from(c.version) == version));
    let fields: Option<Vec<&Vec<String>>> = changes.iter().map(|c| c.fields.as_ref()).collect();
    let fields = fields.filter(|_| each).map(|fields| {
        let mut fields: Vec<String> = fields.into_iter().flatten().cloned().collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    });
    Since { changes, fields }
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

/// A view as a line keeps it, with the members that the act changed: what stood before may have no line of its own.
pub fn changed_view<V: Serialize>(before: Option<&V>, now: &V) -> Value {
    let mut detail = json!(now);
    if let Some(before) = before {
        detail[CHANGED] = json!(changed(&json!(before), &detail));
    }
    detail
}

#[cfg(test)]
mod tests {
    use super::{Line, since};
    use chrono::Utc;
    use serde_json::{Value, json};

    #[test]
    fn what_differs_is_named_once() {
        let before = json!({"name": "A", "kind": "unit", "gone": 1, "version": 1, "allowed_acts": ["x"], "members": ["A"]});
        let now = json!({"name": "B", "kind": "unit", "new": 1, "version": 2, "allowed_acts": [], "members": ["A", "B"]});
        assert_eq!(super::changed(&before, &now), ["gone", "members", "name", "new"]);
        assert_eq!(super::changed(&now, &now), [""; 0]);
    }

    fn line(version: i32, subject_type: &str, act: &str, detail: Value) -> Line {
        let (act, subject_type, actor) = (act.into(), subject_type.into(), format!("by {version}"));
        Line { version, act, subject_type, actor, recorded_at: Utc::now(), detail: Some(detail).filter(|d| !d.is_null()) }
    }

    fn told(lines: Vec<Line>, seen: i32, current: i32) -> (Vec<(i32, Option<String>)>, Option<String>) {
        let since = since(lines, seen, current);
        let join = |fields: Option<Vec<String>>| fields.map(|f| f.join(" "));
        (since.changes.into_iter().map(|c| (c.version, join(c.fields))).collect(), join(since.fields))
    }

    #[test]
    fn only_views_are_compared_and_only_with_the_version_before() {
        let put = |version, name: &str| line(version, "calendar", "put", json!({"name": name, "days": {}}));
        let (a, b) = (Some("name".to_owned()), Some("days".to_owned()));
        assert_eq!(told(vec![put(1, "A"), put(2, "B")], 1, 2), (vec![(2, a.clone())], a.clone()));
        // A day is no calendar, though it has a name, too.
        let day = |version| line(version, "calendar", "put_day", json!({"name": "Tết", "on": "2022-02-01"}));
        assert_eq!(told(vec![put(1, "A"), day(2), put(3, "B")], 1, 3), (vec![(2, None), (3, None)], None));
        let known = line(2, "calendar", "put_day", json!({"name": "Tết", "changed": ["days"]}));
        assert_eq!(told(vec![put(1, "A"), known, put(3, "B")], 1, 3).0, [(2, b), (3, None)]);
        // A load tells nothing; and of what has no line nothing is made up.
        let load = line(2, "dossier", "load", Value::Null);
        assert_eq!(told(vec![line(1, "dossier", "accept", json!({"status": "accepted"})), load], 1, 2), (vec![(2, None)], None));
        assert_eq!(told(vec![put(1, "A"), put(3, "B")], 1, 3), (vec![(3, None)], None));
        assert_eq!(told(vec![put(1, "A"), put(2, "B")], 1, 3), (vec![(2, a)], None));
        // A change that no view shows is not told as none.
        assert_eq!(told(vec![put(1, "A"), put(2, "A")], 1, 2), (vec![(2, None)], None));
    }

    #[test]
    fn the_last_twenty_are_told_each_with_its_fields() {
        let lines = (5..=25).map(|v| line(v, "department", "put", json!({"name": v}))).collect();
        let (changes, fields) = told(lines, 1, 25);
        assert_eq!((changes.len(), changes[0].clone(), fields), (20, (6, Some("name".to_owned())), None));
        let lines = (1..=21).map(|v| line(v, "department", "put", json!({"name": v}))).collect();
        let (changes, fields) = told(lines, 1, 21);
        assert_eq!((changes.len(), fields), (20, Some("name".to_owned())));
    }
}
