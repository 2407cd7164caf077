//! Reports as they were frozen. A snapshot shows to whom all it is about is in sight.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use uuid::Uuid;

use crate::auth::Reach;
use crate::http::values::Key;

#[derive(Clone, Debug, FromQueryResult)]
pub struct Listed {
    pub id: Uuid,
    pub year: i32,
    pub n: i32,
    pub report: String,
    pub parameters: serde_json::Value,
    /// None for all.
    pub departments: Option<Vec<Uuid>>,
    /// Codes of these departments, in order.
    pub department_codes: Option<Vec<String>>,
    pub frozen_at: DateTime<Utc>,
    pub frozen_by: String,
    /// In hexadecimal.
    pub sha256: String,
}

/// A snapshot with its figures.
#[derive(Clone, Debug)]
pub struct Frozen {
    pub about: Listed,
    /// The body, byte for byte.
    pub body: String,
}

#[derive(FromQueryResult)]
struct Body {
    body: String,
}

/// What is to be kept.
pub struct NewSnapshot<'a> {
    pub id: Uuid,
    pub year: i32,
    pub report: &'static str,
    pub parameters: serde_json::Value,
    pub scope: &'a Reach,
    pub frozen_at: DateTime<Utc>,
    pub by: (Uuid, &'a str),
    pub body: &'a str,
    pub sha256: [u8; 32],
}

const LISTED: &str = "SELECT s.id, s.year, s.n, s.report, s.parameters, s.departments,
        CASE WHEN s.departments IS NOT NULL THEN array(SELECT d.code FROM departments d WHERE d.id = ANY(s.departments) ORDER BY d.code COLLATE \"C\") END
            AS department_codes,
        s.frozen_at, s.frozen_by, encode(s.sha256, 'hex') AS sha256
   FROM report_snapshots s
  WHERE ($1::uuid[] IS NULL OR (s.departments IS NOT NULL AND s.departments <@ $1::uuid[]))";

fn statement(text: String, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}

/// Keeps a report under the next number of its year: numbers have neither gaps nor duplicates.
///
/// # Errors
/// The database's.
pub async fn freeze(tx: &impl ConnectionTrait, new: &NewSnapshot<'_>) -> Result<(), DbErr> {
    // Readers are not held up; whoever freezes at the same time waits for the number.
    tx.execute_unprepared("LOCK TABLE report_snapshots IN SHARE ROW EXCLUSIVE MODE").await?;
    let text =
        "INSERT INTO report_snapshots (id, year, n, report, parameters, departments, frozen_at, frozen_by_id, frozen_by, body, sha256)
        SELECT $1, $2, coalesce(max(s.n), 0) + 1, $3, $4, $5, $6, $7, $8, $9::text::json, $10 FROM report_snapshots s WHERE s.year = $2";
    let values = vec![
        new.id.into(),
        new.year.into(),
        new.report.into(),
        new.parameters.clone().into(),
        new.scope.ids().into(),
        new.frozen_at.into(),
        new.by.0.into(),
        new.by.1.into(),
        new.body.into(),
        new.sha256.to_vec().into(),
    ];
    tx.execute_raw(statement(text.to_owned(), values)).await.map(drop)
}

/// The newest first.
///
/// # Errors
/// The database's.
pub async fn list(
    db: &impl ConnectionTrait,
    reach: &Reach,
    (report, year): (Option<&'static str>, Option<i32>),
    after: Option<(i32, i32)>,
    limit: u32,
) -> Result<Vec<Listed>, DbErr> {
    let (after_year, after_n) = after.unzip();
    let text = format!(
        "{LISTED} AND ($2::text IS NULL OR s.report = $2) AND ($3::int IS NULL OR s.year = $3)
            AND ($4::int IS NULL OR (s.year, s.n) < ($4, $5)) ORDER BY s.year DESC, s.n DESC LIMIT $6"
    );
    let report = report.map(str::to_owned);
    let values = vec![reach.ids().into(), report.into(), year.into(), after_year.into(), after_n.into(), i64::from(limit + 1).into()];
    Listed::find_by_statement(statement(text, values)).all(db).await
}

/// The snapshot with this id or number.
///
/// # Errors
/// The database's.
pub async fn find(db: &impl ConnectionTrait, reach: &Reach, key: &Key) -> Result<Option<Frozen>, DbErr> {
    let (condition, value) = match key {
        Key::Id(id) => ("s.id = $2", (*id).into()),
        Key::Code(number) => ("s.year || '-' || s.n = $2", number.as_str().into()),
    };
    let text = format!("{LISTED} AND {condition}");
    let Some(about) = Listed::find_by_statement(statement(text, vec![reach.ids().into(), value])).one(db).await? else { return Ok(None) };
    let text = "SELECT body::text AS body FROM report_snapshots WHERE id = $1".to_owned();
    let body = Body::find_by_statement(statement(text, vec![about.id.into()])).one(db).await?;
    Ok(body.map(|b| Frozen { about, body: b.body }))
}
