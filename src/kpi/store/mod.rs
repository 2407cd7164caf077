//! Every query on definitions and targets of indicators, which may be seen by whoever may see indicators at all.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult, Statement, Value};
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

use crate::auth::Permission;
use crate::http::Call;
use crate::http::shape::{Expanding, Expansion, Target, expansion};
use crate::http::values::Key;
use crate::kpi::rules::{Chain, Known};
use crate::kpi::wire::{KpiView, NewKpi};

fn statement(sql: impl Into<String>, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// What was stored as JSON or as the name of a closed list; the schema holds it to that.
fn stored<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, DbErr> {
    serde_json::from_value(value).map_err(|e| DbErr::Type(e.to_string()))
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

/// Keeps other writers of these indicators and their measurements out until the transaction ends; in order, so that two who lock
/// several never wait for each other crosswise.
pub async fn lock_all(tx: &impl ConnectionTrait, kpis: &[Uuid]) -> Result<(), DbErr> {
    let text = "SELECT 1 FROM kpis WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";
    tx.execute_raw(statement(text, vec![kpis.to_vec().into()])).await.map(drop)
}

/// A department, and whose targets hold for it.
#[derive(FromQueryResult)]
pub struct Unit {
    pub id: Uuid,
    pub code: String,
    /// An agency without a department above it.
    pub is_root: bool,
    /// Its own code and those above it, nearest first.
    pub chain: Chain,
}

/// Every department, by code.
pub async fn units(db: &impl ConnectionTrait) -> Result<Vec<Unit>, DbErr> {
    let sql = "SELECT d.id, d.code, d.kind = 'agency' AND d.parent_id IS NULL AS is_root,
                      array(SELECT a.code FROM unnest(d.path) WITH ORDINALITY AS up(id, depth) JOIN departments a ON a.id = up.id
                             ORDER BY up.depth DESC) AS chain
                 FROM departments d ORDER BY d.code COLLATE \"C\"";
    Unit::find_by_statement(statement(sql, vec![])).all(db).await
}
