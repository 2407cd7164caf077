//! What people do with indicators: define one with its targets, record a measurement, or many.

use std::collections::BTreeSet;

use sea_orm::DatabaseTransaction;
use serde_json::json;
use uuid::Uuid;

use super::rules;
use super::store::{self, Place};
use super::wire::{MeasurementRow, MeasurementView, NewKpi, NewMeasurement};
use crate::audit::{self, Entry};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::bulk::{BulkRow, RowStatus, Strategy, Verdict};
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
    audit::record(tx, permit, &[measured(permit, department.id, &view)]).await?;
    match before {
        Some(_) => Reply::ok(view.version, &view),
        None => {
            let at = format!("/api/v1/kpis/{}/measurements/{}/{}", view.kpi, view.department, view.period);
            let at = view.field.as_ref().map_or(at.clone(), |field| format!("{at}?field={field}"));
            Reply::created(at, view.version, &view)
        }
    }
}

fn measured(call: &Call, department: Uuid, view: &MeasurementView) -> Entry {
    Entry {
        act: "put",
        subject_type: "kpi_measurement",
        subject_id: view.id,
        subject_code: Some(format!("{}/{}/{}", view.kpi, view.department, view.period)),
        department_id: Some(department),
        version: view.version,
        occurred_at: call.now,
        detail: json!(view),
    }
}

/// A row that is to be written, with where it stands.
struct Chosen<'a> {
    row: &'a MeasurementRow,
    body: NewMeasurement,
    kpi: Uuid,
    department: Uuid,
}

/// The codes of indicator, department, period and field.
type Key4 = (String, String, String, Option<String>);

fn key(row: &MeasurementRow) -> Key4 {
    let field = row.field.as_ref().map(ToString::to_string);
    (row.kpi.to_string(), row.department.to_string(), row.period.as_str().to_owned(), field)
}

/// Records many measurements, each by the rules of one. Gives a verdict on each.
///
/// # Errors
/// The database's; refusals are in the verdicts.
pub async fn load(
    tx: &DatabaseTransaction,
    call: &Call,
    rows: &[(u64, MeasurementRow)],
    strategy: Strategy,
) -> Result<Vec<Verdict>, ApiError> {
    let codes: BTreeSet<String> = rows.iter().map(|(_, row)| row.kpi.to_string()).collect();
    let kpis = store::some(tx, &codes.into_iter().collect::<Vec<_>>()).await?;
    let ids: Vec<Uuid> = kpis.iter().map(|k| k.id).collect();
    store::lock_all(tx, &ids).await?;
    let departments = departments::known(tx).await?;
    let known = store::known(tx).await?;
    let periods: BTreeSet<String> = rows.iter().map(|(_, row)| row.period.as_str().to_owned()).collect();
    let periods: Vec<String> = periods.into_iter().collect();
    let standing = store::standing(tx, &ids, periods.clone()).await?;
    let today = call.now.with_timezone(&vietnam()).date_naive();
    let reach = call.actor.reach(Permission::WriteMeasurement);
    let (mut verdicts, mut chosen) = (Vec::with_capacity(rows.len()), Vec::new());
    for (index, row) in rows {
        let (code, body) = (row.code(), row.body());
        let mut faults = Vec::new();
        let kpi = kpis.iter().find(|k| k.code == row.kpi.as_str());
        let department = departments.get(row.department.as_str());
        let period = Period::parse(row.period.as_str());
        faults.extend(kpi.is_none().then(|| Fault::unknown("/kpi", row.kpi.as_str())));
        match department {
            None => faults.push(Fault::unknown("/department", row.department.as_str())),
            Some(department) if !reach.covers(department.id) => faults.push(Fault::plain(Code::NotPermitted, "/department")),
            Some(_) => {}
        }
        faults.extend(period.is_none().then(|| rules::bad_period(Code::WrongFormat, "/period")));
        if let (Some(kpi), Some(period)) = (kpi, &period) {
            faults.extend(rules::measurement_faults(&body, kpi, period, today));
        }
        if let Some(field) = row.field.as_ref().filter(|f| !known.fields.contains(f.as_str())) {
            faults.push(Fault::unknown("/field", field.as_str()));
        }
        let old = standing.get(&key(row));
        faults.extend(strategy.fault(old.is_some()).map(|fault| Fault { pointer: "/kpi".into(), ..fault }));
        verdicts.push(match (kpi, department, old) {
            (Some(kpi), Some(department), old) if faults.is_empty() => {
                if old.is_some_and(|old| rules::same_measurement(&body, old)) {
                    Verdict::of(*index, &code, RowStatus::Unchanged)
                } else {
                    chosen.push(Chosen { row, body, kpi: kpi.id, department: department.id });
                    Verdict::of(*index, &code, if old.is_some() { RowStatus::Updated } else { RowStatus::Created })
                }
            }
            _ => Verdict::rejected(*index, Some(code.into_owned()), faults),
        });
    }
    if chosen.is_empty() {
        return Ok(verdicts);
    }
    let at = |c: &Chosen| -> store::MeasuredAt {
        let (_, _, period, field) = key(c.row);
        (c.kpi, c.department, period, field)
    };
    store::save_all(tx, &chosen.iter().map(|c| (at(c), &c.body)).collect::<Vec<_>>(), call.now).await?;
    let after = store::standing(tx, &ids, periods).await?;
    let entry = |c: &Chosen| Some(measured(call, c.department, after.get(&key(c.row))?));
    audit::record(tx, call, &chosen.iter().filter_map(entry).collect::<Vec<_>>()).await?;
    Ok(verdicts)
}
