//! What people do with single targets: put one, or take one out. Each makes a new version of its indicator.

use sea_orm::DatabaseTransaction;

use crate::error::ApiError;
use crate::http::values::Key;
use crate::http::{Call, Reply};
use crate::kpi::definitions::wire::{KpiView, NewKpi};
use crate::kpi::definitions::{acts, rules, store};
use crate::kpi::wire::Target;

async fn standing(tx: &DatabaseTransaction, kpi: &Key) -> Result<(KpiView, NewKpi), ApiError> {
    store::lock_definitions(tx).await?;
    let view = store::find(tx, kpi).await?.ok_or_else(ApiError::not_found)?;
    let row = rules::as_put(&view).ok_or_else(ApiError::not_found)?;
    Ok((view, row))
}

/// Changes the target at a place, or adds one behind the last.
///
/// # Errors
/// 404 for a place further on, 412 and 428 on a stale or missing version of the indicator, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, call: &Call, kpi: &Key, n: usize, target: &Target) -> Result<Reply, ApiError> {
    let (old, mut row) = standing(tx, kpi).await?;
    let at = n.checked_sub(1).filter(|at| *at <= row.targets.len()).ok_or_else(ApiError::not_found)?;
    if !call.changes(old.id, old.version, row.targets.get(at) == Some(target))? {
        return Reply::unchanged(old.version, &old);
    }
    match row.targets.get_mut(at) {
        Some(standing) => *standing = target.clone(),
        None => row.targets.push(target.clone()),
    }
    let view = acts::write(tx, call, Some(&old), &row, &format!("/targets/{at}")).await?;
    Reply::ok(view.version, &view)
}

/// Takes a target out; those behind it move up.
///
/// # Errors
/// 404 when there is none at this place, 412 and 428 on a stale or missing version of the indicator.
pub async fn remove(tx: &DatabaseTransaction, call: &Call, kpi: &Key, n: usize) -> Result<Reply, ApiError> {
    let (old, mut row) = standing(tx, kpi).await?;
    let at = n.checked_sub(1).filter(|at| *at < row.targets.len()).ok_or_else(ApiError::not_found)?;
    call.check_version(old.id, old.version)?;
    row.targets.remove(at);
    let view = acts::write(tx, call, Some(&old), &row, "").await?;
    Reply::ok(view.version, &view)
}
