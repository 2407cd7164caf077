//! What people do with measurements: record one, change it, correct what was submitted.

use sea_orm::DatabaseTransaction;
use serde_json::json;
use uuid::Uuid;

use super::rules;
use super::store::{self, Correction, Held, Place};
use super::wire::{MeasurementView, NewMeasurement};
use crate::audit::{self, Entry};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::values::Key;
use crate::http::{At, Call, Reply};
use crate::kpi::store as definitions;
use crate::reports::period::Period;

/// Records the measurement of an indicator with its evidence; of a computed one, what was published.
///
/// # Errors
/// 403 for a department out of reach, 412 and 428 on a stale or missing version, 409 where the figures are held, 422 with every fault.
pub async fn measure(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WriteMeasurement>,
    (kpi, department, period): (&Key, &str, &Period),
    row: &NewMeasurement,
) -> Result<Reply, ApiError> {
    let kpi = definitions::find(tx, kpi).await?.ok_or_else(ApiError::not_found)?;
    let department = departments::view_by_code(tx, department).await?.ok_or_else(ApiError::not_found)?;
    permit.check_reaches(department.id)?;
    // Before it is asked whether figures are held: who holds them locks the indicators, too.
    definitions::lock_all(tx, &[kpi.id]).await?;
    let field = row.field.as_ref().map(|f| f.as_str());
    let place = Place { kpi: kpi.id, department: department.id, period: period.code(), field };
    let reach = permit.reach();
    let before = store::measurement(tx, &reach, &place).await?;
    if let Some(old) = &before
        && !permit.changes(old.id, old.version, rules::same(row, old))?
    {
        return Reply::unchanged(old.version, old);
    }
    let held = store::held(tx, &[department.id], &[period.code().to_owned()]).await?.pop();
    if let Some(held) = held.as_ref().filter(|held| !may_correct(permit, held)) {
        return Err(locked(held));
    }
    let mut faults = rules::faults(row, &kpi, period, vn_date(permit.now));
    if let Some(field) = field
        && !definitions::known(tx).await?.fields.contains(field)
    {
        faults.push(Fault::unknown("/field", field));
    }
    faults.extend(rules::reason_fault(row, before.as_ref(), held.is_some()));
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    store::save(tx, permit, &[(place, row)]).await?;
    let place = Place { kpi: kpi.id, department: department.id, period: period.code(), field };
    let view = store::measurement(tx, &reach, &place).await?.ok_or_else(ApiError::not_found)?;
    let mut entries = vec![measured(permit, department.id, &view)];
    if let Some(held) = &held {
        entries.extend(correct(tx, permit, &[(held, &view)]).await?);
    }
    audit::record(tx, permit, &entries).await?;
    match before {
        Some(_) => Reply::ok(view.version, &view),
        None => {
            let at = format!("/api/v1/kpis/{}/measurements/{}/{}", view.kpi, view.department, view.period);
            let at = view.field.as_ref().map_or(at.clone(), |field| format!("{at}?field={field}"));
            Reply::created(at, view.version, &view)
        }
    }
}

/// Held figures are corrected by who may approve them.
pub fn may_correct(call: &Call, held: &Held) -> bool {
    call.actor.reach(Permission::ApproveFigures).covers(held.department_id)
}

/// What is told to who may not change held figures.
pub fn locked_words(held: &Held) -> (&'static str, &'static str) {
    if held.approved {
        (
            "Số liệu của kỳ này đã được duyệt và chốt; chỉ người duyệt được đính chính, có nêu lý do.",
            "The figures of this period were approved and are locked; who approves may correct them, with a reason.",
        )
    } else {
        (
            "Số liệu của kỳ này đã nộp, đang chờ duyệt; hãy rút lại, hoặc đề nghị trả lại để sửa.",
            "The figures of this period were submitted and await approval; withdraw them, or have them returned.",
        )
    }
}

fn locked(held: &Held) -> ApiError {
    let (vi, en) = locked_words(held);
    ApiError::new(Code::PeriodLocked)
        .say(vi, en)
        .member("state", if held.approved { "approved" } else { "submitted" })
        .member("submission", format!("/api/v1/submissions/{}/{}", held.department, held.period))
}

pub fn measured(call: &Call, department: Uuid, view: &MeasurementView) -> Entry {
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

/// Writes corrections down with the submissions that hold the figures, and gives what is to be told of each submission.
///
/// # Errors
/// The database's.
pub async fn correct(tx: &DatabaseTransaction, call: &Call, corrected: &[(&Held, &MeasurementView)]) -> Result<Vec<Entry>, ApiError> {
    if corrected.is_empty() {
        return Ok(Vec::new());
    }
    let about = |view: &MeasurementView| view.field.as_ref().map_or_else(|| view.kpi.clone(), |field| format!("{}/{field}", view.kpi));
    let corrections: Vec<Correction> = corrected
        .iter()
        .map(|(held, view)| Correction {
            submission: held.id,
            about: about(view),
            reason: view.correction_reason.clone().unwrap_or_default(),
        })
        .collect();
    store::correct(tx, call, &corrections).await?;
    let mut entries: Vec<Entry> = Vec::new();
    for (held, _) in corrected {
        if entries.iter().any(|e| e.subject_id == held.id) {
            continue;
        }
        let own: Vec<&Correction> = corrections.iter().filter(|c| c.submission == held.id).collect();
        let told: Vec<_> = own.iter().map(|c| json!({"about": c.about, "reason": c.reason})).collect();
        entries.push(Entry {
            act: "correct",
            subject_type: "kpi_submission",
            subject_id: held.id,
            subject_code: Some(format!("{}/{}", held.department, held.period)),
            department_id: Some(held.department_id),
            version: held.version + 1,
            occurred_at: call.now,
            detail: json!({"department": held.department, "period": held.period, "corrections": told, "corrected_at": At(call.now),
                audit::CHANGED: ["corrected_at", "differences", "figures", "timeline"]}),
        });
    }
    Ok(entries)
}
