//! The one way to write: one act, one transaction, with its safe retry and its dry run.

use actix_web::HttpResponse;
use sea_orm::{DatabaseConnection, DatabaseTransaction, TransactionTrait};
use serde::Serialize;

use crate::audit;
use crate::error::{ApiError, Code};
use crate::http::retry::{Claim, Retry};
use crate::http::{Answer, Call};

/// What an act answers.
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// What is kept for a retry in place of the body, which is not to be stored.
    kept: Option<Vec<u8>>,
}

impl Reply {
    /// # Errors
    /// Only when the body cannot be serialised, which is a defect.
    pub fn json<T: Serialize>(status: u16, body: &T) -> Result<Reply, ApiError> {
        Ok(Reply::text(status, serde_json::to_vec(body).map_err(|e| ApiError::new(Code::Internal).because(e))?))
    }

    /// A body that is JSON already.
    pub fn text(status: u16, body: Vec<u8>) -> Reply {
        Reply { status, headers: Vec::new(), body, kept: None }
    }

    /// The answer to a repetition.
    ///
    /// # Errors
    /// What was kept cannot be read, which is a defect.
    pub fn replayed(status: i16, headers: serde_json::Value, body: Vec<u8>) -> Result<Reply, ApiError> {
        let headers = serde_json::from_value(headers).map_err(|e| ApiError::new(Code::Internal).because(e))?;
        Ok(Reply { status: status.unsigned_abs(), headers, body, kept: None }.header("Idempotency-Replayed", "true"))
    }

    /// Status, headers and body, as they are kept for a repetition.
    ///
    /// # Errors
    /// Only when the headers cannot be serialised, which is a defect.
    pub fn kept(&self) -> Result<(i16, serde_json::Value, Vec<u8>), ApiError> {
        let headers = serde_json::to_value(&self.headers).map_err(|e| ApiError::new(Code::Internal).because(e))?;
        Ok((self.status as i16, headers, self.kept.as_ref().unwrap_or(&self.body).clone()))
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

    /// Keeps another body for retries than it answers with.
    ///
    /// # Errors
    /// Only when the body cannot be serialised, which is a defect.
    pub fn kept_as<T: Serialize>(mut self, body: &T) -> Result<Reply, ApiError> {
        self.kept = Some(serde_json::to_vec(body).map_err(|e| ApiError::new(Code::Internal).because(e))?);
        Ok(self)
    }

    fn version(self, version: i32) -> Reply {
        self.header("ETag", format!("\"{version}\""))
    }

    pub fn respond(self) -> HttpResponse {
        let status = actix_web::http::StatusCode::from_u16(self.status).unwrap_or(actix_web::http::StatusCode::OK);
        let mut response = HttpResponse::build(status);
        for (name, value) in &self.headers {
            response.insert_header((name.as_str(), value.as_str()));
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
            Err(error) if error.code() == Code::VersionMismatch => return Err(explain(db, call, error).await),
            other => return other,
        }
    }
}

/// Tells whose version is stale what has changed since, and by whom.
async fn explain(db: &DatabaseConnection, call: &Call, error: ApiError) -> ApiError {
    let current = error.members().get("current_version").and_then(|v| v.as_i64()).and_then(|v| i32::try_from(v).ok());
    let (Some(subject), Some(seen), Some(current)) = (error.subject(), call.seen_version(), current) else { return error };
    // Without the explanation the refusal stands all the same.
    let since = audit::changes_since(db, subject, seen, current).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "what has changed cannot be told");
        audit::Since::default()
    });
    let Some(by) = since.changes.last().filter(|c| c.version == current).map(|c| c.by.clone()) else { return error };
    let (vi, en) = match &since.fields {
        Some(fields) => {
            let list = fields.join(", ");
            (format!("; từ phiên bản {seen} đã đổi: {list}"), format!("; changed since version {seen}: {list}"))
        }
        None => (String::new(), String::new()),
    };
    let error = error.say(
        format!("Phiên bản hiện tại là {current}, do {by} sửa{vi}. Hãy tải lại rồi thử lại."),
        format!("The current version is {current}, changed by {by}{en}. Load it again and retry."),
    );
    let error = error.member("changed_by", by).member("changes", serde_json::json!(since.changes));
    match since.fields {
        Some(fields) => error.member("changed_fields", fields),
        None => error,
    }
}

async fn attempt<F>(db: &DatabaseConnection, call: &Call, body_hash: &[u8; 32], act: &F) -> Answer
where
    F: AsyncFn(&DatabaseTransaction) -> Result<Reply, ApiError>,
{
    let tx = db.begin().await?;
    let retry = Retry::of(call);
    if let Some(retry) = &retry
        && let Claim::Kept(kept) = retry.claim(&tx).await?
    {
        return Ok(retry.replay(kept, body_hash)?.respond());
    }
    let reply = act(&tx).await?;
    if call.dry_run {
        tx.rollback().await?;
        return Ok(reply.header("Dry-Run", "true").respond());
    }
    if let Some(retry) = &retry {
        retry.keep(&tx, body_hash, &reply).await?;
    }
    tx.commit().await?;
    Ok(reply.respond())
}
