//! The rows of loads: as they come in, and what became of them.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

use super::{PATIENCE_S, sql};

/// Keeps a piece of an intake; false when the intake was given up meanwhile.
pub async fn add_piece(
    db: &impl ConnectionTrait,
    job: Uuid,
    (first, rows): (u64, usize),
    codes: Vec<String>,
    data: Vec<u8>,
) -> Result<bool, DbErr> {
    let text = "WITH taking AS (UPDATE jobs SET lease_until = now() + make_interval(secs => $6) WHERE id = $1 AND state = 'receiving' RETURNING id)
                INSERT INTO job_pieces (job_id, first_row, rows, codes, data) SELECT id, $2, $3, $4, $5 FROM taking";
    let (first, rows) = (i64::try_from(first).unwrap_or(i64::MAX), i32::try_from(rows).unwrap_or(i32::MAX));
    let values = [job.into(), first.into(), rows.into(), codes.into(), data.into(), f64::from(PATIENCE_S).into()];
    Ok(db.execute_raw(sql(text, values)).await?.rows_affected() == 1)
}

/// All rows are in: finds the keys that stand twice and lets the job wait for its turn. False when it was given up.
pub async fn queue(tx: &impl ConnectionTrait, job: Uuid, rows: u64, header: Option<Vec<u8>>) -> Result<bool, DbErr> {
    let twice = "INSERT INTO job_duplicates (job_id, code)
                 SELECT $1, code FROM job_pieces p CROSS JOIN LATERAL unnest(p.codes) AS code WHERE p.job_id = $1 GROUP BY code HAVING count(*) > 1";
    tx.execute_raw(sql(twice, [job.into()])).await?;
    let text = "UPDATE jobs SET state = 'queued', rows_total = $2, header = $3, lease_until = NULL WHERE id = $1 AND state = 'receiving'";
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    Ok(tx.execute_raw(sql(text, [job.into(), rows.into(), header.into()])).await?.rows_affected() == 1)
}

#[derive(FromQueryResult)]
pub struct Piece {
    pub first_row: i64,
    pub data: Vec<u8>,
}

/// The piece that begins with a row; none after the last one.
pub async fn piece(db: &impl ConnectionTrait, job: Uuid, first_row: i64) -> Result<Option<Piece>, DbErr> {
    let text = "SELECT first_row, data FROM job_pieces WHERE job_id = $1 AND first_row = $2";
    Piece::find_by_statement(sql(text, [job.into(), first_row.into()])).one(db).await
}

#[derive(FromQueryResult)]
struct Code {
    code: String,
}

/// The keys that stand twice in a load.
pub async fn duplicates(db: &impl ConnectionTrait, job: Uuid) -> Result<HashSet<String>, DbErr> {
    let rows = Code::find_by_statement(sql("SELECT code FROM job_duplicates WHERE job_id = $1", [job.into()])).all(db).await?;
    Ok(rows.into_iter().map(|r| r.code).collect())
}

/// Those of some keys that stand twice in a load.
pub async fn duplicates_among(db: &impl ConnectionTrait, job: Uuid, codes: Vec<String>) -> Result<Vec<String>, DbErr> {
    let text = "SELECT code FROM job_duplicates WHERE job_id = $1 AND code = ANY($2)";
    let rows = Code::find_by_statement(sql(text, [job.into(), codes.into()])).all(db).await?;
    Ok(rows.into_iter().map(|r| r.code).collect())
}

/// What was kept of a row.
#[derive(FromQueryResult)]
pub struct Kept {
    pub idx: i64,
    pub code: Option<String>,
    pub status: String,
    pub errors: Value,
    pub warnings: Value,
    pub input: Option<Vec<u8>>,
}

/// Rows that are told of, by index, as far as they are committed.
pub async fn results(
    db: &impl ConnectionTrait,
    job: Uuid,
    status: Option<&str>,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<Kept>, DbErr> {
    let text = "SELECT idx, code, status, errors, warnings, NULL::bytea AS input FROM job_results
                 WHERE job_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::bigint IS NULL OR idx > $3) ORDER BY idx LIMIT $4";
    let values = [job.into(), status.map(str::to_owned).into(), after.into(), (i64::from(limit) + 1).into()];
    Kept::find_by_statement(sql(text, values)).all(db).await
}

/// Refused rows with what came in, by index.
pub async fn refused(db: &impl ConnectionTrait, job: Uuid, after: i64, limit: i64) -> Result<Vec<Kept>, DbErr> {
    let text = "SELECT idx, code, status, errors, warnings, input FROM job_results
                 WHERE job_id = $1 AND status = 'rejected' AND idx > $2 ORDER BY idx LIMIT $3";
    Kept::find_by_statement(sql(text, [job.into(), after.into(), limit.into()])).all(db).await
}
