//! What the administrator does with users: put one, load many; and the first administrator of all.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};
use serde_json::json;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::wire::{GrantBody, NewUser, UserView};
use super::{passwords, rules, store};
use crate::audit::{self, Entry};
use crate::auth::Role;
use crate::error::{ApiError, Code, Fault};
use crate::http::bulk::{RowStatus, Strategy, Verdict};
use crate::http::{Call, Line, Reply, ResourceCode};

/// What became of the passwords given, by user name: the hash of a new one, or none for the one that the user has already.
pub type Passwords = HashMap<String, Option<String>>;

/// What an act on users leaves behind besides its answer: sessions that ended with it.
pub type Ended = Vec<Uuid>;

/// Creates or changes the user with this name.
///
/// # Errors
/// 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put(
    tx: &DatabaseTransaction,
    call: &Call,
    name: &str,
    row: &NewUser,
    passwords: &Passwords,
    demo_allowed: bool,
) -> Result<(Reply, Ended), ApiError> {
    row.username.check_path(name, "/username")?;
    let before = store::lock(tx, &[name]).await?.remove(name);
    if let Some(old) = &before
        && !call.changes(old.id, old.version, rules::equal(row, old) && !is_new(passwords, name))?
    {
        return Ok((Reply::unchanged(old.version, old)?, Vec::new()));
    }
    let (verdicts, ended) = load(tx, call, &[(0, row.clone())], Strategy::Upsert, passwords, demo_allowed).await?;
    if let Some(refused) = verdicts.into_iter().find(|v| v.status == RowStatus::Rejected) {
        return Err(ApiError::broken(refused.errors));
    }
    let view = store::find(tx, &crate::http::values::Key::Code(name.to_owned())).await?.ok_or_else(ApiError::not_found)?;
    let reply = match before {
        Some(_) => Reply::ok(view.version, &view)?,
        None => Reply::created(format!("/api/v1/users/{name}"), view.version, &view)?,
    };
    Ok((reply, ended))
}

fn is_new(passwords: &Passwords, name: &str) -> bool {
    passwords.get(name).is_some_and(Option::is_some)
}

/// Loads users set by set. A user whose roles, state or password change is signed out everywhere.
///
/// # Errors
/// 409 when a row has become good since its password was passed over; the database's. Refusals are in the verdicts.
pub async fn load(
    tx: &DatabaseTransaction,
    call: &Call,
    rows: &[(u64, NewUser)],
    strategy: Strategy,
    passwords: &Passwords,
    demo_allowed: bool,
) -> Result<(Vec<Verdict>, Ended), ApiError> {
    let departments: HashSet<String> = store::department_codes(tx).await?;
    let names: Vec<&str> = rows.iter().map(|(_, r)| r.username.as_str()).collect();
    let known = store::lock(tx, &names).await?;
    let (mut verdicts, mut changed) = (Vec::new(), Vec::new());
    for (index, row) in rows {
        let name = row.username.as_str();
        let old = known.get(name);
        let mut faults = rules::faults(row, &departments, demo_allowed);
        faults.extend(strategy.fault(old.is_some()));
        if faults.is_empty() && row.password.is_some() && !passwords.contains_key(name) {
            return Err(ApiError::new(Code::ConcurrentChange));
        }
        let status = match old {
            _ if !faults.is_empty() => RowStatus::Rejected,
            Some(old) if rules::equal(row, old) && !is_new(passwords, name) => RowStatus::Unchanged,
            Some(_) => RowStatus::Updated,
            None => RowStatus::Created,
        };
        if matches!(status, RowStatus::Created | RowStatus::Updated) {
            changed.push(row);
        }
        verdicts.push(Verdict { index: *index, code: Some(name.to_owned()), status, errors: faults, warnings: Vec::new() });
    }
    if changed.is_empty() {
        return Ok((verdicts, Vec::new()));
    }
    store::upsert(tx, &changed, passwords).await?;
    let names: Vec<&str> = changed.iter().map(|r| r.username.as_str()).collect();
    let after = store::lock(tx, &names).await?;
    let entries: Vec<Entry> = after.values().map(|view| entry(call, view)).collect();
    audit::record(tx, call, &entries).await?;
    let names: Vec<String> = names.into_iter().filter(|n| known.contains_key(*n)).map(str::to_owned).collect();
    let ended = store::revoke_users(tx, &names, call.now).await?;
    Ok((verdicts, ended))
}

fn entry(call: &Call, view: &UserView) -> Entry {
    Entry {
        act: "put",
        subject_type: "user",
        subject_id: view.id,
        subject_code: Some(view.username.clone()),
        department_id: None,
        version: view.version,
        occurred_at: call.now,
        detail: json!(view),
    }
}

/// Hashes the passwords of rows that are good by themselves, before any transaction is open. One that a user has already is not new:
/// putting it again changes nothing.
///
/// # Errors
/// The database's; 503 when passwords are being hashed all the time.
pub async fn hash_new(
    known: &HashMap<String, String>,
    gate: &Arc<Semaphore>,
    users: impl Iterator<Item = &NewUser>,
) -> Result<Passwords, ApiError> {
    let mut hashes = Passwords::new();
    for user in users {
        let (Some(password), name) = (&user.password, user.username.as_str()) else { continue };
        let (password, present) = (password.as_str().to_owned(), known.get(name).cloned());
        let same = present.is_some() && passwords::verify(passwords::turn(gate).await?, password.clone(), present).await?.0;
        let hash = if same { None } else { Some(passwords::hash(passwords::turn(gate).await?, password).await?) };
        hashes.insert(name.to_owned(), hash);
    }
    Ok(hashes)
}

/// Creates an administrator, or gives an existing user that role and a new password. Used from the command line, where
/// nobody is signed in yet.
///
/// # Errors
/// 422 for a password that is too short or a name that is no user name; the database's.
pub async fn create_admin(db: &DatabaseConnection, username: &str, display_name: &str, password: &str) -> Result<(), ApiError> {
    save_admin(db, username, display_name, password, false).await
}

/// Creates the administrator of the demonstration, in a database that has no user yet; false where there is one.
///
/// # Errors
/// As [`create_admin`].
pub async fn create_demo_admin(db: &DatabaseConnection, username: &str, display_name: &str, password: &str) -> Result<bool, ApiError> {
    if store::any_user(db).await? {
        return Ok(false);
    }
    save_admin(db, username, display_name, password, true).await?;
    Ok(true)
}

async fn save_admin(db: &DatabaseConnection, username: &str, display_name: &str, password: &str, demo: bool) -> Result<(), ApiError> {
    let bad_name = || ApiError::broken(vec![Fault::plain(Code::WrongFormat, "/username")]);
    let line = |text: &str| {
        serde_json::from_value::<Line>(json!(text)).map_err(|_| ApiError::broken(vec![Fault::plain(Code::TooLong, "/display_name")]))
    };
    let row = NewUser {
        username: ResourceCode::parse(username).ok_or_else(bad_name)?,
        display_name: line(display_name)?,
        email: None,
        password: Some(line(password)?),
        active: true,
        demo,
        grants: vec![GrantBody { role: Role::Admin, department: None }],
    };
    let faults = rules::faults(&row, &HashSet::new(), demo);
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    let hash = passwords::hash(passwords::turn(&Arc::new(Semaphore::new(1))).await?, password.to_owned()).await?;
    store::upsert(db, &[&row], &HashMap::from([(username.to_owned(), Some(hash))])).await?;
    Ok(())
}

/// Whether sign-ins of the demonstration exist, which a production server refuses.
///
/// # Errors
/// The database's.
pub async fn demo_users_exist(db: &impl ConnectionTrait) -> Result<bool, ApiError> {
    Ok(store::any_demo_user(db).await?)
}
