//! Every query on calendars. They are reference data: whoever is signed in may see them all.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult, Statement};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::layers::{Calendars, Layer};
use super::model::{Calendar, Day, Edition, OffHoursReceipt, OfficeHours};
use super::wire::{CalendarDay, CalendarView, NewCalendar, NewCalendarDay};
use crate::auth::Permission;
use crate::http::Call;
use crate::http::shape::{Expanding, Expansion, Target, expansion};

#[derive(FromQueryResult)]
struct LayerRow {
    code: String,
    version: i32,
    department_id: Option<Uuid>,
    office_hours: Value,
    off_hours_receipt: String,
    days: Value,
}

/// What the database keeps as JSON or as a name of a closed list.
fn read<T: DeserializeOwned>(value: Value) -> Result<T, DbErr> {
    serde_json::from_value(value).map_err(|e| DbErr::Type(e.to_string()))
}

#[derive(FromQueryResult)]
struct Path {
    id: Uuid,
    path: Vec<Uuid>,
}

/// The current calendars of all departments, for loads of many rows.
///
/// # Errors
/// The database's.
pub async fn load_all(db: &impl ConnectionTrait) -> Result<Calendars, DbErr> {
    // One statement, so that a calendar and its days are of the same version.
    let rows = LayerRow::find_by_statement(Statement::from_string(
        DbBackend::Postgres,
        "SELECT c.code, c.version, c.department_id, c.office_hours, c.off_hours_receipt,
                coalesce((SELECT jsonb_agg(jsonb_build_object('date', d.day, 'kind', d.kind, 'name', d.name))
                            FROM calendar_days d WHERE d.calendar_code = c.code AND d.last_version IS NULL), '[]') AS days
           FROM calendars c",
    ))
    .all(db)
    .await?;
    let layers = rows.into_iter().map(layer).collect::<Result<Vec<_>, _>>()?;
    let mut paths = Vec::new();
    if layers.iter().any(|layer| layer.department.is_some()) {
        let statement = Statement::from_string(DbBackend::Postgres, "SELECT id, path FROM departments");
        paths = Path::find_by_statement(statement).all(db).await?;
    }
    Ok(Calendars::new(layers, paths.into_iter().map(|p| (p.id, p.path))))
}

fn layer(row: LayerRow) -> Result<Layer, DbErr> {
    Ok(Layer {
        code: row.code,
        version: row.version,
        department: row.department_id,
        office_hours: read(row.office_hours)?,
        off_hours_receipt: read(row.off_hours_receipt.into())?,
        days: read::<Vec<Day>>(row.days)?,
    })
}

/// The current calendar of one department.
///
/// # Errors
/// The database's.
pub async fn load(db: &impl ConnectionTrait, department: Uuid) -> Result<Arc<Calendar>, DbErr> {
    Ok(load_all(db).await?.for_department(department))
}

/// A calendar as it was in an edition.
///
/// # Errors
/// The database's; and when it has no such edition, which is a defect.
pub async fn load_edition(db: &impl ConnectionTrait, edition: &Edition) -> Result<Arc<Calendar>, DbErr> {
    let statement = sql(
        "SELECT c.code, v.version, c.department_id, v.office_hours, v.off_hours_receipt,
                coalesce((SELECT jsonb_agg(jsonb_build_object('date', d.day, 'kind', d.kind, 'name', d.name)) FROM calendar_days d
                           WHERE d.calendar_code = c.code AND d.first_version <= v.version
                             AND (d.last_version IS NULL OR d.last_version > v.version)), '[]') AS days
           FROM calendars c JOIN calendar_versions v ON v.calendar_code = c.code
          WHERE (c.code = $1 AND v.version = $2) OR (c.department_id IS NULL AND c.code <> $1 AND v.version = $3)",
        [edition.code.as_str().into(), edition.version.into(), edition.base_version.into()],
    );
    let layers = LayerRow::find_by_statement(statement).all(db).await?.into_iter().map(layer).collect::<Result<Vec<_>, _>>()?;
    let calendar = Calendars::new(layers, []).by_code(&edition.code).filter(|found| found.edition() == edition);
    calendar.ok_or_else(|| DbErr::RecordNotFound(format!("calendar {edition:?}")))
}

/// The calendar that a dossier goes on being counted with: that of its edition, or, when nothing was counted yet, the
/// current one of its department.
///
/// # Errors
/// The database's.
pub async fn held(db: &impl ConnectionTrait, edition: Option<&Edition>, department: Uuid) -> Result<Arc<Calendar>, DbErr> {
    match edition {
        Some(edition) => load_edition(db, edition).await,
        None => load(db, department).await,
    }
}

fn sql<const N: usize>(text: impl Into<String>, values: [sea_orm::Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}

#[derive(FromQueryResult)]
struct ViewRow {
    code: String,
    name: String,
    department: Option<String>,
    office_hours: Value,
    off_hours_receipt: String,
    years: Vec<i32>,
    version: i32,
}

impl TryFrom<ViewRow> for CalendarView {
    type Error = DbErr;

    fn try_from(row: ViewRow) -> Result<Self, DbErr> {
        Ok(CalendarView {
            base: row.department.is_some().then(|| "vn".to_owned()),
            code: row.code,
            name: row.name,
            department: row.department,
            office_hours: read::<OfficeHours>(row.office_hours)?.into(),
            off_hours_receipt: read::<OffHoursReceipt>(row.off_hours_receipt.into())?,
            years: row.years,
            version: row.version,
        })
    }
}

/// Views at a version, the current one where `$1` is null.
async fn select(db: &impl ConnectionTrait, rest: &str, values: Vec<sea_orm::Value>) -> Result<Vec<CalendarView>, DbErr> {
    let sql = format!(
        "SELECT c.code, v.name, d.code AS department, v.office_hours, v.off_hours_receipt, v.version,
                array(SELECT DISTINCT extract(year FROM day)::int FROM calendar_days
                       WHERE calendar_code = c.code AND first_version <= v.version
                         AND (last_version IS NULL OR last_version > v.version) ORDER BY 1) AS years
           FROM calendars c JOIN calendar_versions v ON v.calendar_code = c.code AND v.version = coalesce($1::int, c.version)
           LEFT JOIN departments d ON d.id = c.department_id {rest}"
    );
    let rows = ViewRow::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).all(db).await?;
    rows.into_iter().map(CalendarView::try_from).collect()
}

/// A calendar as it is, or as it was in a version.
pub async fn find(db: &impl ConnectionTrait, code: &str, version: Option<i32>) -> Result<Option<CalendarView>, DbErr> {
    Ok(select(db, "WHERE c.code = $2", vec![version.into(), code.into()]).await?.into_iter().next())
}

/// What codes of calendars stand for: each as it is now.
pub const EXPANDED: Target = Target { schema: "CalendarView", find: expand };

fn expand<'a>(db: &'a DatabaseConnection, call: &'a Call, codes: Vec<String>) -> Expanding<'a> {
    Box::pin(async move {
        if !call.actor.has(Permission::ReadCalendar) {
            return Ok(Expansion::new());
        }
        let values = vec![None::<i32>.into(), codes.into()];
        expansion(select(db, "WHERE c.code = ANY($2)", values).await?, |c| &c.code)
    })
}

pub async fn list(db: &impl ConnectionTrait, after: Option<String>, limit: u32) -> Result<Vec<CalendarView>, DbErr> {
    let values = vec![None::<i32>.into(), after.into(), i64::from(limit + 1).into()];
    select(db, "WHERE $2::text IS NULL OR c.code > $2 ORDER BY c.code LIMIT $3", values).await
}

/// A calendar as audit lines and events name it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Subject {
    pub id: Uuid,
    pub code: String,
    pub department_id: Option<Uuid>,
    pub version: i32,
}

const SUBJECT: &str = "SELECT id, code, department_id, version FROM calendars WHERE code = $1";

/// The calendar, for who only reads.
///
/// # Errors
/// The database's.
pub async fn subject(db: &impl ConnectionTrait, code: &str) -> Result<Option<Subject>, DbErr> {
    Subject::find_by_statement(sql(SUBJECT, [code.into()])).one(db).await
}

/// The calendar, locked until the transaction ends: its versions are made one by one.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &impl ConnectionTrait, code: &str) -> Result<Option<Subject>, DbErr> {
    Subject::find_by_statement(sql(format!("{SUBJECT} FOR UPDATE"), [code.into()])).one(tx).await
}

fn hours(row: &NewCalendar) -> Value {
    row.office_hours.iter().map(|hours| json!([hours.opens, hours.closes])).collect()
}

pub async fn insert(tx: &impl ConnectionTrait, row: &NewCalendar, department: Uuid, now: DateTime<Utc>) -> Result<(), DbErr> {
    let statement = sql(
        "INSERT INTO calendars (id, code, name, department_id, office_hours, off_hours_receipt, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6::jsonb #>> '{}', $7, $7)",
        [
            Uuid::now_v7().into(),
            row.code.as_str().into(),
            row.name.as_str().into(),
            department.into(),
            hours(row).into(),
            json!(row.off_hours_receipt).into(),
            now.into(),
        ],
    );
    tx.execute_raw(statement).await?;
    remember(tx, row.code.as_str(), now).await
}

pub async fn update(tx: &impl ConnectionTrait, row: &NewCalendar, now: DateTime<Utc>) -> Result<(), DbErr> {
    let statement = sql(
        "UPDATE calendars SET name = $2, office_hours = $3, off_hours_receipt = $4::jsonb #>> '{}', version = version + 1, updated_at = $5
          WHERE code = $1",
        [row.code.as_str().into(), row.name.as_str().into(), hours(row).into(), json!(row.off_hours_receipt).into(), now.into()],
    );
    tx.execute_raw(statement).await?;
    remember(tx, row.code.as_str(), now).await
}

/// Writes down the version that the calendar is at.
async fn remember(tx: &impl ConnectionTrait, code: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    let text = "INSERT INTO calendar_versions (calendar_code, version, name, off_hours_receipt, office_hours, made_at)
                SELECT code, version, name, off_hours_receipt, office_hours, $2 FROM calendars WHERE code = $1";
    tx.execute_raw(sql(text, [code.into(), now.into()])).await.map(drop)
}

/// Makes a version in which a day is as given, or has no row.
pub async fn set_day(
    tx: &impl ConnectionTrait,
    code: &str,
    on: NaiveDate,
    day: Option<&NewCalendarDay>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let text = "UPDATE calendars SET version = version + 1, updated_at = $2 WHERE code = $1";
    tx.execute_raw(sql(text, [code.into(), now.into()])).await?;
    remember(tx, code, now).await?;
    let text = "UPDATE calendar_days d SET last_version = c.version FROM calendars c
                 WHERE c.code = $1 AND d.calendar_code = c.code AND d.day = $2 AND d.last_version IS NULL";
    tx.execute_raw(sql(text, [code.into(), on.into()])).await?;
    if let Some(day) = day {
        let text = "INSERT INTO calendar_days (calendar_code, day, first_version, kind, name)
                    SELECT code, $2, version, $3::jsonb #>> '{}', $4 FROM calendars WHERE code = $1";
        tx.execute_raw(sql(text, [code.into(), on.into(), json!(day.kind).into(), day.name.as_str().into()])).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct DayRow {
    day: NaiveDate,
    kind: String,
    name: String,
}

/// Which days of a calendar.
#[derive(Clone, Copy, Debug, Default)]
pub struct DaysAsked {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// The current version when none is named.
    pub version: Option<i32>,
}

/// The days of a calendar from one date to another, both included.
pub async fn days(
    db: &impl ConnectionTrait,
    code: &str,
    asked: &DaysAsked,
    after: Option<NaiveDate>,
    limit: u32,
) -> Result<Vec<CalendarDay>, DbErr> {
    let statement = sql(
        "SELECT day, kind, name FROM calendar_days
          WHERE calendar_code = $1 AND CASE WHEN $2::int IS NULL THEN last_version IS NULL
                    ELSE first_version <= $2 AND (last_version IS NULL OR last_version > $2) END
            AND ($3::date IS NULL OR day >= $3) AND ($4::date IS NULL OR day <= $4) AND ($5::date IS NULL OR day > $5)
          ORDER BY day LIMIT $6",
        [code.into(), asked.version.into(), asked.from.into(), asked.to.into(), after.into(), i64::from(limit + 1).into()],
    );
    let rows = DayRow::find_by_statement(statement).all(db).await?;
    rows.into_iter().map(|row| Ok(CalendarDay { on: crate::http::Day(row.day), kind: read(row.kind.into())?, name: row.name })).collect()
}

/// One day of a calendar as it is.
pub async fn day(db: &impl ConnectionTrait, code: &str, on: NaiveDate) -> Result<Option<CalendarDay>, DbErr> {
    let asked = DaysAsked { from: Some(on), to: Some(on), version: None };
    Ok(days(db, code, &asked, None, 1).await?.into_iter().next())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_of_the_base_is_the_published_file() {
        let rows = csv::Reader::from_reader(include_str!("../../data/calendar/vn.csv").as_bytes()).into_deserialize();
        let days: Vec<Day> = rows.collect::<Result<_, _>>().unwrap();
        let (_, sql) = migration::STEPS.iter().find(|(name, _)| name.ends_with("calendar")).unwrap();
        for day in &days {
            let kind = serde_json::to_value(day.kind).unwrap();
            let row = format!("('vn', '{}', 1, '{}', '{}')", day.date, kind.as_str().unwrap(), day.name.replace('\'', "''"));
            assert!(sql.contains(&row), "{row}");
        }
        assert_eq!(sql.matches("\n    ('vn', '").count(), days.len());
    }
}
