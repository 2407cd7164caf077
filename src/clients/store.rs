//! Every query on clients.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use serde_json::Value;
use uuid::Uuid;

use super::wire::{ClientView, NewClient};
use crate::http::values::Key;

fn sql(text: &str, values: impl IntoIterator<Item = sea_orm::Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    client_id: String,
    name: String,
    scopes: Vec<String>,
    departments: Vec<String>,
    active: bool,
    secrets: Value,
    version: i32,
}

const SELECT: &str = "SELECT c.id, c.client_id, c.name, c.scopes, c.active, c.version,
        array(SELECT d.code FROM client_departments g JOIN departments d ON d.id = g.department_id
               WHERE g.client_id = c.id ORDER BY d.code COLLATE \"C\") AS departments,
        coalesce((SELECT jsonb_agg(jsonb_build_object('id', s.id, 'created_at', s.created_at) ORDER BY s.created_at, s.id)
                    FROM client_secrets s WHERE s.client_id = c.id), '[]') AS secrets
   FROM clients c";

async fn select(db: &impl ConnectionTrait, statement: Statement) -> Result<Vec<ClientView>, DbErr> {
    let rows = Row::find_by_statement(statement).all(db).await?;
    rows.into_iter()
        .map(|r| {
            let secrets = serde_json::from_value(r.secrets).map_err(|e| DbErr::Custom(e.to_string()))?;
            let Row { id, client_id, name, scopes, departments, active, version, .. } = r;
            Ok(ClientView { id, client_id, name, scopes, departments, active, secrets, version })
        })
        .collect()
}

pub async fn find(db: &impl ConnectionTrait, key: &Key) -> Result<Option<ClientView>, DbErr> {
    let statement = match key {
        Key::Id(id) => sql(&format!("{SELECT} WHERE c.id = $1"), [(*id).into()]),
        Key::Code(name) => sql(&format!("{SELECT} WHERE c.client_id = $1"), [name.as_str().into()]),
    };
    Ok(select(db, statement).await?.into_iter().next())
}

/// The client, locked until the transaction ends.
pub async fn lock(tx: &impl ConnectionTrait, client_id: &str) -> Result<Option<ClientView>, DbErr> {
    let statement = sql(&format!("{SELECT} WHERE c.client_id = $1 FOR UPDATE OF c"), [client_id.into()]);
    Ok(select(tx, statement).await?.into_iter().next())
}

pub fn list_statement(active: Option<bool>, after: Option<String>, limit: u32) -> Statement {
    let rest = "WHERE ($1::text IS NULL OR c.client_id > $1) AND ($2::bool IS NULL OR c.active = $2) ORDER BY c.client_id LIMIT $3";
    sql(&format!("{SELECT} {rest}"), [after.into(), active.into(), (i64::from(limit) + 1).into()])
}

pub async fn list(db: &impl ConnectionTrait, active: Option<bool>, after: Option<String>, limit: u32) -> Result<Vec<ClientView>, DbErr> {
    select(db, list_statement(active, after, limit)).await
}

pub async fn department_codes(db: &impl ConnectionTrait) -> Result<HashSet<String>, DbErr> {
    Ok(crate::departments::known(db).await?.into_keys().collect())
}

/// Creates or changes a client under a new family of tokens.
pub async fn put(tx: &impl ConnectionTrait, row: &NewClient, scopes: Vec<String>, family: Uuid, now: DateTime<Utc>) -> Result<(), DbErr> {
    let text = "INSERT INTO clients (id, client_id, name, scopes, active, token_family, created_at, updated_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
                ON CONFLICT (client_id) DO UPDATE SET name = excluded.name, scopes = excluded.scopes, active = excluded.active,
                    token_family = excluded.token_family, version = clients.version + 1, updated_at = excluded.updated_at";
    let values: [sea_orm::Value; 7] = [
        Uuid::now_v7().into(),
        row.client_id.as_str().into(),
        row.name.as_str().into(),
        scopes.into(),
        row.active.into(),
        family.into(),
        now.into(),
    ];
    tx.execute_raw(sql(text, values)).await?;
    let gone = "DELETE FROM client_departments g USING clients c WHERE c.client_id = $1 AND g.client_id = c.id";
    tx.execute_raw(sql(gone, [row.client_id.as_str().into()])).await?;
    let codes: Vec<String> = row.departments.iter().map(|d| d.as_str().to_owned()).collect();
    let given = "INSERT INTO client_departments (client_id, department_id)
                 SELECT c.id, d.id FROM clients c, departments d WHERE c.client_id = $1 AND d.code = ANY($2)";
    tx.execute_raw(sql(given, [row.client_id.as_str().into(), codes.into()])).await.map(drop)
}

#[derive(FromQueryResult)]
struct Family {
    token_family: Uuid,
}

/// What the client's tokens are known by.
pub async fn family(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Uuid>, DbErr> {
    let row = Family::find_by_statement(sql("SELECT token_family FROM clients WHERE id = $1", [id.into()])).one(db).await?;
    Ok(row.map(|r| r.token_family))
}

/// Adds a secret; of those before it only the newest stay, so many as are kept. A new family ends the tokens given out so far.
pub async fn add_secret(
    tx: &impl ConnectionTrait,
    client: Uuid,
    (id, hash): (Uuid, &str),
    kept: i64,
    family: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let old = "DELETE FROM client_secrets WHERE client_id = $1 AND id NOT IN
                 (SELECT id FROM client_secrets WHERE client_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2)";
    tx.execute_raw(sql(old, [client.into(), kept.into()])).await?;
    let new = "INSERT INTO client_secrets (id, client_id, secret_hash, created_at) VALUES ($1, $2, $3, $4)";
    tx.execute_raw(sql(new, [id.into(), client.into(), hash.into(), now.into()])).await?;
    let version = "UPDATE clients SET version = version + 1, updated_at = $2, token_family = coalesce($3, token_family) WHERE id = $1";
    tx.execute_raw(sql(version, [client.into(), now.into(), family.into()])).await.map(drop)
}

/// What must be known of a client that asks for a token.
#[derive(FromQueryResult)]
pub struct Asking {
    pub id: Uuid,
    pub scopes: Vec<String>,
    pub departments: Vec<String>,
    pub active: bool,
    pub token_family: Uuid,
    pub hashes: Vec<String>,
}

pub async fn asking(db: &impl ConnectionTrait, client_id: &str) -> Result<Option<Asking>, DbErr> {
    let text = "SELECT c.id, c.scopes, c.active, c.token_family,
                       array(SELECT d.code FROM client_departments g JOIN departments d ON d.id = g.department_id
                              WHERE g.client_id = c.id ORDER BY d.code) AS departments,
                       array(SELECT s.secret_hash FROM client_secrets s WHERE s.client_id = c.id ORDER BY s.created_at DESC, s.id DESC) AS hashes
                  FROM clients c WHERE c.client_id = $1";
    Asking::find_by_statement(sql(text, [client_id.into()])).one(db).await
}
