//! What people do with indicators: define one with its targets, record a measurement.

use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::rules;
use super::store::{self, Place};
use super::wire::{NewKpi, NewMeasurement};
use crate::audit::{self, Entry};
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::departments;
use crate::error::{ApiError, Fault};
use crate::http::values::{Key, vietnam};
use crate::http::{Call, Reply};
use crate::reports::period::Period;

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

/// Records the measurement of an indicator that is not computed, with its evidence.
///
/// # Errors
/// 403 for a department out of reach, 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn measure(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WriteMeasurement>,
    (kpi, department, period): (&Key, &str, &Period),
    row: &NewMeasurement,
) -> Result<Reply, ApiError> {
    let kpi = store::find(tx, kpi).await?.ok_or_else(ApiError::not_found)?;
    let department = departments::view_by_code(tx, department).await?.ok_or_else(ApiError::not_found)?;
    permit.check_reaches(department.id)?;
    store::lock(tx, kpi.id).await?;
    let today = permit.now.with_timezone(&vietnam()).date_naive();
    let mut faults = rules::measurement_faults(row, &kpi, period, today);
    if let Some(field) = &row.field
        && !store::known(tx).await?.fields.contains(field.as_str())
    {
        faults.push(Fault::unknown("/field", field.as_str()));
    }
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    let field = row.field.as_ref().map(|f| f.as_str());
    let place = Place { kpi: kpi.id, department: department.id, period: period.code(), field };
    let reach = permit.reach();
    let before = store::measurement(tx, &reach, &place).await?;
    if let Some(old) = &before
        && !permit.changes(old.id, old.version, rules::same_measurement(row, old))?
    {
        return Reply::unchanged(old.version, old);
    }
    store::save_measurement(tx, &place, row, permit.now).await?;
    let view = store::measurement(tx, &reach, &place).await?.ok_or_else(ApiError::not_found)?;
    let entry = Entry {
        act: "put",
        subject_type: "kpi_measurement",
        subject_id: view.id,
        subject_code: Some(format!("{}/{}/{}", view.kpi, view.department, view.period)),
        department_id: Some(department.id),
        version: view.version,
        occurred_at: permit.now,
        detail: json!(view),
    };
    audit::record(tx, permit, &[entry]).await?;
    match before {
        Some(_) => Reply::ok(view.version, &view),
        None => {
            let at = format!("/api/v1/kpis/{}/measurements/{}/{}", view.kpi, view.department, view.period);
            let at = view.field.as_ref().map_or(at.clone(), |field| format!("{at}?field={field}"));
            Reply::created(at, view.version, &view)
        }
    }
}
