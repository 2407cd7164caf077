//! Taking jobs, holding them, and writing down how far they are. Whatever is written names the hold: a server that has lost it
//! writes nothing.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, FromQueryResult, TransactionTrait};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::sql;
use crate::http::Lang;
use crate::jobs::model::{End, Job, Kind, Mark, Outcome};

/// A server's hold on a job.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    pub job: Uuid,
    pub token: Uuid,
}

#[derive(FromQueryResult)]
struct Taken {
    id: Uuid,
    kind: String,
    resource: String,
    creator_id: Uuid,
    creator: String,
    scope: Option<Vec<String>>,
    request_id: String,
    language: String,
    params: Value,
    header: Option<Vec<u8>>,
    rows_total: Option<i64>,
    rows_done: i64,
    rejected: i64,
    cancelled: bool,
    attempts: i32,
}

/// What starts again from its beginning, since nothing of it is there before all of it is.
const FROM_THE_START: &str = "kind = 'export' OR params ->> 'mode' = 'atomic'";

/// Takes the next job of those that this server can do: one that waits, or one whose server is not heard of any more.
pub async fn claim(
    db: &DatabaseConnection,
    token: Uuid,
    known: Vec<String>,
    lease_s: u32,
    now: DateTime<Utc>,
) -> Result<Option<(Lease, Job)>, DbErr> {
    let text = format!(
        "UPDATE jobs SET state = 'running', started_at = coalesce(started_at, $2), lease_token = $1,
                lease_until = now() + make_interval(secs => $3), attempts = attempts + 1,
                rows_done = CASE WHEN {FROM_THE_START} THEN 0 ELSE rows_done END
          WHERE id = (SELECT id FROM jobs WHERE (state = 'queued' OR state = 'running' AND lease_until < now()) AND kind || ' ' || resource = ANY($4)
                       ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING id, kind, resource, creator_id, creator, scope, request_id, language, params, header, rows_total, rows_done, rejected,
                cancel_requested_at IS NOT NULL AS cancelled, attempts"
    );
    let tx = db.begin().await?;
    let values = [token.into(), now.into(), f64::from(lease_s).into(), known.into()];
    let Some(taken) = Taken::find_by_statement(sql(&text, values)).one(&tx).await? else {
        tx.rollback().await?;
        return Ok(None);
    };
    // What an attempt before left that came to nothing.
    tx.execute_raw(sql("DELETE FROM job_results WHERE job_id = $1 AND idx >= $2", [taken.id.into(), taken.rows_done.into()])).await?;
    tx.execute_raw(sql("DELETE FROM export_pieces WHERE job_id = $1", [taken.id.into()])).await?;
    tx.commit().await?;
    let kind = if taken.kind == Kind::Export.name() { Kind::Export } else { Kind::Load };
    let job = Job {
        id: taken.id,
        kind,
        resource: taken.resource,
        creator_id: taken.creator_id,
        creator: taken.creator,
        scope: taken.scope,
        request_id: taken.request_id,
        lang: if taken.language == Lang::En.tag() { Lang::En } else { Lang::Vi },
        params: taken.params,
        header: taken.header,
        rows_total: taken.rows_total,
        rows_done: taken.rows_done,
        rejected: taken.rejected,
        cancelled: taken.cancelled,
        attempts: taken.attempts,
    };
    Ok(Some((Lease { job: taken.id, token }, job)))
}

#[derive(FromQueryResult)]
struct Beat {
    cancelled: bool,
}

/// Holds on to the job, and tells how far it is where no checkpoint does. Whether its end is asked for; none when the hold is lost.
pub async fn beat(db: &impl ConnectionTrait, lease: &Lease, lease_s: u32, rows_done: i64) -> Result<Option<bool>, DbErr> {
    let text = "UPDATE jobs SET lease_until = now() + make_interval(secs => $3), rows_done = greatest(rows_done, $4)
                 WHERE id = $1 AND lease_token = $2 AND state = 'running' RETURNING cancel_requested_at IS NOT NULL AS cancelled";
    let values = [lease.job.into(), lease.token.into(), f64::from(lease_s).into(), rows_done.into()];
    Ok(Beat::find_by_statement(sql(text, values)).one(db).await?.map(|b| b.cancelled))
}

/// Leaves the job to whoever comes next, after some seconds.
pub async fn release(db: &impl ConnectionTrait, lease: &Lease, after_s: u32) -> Result<(), DbErr> {
    let text = "UPDATE jobs SET lease_token = NULL, lease_until = now() + make_interval(secs => $3), attempts = CASE WHEN $3 = 0 THEN 0 ELSE attempts END,
                    state = CASE WHEN $3 = 0 THEN 'queued' ELSE state END WHERE id = $1 AND lease_token = $2";
    db.execute_raw(sql(text, [lease.job.into(), lease.token.into(), f64::from(after_s).into()])).await.map(drop)
}

const KEEP: &str = "INSERT INTO job_results (job_id, idx, code, status, errors, warnings, input)
    SELECT mine.id, r.index, r.code, r.status, r.errors, r.warnings, decode(r.input, 'base64')
      FROM mine, jsonb_to_recordset($3::jsonb) AS r(index bigint, code text, status text, errors jsonb, warnings jsonb, input text)";

fn checkpoint_text() -> String {
    format!(
        "WITH mine AS (UPDATE jobs SET attempts = 0, rows_done = ($4::jsonb ->> 'rows_done')::bigint,
                 created = created + ($4::jsonb ->> 'created')::bigint, updated = updated + ($4::jsonb ->> 'updated')::bigint,
                 unchanged = unchanged + ($4::jsonb ->> 'unchanged')::bigint, rejected = rejected + ($4::jsonb ->> 'rejected')::bigint
             WHERE id = $1 AND lease_token = $2 AND state = 'running' RETURNING id),
         kept AS ({KEEP})
         SELECT count(*) AS n FROM mine"
    )
}

#[derive(FromQueryResult)]
struct Held {
    n: i64,
}

/// Writes down how far a load is, with the rows to be told of, in the transaction of the rows themselves. False when the hold is lost:
/// then the transaction must not be committed.
pub async fn checkpoint(tx: &impl ConnectionTrait, lease: &Lease, mark: &Mark) -> Result<bool, DbErr> {
    let values = [lease.job.into(), lease.token.into(), json!(mark.outcomes).into(), json!(mark).into()];
    Ok(Held::find_by_statement(sql(&checkpoint_text(), values)).one(tx).await?.is_some_and(|h| h.n == 1))
}

/// As [`checkpoint`], on a connection of the driver's.
///
/// # Errors
/// The database's.
pub async fn checkpoint_on(tx: &mut PgConnection, lease: &Lease, mark: &Mark) -> Result<bool, sqlx::Error> {
    let query = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(checkpoint_text())).bind(lease.job).bind(lease.token);
    Ok(query.bind(json!(mark.outcomes)).bind(json!(mark)).fetch_one(tx).await? == 1)
}

/// Keeps rows to be told of by themselves, before it is known whether the load as a whole holds. False when the hold is lost.
pub async fn keep_outcomes(db: &impl ConnectionTrait, lease: &Lease, outcomes: &[Outcome]) -> Result<bool, DbErr> {
    let text = format!(
        "WITH mine AS (SELECT id FROM jobs WHERE id = $1 AND lease_token = $2 AND state = 'running' FOR KEY SHARE), kept AS ({KEEP})
         SELECT count(*) AS n FROM mine"
    );
    let values = [lease.job.into(), lease.token.into(), json!(outcomes).into()];
    Ok(Held::find_by_statement(sql(&text, values)).one(db).await?.is_some_and(|h| h.n == 1))
}

/// The rows go, but for those that are told of.
const FINISH: &str = "
    WITH mine AS (UPDATE jobs SET state = $3, problem = $4, finished_at = $5, lease_token = NULL, lease_until = NULL
                   WHERE id = $1 AND lease_token = $2 AND state = 'running' RETURNING id),
         pieces AS (DELETE FROM job_pieces p USING mine WHERE p.job_id = mine.id),
         twice AS (DELETE FROM job_duplicates d USING mine WHERE d.job_id = mine.id)
    SELECT count(*) AS n FROM mine";

/// The job has ended. False when the hold is lost.
pub async fn finish(tx: &impl ConnectionTrait, lease: &Lease, end: &End) -> Result<bool, DbErr> {
    let values = [lease.job.into(), lease.token.into(), end.state.name().into(), end.problem.clone().into(), end.at.into()];
    Ok(Held::find_by_statement(sql(FINISH, values)).one(tx).await?.is_some_and(|h| h.n == 1))
}

/// As [`finish`], on a connection of the driver's.
///
/// # Errors
/// The database's.
pub async fn finish_on(tx: &mut PgConnection, lease: &Lease, end: &End) -> Result<bool, sqlx::Error> {
    let query = sqlx::query_scalar::<_, i64>(FINISH).bind(lease.job).bind(lease.token).bind(end.state.name());
    Ok(query.bind(&end.problem).bind(end.at).fetch_one(tx).await? == 1)
}

/// The moment an export shows, and by whose rights.
pub async fn start_export(db: &impl ConnectionTrait, lease: &Lease, moment: DateTime<Utc>, authority: Value) -> Result<bool, DbErr> {
    let text = "UPDATE jobs SET moment = $3, authority = $4 WHERE id = $1 AND lease_token = $2 AND state = 'running'";
    Ok(db.execute_raw(sql(text, [lease.job.into(), lease.token.into(), moment.into(), authority.into()])).await?.rows_affected() == 1)
}

/// A further piece of an export's file, with its rows and bytes so far. False when the hold is lost.
pub async fn add_export_piece(
    db: &impl ConnectionTrait,
    lease: &Lease,
    n: i32,
    data: Vec<u8>,
    (rows, bytes): (i64, i64),
) -> Result<bool, DbErr> {
    let text =
        "WITH mine AS (UPDATE jobs SET rows_done = $5, bytes = $6 WHERE id = $1 AND lease_token = $2 AND state = 'running' RETURNING id)
                INSERT INTO export_pieces (job_id, n, data) SELECT id, $3, $4 FROM mine";
    let values = [lease.job.into(), lease.token.into(), n.into(), data.into(), rows.into(), bytes.into()];
    Ok(db.execute_raw(sql(text, values)).await?.rows_affected() == 1)
}

/// The file is whole. False when the hold is lost.
pub async fn end_export(db: &impl ConnectionTrait, lease: &Lease, (rows, bytes): (i64, i64), end: &End) -> Result<bool, DbErr> {
    let text =
        "UPDATE jobs SET state = $3, finished_at = $4, rows_done = $5, rows_total = $5, bytes = $6, lease_token = NULL, lease_until = NULL
                 WHERE id = $1 AND lease_token = $2 AND state = 'running'";
    let values = [lease.job.into(), lease.token.into(), end.state.name().into(), end.at.into(), rows.into(), bytes.into()];
    Ok(db.execute_raw(sql(text, values)).await?.rows_affected() == 1)
}

#[derive(FromQueryResult)]
struct Data {
    data: Vec<u8>,
}

/// A piece of an export's file; none after the last one.
pub async fn export_piece(db: &impl ConnectionTrait, job: Uuid, n: i32) -> Result<Option<Vec<u8>>, DbErr> {
    let text = "SELECT data FROM export_pieces WHERE job_id = $1 AND n = $2";
    Ok(Data::find_by_statement(sql(text, [job.into(), n.into()])).one(db).await?.map(|d| d.data))
}
