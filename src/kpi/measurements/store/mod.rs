//! Every query on measurements. They belong to departments.

mod held;
mod versions;

pub use held::{Correction, Held, correct, held};
pub use versions::versions;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use serde_json::json;
use uuid::Uuid;

use crate::auth::Reach;
use crate::http::{At, Call};
use crate::kpi::decimal::Decimal;
use crate::kpi::measurements::wire::{MeasurementView, NewMeasurement};
use crate::kpi::store::{exact, statement, stored};

#[derive(FromQueryResult)]
struct MeasurementRow {
    id: Uuid,
    kpi: String,
    department: String,
    department_name: String,
    period: String,
    field: Option<String>,
    field_name: Option<String>,
    value: Option<String>,
    numerator: Option<String>,
    denominator: Option<String>,
    evidence: serde_json::Value,
    note: Option<String>,
    state: String,
    published: bool,
    correction_reason: Option<String>,
    recorded_at: DateTime<Utc>,
    version: i32,
}

/// A measurement with the names that reports show.
pub struct Measured {
    pub view: MeasurementView,
    pub department_name: String,
    pub field_name: Option<String>,
}

impl TryFrom<MeasurementRow> for Measured {
    type Error = DbErr;

    fn try_from(r: MeasurementRow) -> Result<Self, DbErr> {
        let view = MeasurementView {
            id: r.id,
            kpi: r.kpi,
            department: r.department,
            period: r.period,
            field: r.field,
            value: exact(r.value)?,
            numerator: exact(r.numerator)?,
            denominator: exact(r.denominator)?,
            evidence: stored(r.evidence)?,
            note: r.note,
            state: stored(r.state.into())?,
            published: r.published,
            correction_reason: r.correction_reason,
            recorded_at: At(r.recorded_at),
            version: r.version,
        };
        Ok(Measured { view, department_name: r.department_name, field_name: r.field_name })
    }
}

const MEASUREMENT: &str = "SELECT m.id, k.code AS kpi, d.code AS department, d.name AS department_name, m.period, m.field_code AS field,
        f.name AS field_name, m.value::text AS value, m.numerator::text AS numerator, m.denominator::text AS denominator, m.evidence,
        m.note, m.state, k.source = 'computed' AS published, m.correction_reason, m.updated_at AS recorded_at, m.version
   FROM kpi_measurements m JOIN kpis k ON k.id = m.kpi_id JOIN departments d ON d.id = m.department_id
   LEFT JOIN procedure_fields f ON f.code = m.field_code
  WHERE ($1::uuid[] IS NULL OR m.department_id = ANY($1))";

async fn measured(db: &impl ConnectionTrait, reach: &Reach, rest: &str, mut values: Vec<Value>) -> Result<Vec<Measured>, DbErr> {
    values.insert(0, reach.ids().into());
    let rows = MeasurementRow::find_by_statement(statement(format!("{MEASUREMENT} {rest}"), values)).all(db).await?;
    rows.into_iter().map(Measured::try_from).collect()
}

/// Which measurements of an indicator to list.
pub struct Chosen<'a> {
    pub kpi: Uuid,
    pub department: Option<&'a str>,
    pub period: Option<&'a str>,
    pub field: Option<&'a str>,
}

/// The key of a row in the list of measurements.
pub type After = (String, String, String);

pub async fn measurements(
    db: &impl ConnectionTrait,
    reach: &Reach,
    chosen: &Chosen<'_>,
    after: Option<After>,
    limit: u32,
) -> Result<Vec<MeasurementView>, DbErr> {
    let (period, department, field) = after.map_or((None, None, None), |(p, d, f)| (Some(p), Some(d), Some(f)));
    let text = |value: Option<&str>| Value::from(value.map(str::to_owned));
    let found = measured(
        db,
        reach,
        "AND m.kpi_id = $2 AND ($3::text IS NULL OR d.code = $3) AND ($4::text IS NULL OR m.period = $4)
           AND ($5::text IS NULL OR m.field_code = $5)
           AND ($6::text IS NULL OR (m.period COLLATE \"C\", d.code COLLATE \"C\", coalesce(m.field_code, '') COLLATE \"C\") > ($6, $7, $8))
         ORDER BY m.period COLLATE \"C\", d.code COLLATE \"C\", coalesce(m.field_code, '') COLLATE \"C\" LIMIT $9",
        vec![
            chosen.kpi.into(),
            text(chosen.department),
            text(chosen.period),
            text(chosen.field),
            period.into(),
            department.into(),
            field.into(),
            i64::from(limit + 1).into(),
        ],
    )
    .await?;
    Ok(found.into_iter().map(|m| m.view).collect())
}

/// Where a measurement stands.
pub struct Place<'a> {
    pub kpi: Uuid,
    pub department: Uuid,
    pub period: &'a str,
    pub field: Option<&'a str>,
}

pub async fn measurement(db: &impl ConnectionTrait, reach: &Reach, place: &Place<'_>) -> Result<Option<MeasurementView>, DbErr> {
    let found = measured(
        db,
        reach,
        "AND m.kpi_id = $2 AND m.department_id = $3 AND m.period = $4 AND m.field_code IS NOT DISTINCT FROM $5",
        vec![place.kpi.into(), place.department.into(), place.period.into(), place.field.map(str::to_owned).into()],
    )
    .await?;
    Ok(found.into_iter().next().map(|m| m.view))
}

/// Every measurement within reach of these indicators for these periods, by department and field.
pub async fn all_measured(db: &impl ConnectionTrait, reach: &Reach, kpis: &[Uuid], periods: &[String]) -> Result<Vec<Measured>, DbErr> {
    measured(
        db,
        reach,
        "AND m.kpi_id = ANY($2) AND m.period = ANY($3) ORDER BY d.code COLLATE \"C\", m.field_code COLLATE \"C\" NULLS FIRST",
        vec![kpis.to_vec().into(), periods.to_vec().into()],
    )
    .await
}

/// The codes of indicator, department, period and field.
pub type Codes = (String, String, String, Option<String>);

/// Every measurement of these indicators for these periods, by codes.
pub async fn standing(tx: &impl ConnectionTrait, kpis: &[Uuid], periods: Vec<String>) -> Result<HashMap<Codes, MeasurementView>, DbErr> {
    let rest = "AND m.kpi_id = ANY($2) AND m.period = ANY($3)";
    let found = measured(tx, &Reach::All, rest, vec![kpis.to_vec().into(), periods.into()]).await?;
    let key = |m: Measured| ((m.view.kpi.clone(), m.view.department.clone(), m.view.period.clone(), m.view.field.clone()), m.view);
    Ok(found.into_iter().map(key).collect())
}

/// Creates or changes measurements. Each version of each stays in the table of versions, which the database sees to.
pub async fn save(tx: &impl ConnectionTrait, call: &Call, rows: &[(Place<'_>, &NewMeasurement)]) -> Result<(), DbErr> {
    let text = |value: Option<Decimal>| value.map(|v| v.to_string());
    let rows: Vec<serde_json::Value> = rows
        .iter()
        .map(|(place, row)| {
            json!({"id": Uuid::now_v7(), "kpi": place.kpi, "department": place.department, "period": place.period, "field": place.field,
                "value": text(row.value), "numerator": text(row.numerator), "denominator": text(row.denominator), "evidence": row.evidence,
                "note": row.note, "state": row.state, "reason": row.correction_reason})
        })
        .collect();
    tx.execute_raw(statement(
        "INSERT INTO kpi_measurements (id, kpi_id, department_id, period, field_code, value, numerator, denominator, evidence, note, state,
             correction_reason, recorded_by, created_at, updated_at)
         SELECT r.id, r.kpi, r.department, r.period, r.field, r.value, r.numerator, r.denominator, r.evidence, r.note, r.state, r.reason, $2, $3, $3
           FROM jsonb_to_recordset($1) AS r(id uuid, kpi uuid, department uuid, period text, field text, value numeric, numerator numeric,
                denominator numeric, evidence jsonb, note text, state text, reason text)
         ON CONFLICT ON CONSTRAINT kpi_measurement_key DO UPDATE SET value = excluded.value, numerator = excluded.numerator,
             denominator = excluded.denominator, evidence = excluded.evidence, note = excluded.note, state = excluded.state,
             correction_reason = excluded.correction_reason, recorded_by = excluded.recorded_by,
             version = kpi_measurements.version + 1, updated_at = excluded.updated_at",
        vec![serde_json::Value::from(rows).into(), call.actor.username.as_str().into(), call.now.into()],
    ))
    .await
    .map(drop)
}
