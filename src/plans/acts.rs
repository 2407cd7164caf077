//! What the office does with plans: put one as a whole.

use chrono::NaiveDate;
use sea_orm::{DatabaseTransaction, DbErr, SqlErr};
use serde_json::{Value, json};
use uuid::Uuid;

use super::amendments::rules::Fate;
use super::amendments::wire::NewAmendment;
use super::rules::{self, Ground, Validity};
use super::store::{Leaving, Stored};
use super::versions::wire::PlanVersionKind;
use super::wire::{NewPlan, PlanView};
use super::{store, tasks, versions, view};
use crate::audit::{self, Entry};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, Fault, constraint};
use crate::http::values::Key;
use crate::http::{Call, Day, Reply};

/// How a text of a plan came.
pub struct Change<'a> {
    pub kind: PlanVersionKind,
    pub amendment: Option<&'a NewAmendment>,
    pub fates: &'a [Fate],
    pub effective_on: Day,
}

/// Creates or changes the plan with this code.
///
/// # Errors
/// 412 and 428 on a stale or missing version, 403 for another's plan, 409 when the code is taken, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, permit: &Permit<perm::WritePlan>, code: &str, plan: &NewPlan) -> Result<Reply, ApiError> {
    plan.code.check_path(code, "/code")?;
    let before = store::lock(tx, &permit.reach(), code).await?;
    if let Some(old) = &before
        && !permit.changes(old.id, old.version, old.plan == *plan)?
    {
        return Reply::unchanged(old.version, &read(tx, permit, old.clone()).await?);
    }
    let (issuer, faults) = corrected(tx, permit, plan, before.as_ref()).await?;
    let (Some(issuer), true) = (issuer, faults.is_empty()) else { return Err(ApiError::broken(faults)) };
    let kind = if before.is_some() { PlanVersionKind::Corrected } else { PlanVersionKind::Issued };
    let (id, version) = correct(tx, permit, plan, before.as_ref(), issuer, kind).await?;
    let stored = store::find(tx, &permit.reach(), &Key::Id(id)).await?.ok_or_else(ApiError::not_found)?;
    let view = read(tx, permit, stored).await?;
    match before {
        Some(_) => Reply::ok(version, &view),
        None => Reply::created(format!("/api/v1/plans/{code}"), version, &view),
    }
}

/// Every fault of a text that stands in for the one before, and who issued it.
///
/// # Errors
/// 403 for another's plan, and the database's.
pub async fn corrected(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WritePlan>,
    plan: &NewPlan,
    before: Option<&Stored>,
) -> Result<(Option<Uuid>, Vec<Fault>), ApiError> {
    let (worked, mut days) = match before {
        Some(old) => (store::worked(tx, old.id).await?, versions::store::amended_on(tx, old.id).await?),
        None => (Vec::new(), Vec::new()),
    };
    days.push(plan.issued_on.0);
    judge(tx, permit, plan, before, &|_| days.clone(), &worked).await
}

/// Keeps a text that stands in for the one before.
///
/// # Errors
/// As [`keep`].
pub async fn correct(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WritePlan>,
    plan: &NewPlan,
    before: Option<&Stored>,
    issuer: Uuid,
    kind: PlanVersionKind,
) -> Result<(Uuid, i32), ApiError> {
    let since = match before {
        Some(old) => versions::store::in_force_since(tx, old.id).await?,
        None => None,
    };
    let effective_on = Day(since.unwrap_or(plan.issued_on.0));
    keep(tx, permit, plan, before, issuer, &Change { kind, amendment: None, fates: &[], effective_on }).await
}

/// Every fault of a plan, and the department that issued it; `days` says when the departments of a task must be in force.
///
/// # Errors
/// 403 for another's plan, and the database's.
pub async fn judge(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WritePlan>,
    plan: &NewPlan,
    before: Option<&Stored>,
    days: &dyn Fn(usize) -> Vec<NaiveDate>,
    worked: &[String],
) -> Result<(Option<Uuid>, Vec<Fault>), ApiError> {
    let known = departments::known(tx).await?;
    let earlier = match before {
        Some(old) => store::local_codes(tx, old.id).await?,
        None => Vec::new(),
    };
    let department = |code: &str| known.get(code).map(|d| Validity { from: d.valid_from, to: d.valid_to });
    let ground = Ground { department: &department, today: vn_date(permit.now), days, worked, earlier: &earlier };
    let faults = rules::faults(plan, &ground);
    let issuer = known.get(plan.issuer.department.as_str()).map(|d| d.id);
    if let (Some(issuer), true) = (issuer, faults.is_empty()) {
        permit.check_reaches(issuer)?;
    }
    Ok((issuer, faults))
}

/// Writes a text that has no fault, its version, and what is told of it.
///
/// # Errors
/// 409 when a code is taken, 422 when a task that goes is in use.
pub async fn keep(
    tx: &DatabaseTransaction,
    call: &Call,
    plan: &NewPlan,
    before: Option<&Stored>,
    issuer: Uuid,
    change: &Change<'_>,
) -> Result<(Uuid, i32), ApiError> {
    let id = before.map_or_else(Uuid::now_v7, |old| old.id);
    let changed = rules::changed_tasks(plan, before.map(|old| &old.plan));
    let leaving = if change.amendment.is_some() { Leaving::Stay(change.fates) } else { Leaving::Go };
    let version = store::save(tx, id, plan, &changed, leaving).await.map_err(refused)?;
    tasks::settle(tx, id, issuer).await?;
    versions::store::insert(tx, call, id, version, plan, change).await?;
    let act = if change.amendment.is_some() { "amend" } else { "put" };
    let entry = Entry {
        act,
        subject_type: "plan",
        subject_id: id,
        subject_code: Some(plan.code.to_string()),
        department_id: Some(issuer),
        version,
        occurred_at: call.now,
        detail: change.amendment.map_or_else(|| json!(plan), |amendment| json!(amendment)),
    };
    let mut entries = vec![entry];
    if let Some(old) = before {
        let mut changes: Vec<(&str, Vec<String>)> = rules::task_changes(plan, &old.plan);
        let dropped = ["dropped_in", "state"].map(str::to_owned).to_vec();
        changes.extend(change.fates.iter().map(|fate| (fate.local_code.as_str(), dropped.clone())));
        entries.extend(touched(tx, call, id, issuer, act, &changes).await?);
    }
    audit::record(tx, call, &entries).await?;
    Ok((id, version))
}

fn refused(error: DbErr) -> ApiError {
    match constraint(&error).as_deref() {
        Some("plan_code_key" | "task_code_key") => ApiError::new(Code::CodeTaken).because(error),
        _ if matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))) => {
            let (vi, en) = (
                "Có nhiệm vụ đang được sử dụng nên không được bỏ khỏi kế hoạch; hãy dùng văn bản sửa đổi.",
                "A task in use must stay in the plan; amend it instead.",
            );
            ApiError::broken(vec![Fault::new(Code::InUse, "/tasks", vi, en)]).because(error)
        }
        _ => error.into(),
    }
}

/// The lines of tasks that were changed with their plan.
async fn touched(
    tx: &DatabaseTransaction,
    call: &Call,
    plan: Uuid,
    issuer: Uuid,
    act: &'static str,
    changes: &[(&str, Vec<String>)],
) -> Result<Vec<Entry>, ApiError> {
    let names: Vec<String> = changes.iter().map(|(local, _)| (*local).to_owned()).collect();
    let tasks = store::named(tx, plan, names).await?;
    let entry = |task: store::Named| {
        let fields = changes.iter().find(|(local, _)| *local == task.local_code).map(|(_, fields)| fields);
        let mut detail: Value = json!({"plan": plan});
        detail[audit::CHANGED] = json!(fields);
        Entry {
            act,
            subject_type: "task",
            subject_id: task.id,
            subject_code: Some(task.code),
            department_id: Some(issuer),
            version: task.version,
            occurred_at: call.now,
            detail,
        }
    };
    Ok(tasks.into_iter().map(entry).collect())
}

/// A plan with its tree as the caller sees it today.
///
/// # Errors
/// The database's.
pub async fn read(db: &impl sea_orm::ConnectionTrait, call: &Call, stored: Stored) -> Result<PlanView, ApiError> {
    let tasks = tasks::of_plan(db, &call.actor.reach(Permission::ReadTask), vn_date(call.now), stored.id).await?;
    let versions = versions::store::of_plan(db, stored.id).await?;
    Ok(view::plan_view(stored, tasks, versions))
}
