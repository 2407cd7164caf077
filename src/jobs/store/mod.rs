//! Every query on jobs.

mod rows;
mod work;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use serde_json::Value;
use uuid::Uuid;

use super::model::Kind;
use crate::auth::Actor;
use crate::http::{Lang, Line};

pub use rows::{Kept, add_piece, duplicates, duplicates_among, piece, queue, refused, results};
pub use work::{
    Lease, add_export_piece, beat, checkpoint, checkpoint_on, claim, end_export, export_piece, finish, finish_on, keep_outcomes, release,
    start_export,
};

fn sql(text: &str, values: impl IntoIterator<Item = sea_orm::Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}

/// Ended jobs, with all that belongs to them, by the server's clock: for house-keeping.
pub const FINISHED_JOBS: &str = "DELETE FROM jobs WHERE id = ANY(array(
    SELECT id FROM jobs WHERE finished_at < $1 ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

/// Intakes that nobody goes on with.
pub const EXPIRED_INTAKES: &str = "DELETE FROM jobs WHERE id = ANY(array(
    SELECT id FROM jobs WHERE state = 'receiving' AND lease_until < $1 ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED))";

/// A job as it is told of.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Row {
    pub id: Uuid,
    pub kind: String,
    pub resource: String,
    pub state: String,
    pub creator_id: Uuid,
    pub creator: String,
    pub params: Value,
    pub header: Option<Vec<u8>>,
    pub authority: Option<Value>,
    pub rows_total: Option<i64>,
    pub rows_done: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub rejected: i64,
    pub bytes: Option<i64>,
    pub moment: Option<DateTime<Utc>>,
    pub problem: Option<Value>,
    pub cancel_requested_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

const SELECT: &str =
    "SELECT id, kind, resource, state, creator_id, creator, params, header, authority, rows_total, rows_done, created, updated,
    unchanged, rejected, bytes, moment, problem, cancel_requested_at, created_at, started_at, finished_at FROM jobs";

/// A new job, before its rows are in (`receiving`) or as it is.
pub struct NewJob<'a> {
    pub id: Uuid,
    pub kind: Kind,
    pub resource: &'a str,
    pub state: &'a str,
    pub actor: &'a Actor,
    pub request_id: &'a str,
    pub lang: Lang,
    pub params: Value,
    pub now: DateTime<Utc>,
}

/// Seconds without a piece after which an intake is given up.
const PATIENCE_S: i32 = 900;

pub async fn create(db: &impl ConnectionTrait, job: &NewJob<'_>) -> Result<(), DbErr> {
    let text =
        "INSERT INTO jobs (id, kind, resource, state, creator_id, creator, scope, request_id, language, params, created_at, lease_until)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
                        CASE WHEN $4 = 'receiving' THEN now() + make_interval(secs => $12) END)";
    let values = [
        job.id.into(),
        job.kind.name().into(),
        job.resource.into(),
        job.state.into(),
        job.actor.user_id.into(),
        job.actor.username.as_str().into(),
        job.actor.scope_names().into(),
        job.request_id.into(),
        job.lang.tag().into(),
        job.params.clone().into(),
        job.now.into(),
        f64::from(PATIENCE_S).into(),
    ];
    db.execute_raw(sql(text, values)).await.map(drop)
}

/// An intake that came to nothing.
pub async fn drop_intake(db: &impl ConnectionTrait, id: Uuid) -> Result<(), DbErr> {
    db.execute_raw(sql("DELETE FROM jobs WHERE id = $1 AND state = 'receiving'", [id.into()])).await.map(drop)
}

/// How many jobs someone has that have not ended.
pub async fn open(db: &impl ConnectionTrait, creator: Uuid) -> Result<i64, DbErr> {
    #[derive(FromQueryResult)]
    struct Count {
        n: i64,
    }
    let text = "SELECT count(*) AS n FROM jobs WHERE creator_id = $1 AND finished_at IS NULL";
    Ok(Count::find_by_statement(sql(text, [creator.into()])).one(db).await?.map_or(0, |c| c.n))
}

/// A job, of anyone or of this one only.
///
/// # Errors
/// The database's.
pub async fn find(db: &impl ConnectionTrait, id: Uuid, only: Option<Uuid>) -> Result<Option<Row>, DbErr> {
    let text = format!("{SELECT} WHERE id = $1 AND ($2::uuid IS NULL OR creator_id = $2)");
    Row::find_by_statement(sql(&text, [id.into(), only.into()])).one(db).await
}

/// As [`find`], locked until the transaction ends.
pub async fn lock(db: &impl ConnectionTrait, id: Uuid, only: Option<Uuid>) -> Result<Option<Row>, DbErr> {
    let text = format!("{SELECT} WHERE id = $1 AND ($2::uuid IS NULL OR creator_id = $2) FOR UPDATE");
    Row::find_by_statement(sql(&text, [id.into(), only.into()])).one(db).await
}

pub struct Filter {
    pub only: Option<Uuid>,
    pub kind: Option<&'static str>,
    pub resource: Option<Line>,
    pub states: Vec<&'static str>,
}

/// Newest first.
pub async fn list(db: &impl ConnectionTrait, filter: &Filter, after: Option<Uuid>, limit: u32) -> Result<Vec<Row>, DbErr> {
    let text = format!(
        "{SELECT} WHERE ($1::uuid IS NULL OR creator_id = $1) AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR resource = $3)
            AND (cardinality($4::text[]) = 0 OR state = ANY($4)) AND ($5::uuid IS NULL OR id < $5) ORDER BY id DESC LIMIT $6"
    );
    let states: Vec<String> = filter.states.iter().map(|s| (*s).to_owned()).collect();
    let values = [
        filter.only.into(),
        filter.kind.map(str::to_owned).into(),
        filter.resource.as_ref().map(|r| r.as_str().to_owned()).into(),
        states.into(),
        after.into(),
        (i64::from(limit) + 1).into(),
    ];
    Row::find_by_statement(sql(&text, values)).all(db).await
}

/// A waiting job ends at once; of one at work it is asked.
pub async fn cancel(tx: &impl ConnectionTrait, id: Uuid, now: DateTime<Utc>) -> Result<(), DbErr> {
    let text = "UPDATE jobs SET cancel_requested_at = coalesce(cancel_requested_at, $2),
                    state = CASE state WHEN 'running' THEN state ELSE 'cancelled' END,
                    finished_at = CASE state WHEN 'running' THEN NULL ELSE $2 END WHERE id = $1";
    tx.execute_raw(sql(text, [id.into(), now.into()])).await?;
    let gone = "DELETE FROM job_pieces p USING jobs j WHERE p.job_id = $1 AND j.id = p.job_id AND j.state = 'cancelled'";
    tx.execute_raw(sql(gone, [id.into()])).await.map(drop)
}
