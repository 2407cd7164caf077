//! What people do with definitions: put one with its targets.

use sea_orm::DatabaseTransaction;

use super::wire::{KpiView, NewKpi};
use super::{rules, store};
use crate::audit::{self, Entry};
use crate::error::{ApiError, Fault};
use crate::http::values::Key;
use crate::http::{Call, Reply};

/// Creates or changes the indicator with this code, its targets included.
///
/// # Errors
/// 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, call: &Call, code: &str, row: &NewKpi) -> Result<Reply, ApiError> {
    row.code.check_path(code, "/code")?;
    store::lock_definitions(tx).await?;
    let before = store::find(tx, &Key::Code(code.to_owned())).await?;
    if let Some(old) = &before
        && !call.changes(old.id, old.version, rules::same_kpi(row, old))?
    {
        return Reply::unchanged(old.version, old);
    }
    let view = write(tx, call, before.as_ref(), row, "").await?;
    match before {
        Some(_) => Reply::ok(view.version, &view),
        None => Reply::created(format!("/api/v1/kpis/{code}"), view.version, &view),
    }
}

/// Writes a definition that differs from the one before, by the rules. Definitions are locked, and the version was checked. `sent` is the
/// part of it that was sent, to which faults point.
///
/// # Errors
/// 422 with every fault.
pub async fn write(tx: &DatabaseTransaction, call: &Call, before: Option<&KpiView>, row: &NewKpi, sent: &str) -> Result<KpiView, ApiError> {
    let measured = match before {
        Some(old) => store::is_measured(tx, old.id).await?,
        None => false,
    };
    let mut known = store::known_for(tx, row).await?;
    known.components.insert(row.code.to_string(), row.component_of.as_ref().map(ToString::to_string));
    let faults = rules::kpi_faults(row, before, measured, &known);
    if !faults.is_empty() {
        let within = |fault: Fault| match fault.pointer.strip_prefix(sent).map(str::to_owned) {
            Some(pointer) => Fault { pointer: pointer.into(), ..fault },
            None => fault,
        };
        return Err(ApiError::broken(faults.into_iter().map(within).collect()));
    }
    store::save(tx, row, &call.actor.username, call.now).await?;
    let view = store::find(tx, &Key::Code(row.code.to_string())).await?.ok_or_else(ApiError::not_found)?;
    let entry = Entry {
        act: "put",
        subject_type: "kpi",
        subject_id: view.id,
        subject_code: Some(view.code.clone()),
        department_id: None,
        version: view.version,
        occurred_at: call.now,
        detail: audit::changed_view(before, &view),
    };
    audit::record(tx, call, &[entry]).await?;
    Ok(view)
}
