//! What the queries on indicators, targets, measurements and results have in common.

pub use super::definitions::store::{EXPANDED, find, known, some};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::kpi::decimal::Decimal;

pub(in crate::kpi) fn statement(sql: impl Into<String>, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// What was stored as JSON or as the name of a closed list; the schema holds it to that.
pub(in crate::kpi) fn stored<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, DbErr> {
    serde_json::from_value(value).map_err(|e| DbErr::Type(e.to_string()))
}

pub(in crate::kpi) fn exact(text: Option<String>) -> Result<Option<Decimal>, DbErr> {
    text.map(|t| t.parse().map_err(|e: &str| DbErr::Type(e.to_owned()))).transpose()
}

/// Keeps other writers of these indicators and their measurements out until the transaction ends; in order, so that two who lock
/// several never wait for each other crosswise.
pub async fn lock_all(tx: &impl ConnectionTrait, kpis: &[Uuid]) -> Result<(), DbErr> {
    let text = "SELECT 1 FROM kpis WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";
    tx.execute_raw(statement(text, vec![kpis.to_vec().into()])).await.map(drop)
}
