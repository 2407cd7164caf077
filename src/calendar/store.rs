//! Every query on calendars. They are reference data: whoever is signed in may see them all.

use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::layers::{Calendars, Layer};
use super::model::{Calendar, Day, OffHoursReceipt, OfficeHours};
use super::wire::{CalendarDay, CalendarView};

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

async fn select(db: &impl ConnectionTrait, rest: &str, values: Vec<sea_orm::Value>) -> Result<Vec<CalendarView>, DbErr> {
    let sql = format!(
        "SELECT c.code, c.name, d.code AS department, c.office_hours, c.off_hours_receipt, c.version,
                array(SELECT DISTINCT extract(year FROM day)::int FROM calendar_days
                       WHERE calendar_code = c.code AND last_version IS NULL ORDER BY 1) AS years
           FROM calendars c LEFT JOIN departments d ON d.id = c.department_id {rest}"
    );
    let rows = ViewRow::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).all(db).await?;
    rows.into_iter().map(CalendarView::try_from).collect()
}

pub async fn find(db: &impl ConnectionTrait, code: &str) -> Result<Option<CalendarView>, DbErr> {
    Ok(select(db, "WHERE c.code = $1", vec![code.into()]).await?.into_iter().next())
}

pub async fn list(db: &impl ConnectionTrait, after: Option<String>, limit: u32) -> Result<Vec<CalendarView>, DbErr> {
    let values = vec![after.into(), i64::from(limit + 1).into()];
    select(db, "WHERE $1::text IS NULL OR c.code > $1 ORDER BY c.code LIMIT $2", values).await
}

#[derive(FromQueryResult)]
struct DayRow {
    day: NaiveDate,
    kind: String,
    name: String,
}

/// The current days of a calendar from one date to another, both included.
pub async fn days(
    db: &impl ConnectionTrait,
    code: &str,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
    after: Option<NaiveDate>,
    limit: u32,
) -> Result<Vec<CalendarDay>, DbErr> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT day, kind, name FROM calendar_days
          WHERE calendar_code = $1 AND last_version IS NULL
            AND ($2::date IS NULL OR day >= $2) AND ($3::date IS NULL OR day <= $3) AND ($4::date IS NULL OR day > $4)
          ORDER BY day LIMIT $5",
        [code.into(), from.into(), to.into(), after.into(), i64::from(limit + 1).into()],
    );
    let rows = DayRow::find_by_statement(statement).all(db).await?;
    rows.into_iter().map(|row| Ok(CalendarDay { on: crate::http::Day(row.day), kind: read(row.kind.into())?, name: row.name })).collect()
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
