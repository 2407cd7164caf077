//! Signing in, refreshing, signing out.

use std::sync::Arc;
use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionTrait};
use uuid::Uuid;

use super::throttle::{self, Attempt};
use super::wire::SessionTokens;
use super::{passwords, store};
use crate::app::Shared;
use crate::auth::{TokenGrant, tokens};
use crate::error::{ApiError, Code};
use crate::http::json::digest;
use crate::http::values::Key;

/// # Errors
/// 401 `invalid_credentials`, the same for an unknown user, a wrong password and a user who is not active; 429 while the
/// account or the address is locked.
pub async fn sign_in(db: &DatabaseConnection, shared: &Shared, attempt: &Attempt, password: &str) -> Result<SessionTokens, ApiError> {
    let turn = throttle::begin(db, shared, attempt).await?;
    let user = store::sign_in_row(db, &attempt.name).await?;
    let hash = user.as_ref().filter(|u| u.active).and_then(|u| u.password_hash.clone());
    // The next attempt sees what came of this one.
    let (fits, _turn) = passwords::verify(turn, password.to_owned(), hash).await?;
    let Some(user) = user.as_ref().filter(|_| fits) else {
        throttle::failed(db, shared, attempt, user.map(|u| u.id)).await?;
        return Err(ApiError::new(Code::InvalidCredentials));
    };
    throttle::succeeded(db, attempt).await?;
    let tx = db.begin().await?;
    let (session, now) = (Uuid::now_v7(), Utc::now());
    let until = now + TimeDelta::days(shared.settings.auth.session_days);
    store::open_session(&tx, session, user.id, now, until).await?;
    let answer = issue(&tx, shared, user.id, session).await?;
    tx.commit().await?;
    tracing::info!(username = user.username, "signed in");
    Ok(answer)
}

/// Trades a refresh token for new tokens. One that was traded before has leaked: its session ends.
///
/// # Errors
/// 401 `invalid_token`.
pub async fn refresh(db: &DatabaseConnection, shared: &Shared, token: &str) -> Result<SessionTokens, ApiError> {
    let hash = digest(token.as_bytes());
    let now = Utc::now();
    let tx = db.begin().await?;
    let Some(found) = store::lock_refresh_token(&tx, &hash, now).await? else { return Err(ApiError::new(Code::InvalidToken)) };
    if found.used && found.live {
        store::revoke(&tx, found.session_id, "token_reused", now).await?;
        tx.commit().await?;
        shared.revocations.add([found.session_id]);
        tracing::warn!(session = %found.session_id, "refresh token used twice, session ended");
        return Err(ApiError::new(Code::InvalidToken));
    }
    if !found.live {
        return Err(ApiError::new(Code::InvalidToken));
    }
    store::use_refresh_token(&tx, &hash, now).await?;
    let answer = issue(&tx, shared, found.user_id, found.session_id).await?;
    tx.commit().await?;
    Ok(answer)
}

/// # Errors
/// The database's.
pub async fn sign_out(db: &DatabaseConnection, shared: &Shared, session: Uuid) -> Result<(), ApiError> {
    store::revoke(db, session, "signed_out", Utc::now()).await?;
    shared.revocations.add([session]);
    Ok(())
}

async fn issue(tx: &impl ConnectionTrait, shared: &Shared, user: Uuid, session: Uuid) -> Result<SessionTokens, ApiError> {
    let user = store::find(tx, &Key::Id(user)).await?.ok_or_else(|| ApiError::new(Code::InvalidToken))?;
    let grants =
        user.grants.iter().map(|g| TokenGrant { role: g.role, department: g.department.as_ref().map(|d| d.as_str().to_owned()) }).collect();
    let (access_token, expires_in) = tokens::issue(shared, user.id, &user.username, session, grants)?;
    let mut secret = [0; 32];
    aws_lc_rs::rand::fill(&mut secret).map_err(|_| ApiError::new(Code::Internal).because("no randomness"))?;
    let refresh_token = URL_SAFE_NO_PAD.encode(secret);
    store::keep_refresh_token(tx, &digest(refresh_token.as_bytes()), session, Utc::now()).await?;
    Ok(SessionTokens { access_token, token_type: "Bearer", expires_in, refresh_token })
}

/// Keeps the list of ended sessions fresh: another server may end one too. Runs until the runtime stops.
pub async fn watch_revocations(shared: Arc<Shared>) {
    loop {
        match store::lately_revoked(&shared.background).await {
            Ok(sessions) => shared.revocations.add(sessions),
            Err(error) => tracing::warn!(%error, "ended sessions could not be read"),
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}
