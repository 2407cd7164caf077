//! Every query on definitions. They may be seen by whoever may see indicators at all.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, FromQueryResult, Value};
use serde_json::json;
use uuid::Uuid;

use super::rules::{Known, Lineage, inputs};
use super::wire::{KpiVersionView, KpiView, NewKpi};
use crate::auth::Permission;
use crate::http::shape::{Expanding, Expansion, Target, expansion};
use crate::http::values::Key;
use crate::http::{At, Call, Day};
use crate::kpi::store::{statement, stored};

#[derive(FromQueryResult)]
struct KpiRow {
    id: Uuid,
    code: String,
    name: String,
    unit: String,
    direction: String,
    source: String,
    formula: Option<String>,
    expression: Option<String>,
    scope: serde_json::Value,
    period_rule: serde_json::Value,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
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
            inputs: inputs(r.expression.as_deref()),
            expression: r.expression,
            scope: stored(r.scope)?,
            period_rule: stored(r.period_rule)?,
            valid_from: r.valid_from.map(Day),
            valid_to: r.valid_to.map(Day),
            component_of: r.component_of,
            note: r.note,
            targets: stored(r.targets)?,
            version: r.version,
        })
    }
}

const KPI: &str = "SELECT k.id, k.code, k.name, k.unit, k.direction, k.source, k.formula, k.expression, k.valid_from, k.valid_to,
        jsonb_build_object('department', s.code, 'field', k.scope_field_code, 'procedure', p.code) AS scope,
        jsonb_build_object('cut', k.period_cut, 'kinds', k.period_kinds) AS period_rule, w.code AS component_of, k.note, k.version,
        coalesce((SELECT jsonb_agg(jsonb_build_object('authority', t.authority, 'department', d.code, 'field', t.field_code,
                      'procedure', tp.code, 'period', t.period, 'comparator', t.comparator, 'value', t.value, 'margin', t.margin,
                      'wording', t.wording) ORDER BY t.n)
                    FROM kpi_targets t LEFT JOIN departments d ON d.id = t.department_id LEFT JOIN procedures tp ON tp.id = t.procedure_id
                   WHERE t.kpi_id = k.id), '[]') AS targets
   FROM kpis k LEFT JOIN kpis w ON w.id = k.component_of_id LEFT JOIN departments s ON s.id = k.scope_department_id
   LEFT JOIN procedures p ON p.id = k.scope_procedure_id";

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
        if !call.actor.has(Permission::ReadKpi) || codes.is_empty() {
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

/// What any definition or measurement may refer to.
pub async fn known(db: &impl ConnectionTrait) -> Result<Known, DbErr> {
    known_with(db, &[]).await
}

async fn known_with(db: &impl ConnectionTrait, procedures: &[String]) -> Result<Known, DbErr> {
    let sql = "SELECT 'department' AS kind, code, NULL::text AS of FROM departments
               UNION ALL SELECT 'field', code, NULL FROM procedure_fields
               UNION ALL SELECT 'procedure', code, field_code FROM procedures WHERE code = ANY($1)
               UNION ALL SELECT 'kpi', k.code, w.code FROM kpis k LEFT JOIN kpis w ON w.id = k.component_of_id";
    let mut known = Known {
        departments: HashSet::new(),
        fields: HashSet::new(),
        procedures: HashMap::new(),
        components: HashMap::new(),
        lineages: Vec::new(),
    };
    for row in CodeRow::find_by_statement(statement(sql, vec![procedures.to_vec().into()])).all(db).await? {
        match row.kind.as_str() {
            "department" => drop(known.departments.insert(row.code)),
            "field" => drop(known.fields.insert(row.code)),
            "procedure" => drop(known.procedures.insert(row.code, row.of.unwrap_or_default())),
            _ => drop(known.components.insert(row.code, row.of)),
        }
    }
    Ok(known)
}

#[derive(FromQueryResult)]
struct LineageRow {
    code: String,
    version: i32,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    expression: Option<String>,
}

/// What a definition may refer to.
pub async fn known_for(db: &impl ConnectionTrait, row: &NewKpi) -> Result<Known, DbErr> {
    let named = row.targets.iter().filter_map(|t| t.procedure.as_ref()).chain(&row.scope.procedure);
    let mut known = known_with(db, &named.map(ToString::to_string).collect::<Vec<_>>()).await?;
    if row.expression.is_some() {
        // Of those that ever had an expression, the latest text from each day on.
        let sql = "SELECT DISTINCT ON (k.code, v.valid_from) k.code, v.version, v.valid_from, v.valid_to, v.definition ->> 'expression' AS expression
                     FROM kpi_versions v JOIN kpis k ON k.id = v.kpi_id
                    WHERE v.kpi_id IN (SELECT kpi_id FROM kpi_versions WHERE definition ->> 'expression' IS NOT NULL)
                    ORDER BY k.code, v.valid_from, v.version DESC";
        let rows = LineageRow::find_by_statement(statement(sql, vec![])).all(db).await?;
        known.lineages = rows
            .into_iter()
            .map(|r| Lineage {
                code: r.code,
                version: r.version,
                valid_from: r.valid_from,
                valid_to: r.valid_to,
                inputs: inputs(r.expression.as_deref()),
            })
            .collect();
    }
    Ok(known)
}

pub async fn is_measured(db: &impl ConnectionTrait, kpi: Uuid) -> Result<bool, DbErr> {
    let found = db.query_one_raw(statement("SELECT 1 FROM kpi_measurements WHERE kpi_id = $1 LIMIT 1", vec![kpi.into()])).await?;
    Ok(found.is_some())
}

/// Creates or changes a definition with its targets, and keeps it as a version.
pub async fn save(tx: &impl ConnectionTrait, row: &NewKpi, changed_by: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    let body = json!({"id": Uuid::now_v7(), "code": row.code, "name": row.name, "unit": row.unit, "direction": row.direction,
        "source": row.source, "formula": row.formula, "expression": row.expression, "department": row.scope.department,
        "field": row.scope.field, "procedure": row.scope.procedure, "cut": row.period_rule.cut, "kinds": row.period_rule.kinds,
        "valid_from": row.valid_from, "valid_to": row.valid_to, "component_of": row.component_of, "note": row.note});
    tx.execute_raw(statement(
        "INSERT INTO kpis (id, code, name, unit, direction, source, formula, expression, scope_department_id, scope_field_code,
             scope_procedure_id, period_cut, period_kinds, valid_from, valid_to, component_of_id, note, created_at, updated_at)
         SELECT r.id, r.code, r.name, r.unit, r.direction, r.source, r.formula, r.expression, d.id, r.field, p.id, r.cut, r.kinds,
                r.valid_from, r.valid_to, w.id, r.note, $2, $2
           FROM jsonb_to_record($1) AS r(id uuid, code text, name text, unit text, direction text, source text, formula text,
                expression text, department text, field text, procedure text, cut text, kinds text[], valid_from date, valid_to date,
                component_of text, note text)
           LEFT JOIN kpis w ON w.code = r.component_of LEFT JOIN departments d ON d.code = r.department
           LEFT JOIN procedures p ON p.code = r.procedure
         ON CONFLICT (code) DO UPDATE SET name = excluded.name, unit = excluded.unit, direction = excluded.direction,
             source = excluded.source, formula = excluded.formula, expression = excluded.expression,
             scope_department_id = excluded.scope_department_id, scope_field_code = excluded.scope_field_code,
             scope_procedure_id = excluded.scope_procedure_id, period_cut = excluded.period_cut, period_kinds = excluded.period_kinds,
             valid_from = excluded.valid_from, valid_to = excluded.valid_to, component_of_id = excluded.component_of_id,
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
            json!({"n": n, "authority": t.authority, "department": t.department, "field": t.field, "procedure": t.procedure,
                "period": t.period, "comparator": t.comparator, "value": t.value.map(|v| v.to_string()),
                "margin": t.margin.map(|v| v.to_string()), "wording": t.wording})
        })
        .collect();
    tx.execute_raw(statement(
        "INSERT INTO kpi_targets (kpi_id, n, authority, department_id, field_code, procedure_id, period, comparator, value, margin, wording)
         SELECT k.id, r.n, r.authority, d.id, r.field, p.id, r.period, r.comparator, r.value, r.margin, r.wording
           FROM jsonb_to_recordset($1) AS r(n smallint, authority text, department text, field text, procedure text, period text,
                comparator text, value numeric, margin numeric, wording text)
           JOIN kpis k ON k.code = $2 LEFT JOIN departments d ON d.code = r.department LEFT JOIN procedures p ON p.code = r.procedure",
        vec![serde_json::Value::from(targets).into(), row.code.as_str().into()],
    ))
    .await?;
    tx.execute_raw(statement(
        "INSERT INTO kpi_versions (kpi_id, version, valid_from, valid_to, definition, changed_by, changed_at)
         SELECT k.id, k.version, k.valid_from, k.valid_to, $2, $3, $4 FROM kpis k WHERE k.code = $1",
        vec![row.code.as_str().into(), json!(row).into(), changed_by.into(), now.into()],
    ))
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct VersionRow {
    kpi_id: Uuid,
    version: i32,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    definition: serde_json::Value,
    changed_by: Option<String>,
    changed_at: DateTime<Utc>,
}

impl VersionRow {
    fn view(self) -> Result<KpiVersionView, DbErr> {
        Ok(KpiVersionView {
            version: self.version,
            valid_from: self.valid_from.map(Day),
            valid_to: self.valid_to.map(Day),
            changed_by: self.changed_by,
            changed_at: At(self.changed_at),
            definition: stored(self.definition)?,
        })
    }
}

const VERSION: &str = "v.kpi_id, v.version, v.valid_from, v.valid_to, v.definition, v.changed_by, v.changed_at FROM kpi_versions v";

async fn versions_by(db: &impl ConnectionTrait, sql: String, values: Vec<Value>) -> Result<Vec<KpiVersionView>, DbErr> {
    let rows = VersionRow::find_by_statement(statement(sql, values)).all(db).await?;
    rows.into_iter().map(VersionRow::view).collect()
}

/// The versions of an indicator, the first one first; with a day, the one that was in force then.
pub async fn versions(
    db: &impl ConnectionTrait,
    kpi: Uuid,
    on: Option<NaiveDate>,
    after: Option<i32>,
    limit: u32,
) -> Result<Vec<KpiVersionView>, DbErr> {
    let sql = format!(
        "SELECT {VERSION} WHERE v.kpi_id = $1 AND ($2::int IS NULL OR v.version > $2)
            AND ($3::date IS NULL OR ((v.valid_to IS NULL OR v.valid_to >= $3) AND v.version =
                (SELECT max(b.version) FROM kpi_versions b WHERE b.kpi_id = $1 AND (b.valid_from IS NULL OR b.valid_from <= $3))))
          ORDER BY v.version LIMIT $4"
    );
    versions_by(db, sql, vec![kpi.into(), after.into(), on.into(), i64::from(limit + 1).into()]).await
}

pub async fn version(db: &impl ConnectionTrait, kpi: Uuid, version: i32) -> Result<Option<KpiVersionView>, DbErr> {
    let sql = format!("SELECT {VERSION} WHERE v.kpi_id = $1 AND v.version = $2");
    Ok(versions_by(db, sql, vec![kpi.into(), version.into()]).await?.pop())
}

/// What was ever defined from a day on, by indicator: of each such day the latest version. Only of those whose definitions begin or end
/// on some day; all others have always held.
pub async fn histories(db: &impl ConnectionTrait, kpis: &[Uuid]) -> Result<HashMap<Uuid, Vec<KpiVersionView>>, DbErr> {
    let sql = format!(
        "SELECT DISTINCT ON (v.kpi_id, v.valid_from) {VERSION}
          WHERE v.kpi_id IN (SELECT b.kpi_id FROM kpi_versions b
                              WHERE b.kpi_id = ANY($1) AND (b.valid_from IS NOT NULL OR b.valid_to IS NOT NULL))
          ORDER BY v.kpi_id, v.valid_from, v.version DESC"
    );
    let mut histories: HashMap<Uuid, Vec<KpiVersionView>> = HashMap::new();
    for row in VersionRow::find_by_statement(statement(sql, vec![kpis.to_vec().into()])).all(db).await? {
        let kpi = row.kpi_id;
        histories.entry(kpi).or_default().push(row.view()?);
    }
    Ok(histories)
}
