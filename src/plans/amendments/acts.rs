//! What the office does when a later document amends a plan.

use sea_orm::DatabaseTransaction;

use super::rules::{self, Ground};
use super::wire::NewAmendment;
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::calendar::vn_date;
use crate::error::ApiError;
use crate::http::Reply;
use crate::http::values::Key;
use crate::plans::acts::{self, Change};
use crate::plans::versions::wire::PlanVersionKind;
use crate::plans::{store, versions};

/// Makes a new version of a plan by a document.
///
/// # Errors
/// 404 out of sight, 412 and 428 on versions, 403 for another's plan, 422 with every fault.
pub async fn amend(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WritePlan>,
    key: &Key,
    amendment: &NewAmendment,
) -> Result<Reply, ApiError> {
    let found = store::find(tx, &permit.reach(), key).await?.ok_or_else(ApiError::not_found)?;
    let before = store::lock(tx, &permit.reach(), found.plan.code.as_str()).await?.ok_or_else(ApiError::not_found)?;
    permit.check_version(before.id, before.version)?;
    let worked = store::worked(tx, before.id).await?;
    let in_force_since = versions::store::in_force_since(tx, before.id).await?.unwrap_or(before.plan.issued_on.0);
    let ground = Ground { today: vn_date(permit.now), in_force_since, worked: &worked };
    let (amended, mut faults) = rules::amended(&before.plan, amendment, &ground);
    let mut earlier = versions::store::amended_on(tx, before.id).await?;
    earlier.push(before.plan.issued_on.0);
    // What stays as it was is not at fault for what has become of departments since.
    let days = |i: usize| match amended.places.get(i) {
        Some(Some(_)) => vec![amendment.issued_on.0],
        _ => earlier.clone(),
    };
    // What becomes of tasks with work on them has been judged above.
    let (issuer, broken) = acts::judge(tx, permit, &amended.plan, Some(&before), &days, &[]).await?;
    faults.extend(rules::placed(broken, &amended.places));
    let (Some(issuer), true) = (issuer, faults.is_empty()) else { return Err(ApiError::broken(faults)) };
    let change = Change {
        kind: PlanVersionKind::Amended,
        amendment: Some(amendment),
        fates: &amended.fates,
        effective_on: amendment.effective_on.unwrap_or(amendment.issued_on),
    };
    let (id, version) = acts::keep(tx, permit, &amended.plan, Some(&before), issuer, &change).await?;
    let stored = store::find(tx, &permit.reach(), &Key::Id(id)).await?.ok_or_else(ApiError::not_found)?;
    let code = stored.plan.code.to_string();
    Reply::created(format!("/api/v1/plans/{code}/versions/{version}"), version, &acts::read(tx, permit, stored).await?)
}
