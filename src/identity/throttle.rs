//! Failed sign-ins, counted for the account and for the address, whether they exist or not. The counts are in the database, so
//! that all servers share them.

use actix_web::{HttpMessage, HttpRequest};
use chrono::{TimeDelta, Utc};
use sea_orm::{DatabaseConnection, TransactionTrait};
use serde_json::json;
use uuid::Uuid;

use super::passwords::{self, Turn};
use super::{rules, store};
use crate::app::Shared;
use crate::audit::{self, Entry, Teller};
use crate::error::{ApiError, Code};
use crate::http::json::digest;
use crate::http::middleware::RequestId;
use crate::http::rate;

/// Who signs in.
pub enum Account<'a> {
    User(&'a str),
    Client(&'a str),
}

/// One attempt to sign in.
pub struct Attempt {
    /// `user` or `client`.
    kind: &'static str,
    pub name: String,
    key: [u8; 32],
    address: [u8; 32],
    request_id: String,
}

impl Attempt {
    pub fn of(req: &HttpRequest, shared: &Shared, account: Account<'_>) -> Attempt {
        let (kind, name) = match account {
            Account::User(name) => ("user", name),
            Account::Client(name) => ("client", name),
        };
        let address = rate::address(req.head(), shared.settings.http.behind_proxy);
        Attempt {
            kind,
            name: name.to_owned(),
            key: digest(name.as_bytes()),
            address: digest(address.to_string().as_bytes()),
            request_id: req.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        }
    }
}

/// Lets an attempt look at a password, unless its account or address is locked.
///
/// # Errors
/// 429 `sign_in_locked` with the time to wait; 503 when too many passwords are being looked at.
pub async fn begin(db: &DatabaseConnection, shared: &Shared, attempt: &Attempt) -> Result<Turn, ApiError> {
    check(db, attempt).await?;
    let turn = passwords::turn(&shared.password_gate).await?;
    // Those before it may have failed while it waited.
    check(db, attempt).await?;
    Ok(turn)
}

async fn check(db: &DatabaseConnection, attempt: &Attempt) -> Result<(), ApiError> {
    let now = Utc::now();
    let Some(until) = store::locked_until(db, attempt.kind, &attempt.key, &attempt.address, now).await? else { return Ok(()) };
    let seconds = ((until - now).num_milliseconds().max(0) as u64).div_ceil(1000).max(1);
    let (vi, en) =
        (format!("Sai quá nhiều lần; hãy thử lại sau {seconds} giây."), format!("Too many failures; try again in {seconds} seconds."));
    Err(ApiError::new(Code::SignInLocked).say(vi, en).retry_after(seconds))
}

/// Counts a failure; with the last one that is free the lock begins, which the audit tells of an account that exists.
///
/// # Errors
/// The database's.
pub async fn failed(db: &DatabaseConnection, shared: &Shared, attempt: &Attempt, account: Option<Uuid>) -> Result<(), ApiError> {
    let settings = &shared.settings.auth;
    let now = Utc::now();
    let tx = db.begin().await?;
    for (kind, key, free) in
        [(attempt.kind, &attempt.key, settings.free_failures), ("address", &attempt.address, settings.free_failures_per_address)]
    {
        let failures = store::count_failure(&tx, kind, key, now).await?;
        let Some(seconds) = rules::lock_s(failures, free, settings.longest_lock_s) else { continue };
        store::lock_sign_in(&tx, kind, key, now + TimeDelta::seconds(seconds.into())).await?;
        shared.metrics.sign_in_locked();
        tracing::warn!(kind, account = attempt.name, failures, seconds, "sign-in locked");
        if kind != "address" {
            let entry = |id: Uuid| Entry {
                act: "lock",
                subject_type: attempt.kind,
                subject_id: id,
                subject_code: Some(attempt.name.clone()),
                department_id: None,
                version: 0,
                occurred_at: now,
                detail: json!({"failures": failures, "seconds": seconds}),
            };
            // The same work for an account that does not exist.
            let entries: Vec<Entry> = account.map(entry).into_iter().collect();
            audit::record_as(&tx, &Teller { request_id: Some(&attempt.request_id), ..Teller::server(now) }, &entries).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// A right password makes good what went wrong before on this account.
///
/// # Errors
/// The database's.
pub async fn succeeded(db: &DatabaseConnection, attempt: &Attempt) -> Result<(), ApiError> {
    Ok(store::forgive(db, attempt.kind, &attempt.key).await?)
}
