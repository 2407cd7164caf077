//! What people do about obstacles.

use chrono::Datelike;
use sea_orm::DatabaseTransaction;
use serde_json::json;
use uuid::Uuid;

use super::model::{ObstacleAct, ObstacleRuling};
use super::rules::{self, Ground};
use super::store::{self, Found, Step};
use super::wire::{NewObstacle, ObstacleView};
use crate::audit::{self, Entry};
use crate::auth::permissions::{Named, perm};
use crate::auth::permit::forbidden;
use crate::auth::{Permission, Permit};
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::values::Key;
use crate::http::{Call, Reply};

/// A department raises an obstacle.
///
/// # Errors
/// 422 with every fault.
pub async fn raise(tx: &DatabaseTransaction, permit: &Permit<perm::RaiseObstacle>, new: &NewObstacle) -> Result<Reply, ApiError> {
    let today = vn_date(permit.now);
    let known = departments::known(tx).await?;
    let department = known.get(new.department.as_str()).filter(|d| permit.reach().covers(d.id));
    let ground = Ground {
        today,
        department: department.is_some(),
        in_force: department.is_some_and(|d| d.valid_on(today)),
        about: match &new.about {
            Some(about) => store::about_exists(tx, permit, about).await?,
            None => true,
        },
    };
    let faults = rules::raise_faults(new, &ground);
    let (Some(department), true) = (department, faults.is_empty()) else { return Err(ApiError::broken(faults)) };
    let code = format!("VM-{}-{:04}", today.year(), store::next_number(tx, today.year()).await?);
    let id = Uuid::now_v7();
    store::insert(tx, id, &code, department.id, new, today).await?;
    let step = Step { act: ObstacleAct::Raise, text: None, document_no: None, decision: None, follow_up: None };
    store::add_step(tx, permit, id, &step).await?;
    let found = store::find(tx, &permit.actor.reach(Permission::ReadObstacle), &Key::Id(id)).await?.ok_or_else(ApiError::not_found)?;
    let view = view(permit, found);
    audit::record(tx, permit, &[entry(permit, "raise", department.id, &view)]).await?;
    Reply::created(format!("/api/v1/obstacles/{code}"), view.version, &view)
}

/// Anything that is done about an obstacle afterwards.
///
/// # Errors
/// 404 out of sight, 403 without the permission for its department, 409 when its state does not allow it, 412 and 428 on
/// versions, 422 with every fault.
pub async fn step<P: Named>(tx: &DatabaseTransaction, permit: &Permit<P>, key: &Key, step: &Step) -> Result<Reply, ApiError> {
    let reach = permit.actor.reach(Permission::ReadObstacle);
    let found = store::lock(tx, &reach, key).await?.ok_or_else(ApiError::not_found)?;
    permit.check_reaches(found.department_id)?;
    permit.check_version(found.id, found.version)?;
    take(tx, permit, found, step).await
}

/// The director decides what was put to him in the course of another act.
///
/// # Errors
/// 404 out of sight, 403 without the permission for its department, 409 when it does not wait for a decision.
pub async fn decide(
    tx: &DatabaseTransaction,
    call: &Call,
    code: &str,
    ruling: ObstacleRuling,
    (text, document_no): (&str, Option<&str>),
) -> Result<(), ApiError> {
    let reach = call.actor.reach(Permission::ReadObstacle);
    let found = store::lock(tx, &reach, &Key::Code(code.to_owned())).await?.ok_or_else(ApiError::not_found)?;
    if !call.actor.reach(Permission::DecideObstacle).covers(found.department_id) {
        return Err(forbidden());
    }
    let step = Step {
        act: ObstacleAct::Decide,
        text: Some(text.to_owned()),
        document_no: document_no.map(str::to_owned),
        decision: Some(ruling.name()),
        follow_up: None,
    };
    take(tx, call, found, &step).await.map(drop)
}

/// Takes a step that the caller may take.
async fn take(tx: &DatabaseTransaction, call: &Call, found: Found, step: &Step) -> Result<Reply, ApiError> {
    let Some(next) = rules::after(found.state, step.act) else { return Err(refused(call, &found, step.act)) };
    let mut faults = Vec::new();
    if step.text.as_ref().is_some_and(|text| text.trim().is_empty()) {
        faults.push(Fault::missing("/text"));
    }
    if let Some(follow_up) = &step.follow_up {
        let today = vn_date(call.now);
        let known = departments::known(tx).await?;
        let department = follow_up.department.as_ref().map(|code| known.get(code.as_str()).is_some_and(|d| d.valid_on(today)));
        faults.extend(rules::follow_up_faults(follow_up, department.unwrap_or(true), today));
    }
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    store::add_step(tx, call, found.id, step).await?;
    store::set_state(tx, call, found.id, next).await?;
    let department = found.department_id;
    let before = json!(view(call, found.clone()));
    let reach = call.actor.reach(Permission::ReadObstacle);
    let now = store::find(tx, &reach, &Key::Id(found.id)).await?.ok_or_else(ApiError::not_found)?;
    let view = view(call, now);
    let mut entry = entry(call, step.act.name(), department, &view);
    entry.detail = json!({"step": view.timeline.last(), "state": view.state});
    entry.detail[audit::CHANGED] = json!(audit::changed(&before, &json!(view)));
    audit::record(tx, call, &[entry]).await?;
    Reply::ok(view.version, &view)
}

fn refused(call: &Call, found: &Found, act: ObstacleAct) -> ApiError {
    ApiError::new(Code::TransitionNotAllowed)
        .say("Vướng mắc không ở trạng thái cho phép việc này.", "The state of the obstacle does not allow this.")
        .member("from", found.state.name())
        .member("requested", act.name())
        .member("allowed", json!(allowed(call, found)))
}

fn allowed(call: &Call, found: &Found) -> Vec<ObstacleAct> {
    rules::allowed(found.state, |act| call.actor.reach(act.permission()).covers(found.department_id))
}

/// An obstacle as the caller sees it.
pub fn view(call: &Call, found: Found) -> ObstacleView {
    ObstacleView {
        allowed_acts: allowed(call, &found),
        id: found.id,
        code: found.code,
        department: found.department,
        title: found.title,
        description: found.description,
        about: found.about,
        proposal: found.proposal,
        answer_by_on: found.answer_by_on,
        state: found.state,
        raised_on: found.raised_on,
        timeline: found.timeline,
        version: found.version,
    }
}

fn entry(call: &Call, act: &'static str, department: Uuid, view: &ObstacleView) -> Entry {
    Entry {
        act,
        subject_type: "obstacle",
        subject_id: view.id,
        subject_code: Some(view.code.clone()),
        department_id: Some(department),
        version: view.version,
        occurred_at: call.now,
        detail: json!(view),
    }
}
