//! What people do with indicators: define one with its targets.

use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::rules;
use super::store;
use super::wire::NewKpi;
use crate::audit::{self, Entry};
use crate::error::ApiError;
use crate::http::values::Key;
use crate::http::{Call, Reply};

/// Creates or changes the indicator with this code, its targets included.
///
/// # Errors
/// 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, call: &Call, code: &str, row: &NewKpi) -> Result<Reply, ApiError> {
    row.code.check_path(code, "/code")?;
    store::lock_definitions(tx).await?;
    let key = Key::Code(code.to_owned());
    let before = store::find(tx, &key).await?;
    let mut measured = false;
    if let Some(old) = &before {
        if !call.changes(old.id, old.version, rules::same_kpi(row, old))? {
            return Reply::unchanged(old.version, old);
        }
        measured = store::is_measured(tx, old.id).await?;
    }
    let mut known = store::known(tx).await?;
    known.components.insert(code.to_owned(), row.component_of.as_ref().map(|c| c.as_str().to_owned()));
    let faults = rules::kpi_faults(row, before.as_ref(), measured, &known);
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    store::save(tx, row, call.now).await?;
    let view = store::find(tx, &key).await?.ok_or_else(ApiError::not_found)?;
    let entry = Entry {
        act: "put",
        subject_type: "kpi",
        subject_id: view.id,
        subject_code: Some(view.code.clone()),
        department_id: None,
        version: view.version,
        occurred_at: call.now,
        detail: json!(view),
    };
    audit::record(tx, call, &[entry]).await?;
    match before {
        Some(_) => Reply::ok(view.version, &view),
        None => Reply::created(format!("/api/v1/kpis/{code}"), view.version, &view),
    }
}
