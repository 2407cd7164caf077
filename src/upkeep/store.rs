//! Every query of house-keeping: one batch of one table, oldest first, past rows that another transaction holds.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

pub const IDEMPOTENCY_KEYS: &str = "DELETE FROM idempotency_keys WHERE ctid = ANY(array(
    SELECT ctid FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

pub const EXPIRED_SESSIONS: &str = "DELETE FROM sessions WHERE id = ANY(array(
    SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

pub const REVOKED_SESSIONS: &str = "DELETE FROM sessions WHERE id = ANY(array(
    SELECT id FROM sessions WHERE revoked_at < $1 ORDER BY revoked_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

pub const SIGN_IN_THROTTLES: &str = "DELETE FROM sign_in_throttles WHERE ctid = ANY(array(
    SELECT ctid FROM sign_in_throttles WHERE last_failed_at < $1 ORDER BY last_failed_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

/// Removes at most `batch` rows; answers how many.
pub async fn remove(db: &impl ConnectionTrait, statement: &str, before: DateTime<Utc>, batch: u32) -> Result<u64, DbErr> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, statement, [before.into(), i64::from(batch).into()]);
    Ok(db.execute_raw(statement).await?.rows_affected())
}
