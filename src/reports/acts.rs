//! What people do with reports: freeze one, and look whether it would still say the same.

use chrono::Datelike;
use sea_orm::DatabaseTransaction;
use serde_json::json;
use uuid::Uuid;

use super::figures::{self, Asked};
use super::store::{self, NewSnapshot};
use super::wire::{NewReportSnapshot, ReportSnapshotDifference, ReportSnapshotView};
use crate::audit::{self, Entry};
use crate::auth::permissions::perm;
use crate::auth::{Permit, Reach, permit};
use crate::calendar::vn_date;
use crate::error::{ApiError, Code};
use crate::http::json::digest;
use crate::http::values::Key;
use crate::http::{At, Lang, Reply};

/// Frozen figures are those of the office, in its own language, whoever asks.
const OF_THE_OFFICE: Lang = Lang::Vi;

/// A defect of what is stored.
fn broken(why: String) -> ApiError {
    ApiError::new(Code::Internal).because(why)
}

/// Computes a report and keeps it for good.
///
/// # Errors
/// 400 for parameters that the report does not take, 403 where nothing is within reach, 422 for codes that are not.
pub async fn freeze(tx: &DatabaseTransaction, permit: &Permit<perm::FreezeReport>, new: &NewReportSnapshot) -> Result<Reply, ApiError> {
    let asked = Asked::read(new.report, &new.parameters)?;
    let made = match figures::make(tx, &permit.reach(), &asked, vn_date(permit.now), OF_THE_OFFICE).await {
        Err(error) if !error.fault_list().is_empty() => return Err(figures::within_parameters(&error)),
        made => made?,
    };
    if made.scope.is_nowhere() {
        return Err(permit::forbidden());
    }
    let body = serde_json::to_string(&made.report).map_err(|e| broken(e.to_string()))?;
    let snapshot = NewSnapshot {
        id: Uuid::now_v7(),
        year: vn_date(permit.now).year(),
        report: new.report.name(),
        parameters: json!(new.parameters),
        scope: &made.scope,
        frozen_at: permit.now,
        by: (permit.actor.user_id, &permit.actor.username),
        body: &body,
        sha256: digest(body.as_bytes()),
    };
    store::freeze(tx, &snapshot).await?;
    let frozen = store::find_snapshot(tx, &Reach::All, &Key::Id(snapshot.id)).await?.ok_or_else(ApiError::not_found)?;
    let view = ReportSnapshotView::of(&frozen).map_err(broken)?;
    let entry = Entry {
        act: "freeze",
        subject_type: "report_snapshot",
        subject_id: view.about.id,
        subject_code: Some(view.about.number.clone()),
        department_id: match &made.scope {
            Reach::Departments(ids) if ids.len() == 1 => ids.first().copied(),
            _ => None,
        },
        version: 1,
        occurred_at: permit.now,
        detail: json!(view.about),
    };
    audit::record(tx, permit, &[entry]).await?;
    Reply::created(format!("/api/v1/reports/snapshots/{}", view.about.id), 1, &view)
}

/// Computes a frozen report anew, over the departments it was about and as of the day it was judged by, and tells every cell
/// that differs.
///
/// # Errors
/// 404 out of sight, 422 when it cannot be computed any more.
pub async fn compare(
    db: &impl sea_orm::ConnectionTrait,
    permit: &Permit<perm::ReadSnapshot>,
    key: &Key,
) -> Result<ReportSnapshotDifference, ApiError> {
    let frozen = store::find_snapshot(db, &permit.reach(), key).await?.ok_or_else(ApiError::not_found)?;
    let view = ReportSnapshotView::of(&frozen).map_err(broken)?;
    let asked = Asked::read(view.about.report, &view.about.parameters)?;
    let reach = frozen.about.departments.map_or(Reach::All, Reach::Departments);
    let as_of = view.as_of().map_err(broken)?;
    let made = figures::make(db, &reach, &asked, as_of, OF_THE_OFFICE).await?;
    let now = serde_json::to_value(&made.report).map_err(|e| broken(e.to_string()))?;
    Ok(view.difference(&now, At(permit.now)))
}
