//! More time: asked for by who leads, decided by the office or the director.

use chrono::NaiveDate;
use sea_orm::DatabaseTransaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{done, no_such, open, refused};
use crate::auth::permissions::{Named, perm};
use crate::auth::permit::forbidden;
use crate::auth::{Permission, Permit};
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, Fault, constraint};
use crate::http::values::Key;
use crate::http::{Prose, Reply};
use crate::plans::tasks::rules::extensions::{Bounds, at_most, faults};
use crate::plans::tasks::store::{self, Decision, Found, Reaches};
use crate::plans::tasks::wire::{CounterProposal, ExtensionAnswer, ExtensionStatus, ExtensionView, NewExtension, StatedReason, TaskAct};

fn bounds(task: &Found, due_on: Option<NaiveDate>) -> Bounds {
    Bounds { due_on, at_most: at_most(task.parent_due_on.map(|d| d.0), task.plan_to.map(|d| d.0)) }
}

/// A department that leads asks for more time.
///
/// # Errors
/// 404 out of sight, 403 for another department, 409 when the task is closed, 412 and 428 on versions, 422 with every fault.
pub async fn ask_extension(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::AskExtension>,
    key: &Key,
    extension: &NewExtension,
) -> Result<Reply, ApiError> {
    let task = store::lock(tx, &Reaches::of(permit), key).await?.ok_or_else(ApiError::not_found)?;
    permit.check_version(task.id, task.version)?;
    let waiting = || {
        let (vi, en) = ("Đang có một đề nghị gia hạn chờ quyết định.", "A request for more time is waiting already.");
        Fault::new(Code::Exists, "", vi, en)
    };
    let is_waiting = task.open_extension().is_some();
    if !is_waiting && !task.allows(TaskAct::AskExtension) {
        return Err(refused(permit, &task, TaskAct::AskExtension));
    }
    let department = departments::view_by_code(tx, extension.department.as_str()).await?;
    if let Some(department) = &department {
        permit.check_reaches(department.id)?;
    }
    let mut found = Vec::new();
    if is_waiting {
        found.push(waiting());
    }
    match &department {
        None => found.push(Fault::unknown("/department", extension.department.as_str())),
        Some(d) if task.leads().all(|lead| lead.id != d.id) => found.push(Fault::new(
            Code::NoPart,
            "/department",
            "Chỉ đơn vị chủ trì được đề nghị gia hạn.",
            "Only a department that leads the task asks for more time.",
        )),
        Some(_) => {}
    }
    let open = |o: &&store::OccurrenceRow| o.completed_on.is_none();
    let occurrence = match extension.occurrence {
        Some(n) => task.occurrences.iter().filter(open).find(|o| o.n == n),
        None => task.occurrences.iter().find(open),
    };
    match (occurrence, extension.occurrence) {
        (None, Some(n)) => found.push(no_such("/occurrence", n)),
        _ => {
            found.extend(faults(extension.new_due_on.0, &extension.reason, &bounds(&task, occurrence.and_then(|o| o.due_on).map(|d| d.0))))
        }
    }
    let due = occurrence.and_then(|o| Some((o.n, o.due_on?.0)));
    let (Some(department), Some((n, due_on)), true) = (department, due, found.is_empty()) else { return Err(ApiError::broken(found)) };
    store::ask(tx, permit, (task.id, n), department.id, due_on, extension).await.map_err(|error| match constraint(&error).as_deref() {
        Some("task_extension_open_key") => ApiError::broken(vec![waiting()]).because(error),
        _ => error.into(),
    })?;
    done(tx, permit, &task, "ask_extension", department.id, json!(extension)).await
}

/// The request that an act is about, which waits for it.
async fn waiting<P: Named>(
    tx: &DatabaseTransaction,
    permit: &Permit<P>,
    (key, n): (&Key, i32),
    act: TaskAct,
) -> Result<(Found, ExtensionView, Uuid), ApiError> {
    let task = open_or_gone(tx, permit, key, n, act).await?;
    let extension = task.extensions.iter().find(|e| e.n == n).cloned().ok_or_else(ApiError::not_found)?;
    if task.open_extension().is_none_or(|open| open.n != n) {
        return Err(refused(permit, &task, act));
    }
    let department = departments::view_by_code(tx, &extension.department).await?.ok_or_else(ApiError::not_found)?.id;
    permit.check_reaches(department)?;
    // Nobody decides on what he asked for.
    if P::PERMISSION == Permission::DecideExtension && extension.asked_by == permit.actor.username {
        return Err(forbidden().say("Người đề nghị không tự quyết định.", "Who asked does not decide."));
    }
    Ok((task, extension, department))
}

/// As [`open`]; a request that there never was is told before the state is.
async fn open_or_gone<P: Named>(tx: &DatabaseTransaction, permit: &Permit<P>, key: &Key, n: i32, act: TaskAct) -> Result<Found, ApiError> {
    let task = store::lock(tx, &Reaches::of(permit), key).await?.ok_or_else(ApiError::not_found)?;
    if task.extensions.iter().all(|e| e.n != n) {
        return Err(ApiError::not_found());
    }
    open(tx, permit, key, act).await
}

/// More time is given: what was asked for.
///
/// # Errors
/// 404 when there is no such request, 403 for who asked, 409 when it does not wait, 412 and 428 on versions, 422 when it goes beyond what
/// is above by now.
pub async fn approve_extension(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::DecideExtension>,
    place: (&Key, i32),
    said: &ExtensionAnswer,
) -> Result<Reply, ApiError> {
    let (task, extension, department) = waiting(tx, permit, place, TaskAct::ApproveExtension).await?;
    grant(tx, permit, &task, &extension, (extension.new_due_on.0, said), ("approve_extension", department)).await
}

/// The department takes the day that was offered.
///
/// # Errors
/// As [`approve_extension`].
pub async fn accept_extension(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::AskExtension>,
    place: (&Key, i32),
    said: &ExtensionAnswer,
) -> Result<Reply, ApiError> {
    let (task, extension, department) = waiting(tx, permit, place, TaskAct::AcceptExtension).await?;
    let offered = extension.counter_due_on.unwrap_or(extension.new_due_on).0;
    grant(tx, permit, &task, &extension, (offered, said), ("accept_extension", department)).await
}

async fn grant<P: Named>(
    tx: &DatabaseTransaction,
    permit: &Permit<P>,
    task: &Found,
    extension: &ExtensionView,
    (due_on, said): (NaiveDate, &ExtensionAnswer),
    (act, department): (&'static str, Uuid),
) -> Result<Reply, ApiError> {
    let above = bounds(task, None).at_most;
    if let Some(last) = above.filter(|last| due_on > *last) {
        let (vi, en) = (format!("Hạn cấp trên là {last}."), format!("What it is a part of is due on {last}."));
        return Err(ApiError::broken(vec![Fault::new(Code::LaterThanParent, "", vi, en)]));
    }
    let decision = Decision {
        status: ExtensionStatus::Approved,
        reason: said.note.as_ref().map(|n| n.as_str()),
        counter_due_on: None,
        agreed_on: Some(due_on),
        today: vn_date(permit.now),
    };
    store::decide(tx, permit, (task.id, extension.n), &decision).await?;
    store::move_due(tx, task.id, extension.occurrence, due_on).await?;
    done(tx, permit, task, act, department, json!({"extension": extension.n, "due_on": due_on, "note": said.note})).await
}

/// No more time is given.
///
/// # Errors
/// As [`approve_extension`], and 422 without a reason.
pub async fn reject_extension(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::DecideExtension>,
    place: (&Key, i32),
    rejection: &StatedReason,
) -> Result<Reply, ApiError> {
    let (task, extension, department) = waiting(tx, permit, place, TaskAct::RejectExtension).await?;
    if rejection.reason.is_blank() {
        return Err(ApiError::broken(vec![Fault::missing("/reason")]));
    }
    end(tx, permit, &task, &extension, ExtensionStatus::Rejected, Some(&rejection.reason), None).await?;
    done(tx, permit, &task, "reject_extension", department, json!({"extension": extension.n, "reason": rejection.reason})).await
}

/// Another day is offered than the one asked for.
///
/// # Errors
/// As [`approve_extension`], and 422 with every fault of the day.
pub async fn counter_propose_extension(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::DecideExtension>,
    place: (&Key, i32),
    counter: &CounterProposal,
) -> Result<Reply, ApiError> {
    let (task, extension, department) = waiting(tx, permit, place, TaskAct::CounterProposeExtension).await?;
    let found = faults(counter.new_due_on.0, &counter.reason, &bounds(&task, Some(extension.old_due_on.0)));
    if !found.is_empty() {
        return Err(ApiError::broken(found));
    }
    let (status, offered) = (ExtensionStatus::CounterProposed, Some(counter.new_due_on.0));
    end(tx, permit, &task, &extension, status, Some(&counter.reason), offered).await?;
    let mut detail: Value = json!(counter);
    detail["extension"] = json!(extension.n);
    done(tx, permit, &task, "counter_propose_extension", department, detail).await
}

/// The department asks no more.
///
/// # Errors
/// As [`approve_extension`].
pub async fn withdraw_extension(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::AskExtension>,
    place: (&Key, i32),
    said: &ExtensionAnswer,
) -> Result<Reply, ApiError> {
    let (task, extension, department) = waiting(tx, permit, place, TaskAct::WithdrawExtension).await?;
    end(tx, permit, &task, &extension, ExtensionStatus::Withdrawn, said.note.as_ref(), None).await?;
    done(tx, permit, &task, "withdraw_extension", department, json!({"extension": extension.n, "note": said.note})).await
}

async fn end<P: Named>(
    tx: &DatabaseTransaction,
    permit: &Permit<P>,
    task: &Found,
    extension: &ExtensionView,
    status: ExtensionStatus,
    reason: Option<&Prose>,
    counter_due_on: Option<NaiveDate>,
) -> Result<(), ApiError> {
    let reason = reason.map(|r| r.as_str());
    let decision = Decision { status, reason, counter_due_on, agreed_on: None, today: vn_date(permit.now) };
    Ok(store::decide(tx, permit, (task.id, extension.n), &decision).await?)
}
