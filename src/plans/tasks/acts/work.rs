//! Giving tasks to departments and people, their answers, events, and giving tasks up.

use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::{done, open};
use crate::auth::permissions::perm;
use crate::auth::permit::forbidden;
use crate::auth::{Permit, Reach};
use crate::calendar::{self, vn_date};
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::Reply;
use crate::http::values::Key;
use crate::plans::tasks::rules::work::due_after;
use crate::plans::tasks::store;
use crate::plans::tasks::wire::{
    AssignedPart, AssignmentAcceptance, AssignmentStatus, NewAssignment, NewEvent, StatedReason, TaskAct, TaskCancellation,
};

/// The office or the director gives a task to a department; its head names who does it.
///
/// # Errors
/// 404 out of sight, 403 for another department, 409 when the task is closed, 412 and 428 on versions, 422 with every fault.
pub async fn assign(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::AssignTask>,
    key: &Key,
    assignment: &NewAssignment,
) -> Result<Reply, ApiError> {
    let task = open(tx, permit, key, TaskAct::Assign).await?;
    let Some(department) = departments::known(tx).await?.remove(assignment.department.as_str()) else {
        return Err(ApiError::broken(vec![Fault::unknown("/department", assignment.department.as_str())]));
    };
    permit.check_reaches(department.id)?;
    // A part is given by who stands above all departments.
    if assignment.role.is_some() && permit.reach() != Reach::All {
        return Err(forbidden());
    }
    let mut faults = Vec::new();
    if !department.valid_on(vn_date(permit.now)) {
        faults.push(Fault::new(
            Code::NotValidThen,
            "/department",
            format!("Đơn vị “{}” không còn hoạt động.", department.code),
            format!("“{}” is not in force today.", department.code),
        ));
    }
    let has = task
        .parts
        .iter()
        .find(|p| p.id == department.id)
        .map(|p| if p.role == "lead" { AssignedPart::Lead } else { AssignedPart::Coordinate });
    let role = assignment.role.or(has);
    if role.is_none() {
        faults.push(Fault::new(
            Code::NoPart,
            "/role",
            "Đơn vị chưa tham gia nhiệm vụ: cần cho biết chủ trì hay phối hợp.",
            "The department has no part in the task yet: say which part it is given.",
        ));
    }
    let officers: Vec<String> = assignment.officers.iter().map(|o| o.as_str().to_owned()).collect();
    if assignment.role.is_none() && officers.is_empty() {
        faults.push(Fault::missing("/officers"));
    }
    let strangers = store::strangers(tx, department.id, &officers).await?;
    let unknown = officers.iter().enumerate().filter(|(_, name)| strangers.contains(name));
    faults.extend(unknown.map(|(i, name)| Fault::unknown(format!("/officers/{i}"), name)));
    let (Some(role), true) = (role, faults.is_empty()) else { return Err(ApiError::broken(faults)) };
    store::assign(tx, permit, (task.id, department.id), role, assignment).await?;
    done(tx, permit, &task, "assign", department.id, json!(assignment)).await
}

/// A department takes a task it was given.
///
/// # Errors
/// 404 out of sight or when it was not given to that department, 403 for another department, 409 when it has answered.
pub async fn accept(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::AcceptTask>,
    (key, department): (&Key, &str),
    acceptance: &AssignmentAcceptance,
) -> Result<Reply, ApiError> {
    let note = acceptance.note.as_ref().map(|n| n.as_str());
    answer(tx, permit, (key, department), true, note, json!(acceptance)).await
}

/// A department gives a task back to the office.
///
/// # Errors
/// As [`accept`], and 422 without a reason.
pub async fn refuse(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::AcceptTask>,
    (key, department): (&Key, &str),
    refusal: &StatedReason,
) -> Result<Reply, ApiError> {
    answer(tx, permit, (key, department), false, Some(refusal.reason.as_str()), json!(refusal)).await
}

async fn answer(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::AcceptTask>,
    (key, code): (&Key, &str),
    accepted: bool,
    reason: Option<&str>,
    detail: serde_json::Value,
) -> Result<Reply, ApiError> {
    let act = if accepted { TaskAct::AcceptAssignment } else { TaskAct::RefuseAssignment };
    let task = open(tx, permit, key, act).await?;
    let given = task.assignments.iter().find(|a| a.department == code).ok_or_else(ApiError::not_found)?;
    let department = departments::view_by_code(tx, code).await?.ok_or_else(ApiError::not_found)?;
    permit.check_reaches(department.id)?;
    if given.status != AssignmentStatus::Assigned {
        return Err(super::refused(permit, &task, act));
    }
    if !accepted && reason.is_none_or(|r| r.trim().is_empty()) {
        return Err(ApiError::broken(vec![Fault::missing("/reason")]));
    }
    store::answer(tx, permit, (task.id, department.id), accepted, reason).await?;
    let act = if accepted { "accept_assignment" } else { "refuse_assignment" };
    done(tx, permit, &task, act, department.id, detail).await
}

/// The event came that a task waits for, or its day is corrected.
///
/// # Errors
/// 404 out of sight, 409 when it waits for none or is closed, 412 and 428 on versions, 422 with every fault.
pub async fn trigger(tx: &DatabaseTransaction, permit: &Permit<perm::WriteTask>, key: &Key, event: &NewEvent) -> Result<Reply, ApiError> {
    let task = open(tx, permit, key, TaskAct::Trigger).await?;
    let whose = task.leads().next().map_or(task.issuer_id, |lead| lead.id);
    let calendar = calendar::load(tx, whose).await?;
    let due = due_after(event, vn_date(permit.now), &calendar);
    let mut faults = due.as_ref().err().cloned().unwrap_or_default();
    if task.trigger.is_some() && event.note.as_ref().is_none_or(|n| n.is_blank()) {
        let (vi, en) = ("Sửa ngày xảy ra sự kiện phải nêu lý do.", "To correct the day of the event needs a reason.");
        faults.push(Fault::new(Code::Missing, "/note", vi, en));
    }
    let (Ok(due), true) = (due, faults.is_empty()) else { return Err(ApiError::broken(faults)) };
    store::trigger(tx, task.id, event, due).await?;
    done(tx, permit, &task, "trigger", task.issuer_id, json!(event)).await
}

/// The office gives a task up, by a document.
///
/// # Errors
/// 404 out of sight, 409 when it is closed, 412 and 428 on versions, 422 with every fault.
pub async fn cancel(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WriteTask>,
    key: &Key,
    cancellation: &TaskCancellation,
) -> Result<Reply, ApiError> {
    let task = open(tx, permit, key, TaskAct::Cancel).await?;
    let blank = [("/reason", cancellation.reason.is_blank()), ("/document_number", cancellation.document_number.is_blank())];
    let faults: Vec<Fault> = blank.into_iter().filter(|(_, blank)| *blank).map(|(at, _)| Fault::missing(at)).collect();
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    store::cancel(tx, task.id, vn_date(permit.now), cancellation.reason.as_str(), cancellation.document_number.as_str()).await?;
    done(tx, permit, &task, "cancel", task.issuer_id, json!(cancellation)).await
}

/// The office finds that a task does not apply.
///
/// # Errors
/// As [`cancel`].
pub async fn set_not_applicable(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WriteTask>,
    key: &Key,
    reason: &StatedReason,
) -> Result<Reply, ApiError> {
    let task = open(tx, permit, key, TaskAct::SetNotApplicable).await?;
    if reason.reason.is_blank() {
        return Err(ApiError::broken(vec![Fault::missing("/reason")]));
    }
    store::set_not_applicable(tx, task.id, vn_date(permit.now), reason.reason.as_str()).await?;
    done(tx, permit, &task, "set_not_applicable", task.issuer_id, json!(reason)).await
}
