//! Every query on indicators. Definitions and targets may be seen by whoever may see indicators at all; measurements
//! belong to departments.

mod bulk;

pub use bulk::{At as MeasuredAt, lock_all, save_all, standing};

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult, Statement, Value};
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

use crate::auth::{Permission, Reach};
use crate::http::shape::{Expanding, Expansion, Target, expansion};
use crate::http::values::Key;
use crate::http::{At, Call};
use crate::kpi::decimal::Decimal;
use crate::kpi::rules::Known;
use crate::kpi::wire::{KpiView, MeasurementView, NewKpi, NewMeasurement};

fn statement(sql: impl Into<String>, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// What was stored as JSON or as the name of a closed list; the schema holds it to that.
fn stored<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, DbErr> {
    serde_json::from_value(value).map_err(|e| DbErr::Type(e.to_string()))
}

fn exact(text: Option<String>) -> Result<Option<Decimal>, DbErr> {
    text.map(|t| t.parse().map_err(|e: &str| DbErr::Type(e.to_owned()))).transpose()
}

#[derive(FromQueryResult)]
struct KpiRow {
    id: Uuid,
    code: String,
    name: String,
    unit: String,
    direction: String,
    source: String,
    formula: Option<String>,
    component_of: Option<String>,
    note: Option<String>,
    targets: serde_json::Value,
    version: i32,
}

impl TryFrom<KpiRow> for KpiView {
    type Error = DbErr;

    fn try_from(r: KpiRow) -> Result<Self, DbErr> {
        Ok(KpiView {
            id: r.id,
            code: r.code,
            name: r.name,
            unit: stored(r.unit.into())?,
            direction: stored(r.direction.into())?,
            source: stored(r.source.into())?,
            formula: stored(r.formula.into())?,
            component_of: r.component_of,
            note: r.note,
            targets: stored(r.targets)?,
            version: r.version,
        })
    }
}

const KPI: &str = "SELECT k.id, k.code, k.name, k.unit, k.direction, k.source, k.formula, w.code AS component_of, k.note, k.version,
        coalesce((SELECT jsonb_agg(jsonb_build_object('authority', t.authority, 'department', d.code, 'field', t.field_code,
                      'period', t.period, 'comparator', t.comparator, 'value', t.value, 'wording', t.wording) ORDER BY t.n)
                    FROM kpi_targets t LEFT JOIN departments d ON d.id = t.department_id WHERE t.kpi_id = k.id), '[]') AS targets
   FROM kpis k LEFT JOIN kpis w ON w.id = k.component_of_id";

async fn kpis(db: &impl ConnectionTrait, rest: &str, values: Vec<Value>) -> Result<Vec<KpiView>, DbErr> {
    let rows = KpiRow::find_by_statement(statement(format!("{KPI} {rest}"), values)).all(db).await?;
    rows.into_iter().map(KpiView::try_from).collect()
}

pub async fn find(db: &impl ConnectionTrait, key: &Key) -> Result<Option<KpiView>, DbErr> {
    let rows = match key {
        Key::Id(id) => kpis(db, "WHERE k.id = $1", vec![(*id).into()]).await?,
        Key::Code(code) => kpis(db, "WHERE k.code = $1", vec![code.as_str().into()]).await?,
    };
    Ok(rows.into_iter().next())
}

/// Indicators with these codes, or all; by code.
pub async fn some(db: &impl ConnectionTrait, codes: &[String]) -> Result<Vec<KpiView>, DbErr> {
    kpis(db, "WHERE cardinality($1::text[]) = 0 OR k.code = ANY($1) ORDER BY k.code COLLATE \"C\"", vec![codes.to_vec().into()]).await
}

/// What codes of indicators stand for.
pub const EXPANDED: Target = Target { schema: "KpiView", find: expand };

fn expand<'a>(db: &'a DatabaseConnection, call: &'a Call, codes: Vec<String>) -> Expanding<'a> {
    Box::pin(async move {
        if !call.actor.has(Permission::ReadKpi) {
            return Ok(Expansion::new());
        }
        expansion(some(db, &codes).await?, |k| &k.code)
    })
}

pub async fn list(
    db: &impl ConnectionTrait,
    sources: &[&'static str],
    unit: Option<&'static str>,
    after: Option<String>,
    limit: u32,
) -> Result<Vec<KpiView>, DbErr> {
    let sources: Vec<String> = sources.iter().map(|s| (*s).to_owned()).collect();
    kpis(
        db,
        "WHERE ($1::text IS NULL OR k.code > $1 COLLATE \"C\") AND (cardinality($2::text[]) = 0 OR k.source = ANY($2))
           AND ($3::text IS NULL OR k.unit = $3)
         ORDER BY k.code COLLATE \"C\" LIMIT $4",
        vec![after.into(), sources.into(), unit.map(str::to_owned).into(), i64::from(limit + 1).into()],
    )
    .await
}

/// Keeps other writers of definitions out until the transaction ends: parts and wholes are checked together.
pub async fn lock_definitions(tx: &impl ConnectionTrait) -> Result<(), DbErr> {
    tx.execute_unprepared("LOCK TABLE kpis IN SHARE ROW EXCLUSIVE MODE").await.map(|_| ())
}

#[derive(FromQueryResult)]
struct CodeRow {
    kind: String,
    code: String,
    of: Option<String>,
}

/// What a definition may refer to.
pub async fn known(db: &impl ConnectionTrait) -> Result<Known, DbErr> {
    let sql = "SELECT 'department' AS kind, code, NULL::text AS of FROM departments
               UNION ALL SELECT 'field', code, NULL FROM procedure_fields
               UNION ALL SELECT 'kpi', k.code, w.code FROM kpis k LEFT JOIN kpis w ON w.id = k.component_of_id";
    let mut known = Known { departments: HashSet::new(), fields: HashSet::new(), components: HashMap::new() };
    for row in CodeRow::find_by_statement(statement(sql, vec![])).all(db).await? {
        match row.kind.as_str() {
            "department" => drop(known.departments.insert(row.code)),
            "field" => drop(known.fields.insert(row.code)),
            _ => drop(known.components.insert(row.code, row.of)),
        }
    }
    Ok(known)
}

pub async fn is_measured(db: &impl ConnectionTrait, kpi: Uuid) -> Result<bool, DbErr> {
    let found = db.query_one_raw(statement("SELECT 1 FROM kpi_measurements WHERE kpi_id = $1 LIMIT 1", vec![kpi.into()])).await?;
    Ok(found.is_some())
}

/// Creates or changes a definition with its targets.
pub async fn save(tx: &impl ConnectionTrait, row: &NewKpi, now: DateTime<Utc>) -> Result<(), DbErr> {
    let body = json!({"id": Uuid::now_v7(), "code": row.code, "name": row.name, "unit": row.unit, "direction": row.direction,
        "source": row.source, "formula": row.formula, "component_of": row.component_of, "note": row.note});
    tx.execute_raw(statement(
        "INSERT INTO kpis (id, code, name, unit, direction, source, formula, component_of_id, note, created_at, updated_at)
         SELECT r.id, r.code, r.name, r.unit, r.direction, r.source, r.formula, w.id, r.note, $2, $2
           FROM jsonb_to_record($1) AS r(id uuid, code text, name text, unit text, direction text, source text, formula text,
                component_of text, note text)
           LEFT JOIN kpis w ON w.code = r.component_of
         ON CONFLICT (code) DO UPDATE SET name = excluded.name, unit = excluded.unit, direction = excluded.direction,
             source = excluded.source, formula = excluded.formula, component_of_id = excluded.component_of_id,
             note = excluded.note, version = kpis.version + 1, updated_at = excluded.updated_at",
        vec![body.into(), now.into()],
    ))
    .await?;
    tx.execute_raw(statement(
        "DELETE FROM kpi_targets t USING kpis k WHERE k.code = $1 AND t.kpi_id = k.id",
        vec![row.code.as_str().into()],
    ))
    .await?;
    let targets: Vec<serde_json::Value> = row
        .targets
        .iter()
        .zip(1..)
        .map(|(t, n)| {
            json!({"n": n, "authority": t.authority, "department": t.department, "field": t.field, "period": t.period,
                "comparator": t.comparator, "value": t.value.map(|v| v.to_string()), "wording": t.wording})
        })
        .collect();
    tx.execute_raw(statement(
        "INSERT INTO kpi_targets (kpi_id, n, authority, department_id, field_code, period, comparator, value, wording)
         SELECT k.id, r.n, r.authority, d.id, r.field, r.period, r.comparator, r.value, r.wording
           FROM jsonb_to_recordset($1) AS r(n smallint, authority text, department text, field text, period text, comparator text,
                value numeric, wording text)
           JOIN kpis k ON k.code = $2 LEFT JOIN departments d ON d.code = r.department",
        vec![serde_json::Value::from(targets).into(), row.code.as_str().into()],
    ))
    .await?;
    Ok(())
}

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
            recorded_at: At(r.recorded_at),
            version: r.version,
        };
        Ok(Measured { view, department_name: r.department_name, field_name: r.field_name })
    }
}

const MEASUREMENT: &str = "SELECT m.id, k.code AS kpi, d.code AS department, d.name AS department_name, m.period, m.field_code AS field,
        f.name AS field_name, m.value::text AS value, m.numerator::text AS numerator, m.denominator::text AS denominator, m.evidence,
        m.note, m.updated_at AS recorded_at, m.version
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

/// Keeps other writers of an indicator and its measurements out until the transaction ends.
pub async fn lock(tx: &impl ConnectionTrait, kpi: Uuid) -> Result<(), DbErr> {
    tx.execute_raw(statement("SELECT 1 FROM kpis WHERE id = $1 FOR NO KEY UPDATE", vec![kpi.into()])).await.map(|_| ())
}

/// Creates or changes a measurement.
pub async fn save_measurement(tx: &impl ConnectionTrait, place: &Place<'_>, row: &NewMeasurement, now: DateTime<Utc>) -> Result<(), DbErr> {
    let text = |value: Option<Decimal>| Value::from(value.map(|v| v.to_string()));
    tx.execute_raw(statement(
        "INSERT INTO kpi_measurements (id, kpi_id, department_id, period, field_code, value, numerator, denominator, evidence, note,
             created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6::text::numeric, $7::text::numeric, $8::text::numeric, $9, $10, $11, $11)
         ON CONFLICT ON CONSTRAINT kpi_measurement_key DO UPDATE SET value = excluded.value, numerator = excluded.numerator,
             denominator = excluded.denominator, evidence = excluded.evidence, note = excluded.note,
             version = kpi_measurements.version + 1, updated_at = excluded.updated_at",
        vec![
            Uuid::now_v7().into(),
            place.kpi.into(),
            place.department.into(),
            place.period.into(),
            place.field.map(str::to_owned).into(),
            text(row.value),
            text(row.numerator),
            text(row.denominator),
            json!(row.evidence).into(),
            row.note.as_ref().map(|n| n.as_str().to_owned()).into(),
            now.into(),
        ],
    ))
    .await?;
    Ok(())
}
