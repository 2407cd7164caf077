//! Argon2id, off the serving threads and bounded: each hash takes memory and a core for a while.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{ApiError, Code};

/// Leave to hash one password.
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// How long a password waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// # Errors
/// 503 when none comes in time.
pub async fn turn(gate: &Arc<Semaphore>) -> Result<Turn, ApiError> {
    let permit = tokio::time::timeout(PATIENCE, gate.clone().acquire_owned()).await;
    match permit {
        Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
        _ => Err(ApiError::new(Code::Unavailable).because("passwords are being checked all the time")),
    }
}

/// The turn goes along, so that it lasts as long as the work, whatever becomes of who waits for it.
async fn off_thread<T: Send + 'static>(turn: Turn, work: impl FnOnce() -> T + Send + 'static) -> Result<(T, Turn), ApiError> {
    tokio::task::spawn_blocking(move || (work(), turn)).await.map_err(|e| ApiError::new(Code::Internal).because(e))
}

fn hash_now(password: &str) -> Result<String, ApiError> {
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|e| ApiError::new(Code::Internal).because(e))?;
    Ok(hash.to_string())
}

/// # Errors
/// Only when the machine gives no memory or randomness.
pub async fn hash(turn: Turn, password: String) -> Result<String, ApiError> {
    off_thread(turn, move || hash_now(&password)).await?.0
}

/// Whether the password fits the hash, and the turn for what follows from it. Without a hash it takes the same time and does not fit, so that nobody learns
/// which user names exist.
///
/// # Errors
/// Only when the machine gives no memory.
pub async fn verify(turn: Turn, password: String, hash: Option<String>) -> Result<(bool, Turn), ApiError> {
    static NOBODY: OnceLock<String> = OnceLock::new();
    off_thread(turn, move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.get_or_init(|| hash_now("nobody").unwrap_or_default()).clone());
        let fits = PasswordHash::new(&hash).is_ok_and(|h| Argon2::default().verify_password(password.as_bytes(), &h).is_ok());
        fits && known
    })
    .await
}
