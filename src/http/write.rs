//! The one way to write: one act, one transaction, with its safe retry and its dry run.

use actix_web::HttpResponse;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, FromQueryResult, Statement, TransactionTrait};
use serde::Serialize;

use crate::error::{ApiError, Code};
use crate::http::{Answer, Call};

/// What an act answers.
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    fn json<T: Serialize>(status: u16, body: &T) -> Result<Reply, ApiError> {
        let body = serde_json::to_vec(body).map_err(|e| ApiError::new(Code::Internal).because(e))?;
        Ok(Reply { status, headers: Vec::new(), body })
    }

    /// 201 with its place and version.
    ///
    /// # Errors
    /// Only when the body cannot be serialised, which is a defect.
    pub fn created<T: Serialize>(location: impl Into<String>, version: i32, body: &T) -> Result<Reply, ApiError> {
        Ok(Reply::json(201, body)?.header("Location", location).version(version))
    }

    pub fn ok<T: Serialize>(version: i32, body: &T) -> Result<Reply, ApiError> {
        Ok(Reply::json(200, body)?.version(version))
    }

    /// 200 for what has no version.
    ///
    /// # Errors
    /// As [`Reply::created`].
    pub fn plain<T: Serialize>(body: &T) -> Result<Reply, ApiError> {
        Reply::json(200, body)
    }

    /// 200 for a `PUT` that changed nothing.
    pub fn unchanged<T: Serialize>(version: i32, body: &T) -> Result<Reply, ApiError> {
        Ok(Reply::ok(version, body)?.header("Unchanged", "true"))
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Reply {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn version(self, version: i32) -> Reply {
        self.header("ETag", format!("\"{version}\""))
    }

    fn respond(self, extra: Option<(&str, &str)>) -> HttpResponse {
        let status = actix_web::http::StatusCode::from_u16(self.status).unwrap_or(actix_web::http::StatusCode::OK);
        let mut response = HttpResponse::build(status);
        for (name, value) in &self.headers {
            response.insert_header((name.as_str(), value.as_str()));
        }
        if let Some(pair) = extra {
            response.insert_header(pair);
        }
        response.content_type("application/json").body(self.body)
    }
}

/// Runs an act in one transaction and commits it; a dry run rolls back instead. A serialization failure or deadlock
/// runs the whole act once or twice more. With an `Idempotency-Key` the answer is stored in the same transaction and
/// a repetition replays it.
///
/// # Errors
/// Whatever the act refuses, and 503 when the database stays busy.
pub async fn write<F>(db: &DatabaseConnection, call: &Call, body_hash: &[u8; 32], act: F) -> Answer
where
    F: AsyncFn(&DatabaseTransaction) -> Result<Reply, ApiError>,
{
    let mut tries = 0;
    loop {
        match attempt(db, call, body_hash, &act).await {
            Err(error) if error.retryable() && tries < 2 => tries += 1,
            other => return other,
        }
    }
}

async fn attempt<F>(db: &DatabaseConnection, call: &Call, body_hash: &[u8; 32], act: &F) -> Answer
where
    F: AsyncFn(&DatabaseTransaction) -> Result<Reply, ApiError>,
{
    let tx = db.begin().await?;
    let key = call.idempotency_key.as_deref().filter(|_| !call.dry_run);
    if let Some(key) = key
        && let Some(replay) = claim(&tx, call, key, body_hash).await?
    {
        return Ok(replay.respond(Some(("Idempotency-Replayed", "true"))));
    }
    let reply = act(&tx).await?;
    if call.dry_run {
        tx.rollback().await?;
        return Ok(reply.respond(Some(("Dry-Run", "true"))));
    }
    if let Some(key) = key {
        let headers = serde_json::to_value(&reply.headers).map_err(|e| ApiError::new(Code::Internal).because(e))?;
        tx.execute_raw(Statement::from_sql_and_values(
            DbBackend::Postgres,
            "UPDATE idempotency_keys SET status = $4, headers = $5, body = $6 WHERE subject = $1 AND route = $2 AND key = $3",
            [
                call.actor.user_id.into(),
                call.route.clone().into(),
                key.into(),
                (reply.status as i16).into(),
                headers.into(),
                reply.body.clone().into(),
            ],
        ))
        .await?;
    }
    tx.commit().await?;
    Ok(reply.respond(None))
}

#[derive(FromQueryResult)]
struct Kept {
    body_hash: Vec<u8>,
    status: Option<i16>,
    headers: Option<serde_json::Value>,
    body: Option<Vec<u8>>,
}

/// Takes the key for this transaction, or finds the answer it already has.
async fn claim(tx: &DatabaseTransaction, call: &Call, key: &str, body_hash: &[u8; 32]) -> Result<Option<Reply>, ApiError> {
    tx.execute_unprepared("SET LOCAL lock_timeout = '2s'").await?;
    let subject = || [call.actor.user_id.into(), call.route.clone().into(), key.into()];
    let mut values: Vec<sea_orm::Value> = subject().into();
    values.push(body_hash.to_vec().into());
    let insert = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO idempotency_keys (subject, route, key, body_hash) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        values,
    );
    let inserted = tx.execute_raw(insert).await.map_err(|error| {
        let error = ApiError::from(error);
        if error.code() == Code::Unavailable && !error.retryable() { ApiError::new(Code::IdempotencyInProgress) } else { error }
    })?;
    tx.execute_unprepared("SET LOCAL lock_timeout = '0'").await?;
    if inserted.rows_affected() == 1 {
        return Ok(None);
    }
    let select = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT body_hash, status, headers, body FROM idempotency_keys WHERE subject = $1 AND route = $2 AND key = $3",
        subject(),
    );
    let Some(kept) = Kept::find_by_statement(select).one(tx).await? else {
        return Err(ApiError::new(Code::IdempotencyInProgress));
    };
    if kept.body_hash != body_hash {
        return Err(ApiError::new(Code::IdempotencyKeyReused));
    }
    let (Some(status), Some(headers), Some(body)) = (kept.status, kept.headers, kept.body) else {
        return Err(ApiError::new(Code::IdempotencyInProgress));
    };
    let headers = serde_json::from_value(headers).map_err(|e| ApiError::new(Code::Internal).because(e))?;
    Ok(Some(Reply { status: status as u16, headers, body }))
}
