//! Every query on users and sessions.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use super::wire::{NewUser, UserView};
use crate::http::values::Key;

fn sql(text: &str, values: impl IntoIterator<Item = sea_orm::Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    username: String,
    display_name: String,
    email: Option<String>,
    active: bool,
    demo: bool,
    grants: Value,
    version: i32,
}

const SELECT: &str = "SELECT u.id, u.username, u.display_name, u.email, u.active, u.demo, u.version,
        coalesce((SELECT jsonb_agg(jsonb_build_object('role', g.role, 'department', d.code) ORDER BY g.role, d.code)
                    FROM user_grants g LEFT JOIN departments d ON d.id = g.department_id WHERE g.user_id = u.id), '[]') AS grants
   FROM users u";

async fn select(db: &impl ConnectionTrait, rest: &str, values: Vec<sea_orm::Value>) -> Result<Vec<UserView>, DbErr> {
    let rows = Row::find_by_statement(sql(&format!("{SELECT} {rest}"), values)).all(db).await?;
    rows.into_iter()
        .map(|r| {
            let grants = serde_json::from_value(r.grants).map_err(|e| DbErr::Custom(e.to_string()))?;
            Ok(UserView {
                id: r.id,
                username: r.username,
                display_name: r.display_name,
                email: r.email,
                active: r.active,
                demo: r.demo,
                grants,
                version: r.version,
            })
        })
        .collect()
}

pub async fn find(db: &impl ConnectionTrait, key: &Key) -> Result<Option<UserView>, DbErr> {
    let rows = match key {
        Key::Id(id) => select(db, "WHERE u.id = $1", vec![(*id).into()]).await?,
        Key::Code(name) => select(db, "WHERE u.username = $1", vec![name.as_str().into()]).await?,
    };
    Ok(rows.into_iter().next())
}

pub async fn list(
    db: &impl ConnectionTrait,
    role: Option<&str>,
    department: Option<&str>,
    after: Option<String>,
    limit: u32,
) -> Result<Vec<UserView>, DbErr> {
    select(
        db,
        "WHERE ($1::text IS NULL OR u.username > $1)
           AND ($2::text IS NULL OR EXISTS (SELECT 1 FROM user_grants g WHERE g.user_id = u.id AND g.role = $2))
           AND ($3::text IS NULL OR EXISTS (SELECT 1 FROM user_grants g JOIN departments d ON d.id = g.department_id
                                             WHERE g.user_id = u.id AND d.code = $3))
         ORDER BY u.username LIMIT $4",
        vec![after.into(), role.map(str::to_owned).into(), department.map(str::to_owned).into(), i64::from(limit + 1).into()],
    )
    .await
}

/// The users named, locked until the transaction ends.
pub async fn lock(tx: &impl ConnectionTrait, names: &[&str]) -> Result<HashMap<String, UserView>, DbErr> {
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let users = select(tx, "WHERE u.username = ANY($1) ORDER BY u.username FOR UPDATE OF u", vec![names.into()]).await?;
    Ok(users.into_iter().map(|u| (u.username.clone(), u)).collect())
}

pub async fn department_codes(db: &impl ConnectionTrait) -> Result<HashSet<String>, DbErr> {
    Ok(crate::departments::known(db).await?.into_keys().collect())
}

/// Creates or changes users; `hashes` holds the hash of each new password by user name.
pub async fn upsert(tx: &impl ConnectionTrait, rows: &[&NewUser], hashes: &HashMap<String, Option<String>>) -> Result<(), DbErr> {
    let rows: Vec<Value> = rows
        .iter()
        .map(|r| {
            json!({"id": Uuid::now_v7(), "username": r.username, "display_name": r.display_name, "email": r.email, "active": r.active, "demo": r.demo,
                "hash": hashes.get(r.username.as_str()), "grants": r.grants})
        })
        .collect();
    let run = async |text: &str| tx.execute_raw(sql(text, [Value::from(rows.clone()).into()])).await;
    run("INSERT INTO users (id, username, display_name, email, active, demo, password_hash)
         SELECT id, username, display_name, email, active, demo, hash
           FROM jsonb_to_recordset($1) AS r(id uuid, username text, display_name text, email text, active bool, demo bool, hash text)
         ON CONFLICT (username) DO UPDATE SET display_name = excluded.display_name, email = excluded.email, active = excluded.active, demo = excluded.demo,
             password_hash = coalesce(excluded.password_hash, users.password_hash), version = users.version + 1, updated_at = now()")
    .await?;
    run("DELETE FROM user_grants g USING users u, jsonb_to_recordset($1) AS r(username text) WHERE u.username = r.username AND g.user_id = u.id").await?;
    run("INSERT INTO user_grants (user_id, role, department_id)
         SELECT DISTINCT u.id, g.role, d.id FROM jsonb_to_recordset($1) AS r(username text, grants jsonb)
           JOIN users u ON u.username = r.username
           CROSS JOIN LATERAL jsonb_to_recordset(r.grants) AS g(role text, department text)
           LEFT JOIN departments d ON d.code = g.department")
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
pub struct SignIn {
    pub id: Uuid,
    pub username: String,
    pub password_hash: Option<String>,
    pub active: bool,
}

pub async fn sign_in_row(db: &impl ConnectionTrait, username: &str) -> Result<Option<SignIn>, DbErr> {
    SignIn::find_by_statement(sql("SELECT id, username, password_hash, active FROM users WHERE username = $1", [username.into()]))
        .one(db)
        .await
}

#[derive(FromQueryResult)]
struct Hash {
    username: String,
    password_hash: String,
}

/// The password hashes of the users named, as far as they have one.
pub async fn password_hashes(db: &impl ConnectionTrait, names: Vec<String>) -> Result<HashMap<String, String>, DbErr> {
    let text = "SELECT username, password_hash FROM users WHERE username = ANY($1) AND password_hash IS NOT NULL";
    let rows = Hash::find_by_statement(sql(text, [names.into()])).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.username, row.password_hash)).collect())
}

pub async fn open_session(db: &impl ConnectionTrait, id: Uuid, user: Uuid, now: DateTime<Utc>, until: DateTime<Utc>) -> Result<(), DbErr> {
    let text = "INSERT INTO sessions (id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    db.execute_raw(sql(text, [id.into(), user.into(), now.into(), until.into()])).await.map(drop)
}

pub async fn keep_refresh_token(db: &impl ConnectionTrait, hash: &[u8], session: Uuid, now: DateTime<Utc>) -> Result<(), DbErr> {
    let text = "INSERT INTO refresh_tokens (token_hash, session_id, issued_at) VALUES ($1, $2, $3)";
    db.execute_raw(sql(text, [hash.to_vec().into(), session.into(), now.into()])).await.map(drop)
}

#[derive(FromQueryResult)]
pub struct Refreshable {
    pub session_id: Uuid,
    pub used: bool,
    pub live: bool,
    pub user_id: Uuid,
}

/// The session of a refresh token, locked.
pub async fn lock_refresh_token(tx: &impl ConnectionTrait, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Refreshable>, DbErr> {
    let text = "SELECT t.session_id, t.used_at IS NOT NULL AS used, s.user_id,
                       (s.revoked_at IS NULL AND s.expires_at > $2 AND u.active) AS live
                  FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id
                 WHERE t.token_hash = $1 FOR UPDATE OF t, s";
    Refreshable::find_by_statement(sql(text, [hash.to_vec().into(), now.into()])).one(tx).await
}

pub async fn use_refresh_token(tx: &impl ConnectionTrait, hash: &[u8], now: DateTime<Utc>) -> Result<(), DbErr> {
    tx.execute_raw(sql("UPDATE refresh_tokens SET used_at = $2 WHERE token_hash = $1", [hash.to_vec().into(), now.into()])).await.map(drop)
}

#[derive(FromQueryResult)]
struct Id {
    id: Uuid,
}

pub async fn revoke(db: &impl ConnectionTrait, session: Uuid, because: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    let text = "UPDATE sessions SET revoked_at = $3, revoked_because = $2 WHERE id = $1 AND revoked_at IS NULL";
    db.execute_raw(sql(text, [session.into(), because.into(), now.into()])).await.map(drop)
}

/// Ends every session of the users named.
pub async fn revoke_users(tx: &impl ConnectionTrait, names: &[String], now: DateTime<Utc>) -> Result<Vec<Uuid>, DbErr> {
    let text = "UPDATE sessions s SET revoked_at = $2, revoked_because = 'user_changed' FROM users u
                 WHERE u.id = s.user_id AND u.username = ANY($1) AND s.revoked_at IS NULL RETURNING s.id";
    let rows = Id::find_by_statement(sql(text, [names.to_vec().into(), now.into()])).all(tx).await?;
    Ok(rows.into_iter().map(|r| r.id).collect())
}

/// Sessions revoked so lately that an access token of theirs may still live.
pub async fn lately_revoked(db: &impl ConnectionTrait) -> Result<HashSet<Uuid>, DbErr> {
    let rows = Id::find_by_statement(sql("SELECT id FROM sessions WHERE revoked_at > now() - interval '20 minutes'", [])).all(db).await?;
    Ok(rows.into_iter().map(|r| r.id).collect())
}

pub async fn any_demo_user(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(db.query_one_raw(sql("SELECT 1 FROM users WHERE demo LIMIT 1", [])).await?.is_some())
}

pub async fn any_user(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(db.query_one_raw(sql("SELECT 1 FROM users LIMIT 1", [])).await?.is_some())
}

#[derive(FromQueryResult)]
struct Until {
    until: Option<DateTime<Utc>>,
}

/// Until when the account or the address is locked, if it is.
pub async fn locked_until(
    db: &impl ConnectionTrait,
    kind: &str,
    key: &[u8],
    address: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let text = "SELECT max(locked_until) AS until FROM sign_in_throttles
                 WHERE ((kind = $1 AND key_hash = $2) OR (kind = 'address' AND key_hash = $3)) AND locked_until > $4";
    let values: [sea_orm::Value; 4] = [kind.into(), key.to_vec().into(), address.to_vec().into(), now.into()];
    Ok(Until::find_by_statement(sql(text, values)).one(db).await?.and_then(|row| row.until))
}

#[derive(FromQueryResult)]
struct Failures {
    failures: i32,
}

/// Counts one failure more; an hour without one has forgotten those before.
pub async fn count_failure(tx: &impl ConnectionTrait, kind: &str, key: &[u8], now: DateTime<Utc>) -> Result<u32, DbErr> {
    let text = "INSERT INTO sign_in_throttles AS t (kind, key_hash, failures, last_failed_at) VALUES ($1, $2, 1, $3)
                ON CONFLICT (kind, key_hash) DO UPDATE SET last_failed_at = excluded.last_failed_at,
                    failures = CASE WHEN greatest(t.last_failed_at, t.locked_until) < $3 - interval '1 hour' THEN 1 ELSE t.failures + 1 END
                RETURNING failures";
    let row = Failures::find_by_statement(sql(text, [kind.into(), key.to_vec().into(), now.into()])).one(tx).await?;
    Ok(row.map_or(1, |r| r.failures.unsigned_abs()))
}

pub async fn lock_sign_in(tx: &impl ConnectionTrait, kind: &str, key: &[u8], until: DateTime<Utc>) -> Result<(), DbErr> {
    let text = "UPDATE sign_in_throttles SET locked_until = $3 WHERE kind = $1 AND key_hash = $2";
    tx.execute_raw(sql(text, [kind.into(), key.to_vec().into(), until.into()])).await.map(drop)
}

pub async fn forgive(db: &impl ConnectionTrait, kind: &str, key: &[u8]) -> Result<(), DbErr> {
    let text = "DELETE FROM sign_in_throttles WHERE kind = $1 AND key_hash = $2";
    db.execute_raw(sql(text, [kind.into(), key.to_vec().into()])).await.map(drop)
}
