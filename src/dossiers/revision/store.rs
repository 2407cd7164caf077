//! Every query of revisions. Whoever may revise sees every dossier; what a caller reads of one dossier starts from that
//! dossier, which was found within the caller's sight.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::rules::Due;
use super::wire::RevisionView;
use crate::calendar::Edition;
use crate::dossiers::clock::{Pause, Terms};
use crate::http::At;
use crate::procedures::{Limit, LimitUnit, SupplementPolicy};

fn sql(text: impl Into<String>, values: impl IntoIterator<Item = sea_orm::Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}

#[derive(FromQueryResult)]
struct Found {
    id: Uuid,
}

/// The open dossiers of departments that were counted with another edition, in the order in which they are locked.
pub async fn stale(tx: &impl ConnectionTrait, departments: Vec<Uuid>, current: &Edition, lock: bool) -> Result<Vec<Uuid>, DbErr> {
    let text = format!(
        "SELECT id FROM dossiers
          WHERE resolving_department_id = ANY($1) AND decision IS NULL AND status <> 'voided' AND accepted_at IS NOT NULL
            AND (calendar_code, calendar_version, calendar_base_version) IS DISTINCT FROM ($2, $3, $4)
          ORDER BY id {}",
        if lock { "FOR UPDATE" } else { "" }
    );
    let values = [departments.into(), current.code.as_str().into(), current.version.into(), current.base_version.into()];
    Ok(Found::find_by_statement(sql(text, values)).all(tx).await?.into_iter().map(|row| row.id).collect())
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    code: String,
    resolving_id: Uuid,
    resolving: String,
    version: i32,
    accepted_at: DateTime<Utc>,
    limit_value: Option<i32>,
    limit_unit: Option<String>,
    supplement_policy: String,
    same_day_cutoff: NaiveTime,
    due_on: Option<NaiveDate>,
    due_at: Option<DateTime<Utc>>,
    due_before: Option<NaiveDate>,
    calendar_code: Option<String>,
    calendar_version: Option<i32>,
    calendar_base_version: Option<i32>,
    pauses: Value,
}

/// An open dossier as a revision finds it.
pub struct Open {
    pub id: Uuid,
    pub code: String,
    pub resolving_id: Uuid,
    pub resolving: String,
    pub version: i32,
    pub accepted_at: DateTime<Utc>,
    pub terms: Terms,
    pub due: Due,
    pub edition: Option<Edition>,
    pub pauses: Vec<Pause>,
}

impl TryFrom<Row> for Open {
    type Error = DbErr;

    fn try_from(row: Row) -> Result<Self, DbErr> {
        let broken = |word: &str| DbErr::Custom(format!("unknown word “{word}” in the database"));
        let limit = match (row.limit_value, row.limit_unit.as_deref()) {
            (Some(value), Some(unit)) => {
                Some(Limit { value: value.unsigned_abs(), unit: LimitUnit::parse(unit).ok_or_else(|| broken(unit))? })
            }
            _ => None,
        };
        let policy = SupplementPolicy::parse(&row.supplement_policy).ok_or_else(|| broken(&row.supplement_policy))?;
        let edition = match (row.calendar_code, row.calendar_version, row.calendar_base_version) {
            (Some(code), Some(version), Some(base_version)) => Some(Edition { code, version, base_version }),
            _ => None,
        };
        Ok(Open {
            id: row.id,
            code: row.code,
            resolving_id: row.resolving_id,
            resolving: row.resolving,
            version: row.version,
            accepted_at: row.accepted_at,
            terms: Terms { limit, policy, same_day_cutoff: row.same_day_cutoff },
            due: Due { on: row.due_on, at: row.due_at, before: row.due_before },
            edition,
            pauses: serde_json::from_value(row.pauses).map_err(|e| DbErr::Type(e.to_string()))?,
        })
    }
}

/// These dossiers, in the order of their ids.
pub async fn read(tx: &impl ConnectionTrait, ids: &[Uuid]) -> Result<Vec<Open>, DbErr> {
    let text =
        "SELECT d.id, d.code, d.resolving_department_id AS resolving_id, rs.code AS resolving, d.version, d.accepted_at, d.limit_value,
                d.limit_unit, d.supplement_policy, d.same_day_cutoff, d.due_on, d.due_at, d.due_before, d.calendar_code, d.calendar_version,
                d.calendar_base_version,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', p.kind, 'from', p.from_at, 'to', p.to_at) ORDER BY p.from_at), '[]')
                   FROM dossier_pauses p WHERE p.dossier_id = d.id) AS pauses
           FROM dossiers d JOIN departments rs ON rs.id = d.resolving_department_id WHERE d.id = ANY($1) ORDER BY d.id";
    Row::find_by_statement(sql(text, [ids.to_vec().into()])).all(tx).await?.into_iter().map(Open::try_from).collect()
}

/// A dossier as a revision leaves it.
#[derive(Serialize)]
pub struct Revised {
    pub id: Uuid,
    pub effective_on: NaiveDate,
    pub due_on: Option<NaiveDate>,
    pub due_at: Option<DateTime<Utc>>,
    pub due_before: Option<NaiveDate>,
    /// Its due date moved, from the following.
    pub moved: bool,
    pub due_on_from: Option<NaiveDate>,
    pub due_at_from: Option<DateTime<Utc>>,
    pub due_before_from: Option<NaiveDate>,
    pub edition_from: Option<Edition>,
}

fn json(revised: &[Revised]) -> Result<sea_orm::Value, DbErr> {
    serde_json::to_value(revised).map(Into::into).map_err(|e| DbErr::Type(e.to_string()))
}

/// The first due date is not among what is written: it is a promise and stays.
pub async fn save(tx: &impl ConnectionTrait, revised: &[Revised], edition: &Edition, now: DateTime<Utc>) -> Result<(), DbErr> {
    let text = "UPDATE dossiers d
                   SET effective_on = r.effective_on, due_on = r.due_on, due_at = r.due_at, due_before = r.due_before, calendar_code = $2,
                       calendar_version = $3, calendar_base_version = $4, version = d.version + r.moved::int,
                       updated_at = CASE WHEN r.moved THEN $5 ELSE d.updated_at END
                  FROM jsonb_to_recordset($1) AS r(id uuid, effective_on date, due_on date, due_at timestamptz, due_before date, moved bool)
                 WHERE d.id = r.id";
    let values = [json(revised)?, edition.code.as_str().into(), edition.version.into(), edition.base_version.into(), now.into()];
    tx.execute_raw(sql(text, values)).await.map(drop)
}

/// Writes down which due dates moved, and what they were before.
pub async fn record_moves(
    tx: &impl ConnectionTrait,
    revised: &[Revised],
    (calendar, number): (&str, i32),
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let text =
        "INSERT INTO calendar_revision_moves (dossier_id, calendar_code, revision, moved_at, due_on_from, due_on, due_at_from, due_at,
                    due_before_from, due_before, calendar_code_from, calendar_version_from, calendar_base_version_from)
                SELECT id, $2, $3, $4, due_on_from, due_on, due_at_from, due_at, due_before_from, due_before, edition_from ->> 'code',
                       (edition_from ->> 'version')::int, (edition_from ->> 'base_version')::int
                  FROM jsonb_to_recordset($1) AS r(id uuid, due_on_from date, due_on date, due_at_from timestamptz, due_at timestamptz,
                       due_before_from date, due_before date, edition_from jsonb, moved bool)
                 WHERE moved";
    tx.execute_raw(sql(text, [json(revised)?, calendar.into(), number.into(), now.into()])).await.map(drop)
}

#[derive(FromQueryResult)]
struct Number {
    number: i32,
}

/// The number that the next revision of a calendar gets; the calendar is locked.
pub async fn next_number(tx: &impl ConnectionTrait, calendar: &str) -> Result<i32, DbErr> {
    let text = "SELECT coalesce(max(number), 0) + 1 AS number FROM calendar_revisions WHERE calendar_code = $1";
    let row = Number::find_by_statement(sql(text, [calendar.into()])).one(tx).await?;
    row.map(|r| r.number).ok_or(DbErr::RecordNotFound(String::new()))
}

pub async fn insert(tx: &impl ConnectionTrait, revision: &RevisionView) -> Result<(), DbErr> {
    let text = "INSERT INTO calendar_revisions (calendar_code, number, calendar_version, base_version, reason, revised_at, revised_by, checked, moved)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values: [sea_orm::Value; 9] = [
        revision.calendar.as_str().into(),
        revision.number.into(),
        revision.calendar_version.into(),
        revision.calendar_base_version.into(),
        revision.reason.clone().into(),
        revision.revised_at.0.into(),
        revision.revised_by.as_str().into(),
        revision.checked.into(),
        revision.moved.into(),
    ];
    tx.execute_raw(sql(text, values)).await.map(drop)
}

/// Writes down how many dossiers of a revision moved.
pub async fn count_moved(tx: &impl ConnectionTrait, calendar: &str, number: i32, moved: i32) -> Result<(), DbErr> {
    let text = "UPDATE calendar_revisions SET moved = $3 WHERE calendar_code = $1 AND number = $2";
    tx.execute_raw(sql(text, [calendar.into(), number.into(), moved.into()])).await.map(drop)
}

#[derive(FromQueryResult)]
struct RevisionRow {
    calendar_code: String,
    number: i32,
    calendar_version: i32,
    base_version: i32,
    reason: Option<String>,
    revised_at: DateTime<Utc>,
    revised_by: String,
    checked: i32,
    moved: i32,
}

impl From<RevisionRow> for RevisionView {
    fn from(row: RevisionRow) -> Self {
        RevisionView {
            calendar: row.calendar_code,
            number: row.number,
            calendar_version: row.calendar_version,
            calendar_base_version: row.base_version,
            reason: row.reason,
            revised_at: At(row.revised_at),
            revised_by: row.revised_by,
            checked: row.checked,
            moved: row.moved,
        }
    }
}

const REVISION: &str =
    "SELECT calendar_code, number, calendar_version, base_version, reason, revised_at, revised_by, checked, moved FROM calendar_revisions";

/// The revisions of a calendar, oldest first.
pub async fn list(db: &impl ConnectionTrait, calendar: &str, after: Option<i32>, limit: u32) -> Result<Vec<RevisionView>, DbErr> {
    let text = format!("{REVISION} WHERE calendar_code = $1 AND ($2::int IS NULL OR number > $2) ORDER BY number LIMIT $3");
    let rows = RevisionRow::find_by_statement(sql(text, [calendar.into(), after.into(), i64::from(limit + 1).into()])).all(db).await?;
    Ok(rows.into_iter().map(RevisionView::from).collect())
}

pub async fn calendar_exists(db: &impl ConnectionTrait, code: &str) -> Result<bool, DbErr> {
    Ok(db.query_one_raw(sql("SELECT 1 FROM calendars WHERE code = $1", [code.into()])).await?.is_some())
}

pub async fn find(db: &impl ConnectionTrait, calendar: &str, number: i32) -> Result<Option<RevisionView>, DbErr> {
    let text = format!("{REVISION} WHERE calendar_code = $1 AND number = $2");
    Ok(RevisionRow::find_by_statement(sql(text, [calendar.into(), number.into()])).one(db).await?.map(RevisionView::from))
}

#[derive(FromQueryResult)]
struct EditionRow {
    code: Option<String>,
    version: Option<i32>,
    base_version: Option<i32>,
}

/// What a dossier was counted with at an instant, when a revision has moved it since; the caller has found it within its sight.
pub async fn edition_at(db: &impl ConnectionTrait, dossier: Uuid, at: DateTime<Utc>) -> Result<Option<Edition>, DbErr> {
    let text = "SELECT calendar_code_from AS code, calendar_version_from AS version, calendar_base_version_from AS base_version
                  FROM calendar_revision_moves WHERE dossier_id = $1 AND moved_at > $2 ORDER BY moved_at LIMIT 1";
    let row = EditionRow::find_by_statement(sql(text, [dossier.into(), at.into()])).one(db).await?;
    Ok(row.and_then(|r| Some(Edition { code: r.code?, version: r.version?, base_version: r.base_version? })))
}

/// A due date that a revision moved.
#[derive(FromQueryResult)]
pub struct Moved {
    pub moved_at: DateTime<Utc>,
    /// The due date in force since, or the one before the pause that was open.
    pub due_on: Option<NaiveDate>,
    /// A pause was open.
    pub paused: bool,
    pub reason: Option<String>,
}

/// The moves of a dossier that the caller has found within its sight, oldest first.
pub async fn moves_of(db: &impl ConnectionTrait, dossier: Uuid) -> Result<Vec<Moved>, DbErr> {
    let text =
        "SELECT m.moved_at, coalesce(m.due_on, m.due_before) AS due_on, m.due_on IS NULL AS paused, r.reason FROM calendar_revision_moves m
                  JOIN calendar_revisions r ON r.calendar_code = m.calendar_code AND r.number = m.revision
                 WHERE m.dossier_id = $1 ORDER BY m.moved_at";
    Moved::find_by_statement(sql(text, [dossier.into()])).all(db).await
}
