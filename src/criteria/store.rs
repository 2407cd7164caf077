//! Every query on index criteria. Sheets and scores may be seen by whoever may see criteria at all.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::rules::score::Score;
use super::rules::tree::Scored;
use super::wire::{CriteriaSheetSummary, NewCriteriaSheet, NewCriterionAppraisal, NewCriterionScore};
use crate::db::documents;
use crate::http::Call;
use crate::http::values::{Key, fold};

/// A sheet as it is stored, with what was scored.
#[derive(Clone, Deserialize)]
pub struct Stored {
    pub id: Uuid,
    pub department_id: Uuid,
    pub version: i32,
    pub sheet: NewCriteriaSheet,
    pub scores: Vec<Score>,
}

impl Stored {
    pub fn scored(&self) -> Scored<'_> {
        Scored { sheet: &self.sheet, scores: &self.scores }
    }
}

const WHOLE: &str = "jsonb_build_object('id', s.id, 'department_id', s.department_id, 'version', s.version,
    'sheet', jsonb_build_object('code', s.code, 'name', s.name, 'year', s.year, 'department', d.code, 'issuer', s.issuer,
        'decision', s.decision, 'legal_basis', s.legal_basis, 'follows', f.code,
        'criteria', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', c.code, 'parent', p.code, 'name', c.name,
                'max_points', c.max_points, 'kind', c.kind, 'full_at', c.full_at, 'bands', c.bands, 'kpi', c.kpi, 'department', cd.code,
                'follows', c.follows, 'last_year_score', c.last_year_score, 'note', c.note) ORDER BY c.position), '[]')
            FROM criteria c LEFT JOIN criteria p ON p.id = c.parent_id LEFT JOIN departments cd ON cd.id = c.department_id
           WHERE c.sheet_id = s.id)),
    'scores', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'criterion', c.code, 'self_score', r.self_score,
            'figure', r.figure, 'evidence', r.evidence, 'note', r.note, 'scored_by', r.scored_by, 'scored_at', r.scored_at,
            'appraised_score', r.appraised_score, 'survey_score', r.survey_score, 'appraisal_note', r.appraisal_note,
            'appraised_by', r.appraised_by, 'appraised_at', r.appraised_at, 'version', r.version) ORDER BY c.position), '[]')
        FROM criteria c JOIN criterion_scores r ON r.criterion_id = c.id WHERE c.sheet_id = s.id))";

const FROM: &str = "criteria_sheets s JOIN departments d ON d.id = s.department_id LEFT JOIN criteria_sheets f ON f.id = s.follows_id";

async fn whole(db: &impl ConnectionTrait, rest: &str, values: Vec<Value>) -> Result<Vec<Stored>, DbErr> {
    documents(db, format!("SELECT {WHOLE} AS doc FROM {FROM} WHERE {rest}"), values).await
}

fn named(key: &Key) -> (&'static str, Value) {
    match key {
        Key::Id(id) => ("s.id = $1", (*id).into()),
        Key::Code(code) => ("s.code = $1", code.as_str().into()),
    }
}

pub async fn find(db: &impl ConnectionTrait, key: &Key) -> Result<Option<Stored>, DbErr> {
    let (rest, value) = named(key);
    Ok(whole(db, rest, vec![value]).await?.into_iter().next())
}

/// The sheet that another follows.
pub async fn followed(db: &impl ConnectionTrait, sheet: &NewCriteriaSheet) -> Result<Option<Stored>, DbErr> {
    match &sheet.follows {
        Some(code) => find(db, &Key::Code(code.to_string())).await,
        None => Ok(None),
    }
}

/// The sheets of a year, and those that they follow.
pub async fn of_year(db: &impl ConnectionTrait, year: i32) -> Result<(Vec<Stored>, Vec<Stored>), DbErr> {
    let sheets = whole(db, "s.year = $1 ORDER BY s.code COLLATE \"C\"", vec![year.into()]).await?;
    let follows: Vec<String> = sheets.iter().filter_map(|s| s.sheet.follows.as_ref().map(ToString::to_string)).collect();
    let earlier = if follows.is_empty() { Vec::new() } else { whole(db, "s.code = ANY($1)", vec![follows.into()]).await? };
    Ok((sheets, earlier))
}

/// Keeps other writers of a sheet out, or, shared, lets its scores be written beside each other; then reads it.
pub async fn lock(tx: &impl ConnectionTrait, key: &Key, shared: bool) -> Result<Option<Stored>, DbErr> {
    let (rest, value) = named(key);
    let how = if shared { "FOR SHARE" } else { "FOR UPDATE" };
    let sql = format!("SELECT s.id FROM criteria_sheets s WHERE {rest} {how}");
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [value])).await?;
    find(tx, key).await
}

/// Keeps other writers of the score of a criterion out.
pub async fn lock_criterion(tx: &impl ConnectionTrait, sheet: Uuid, criterion: &str) -> Result<(), DbErr> {
    let sql = "SELECT id FROM criteria WHERE sheet_id = $1 AND code = $2 FOR NO KEY UPDATE";
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [sheet.into(), criterion.into()])).await.map(drop)
}

pub struct Filter<'a> {
    pub year: Option<i32>,
    /// Code of the department that is scored.
    pub department: Option<&'a str>,
    pub words: &'a [String],
}

/// Sheets by code.
pub async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter<'_>,
    after: Option<String>,
    limit: u32,
) -> Result<Vec<CriteriaSheetSummary>, DbErr> {
    let sql = format!(
        "SELECT jsonb_build_object('id', s.id, 'code', s.code, 'name', s.name, 'year', s.year, 'department', d.code, 'decision', s.decision,
                'follows', f.code, 'criteria', (SELECT count(*) FROM criteria c WHERE c.sheet_id = s.id), 'version', s.version) AS doc
           FROM {FROM}
          WHERE ($1::text IS NULL OR s.code > $1 COLLATE \"C\") AND ($2::int IS NULL OR s.year = $2) AND ($3::text IS NULL OR d.code = $3)
            AND NOT EXISTS (SELECT FROM unnest($4::text[]) AS w(word) WHERE strpos(s.search, w.word) = 0)
          ORDER BY s.code COLLATE \"C\" LIMIT $5"
    );
    let values = vec![
        after.into(),
        filter.year.into(),
        filter.department.map(str::to_owned).into(),
        filter.words.to_vec().into(),
        i64::from(limit.saturating_add(1)).into(),
    ];
    documents(db, sql, values).await
}

/// Those of some codes of indicators that there are.
pub async fn kpis(db: &impl ConnectionTrait, codes: Vec<String>) -> Result<HashSet<String>, DbErr> {
    if codes.is_empty() {
        return Ok(HashSet::new());
    }
    let found: Vec<String> = documents(db, "SELECT to_jsonb(code) AS doc FROM kpis WHERE code = ANY($1)", vec![codes.into()]).await?;
    Ok(found.into_iter().collect())
}

/// Codes of a department and all below it.
pub async fn below(db: &impl ConnectionTrait, department: Uuid) -> Result<HashSet<String>, DbErr> {
    let sql = "SELECT to_jsonb(code) AS doc FROM departments WHERE path @> ARRAY[$1]";
    let found: Vec<String> = documents(db, sql, vec![department.into()]).await?;
    Ok(found.into_iter().collect())
}

/// Writes a sheet as a whole; gives its version. Criteria that stay keep their scores.
pub async fn save(tx: &impl ConnectionTrait, call: &Call, id: Uuid, sheet: &NewCriteriaSheet) -> Result<i32, DbErr> {
    let text = |value: Option<&str>| -> Value { value.map(str::to_owned).into() };
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO criteria_sheets (id, code, name, year, department_id, issuer, decision, legal_basis, follows_id, search, created_at)
         VALUES ($1, $2, $3, $4, (SELECT d.id FROM departments d WHERE d.code = $5), $6, $7, $8,
             (SELECT f.id FROM criteria_sheets f WHERE f.code = $9), $10, $11)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, year = excluded.year, department_id = excluded.department_id,
             issuer = excluded.issuer, decision = excluded.decision, legal_basis = excluded.legal_basis, follows_id = excluded.follows_id,
             search = excluded.search, version = criteria_sheets.version + 1, updated_at = $11
         RETURNING version",
        [
            id.into(),
            sheet.code.as_str().into(),
            sheet.name.as_str().into(),
            sheet.year.into(),
            sheet.department.as_str().into(),
            text(sheet.issuer.as_ref().map(|t| t.as_str())),
            text(sheet.decision.as_ref().map(|t| t.as_str())),
            text(sheet.legal_basis.as_ref().map(|t| t.as_str())),
            text(sheet.follows.as_ref().map(|t| t.as_str())),
            fold(&format!("{} {}", sheet.code, sheet.name.as_str())).into(),
            call.now.into(),
        ],
    );
    let row = tx.query_one_raw(statement).await?.ok_or_else(|| DbErr::RecordNotFound("sheet".into()))?;
    let rows: Vec<serde_json::Value> = (1..)
        .zip(&sheet.criteria)
        .map(|(position, c): (i32, _)| {
            let mut row = json!(c);
            row["id"] = json!(Uuid::now_v7());
            row["position"] = json!(position);
            row
        })
        .collect();
    for sql in [
        "INSERT INTO criteria (id, sheet_id, code, position, name, max_points, kind, full_at, bands, kpi, department_id, follows,
             last_year_score, note)
         SELECT r.id, $1, r.code, r.position, r.name, r.max_points, r.kind, r.full_at, r.bands, r.kpi, d.id, r.follows, r.last_year_score, r.note
           FROM jsonb_to_recordset($2) AS r(id uuid, code text, position int, name text, max_points numeric, kind text, full_at numeric,
                bands jsonb, kpi text, department text, follows text, last_year_score numeric, note text)
           LEFT JOIN departments d ON d.code = r.department
         ON CONFLICT (sheet_id, code) DO UPDATE SET position = excluded.position, name = excluded.name, max_points = excluded.max_points,
             kind = excluded.kind, full_at = excluded.full_at, bands = excluded.bands, kpi = excluded.kpi,
             department_id = excluded.department_id, follows = excluded.follows, last_year_score = excluded.last_year_score,
             note = excluded.note",
        "UPDATE criteria c SET parent_id = p.id FROM jsonb_to_recordset($2) AS r(code text, parent text)
           LEFT JOIN criteria p ON p.sheet_id = $1 AND p.code = r.parent
          WHERE c.sheet_id = $1 AND c.code = r.code AND c.parent_id IS DISTINCT FROM p.id",
        "DELETE FROM criteria c WHERE c.sheet_id = $1
           AND NOT EXISTS (SELECT FROM jsonb_to_recordset($2) AS r(code text) WHERE r.code = c.code)",
    ] {
        let values: [Value; 2] = [id.into(), Value::from(serde_json::Value::from(rows.clone()))];
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    }
    row.try_get("", "version")
}

/// Writes what a department scores itself.
pub async fn save_score(
    tx: &impl ConnectionTrait,
    call: &Call,
    sheet: Uuid,
    criterion: &str,
    new: &NewCriterionScore,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO criterion_scores (id, criterion_id, self_score, figure, evidence, note, scored_by, scored_at, created_at)
         SELECT $1, c.id, $4::text::numeric, $5, $6, $7, $8, $9, $9 FROM criteria c WHERE c.sheet_id = $2 AND c.code = $3
         ON CONFLICT (criterion_id) DO UPDATE SET self_score = excluded.self_score, figure = excluded.figure, evidence = excluded.evidence,
             note = excluded.note, scored_by = excluded.scored_by, scored_at = excluded.scored_at,
             version = criterion_scores.version + 1, updated_at = $9";
    let values = [
        Uuid::now_v7().into(),
        sheet.into(),
        criterion.into(),
        new.self_score.map(|s| s.to_string()).into(),
        new.figure.as_ref().map(|f| json!(f)).into(),
        json!(new.evidence).into(),
        new.note.as_ref().map(|n| n.as_str().to_owned()).into(),
        call.actor.username.as_str().into(),
        call.now.into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await.map(drop)
}

/// Writes what the appraisal comes to.
pub async fn save_appraisal(
    tx: &impl ConnectionTrait,
    call: &Call,
    sheet: Uuid,
    criterion: &str,
    new: &NewCriterionAppraisal,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO criterion_scores (id, criterion_id, appraised_score, survey_score, appraisal_note, appraised_by, appraised_at, created_at)
         SELECT $1, c.id, $4::text::numeric, $5::text::numeric, $6, $7, $8, $8 FROM criteria c WHERE c.sheet_id = $2 AND c.code = $3
         ON CONFLICT (criterion_id) DO UPDATE SET appraised_score = excluded.appraised_score, survey_score = excluded.survey_score,
             appraisal_note = excluded.appraisal_note, appraised_by = excluded.appraised_by, appraised_at = excluded.appraised_at,
             version = criterion_scores.version + 1, updated_at = $8";
    let values = [
        Uuid::now_v7().into(),
        sheet.into(),
        criterion.into(),
        new.appraised_score.map(|s| s.to_string()).into(),
        new.survey_score.map(|s| s.to_string()).into(),
        new.note.as_ref().map(|n| n.as_str().to_owned()).into(),
        call.actor.username.as_str().into(),
        call.now.into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await.map(drop)
}
