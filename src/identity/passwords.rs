//! Argon2id, off the serving threads and bounded: each hash takes memory and a core for a while.

use std::sync::{Arc, OnceLock};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::error::{ApiError, Code};

async fn off_thread<T: Send + 'static>(gate: &Arc<Semaphore>, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let permit = gate.clone().acquire_owned().await.map_err(|e| ApiError::new(Code::Unavailable).because(e))?;
    tokio::task::spawn_blocking(move || {
        let result = work();
        drop(permit);
        result
    })
    .await
    .map_err(|e| ApiError::new(Code::Internal).because(e))
}

fn hash_now(password: &str) -> Result<String, ApiError> {
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|e| ApiError::new(Code::Internal).because(e))?;
    Ok(hash.to_string())
}

/// # Errors
/// Only when the machine gives no memory or randomness.
pub async fn hash(gate: &Arc<Semaphore>, password: String) -> Result<String, ApiError> {
    off_thread(gate, move || hash_now(&password)).await?
}

/// Whether the password fits the hash. Without a hash it takes the same time and does not fit, so that nobody learns
/// which user names exist.
///
/// # Errors
/// Only when the machine gives no memory.
pub async fn verify(gate: &Arc<Semaphore>, password: String, hash: Option<String>) -> Result<bool, ApiError> {
    static NOBODY: OnceLock<String> = OnceLock::new();
    off_thread(gate, move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.get_or_init(|| hash_now("nobody").unwrap_or_default()).clone());
        let fits = PasswordHash::new(&hash).is_ok_and(|h| Argon2::default().verify_password(password.as_bytes(), &h).is_ok());
        fits && known
    })
    .await
}
