//! Safe retries: the answer to a write is kept with the write itself, under the key that the caller gave, and a repetition
//! is answered from there.

use aws_lc_rs::hmac;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use sqlx::{PgConnection, Row as _};

use crate::error::{ApiError, Code, Fault, lock_timed_out};
use crate::http::Call;
use crate::http::write::Reply;

/// The largest answer to a load that is kept; a load with a key lists no more than fits.
pub const MOST_KEPT: usize = 1 << 20;

/// The key of a request that may be repeated, and who may be answered from what is kept under it.
#[derive(Clone, Debug)]
pub struct Retry {
    subject: uuid::Uuid,
    /// Method and path.
    route: String,
    key: String,
    /// The other half of what the request asked for, beside its body.
    query: String,
    seal: hmac::Key,
    /// Everything the caller may do, at the time of asking.
    authority: serde_json::Value,
    now: chrono::DateTime<chrono::Utc>,
}

/// Whether the key is this request's own, or was used before.
pub enum Claim {
    Taken,
    Kept(Kept),
}

/// What an earlier request left under the key.
#[derive(FromQueryResult)]
pub struct Kept {
    body_hash: Vec<u8>,
    status: Option<i16>,
    headers: Option<serde_json::Value>,
    body: Option<Vec<u8>>,
    authority: serde_json::Value,
}

const TAKE: &str = "INSERT INTO idempotency_keys (subject, route, key, body_hash, authority, created_at) VALUES ($1, $2, $3, '', $4, $5)
    ON CONFLICT DO NOTHING";
const KEPT: &str =
    "SELECT body_hash, status, headers, body, authority FROM idempotency_keys WHERE subject = $1 AND route = $2 AND key = $3";
const KEEP: &str =
    "UPDATE idempotency_keys SET body_hash = $4, status = $5, headers = $6, body = $7 WHERE subject = $1 AND route = $2 AND key = $3";
/// Who waits for another request with the same key gives up after this.
const WAIT: &str = "SET LOCAL lock_timeout = '2s'";
const WAIT_NO_MORE: &str = "SET LOCAL lock_timeout = '0'";

impl Retry {
    /// None for a request without a key, and for a dry run, which stores nothing.
    pub fn of(call: &Call) -> Option<Retry> {
        Retry::of_job(call).filter(|_| !call.dry_run)
    }

    /// As [`Retry::of`]; but a job is kept even where its rows are only tried.
    pub fn of_job(call: &Call) -> Option<Retry> {
        let key = call.idempotency_key.clone()?;
        Some(Retry {
            subject: call.actor.user_id,
            route: call.route.clone(),
            key,
            query: call.query.clone(),
            seal: call.retry_seal.clone(),
            authority: call.actor.authority(),
            now: call.now,
        })
    }

    /// What the request is told apart by: its body and its query. Sealed, since a body may hold a password or the number of a person,
    /// which a plain hash would let anybody try who sees the table.
    fn fingerprint(&self, body_hash: &[u8; 32]) -> Vec<u8> {
        hmac::sign(&self.seal, &[body_hash.as_slice(), self.query.as_bytes()].concat()).as_ref().to_vec()
    }

    fn name(&self) -> Vec<Value> {
        vec![self.subject.into(), self.route.clone().into(), self.key.clone().into()]
    }

    /// Takes the key for this transaction, or finds what is kept under it. Waits a little for another request that holds it.
    ///
    /// # Errors
    /// 409 when the other request takes longer; the database's.
    pub async fn claim(&self, tx: &impl ConnectionTrait) -> Result<Claim, ApiError> {
        tx.execute_unprepared(WAIT).await?;
        let values = [self.name(), vec![self.authority.clone().into(), self.now.into()]].concat();
        let taken = tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, TAKE, values)).await.map_err(in_progress)?;
        tx.execute_unprepared(WAIT_NO_MORE).await?;
        if taken.rows_affected() == 1 {
            return Ok(Claim::Taken);
        }
        let select = Statement::from_sql_and_values(DbBackend::Postgres, KEPT, self.name());
        Kept::find_by_statement(select).one(tx).await?.map(Claim::Kept).ok_or_else(|| ApiError::new(Code::IdempotencyInProgress))
    }

    /// Keeps the answer, to be committed with what it tells of.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep(&self, tx: &impl ConnectionTrait, body_hash: &[u8; 32], reply: &Reply) -> Result<(), ApiError> {
        let (status, headers, body) = reply.kept()?;
        let values = [self.name(), vec![self.fingerprint(body_hash).into(), status.into(), headers.into(), body.into()]].concat();
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, KEEP, values)).await?;
        Ok(())
    }

    /// As [`Retry::claim`], on a connection of the driver's.
    ///
    /// # Errors
    /// The same.
    pub async fn claim_on(&self, tx: &mut PgConnection) -> Result<Claim, ApiError> {
        sqlx::Executor::execute(&mut *tx, WAIT).await?;
        let take = sqlx::query(TAKE).bind(self.subject).bind(&self.route).bind(&self.key).bind(&self.authority).bind(self.now);
        let taken = take.execute(&mut *tx).await.map_err(|e| in_progress(DbErr::Exec(sea_orm::RuntimeErr::SqlxError(e.into()))))?;
        sqlx::Executor::execute(&mut *tx, WAIT_NO_MORE).await?;
        if taken.rows_affected() == 1 {
            return Ok(Claim::Taken);
        }
        let row = sqlx::query(KEPT).bind(self.subject).bind(&self.route).bind(&self.key).fetch_optional(tx).await?;
        let row = row.ok_or_else(|| ApiError::new(Code::IdempotencyInProgress))?;
        let kept = Kept {
            body_hash: row.try_get(0)?,
            status: row.try_get(1)?,
            headers: row.try_get(2)?,
            body: row.try_get(3)?,
            authority: row.try_get(4)?,
        };
        Ok(Claim::Kept(kept))
    }

    /// As [`Retry::keep`], on a connection of the driver's.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep_on(&self, tx: &mut PgConnection, body_hash: &[u8; 32], reply: &Reply) -> Result<(), ApiError> {
        let (status, headers, body) = reply.kept()?;
        let keep = sqlx::query(KEEP).bind(self.subject).bind(&self.route).bind(&self.key);
        keep.bind(self.fingerprint(body_hash)).bind(status).bind(headers).bind(body).execute(tx).await?;
        Ok(())
    }

    /// Gives the key back in a transaction that is committed all the same, though nothing is to be kept.
    ///
    /// # Errors
    /// The database's.
    pub async fn release_on(&self, tx: &mut PgConnection) -> Result<(), ApiError> {
        let release = sqlx::query("DELETE FROM idempotency_keys WHERE subject = $1 AND route = $2 AND key = $3");
        release.bind(self.subject).bind(&self.route).bind(&self.key).execute(tx).await?;
        Ok(())
    }

    /// The kept answer, for the same request of a caller who still may all that he might then.
    ///
    /// # Errors
    /// 422 for another request under the same key, 403 for a caller who has lost a right since.
    pub fn replay(&self, kept: Kept, body_hash: &[u8; 32]) -> Result<Reply, ApiError> {
        if kept.body_hash != self.fingerprint(body_hash) {
            return Err(ApiError::new(Code::IdempotencyKeyReused));
        }
        if !crate::auth::still_holds(&self.authority, &kept.authority) {
            return Err(ApiError::new(Code::Forbidden).say(
                "Quyền của bạn đã thay đổi từ lần gửi trước; không trả lại kết quả cũ.",
                "Your rights have changed since the first request; its answer is not repeated.",
            ));
        }
        let (Some(status), Some(headers), Some(body)) = (kept.status, kept.headers, kept.body) else {
            return Err(ApiError::new(Code::IdempotencyInProgress));
        };
        Reply::replayed(status, headers, body)
    }
}

fn in_progress(error: DbErr) -> ApiError {
    if lock_timed_out(&error) { ApiError::new(Code::IdempotencyInProgress) } else { error.into() }
}

/// The text of an `Idempotency-Key`: bare, or quoted as a string of structured fields.
///
/// # Errors
/// 400 for an empty one, one of more than 255 characters, or quotes that do not end.
pub fn read_key(sent: &str) -> Result<String, ApiError> {
    let sent = sent.trim();
    let key = match sent.strip_prefix('"') {
        None => Some(sent.to_owned()),
        Some(rest) => unquote(rest),
    };
    key.filter(|key| (1..=255).contains(&key.chars().count())).ok_or_else(|| {
        let (vi, en) = ("Từ 1 đến 255 ký tự, có hoặc không có ngoặc kép.", "1 to 255 characters, quoted or bare.");
        ApiError::new(Code::InvalidHeader).faults(vec![Fault::new(Code::InvalidHeader, "Idempotency-Key", vi, en)])
    })
}

fn unquote(rest: &str) -> Option<String> {
    let mut key = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(key),
            '\\' => key.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
            other => key.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read_key;

    #[test]
    fn keys_are_quoted_or_bare() {
        let read = |sent: &str| read_key(sent).ok();
        assert_eq!(read(" k-1 ").as_deref(), Some("k-1"));
        assert_eq!(read("\"k-1\"").as_deref(), Some("k-1"));
        assert_eq!(read(r#""a\"b\\c""#).as_deref(), Some(r#"a"b\c"#));
        assert_eq!(read(&"x".repeat(255)).map(|k| k.len()), Some(255));
        for wrong in ["", "  ", "\"\"", "\"a", "\"a\"b", r#""a\x""#, &"x".repeat(256)] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
