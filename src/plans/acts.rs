//! What the office does with plans: put one as a whole.

use sea_orm::DatabaseTransaction;
use serde_json::json;
use uuid::Uuid;

use super::rules::{self, Ground, Validity};
use super::wire::{NewPlan, PlanView};
use super::{store, tasks, view};
use crate::audit::{self, Entry};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, constraint};
use crate::http::values::Key;
use crate::http::{Call, Reply};

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
    let known = departments::known(tx).await?;
    let worked = match &before {
        Some(old) => store::worked(tx, old.id).await?,
        None => Vec::new(),
    };
    let department = |code: &str| known.get(code).map(|d| Validity { from: d.valid_from, to: d.valid_to });
    let faults = rules::faults(plan, &Ground { department: &department, today: vn_date(permit.now), worked: &worked });
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    let issuer = known.get(plan.issuer.department.as_str()).ok_or_else(ApiError::not_found)?.id;
    permit.check_reaches(issuer)?;
    let id = before.as_ref().map_or_else(Uuid::now_v7, |old| old.id);
    let changed = rules::changed_tasks(plan, before.as_ref().map(|old| &old.plan));
    let version = store::save(tx, id, plan, &changed).await.map_err(|error| match constraint(&error).as_deref() {
        Some("plan_code_key" | "task_code_key") => ApiError::new(Code::CodeTaken).because(error),
        _ => error.into(),
    })?;
    tasks::settle(tx, id, issuer).await?;
    let entry = Entry {
        act: "put",
        subject_type: "plan",
        subject_id: id,
        subject_code: Some(code.to_owned()),
        department_id: Some(issuer),
        version,
        occurred_at: permit.now,
        detail: json!(plan),
    };
    let mut entries = vec![entry];
    if let Some(old) = &before {
        entries.extend(touched(tx, permit, id, issuer, &rules::task_changes(plan, &old.plan)).await?);
    }
    audit::record(tx, permit, &entries).await?;
    let stored = store::find(tx, &permit.reach(), &Key::Id(id)).await?.ok_or_else(ApiError::not_found)?;
    let view = read(tx, permit, stored).await?;
    match before {
        Some(_) => Reply::ok(version, &view),
        None => Reply::created(format!("/api/v1/plans/{code}"), version, &view),
    }
}

/// The lines of tasks that were changed with their plan.
async fn touched(
    tx: &DatabaseTransaction,
    call: &Call,
    plan: Uuid,
    issuer: Uuid,
    changes: &[(&str, Vec<String>)],
) -> Result<Vec<Entry>, ApiError> {
    let names: Vec<String> = changes.iter().map(|(local, _)| (*local).to_owned()).collect();
    let tasks = store::named(tx, plan, names).await?;
    let entry = |task: store::Named| {
        let fields = changes.iter().find(|(local, _)| *local == task.local_code).map(|(_, fields)| fields);
        let mut detail = json!({"plan": plan});
        detail[audit::CHANGED] = json!(fields);
        Entry {
            act: "put",
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
pub async fn read(db: &impl sea_orm::ConnectionTrait, call: &Call, stored: store::Stored) -> Result<PlanView, ApiError> {
    let tasks = tasks::of_plan(db, &call.actor.reach(Permission::ReadTask), vn_date(call.now), stored.id).await?;
    Ok(view::plan_view(stored, tasks))
}
