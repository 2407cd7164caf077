//! What the administrator does with clients: put one, give one a new secret.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::DatabaseTransaction;
use serde_json::json;
use uuid::Uuid;

use super::wire::{ClientSecret, ClientView, NewClient, NewSecret};
use super::{rules, store};
use crate::audit::{self, Entry};
use crate::error::{ApiError, Code};
use crate::http::values::Key;
use crate::http::{Call, Reply};

/// Creates or changes the client with this id. Answers the family of tokens that ended with it, too.
///
/// # Errors
/// 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, call: &Call, client_id: &str, row: &NewClient) -> Result<(Reply, Option<Uuid>), ApiError> {
    row.client_id.check_path(client_id, "/client_id")?;
    let before = store::lock(tx, client_id).await?;
    let mut ended = None;
    if let Some(old) = &before {
        if !call.changes(old.id, old.version, rules::equal(row, old))? {
            return Ok((Reply::unchanged(old.version, old)?, None));
        }
        ended = store::family(tx, old.id).await?;
    }
    let faults = rules::faults(row, &store::department_codes(tx).await?);
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    store::put(tx, row, rules::sorted(row.scopes.iter().map(|s| s.as_str())), Uuid::now_v7(), call.now).await?;
    let view = store::find(tx, &Key::Code(client_id.to_owned())).await?.ok_or_else(ApiError::not_found)?;
    audit::record(tx, call, &[entry(call, "put", &view, json!(view))]).await?;
    let reply = match before {
        Some(_) => Reply::ok(view.version, &view)?,
        None => Reply::created(format!("/api/v1/clients/{client_id}"), view.version, &view)?,
    };
    Ok((reply, ended))
}

/// A secret that nobody can guess.
///
/// # Errors
/// Only when the machine gives no randomness.
pub fn new_secret() -> Result<String, ApiError> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| ApiError::new(Code::Internal).because("no randomness"))?;
    Ok(format!("dhs_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// Gives the client one secret more; the newest of those before stays good beside it, unless it is not to: then it has leaked, and the
/// tokens that it got end, too. Answers their family.
///
/// # Errors
/// 404, 412 and 428.
pub async fn add_secret(
    tx: &DatabaseTransaction,
    call: &Call,
    client_id: &str,
    new: &NewSecret,
    (secret, hash): (&str, &str),
) -> Result<(Reply, Option<Uuid>), ApiError> {
    let client = store::lock(tx, client_id).await?.ok_or_else(ApiError::not_found)?;
    call.check_version(client.id, client.version)?;
    let id = Uuid::now_v7();
    let ended = if new.keep_previous { None } else { store::family(tx, client.id).await? };
    let family = ended.map(|_| Uuid::now_v7());
    store::add_secret(tx, client.id, (id, hash), i64::from(new.keep_previous), family, call.now).await?;
    let view = store::find(tx, &Key::Id(client.id)).await?.ok_or_else(ApiError::not_found)?;
    audit::record(tx, call, &[entry(call, "add_secret", &view, json!(view))]).await?;
    let answer = |secret: Option<&str>| ClientSecret {
        id,
        client_id: view.client_id.clone(),
        client_secret: secret.map(str::to_owned),
        version: view.version,
    };
    // A secret is not kept, not even for a retry.
    let reply = Reply::created(format!("/api/v1/clients/{client_id}"), view.version, &answer(Some(secret)))?.kept_as(&answer(None))?;
    Ok((reply, ended))
}

fn entry(call: &Call, act: &'static str, view: &ClientView, detail: serde_json::Value) -> Entry {
    Entry {
        act,
        subject_type: "client",
        subject_id: view.id,
        subject_code: Some(view.client_id.clone()),
        department_id: None,
        version: view.version,
        occurred_at: call.now,
        detail,
    }
}
