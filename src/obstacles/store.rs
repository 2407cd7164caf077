//! Every query on obstacles.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use serde::Deserialize;
use uuid::Uuid;

use super::model::{ObstacleAboutType, ObstacleAct, ObstacleState};
use super::wire::{NewObstacle, ObstacleAbout, ObstacleFollowUp, ObstacleStep, ObstacleSummary};
use crate::auth::{Permission, Reach};
use crate::db::documents;
use crate::http::values::{Key, fold};
use crate::http::{Call, Day};

// $1: the departments whose obstacles the caller may see.
const SEEN: &str = "($1::uuid[] IS NULL OR o.department_id = ANY($1))";

const ABOUT: &str = "CASE WHEN o.about_type IS NOT NULL THEN jsonb_build_object('type', o.about_type, 'code', o.about_code) END";

pub struct Filter<'a> {
    pub states: &'a [&'static str],
    pub department: Option<&'a str>,
    pub about_type: Option<&'static str>,
    pub about_code: Option<&'a str>,
    /// Raised on this day or later, or earlier.
    pub raised_from: Option<NaiveDate>,
    pub raised_to: Option<NaiveDate>,
    /// Folded words, each of which the code or title holds.
    pub words: &'a [String],
}

/// Obstacles in sight by code.
///
/// # Errors
/// The database's.
pub async fn list(
    db: &impl ConnectionTrait,
    reach: &Reach,
    filter: &Filter<'_>,
    after: Option<String>,
    limit: u32,
) -> Result<Vec<ObstacleSummary>, DbErr> {
    let sql = format!(
        "SELECT jsonb_build_object('id', o.id, 'code', o.code, 'department', d.code, 'title', o.title, 'about', {ABOUT},
                'answer_by_on', o.answer_by_on, 'state', o.state, 'raised_on', o.raised_on, 'version', o.version) AS doc
           FROM obstacles o JOIN departments d ON d.id = o.department_id
          WHERE {SEEN} AND ($2::text IS NULL OR o.code > $2 COLLATE \"C\") AND (cardinality($3::text[]) = 0 OR o.state = ANY($3))
            AND ($4::text IS NULL OR d.code = $4) AND ($5::text IS NULL OR o.about_type = $5) AND ($6::text IS NULL OR o.about_code = $6)
            AND ($7::date IS NULL OR o.raised_on >= $7) AND ($8::date IS NULL OR o.raised_on <= $8)
            AND NOT EXISTS (SELECT 1 FROM unnest($9::text[]) AS word WHERE strpos(o.search, word) = 0)
          ORDER BY o.code COLLATE \"C\" LIMIT $10"
    );
    let states: Vec<String> = filter.states.iter().map(|s| (*s).to_owned()).collect();
    let owned = |text: Option<&str>| -> Value { text.map(str::to_owned).into() };
    let values = vec![
        reach.ids().into(),
        after.into(),
        states.into(),
        owned(filter.department),
        owned(filter.about_type),
        owned(filter.about_code),
        filter.raised_from.into(),
        filter.raised_to.into(),
        filter.words.to_vec().into(),
        i64::from(limit + 1).into(),
    ];
    documents(db, sql, values).await
}

/// An obstacle that waits for the director.
#[derive(Clone, Debug, Deserialize)]
pub struct Awaiting {
    pub code: String,
    /// Code of the department that raised it.
    pub department: String,
    pub title: String,
    pub description: String,
    pub about: Option<ObstacleAbout>,
    pub proposal: Option<String>,
    pub raised_on: Day,
    pub escalated_on: Day,
    /// What the office said when it put it to the director.
    pub remark: Option<String>,
}

/// Obstacles in sight that waited for the director's decision just before an instant, by code.
///
/// # Errors
/// The database's.
pub async fn awaiting_decision(db: &impl ConnectionTrait, reach: &Reach, until: DateTime<Utc>) -> Result<Vec<Awaiting>, DbErr> {
    // One whose last step lies before the instant waits only if it still does.
    let sql = format!(
        "SELECT jsonb_build_object('code', o.code, 'department', d.code, 'title', o.title, 'description', o.description, 'about', {ABOUT},
                'proposal', o.proposal, 'raised_on', o.raised_on, 'escalated_on', (s.done_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date,
                'remark', s.text) AS doc
           FROM obstacles o JOIN departments d ON d.id = o.department_id
           JOIN LATERAL (SELECT s.act, s.text, s.done_at FROM obstacle_steps s
                          WHERE s.obstacle_id = o.id AND s.done_at < $2 ORDER BY s.n DESC LIMIT 1) s ON s.act = 'escalate'
          WHERE {SEEN} AND (o.state = 'escalated' OR o.updated_at >= $2) ORDER BY o.code COLLATE \"C\""
    );
    documents(db, sql, vec![reach.ids().into(), until.into()]).await
}

/// An obstacle with what acts on it are judged by.
#[derive(Clone, Deserialize)]
pub struct Found {
    pub id: Uuid,
    pub code: String,
    pub department_id: Uuid,
    pub department: String,
    pub title: String,
    pub description: String,
    pub about: Option<ObstacleAbout>,
    pub proposal: Option<String>,
    pub answer_by_on: Option<Day>,
    pub state: ObstacleState,
    pub raised_on: Day,
    pub timeline: Vec<ObstacleStep>,
    pub version: i32,
}

/// The obstacle that a key names, if the caller may see it.
pub async fn find(db: &impl ConnectionTrait, reach: &Reach, key: &Key) -> Result<Option<Found>, DbErr> {
    let (named, value) = named(key);
    let sql = format!(
        "SELECT jsonb_build_object('id', o.id, 'code', o.code, 'department_id', o.department_id, 'department', d.code, 'title', o.title,
                'description', o.description, 'about', {ABOUT}, 'proposal', o.proposal, 'answer_by_on', o.answer_by_on, 'state', o.state,
                'raised_on', o.raised_on, 'version', o.version,
                'timeline', (SELECT jsonb_agg(jsonb_build_object('n', s.n, 'act', s.act, 'text', s.text, 'document_no', s.document_no,
                        'decision', s.decision, 'by', s.done_by, 'at', s.done_at,
                        'follow_up', CASE WHEN s.follow_up IS NOT NULL THEN jsonb_build_object('what', s.follow_up, 'department', f.code,
                            'due_on', s.follow_up_due_on) END) ORDER BY s.n)
                    FROM obstacle_steps s LEFT JOIN departments f ON f.id = s.follow_up_department_id WHERE s.obstacle_id = o.id)) AS doc
           FROM obstacles o JOIN departments d ON d.id = o.department_id WHERE {SEEN} AND {named}"
    );
    Ok(documents(db, sql, vec![reach.ids().into(), value]).await?.into_iter().next())
}

fn named(key: &Key) -> (&'static str, Value) {
    match key {
        Key::Id(id) => ("o.id = $2", (*id).into()),
        Key::Code(code) => ("o.code = $2", code.as_str().into()),
    }
}

/// Locks an obstacle against other acts, then reads it as it is now.
pub async fn lock(tx: &impl ConnectionTrait, reach: &Reach, key: &Key) -> Result<Option<Found>, DbErr> {
    let (named, value) = named(key);
    let sql = format!("SELECT o.id FROM obstacles o WHERE {SEEN} AND {named} FOR UPDATE");
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [reach.ids().into(), value])).await?;
    find(tx, reach, key).await
}

/// Whether what an obstacle is about exists, in the sight of the caller.
pub async fn about_exists(db: &impl ConnectionTrait, call: &Call, about: &ObstacleAbout) -> Result<bool, DbErr> {
    let seen = |permission| call.actor.reach(permission);
    // Reference data and the text of plans are for all who may read them at all.
    let (reach, sql) = match about.kind {
        ObstacleAboutType::Task => (Reach::All, "SELECT 1 FROM tasks WHERE $1::uuid[] IS NULL AND code = $2"),
        ObstacleAboutType::Dossier => (
            seen(Permission::ReadDossier),
            "SELECT 1 FROM dossiers WHERE ($1::uuid[] IS NULL OR resolving_department_id = ANY($1)) AND code = $2",
        ),
        ObstacleAboutType::Procedure => (Reach::All, "SELECT 1 FROM procedures WHERE $1::uuid[] IS NULL AND code = $2"),
        ObstacleAboutType::Plan => (Reach::All, "SELECT 1 FROM plans WHERE $1::uuid[] IS NULL AND code = $2"),
        ObstacleAboutType::Kpi => (Reach::All, "SELECT 1 FROM kpis WHERE $1::uuid[] IS NULL AND code = $2"),
    };
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [reach.ids().into(), about.code.as_str().into()]);
    Ok(db.query_one_raw(statement).await?.is_some())
}

/// The next number of a year; others wait until it is used or given up.
pub async fn next_number(tx: &impl ConnectionTrait, year: i32) -> Result<i32, DbErr> {
    let sql = "INSERT INTO obstacle_numbers (year, last) VALUES ($1, 1)
               ON CONFLICT (year) DO UPDATE SET last = obstacle_numbers.last + 1 RETURNING last";
    let row = tx.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [year.into()])).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("a number".into()))?.try_get("", "last")
}

pub async fn insert(
    tx: &impl ConnectionTrait,
    id: Uuid,
    code: &str,
    department: Uuid,
    new: &NewObstacle,
    today: NaiveDate,
) -> Result<(), DbErr> {
    let about = new.about.as_ref();
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO obstacles (id, code, department_id, title, description, about_type, about_code, proposal, answer_by_on, state, raised_on, search)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'raised', $10, $11)",
        [
            id.into(),
            code.into(),
            department.into(),
            new.title.as_str().into(),
            new.description.as_str().into(),
            about.map(|a| a.kind.name()).into(),
            about.map(|a| a.code.as_str().to_owned()).into(),
            new.proposal.as_ref().map(|p| p.as_str().to_owned()).into(),
            new.answer_by_on.map(|d| d.0).into(),
            today.into(),
            fold(&format!("{code} {}", new.title.as_str())).into(),
        ],
    );
    tx.execute_raw(statement).await.map(drop)
}

/// What is written down of a step.
#[derive(Clone, Debug)]
pub struct Step {
    pub act: ObstacleAct,
    pub text: Option<String>,
    pub document_no: Option<String>,
    pub decision: Option<&'static str>,
    pub follow_up: Option<ObstacleFollowUp>,
}

pub async fn add_step(tx: &impl ConnectionTrait, call: &Call, obstacle: Uuid, step: &Step) -> Result<(), DbErr> {
    let follow_up = step.follow_up.as_ref();
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO obstacle_steps (obstacle_id, n, act, text, document_no, decision, follow_up, follow_up_department_id, follow_up_due_on,
             done_by, done_at)
         VALUES ($1, (SELECT count(*) + 1 FROM obstacle_steps WHERE obstacle_id = $1), $2, $3, $4, $5, $6,
             (SELECT id FROM departments WHERE code = $7), $8, $9, $10)",
        [
            obstacle.into(),
            step.act.name().into(),
            step.text.clone().into(),
            step.document_no.clone().into(),
            step.decision.into(),
            follow_up.map(|f| f.what.as_str().to_owned()).into(),
            follow_up.and_then(|f| f.department.as_ref()).map(|d| d.as_str().to_owned()).into(),
            follow_up.and_then(|f| f.due_on).map(|d| d.0).into(),
            call.actor.username.as_str().into(),
            call.now.into(),
        ],
    );
    tx.execute_raw(statement).await.map(drop)
}

pub async fn set_state(tx: &impl ConnectionTrait, call: &Call, obstacle: Uuid, state: ObstacleState) -> Result<(), DbErr> {
    let sql = "UPDATE obstacles SET state = $2, version = version + 1, updated_at = $3 WHERE id = $1";
    let values = [obstacle.into(), state.name().into(), call.now.into()];
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await.map(drop)
}
