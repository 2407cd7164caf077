//! Every query on surveys.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::model::{SurveyAct, SurveyState};
use super::rules::statistics::Share;
use super::rules::{Ground, Indicator, Neighbour, Place};
use super::wire::{NewSurvey, SurveyAnswers, SurveyFeed, SurveyPublication, SurveySummary, SurveyView};
use crate::auth::Reach;
use crate::db::documents;
use crate::http::values::{Key, fold};
use crate::http::{At, Call};

// $1: the departments whose surveys the caller may see.
const SEEN: &str = "($1::uuid[] IS NULL OR s.department_id = ANY($1))";

/// Of what all answered, and of the fields of a question that was not counted for all: the rows that make up the whole.
const COUNTED: &str = "(a.field_code IS NULL OR NOT EXISTS (SELECT 1 FROM survey_answers w WHERE w.survey_id = a.survey_id
        AND w.factor_code = a.factor_code AND w.question IS NOT DISTINCT FROM a.question AND w.field_code IS NULL))";

const ANSWERS: &str =
    "coalesce((SELECT jsonb_agg(jsonb_build_object('factor', a.factor_code, 'field', a.field_code, 'question', a.question,
            'very_dissatisfied', a.very_dissatisfied, 'dissatisfied', a.dissatisfied, 'neutral', a.neutral, 'satisfied', a.satisfied,
            'very_satisfied', a.very_satisfied, 'no_answer', a.no_answer) ORDER BY a.n)
        FROM survey_answers a WHERE a.survey_id = s.id), '[]')";

const FEEDS: &str = "coalesce((SELECT jsonb_agg(jsonb_build_object('kpi', f.kpi_code, 'field', f.field_code) ORDER BY f.n)
        FROM survey_feeds f WHERE f.survey_id = s.id), '[]')";

fn statement(sql: impl Into<String>, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

pub struct Filter<'a> {
    pub departments: &'a [String],
    pub period: Option<&'a str>,
    pub states: &'a [&'static str],
    /// An indicator that is fed, or a factor that was asked about.
    pub kpi: Option<&'a str>,
    /// Folded words, each of which the code or name holds.
    pub words: &'a [String],
}

/// Surveys in sight by code.
pub async fn list(
    db: &impl ConnectionTrait,
    reach: &Reach,
    filter: &Filter<'_>,
    after: Option<String>,
    limit: u32,
) -> Result<Vec<SurveySummary>, DbErr> {
    let sql = format!(
        "SELECT jsonb_build_object('id', s.id, 'code', s.code, 'name', s.name, 'department', d.code, 'period', s.period, 'mode', s.mode,
                'scale', s.scale, 'sample_size', s.sample_size, 'respondents', s.respondents, 'state', s.state,
                'follows', (SELECT b.code FROM surveys b WHERE b.id = s.follows_id), 'valid', t.valid, 'satisfied', t.satisfied,
                'version', s.version) AS doc
           FROM surveys s JOIN departments d ON d.id = s.department_id
          CROSS JOIN LATERAL (SELECT coalesce(sum(a.satisfied::bigint + a.very_satisfied), 0) AS satisfied,
                  coalesce(sum(a.very_dissatisfied::bigint + a.dissatisfied + a.neutral + a.satisfied + a.very_satisfied), 0) AS valid
                FROM survey_answers a WHERE a.survey_id = s.id AND {COUNTED}) t
          WHERE {SEEN} AND ($2::text IS NULL OR s.code > $2 COLLATE \"C\") AND (cardinality($3::text[]) = 0 OR d.code = ANY($3))
            AND ($4::text IS NULL OR s.period = $4) AND (cardinality($5::text[]) = 0 OR s.state = ANY($5))
            AND ($6::text IS NULL OR EXISTS (SELECT 1 FROM survey_feeds f WHERE f.survey_id = s.id AND f.kpi_code = $6)
                OR EXISTS (SELECT 1 FROM survey_answers a WHERE a.survey_id = s.id AND a.factor_code = $6))
            AND NOT EXISTS (SELECT 1 FROM unnest($7::text[]) AS word WHERE strpos(s.search, word) = 0)
          ORDER BY s.code COLLATE \"C\" LIMIT $8"
    );
    let states: Vec<String> = filter.states.iter().map(|s| (*s).to_owned()).collect();
    let owned = |text: Option<&str>| -> Value { text.map(str::to_owned).into() };
    let values = vec![
        reach.ids().into(),
        after.into(),
        filter.departments.to_vec().into(),
        owned(filter.period),
        states.into(),
        owned(filter.kpi),
        filter.words.to_vec().into(),
        i64::from(limit + 1).into(),
    ];
    let rows: Vec<SurveySummary> = documents(db, sql, values).await?;
    Ok(rows.into_iter().map(|row| SurveySummary { value: Share::of(row.satisfied, row.valid).value(), ..row }).collect())
}

/// A wave as it is stored.
#[derive(Clone, Deserialize)]
pub struct Stored {
    pub department_id: Uuid,
    /// Without what the caller may do.
    #[serde(flatten)]
    pub view: SurveyView,
}

/// The wave that a key names, if the caller may see it.
pub async fn find(db: &impl ConnectionTrait, reach: &Reach, key: &Key) -> Result<Option<Stored>, DbErr> {
    let (named, value): (_, Value) = match key {
        Key::Id(id) => ("s.id = $2", (*id).into()),
        Key::Code(code) => ("s.code = $2", code.as_str().into()),
    };
    let sql = format!(
        "SELECT jsonb_build_object('department_id', s.department_id, 'id', s.id, 'code', s.code, 'name', s.name, 'department', d.code,
                'period', s.period, 'method', jsonb_build_object('name', s.method_name, 'version', s.method_version,
                    'legal_basis', s.legal_basis, 'mode', s.mode, 'scale', s.scale),
                'population', s.population, 'sample_size', s.sample_size, 'respondents', s.respondents, 'fieldwork_from', s.fieldwork_from,
                'fieldwork_to', s.fieldwork_to, 'conductor', s.conductor, 'evidence', s.evidence, 'note', s.note,
                'follows', (SELECT b.code FROM surveys b WHERE b.id = s.follows_id), 'feeds', {FEEDS}, 'answers', {ANSWERS},
                'state', s.state, 'closed_at', s.closed_at,
                'publication', CASE WHEN s.state = 'published' THEN jsonb_build_object('published_by', s.published_by,
                    'document_number', s.published_document, 'published_on', s.published_on,
                    'values', (SELECT jsonb_agg(jsonb_build_object('factor', v.factor_code, 'field', v.field_code, 'value', v.value) ORDER BY v.n)
                        FROM survey_published_values v WHERE v.survey_id = s.id)) END,
                'timeline', coalesce((SELECT jsonb_agg(jsonb_build_object('n', p.n, 'act', p.act, 'text', p.text, 'document_no', p.document_no,
                        'by', p.done_by, 'at', p.done_at) ORDER BY p.n) FROM survey_steps p WHERE p.survey_id = s.id), '[]'),
                'version', s.version) AS doc
           FROM surveys s JOIN departments d ON d.id = s.department_id WHERE {SEEN} AND {named}"
    );
    Ok(documents(db, sql, vec![reach.ids().into(), value]).await?.into_iter().next())
}

/// Keeps other writers out until the transaction ends: a wave is checked together with those before and after it.
pub async fn lock(tx: &impl ConnectionTrait) -> Result<(), DbErr> {
    tx.execute_unprepared("LOCK TABLE surveys IN SHARE ROW EXCLUSIVE MODE").await.map(drop)
}

/// What a wave names.
pub struct Named<'a> {
    pub kpis: Vec<String>,
    pub fields: Vec<String>,
    /// Code of the wave that it follows.
    pub follows: Option<&'a str>,
    /// The wave itself, if it is there.
    pub id: Option<Uuid>,
}

#[derive(FromQueryResult)]
struct KpiRow {
    code: String,
    is_computed: bool,
    is_percent: bool,
}

#[derive(FromQueryResult)]
struct NeighbourRow {
    is_before: bool,
    is_next: bool,
    code: String,
    department: String,
    period: String,
}

/// Looks up what a wave names, as far as the caller sees it.
pub async fn ground(
    db: &impl ConnectionTrait,
    reach: &Reach,
    named: Named<'_>,
    department: Place,
    today: NaiveDate,
) -> Result<Ground, DbErr> {
    let sql = "SELECT code, source = 'computed' AS is_computed, unit = 'percent' AS is_percent FROM kpis WHERE code = ANY($1)";
    let kpis = KpiRow::find_by_statement(statement(sql, vec![named.kpis.into()])).all(db).await?;
    let kpis: HashMap<_, _> =
        kpis.into_iter().map(|k| (k.code, Indicator { is_computed: k.is_computed, is_percent: k.is_percent })).collect();
    let rows = db.query_all_raw(statement("SELECT code FROM procedure_fields WHERE code = ANY($1)", vec![named.fields.into()])).await?;
    let fields: HashSet<String> = rows.iter().map(|row| row.try_get("", "code")).collect::<Result<_, _>>()?;
    let sql = format!(
        "SELECT s.code IS NOT DISTINCT FROM $2 AS is_before, s.follows_id IS NOT DISTINCT FROM $3 AND $3 IS NOT NULL AS is_next,
                s.code, d.code AS department, s.period
           FROM surveys s JOIN departments d ON d.id = s.department_id
          WHERE (s.code = $2 AND {SEEN} AND s.id IS DISTINCT FROM $3) OR s.follows_id = $3"
    );
    let values = vec![reach.ids().into(), named.follows.map(str::to_owned).into(), named.id.into()];
    let neighbours = NeighbourRow::find_by_statement(statement(sql, values)).all(db).await?;
    let neighbour = |n: &NeighbourRow| Neighbour { code: n.code.clone(), department: n.department.clone(), period: n.period.clone() };
    Ok(Ground {
        today,
        department,
        kpis,
        fields,
        before: neighbours.iter().find(|n| n.is_before).map(neighbour),
        next: neighbours.iter().filter(|n| n.is_next).map(neighbour).collect(),
    })
}

/// Creates or changes a wave as a whole.
pub async fn save(tx: &impl ConnectionTrait, call: &Call, id: Uuid, new: &NewSurvey) -> Result<(), DbErr> {
    // Answers carry the number of respondents: the old ones go before it changes.
    remove_answers(tx, id).await?;
    let body = json!({"id": id, "code": new.code, "name": new.name, "department": new.department, "period": new.period,
        "method_name": new.method.name, "method_version": new.method.version, "legal_basis": new.method.legal_basis, "mode": new.method.mode,
        "scale": new.method.scale, "population": new.population, "sample_size": new.sample_size, "respondents": new.respondents,
        "fieldwork_from": new.fieldwork_from, "fieldwork_to": new.fieldwork_to, "conductor": new.conductor, "evidence": new.evidence,
        "note": new.note, "follows": new.follows, "search": fold(&format!("{} {}", new.code, new.name.as_str()))});
    let columns =
        "name, period, method_name, method_version, legal_basis, mode, scale, population, sample_size, respondents, fieldwork_from,
             fieldwork_to, conductor, evidence, note, search, department_id, follows_id, updated_at";
    let sql = format!(
        "INSERT INTO surveys (id, code, created_at, {columns})
         SELECT r.id, r.code, $2, r.name, r.period, r.method_name, r.method_version, r.legal_basis, r.mode, r.scale, r.population,
                r.sample_size, r.respondents, r.fieldwork_from, r.fieldwork_to, r.conductor, r.evidence, r.note, r.search, d.id, b.id, $2
           FROM jsonb_to_record($1) AS r(id uuid, code text, name text, department text, period text, method_name text, method_version text,
                legal_basis text, mode text, scale text, population integer, sample_size integer, respondents integer, fieldwork_from date,
                fieldwork_to date, conductor text, evidence jsonb, note text, follows text, search text)
           JOIN departments d ON d.code = r.department LEFT JOIN surveys b ON b.code = r.follows
         ON CONFLICT (id) DO UPDATE SET version = surveys.version + 1,
             ({columns}) = ROW ({})",
        columns.split(',').map(|column| format!("excluded.{}", column.trim())).collect::<Vec<_>>().join(", ")
    );
    tx.execute_raw(statement(sql, vec![body.into(), call.now.into()])).await?;
    tx.execute_raw(statement("DELETE FROM survey_feeds WHERE survey_id = $1", vec![id.into()])).await?;
    tx.execute_raw(statement(
        "INSERT INTO survey_feeds (survey_id, n, kpi_code, field_code)
         SELECT $1, f.n, f.doc ->> 'kpi', f.doc ->> 'field' FROM jsonb_array_elements($2) WITH ORDINALITY AS f(doc, n)",
        vec![id.into(), json!(new.feeds).into()],
    ))
    .await?;
    add_answers(tx, id, &new.answers).await
}

async fn remove_answers(tx: &impl ConnectionTrait, id: Uuid) -> Result<(), DbErr> {
    tx.execute_raw(statement("DELETE FROM survey_answers WHERE survey_id = $1", vec![id.into()])).await.map(drop)
}

async fn add_answers(tx: &impl ConnectionTrait, id: Uuid, answers: &[SurveyAnswers]) -> Result<(), DbErr> {
    let rows: Vec<_> = answers
        .iter()
        .zip(1..)
        .map(|(row, n)| {
            let mut row = json!(row);
            row["n"] = json!(n);
            row
        })
        .collect();
    tx.execute_raw(statement(
        "INSERT INTO survey_answers (survey_id, respondents, n, factor_code, field_code, question, very_dissatisfied, dissatisfied, neutral,
             satisfied, very_satisfied, no_answer)
         SELECT s.id, s.respondents, r.n, r.factor, r.field, r.question, r.very_dissatisfied, r.dissatisfied, r.neutral, r.satisfied,
                r.very_satisfied, r.no_answer
           FROM surveys s CROSS JOIN jsonb_to_recordset($2) AS r(n integer, factor text, field text, question text, very_dissatisfied integer,
                dissatisfied integer, neutral integer, satisfied integer, very_satisfied integer, no_answer integer)
          WHERE s.id = $1",
        vec![id.into(), serde_json::Value::from(rows).into()],
    ))
    .await
    .map(drop)
}

/// Gives an open wave other answers.
pub async fn save_answers(tx: &impl ConnectionTrait, call: &Call, id: Uuid, answers: &[SurveyAnswers]) -> Result<(), DbErr> {
    remove_answers(tx, id).await?;
    add_answers(tx, id, answers).await?;
    let sql = "UPDATE surveys SET version = version + 1, updated_at = $2 WHERE id = $1";
    tx.execute_raw(statement(sql, vec![id.into(), call.now.into()])).await.map(drop)
}

pub async fn close(tx: &impl ConnectionTrait, call: &Call, id: Uuid) -> Result<(), DbErr> {
    let sql = "UPDATE surveys SET state = 'closed', closed_at = $2, version = version + 1, updated_at = $2 WHERE id = $1";
    tx.execute_raw(statement(sql, vec![id.into(), call.now.into()])).await.map(drop)
}

/// Puts what was published in the place of what was before.
pub async fn publish(tx: &impl ConnectionTrait, call: &Call, id: Uuid, new: &SurveyPublication) -> Result<(), DbErr> {
    tx.execute_raw(statement("DELETE FROM survey_published_values WHERE survey_id = $1", vec![id.into()])).await?;
    tx.execute_raw(statement(
        "UPDATE surveys SET state = 'published', published_by = $2, published_document = $3, published_on = $4, version = version + 1,
             updated_at = $5 WHERE id = $1",
        vec![
            id.into(),
            new.published_by.as_ref().map(|who| who.as_str().to_owned()).into(),
            new.document_number.as_str().into(),
            new.published_on.0.into(),
            call.now.into(),
        ],
    ))
    .await?;
    tx.execute_raw(statement(
        "INSERT INTO survey_published_values (survey_id, n, factor_code, field_code, value)
         SELECT $1, v.n, v.doc ->> 'factor', v.doc ->> 'field', (v.doc ->> 'value')::numeric
           FROM jsonb_array_elements($2) WITH ORDINALITY AS v(doc, n)",
        vec![id.into(), json!(new.values).into()],
    ))
    .await
    .map(drop)
}

/// Writes down what was done about a wave.
pub async fn add_step(
    tx: &impl ConnectionTrait,
    call: &Call,
    id: Uuid,
    act: SurveyAct,
    text: Option<String>,
    document_no: Option<String>,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO survey_steps (survey_id, n, act, text, document_no, done_by, done_at)
         VALUES ($1, (SELECT count(*) + 1 FROM survey_steps WHERE survey_id = $1), $2, $3, $4, $5, $6)";
    let by = call.actor.username.as_str();
    let values = vec![id.into(), act.name().into(), text.into(), document_no.into(), by.into(), call.now.into()];
    tx.execute_raw(statement(sql, values)).await.map(drop)
}

/// Names of indicators and fields by their codes.
#[derive(Default)]
pub struct Names {
    pub kpis: HashMap<String, String>,
    pub fields: HashMap<String, String>,
}

#[derive(FromQueryResult)]
struct NameRow {
    is_kpi: bool,
    code: String,
    name: String,
}

pub async fn names(db: &impl ConnectionTrait, kpis: Vec<String>, fields: Vec<String>) -> Result<Names, DbErr> {
    let sql = "SELECT true AS is_kpi, code, name FROM kpis WHERE code = ANY($1)
               UNION ALL SELECT false, code, name FROM procedure_fields WHERE code = ANY($2)";
    let mut names = Names::default();
    for row in NameRow::find_by_statement(statement(sql, vec![kpis.into(), fields.into()])).all(db).await? {
        let kind = if row.is_kpi { &mut names.kpis } else { &mut names.fields };
        kind.insert(row.code, row.name);
    }
    Ok(names)
}

/// A closed wave with what it feeds.
#[derive(Deserialize)]
pub struct Feeding {
    pub code: String,
    pub department: String,
    pub department_name: String,
    pub period: String,
    pub state: SurveyState,
    pub closed_at: At,
    pub feeds: Vec<SurveyFeed>,
    pub answers: Vec<SurveyAnswers>,
}

/// Closed waves within reach that feed one of these indicators for one of these periods; the one that was closed last comes first.
pub async fn feeding(
    db: &impl ConnectionTrait,
    reach: &Reach,
    kpis: &[String],
    departments: Option<&[Uuid]>,
    periods: &[String],
) -> Result<Vec<Feeding>, DbErr> {
    let sql = format!(
        "SELECT jsonb_build_object('code', s.code, 'department', d.code, 'department_name', d.name, 'period', s.period, 'state', s.state,
                'closed_at', s.closed_at, 'feeds', {FEEDS}, 'answers', {ANSWERS}) AS doc
           FROM surveys s JOIN departments d ON d.id = s.department_id
          WHERE {SEEN} AND s.state <> 'open' AND s.period = ANY($2) AND ($3::uuid[] IS NULL OR s.department_id = ANY($3))
            AND (EXISTS (SELECT 1 FROM survey_feeds f WHERE f.survey_id = s.id AND f.kpi_code = ANY($4))
                OR EXISTS (SELECT 1 FROM survey_answers a WHERE a.survey_id = s.id AND a.factor_code = ANY($4)))
          ORDER BY s.closed_at DESC, s.code COLLATE \"C\""
    );
    let values = vec![reach.ids().into(), periods.to_vec().into(), departments.map(<[Uuid]>::to_vec).into(), kpis.to_vec().into()];
    documents(db, sql, values).await
}
