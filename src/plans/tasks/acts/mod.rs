//! What is done with tasks: reported, handed in, confirmed, given back; each is one act in one transaction.

mod assigned;
mod evidence;
mod extensions;
mod work;

pub use assigned::*;
pub use evidence::*;
pub use extensions::*;
pub use work::*;

use sea_orm::DatabaseTransaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rules::{self, Ground, occurrences::falls_into, occurrences::occurrences};
use super::store::{self, Found, Reaches};
use super::wire::{NewCompletion, NewProgressReport, SubmissionStatus, TaskAct, TaskConfirmation, TaskReturn, TaskView};
use crate::audit::{self, Entry};
use crate::auth::permissions::perm;
use crate::auth::permit::forbidden;
use crate::auth::{Permission, Permit, Reach};
use crate::calendar::{self, vn_date};
use crate::departments;
use crate::error::{ApiError, Code, Fault, constraint};
use crate::http::values::Key;
use crate::http::{Call, Reply};

/// A department that has part in the task reports on it for a period.
///
/// # Errors
/// 404 out of sight, 403 for another department, 409 when the task is closed, 412 and 428 on versions, 422 with every fault.
pub async fn report(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::ReportTask>,
    key: &Key,
    report: &NewProgressReport,
) -> Result<Reply, ApiError> {
    let task = open(tx, permit, key, TaskAct::ReportProgress).await?;
    let department = departments::view_by_code(tx, report.department.as_str()).await?;
    let mut has_part = None;
    if let Some(department) = &department {
        permit.check_reaches(department.id)?;
        has_part = Some(store::takes_part(tx, task.id, department.id).await?);
    }
    let same = |r: &super::wire::ProgressReportView| r.department == report.department.as_str() && r.period == report.period.as_str();
    let repeated = task.progress_reports.iter().any(same);
    let faults = rules::report_faults(report, has_part, repeated, &ground(permit, &task));
    let (Some(department), true) = (department, faults.is_empty()) else { return Err(ApiError::broken(faults)) };
    let slots: Vec<_> = task.occurrences.iter().map(|o| (o.n, o.starts_on.map(|d| d.0), o.due_on.map(|d| d.0))).collect();
    let occurrence = rules::period_start(report.period.as_str()).and_then(|first| falls_into(first, &slots)).unwrap_or(1);
    let id = store::insert_report(tx, permit, (task.id, occurrence), department.id, report).await?;
    let mut detail = json!(report);
    detail["id"] = json!(id);
    done(tx, permit, &task, "report_progress", department.id, detail).await
}

/// A leading department, or the office, closes the task, or one occurrence of it, at once.
///
/// # Errors
/// 404 out of sight, 403 without a lead in reach, 409 when the task is closed, 412 and 428 on versions, 422 with every fault.
pub async fn complete(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::CompleteTask>,
    key: &Key,
    completion: &NewCompletion,
) -> Result<Reply, ApiError> {
    let (task, department) = finishing(tx, permit, key, completion, TaskAct::Complete).await?;
    store::insert_submission(tx, permit, task.id, department, completion, true).await?;
    close(tx, permit, &task, completion.occurrence, completion.completed_on.0).await?;
    done(tx, permit, &task, "complete", department, json!(completion)).await
}

/// A leading department hands in what it has done; the office will confirm it or give it back.
///
/// # Errors
/// As [`complete`].
pub async fn hand_in(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::CompleteTask>,
    key: &Key,
    completion: &NewCompletion,
) -> Result<Reply, ApiError> {
    let (task, department) = finishing(tx, permit, key, completion, TaskAct::HandIn).await?;
    let waits = |s: &super::wire::SubmissionView| {
        s.status == SubmissionStatus::Open
            && (s.occurrence.is_none() || s.occurrence == completion.occurrence || completion.occurrence.is_none())
    };
    if task.submissions.iter().any(waits) {
        let (vi, en) = ("Đã nộp, đang chờ Văn phòng xác nhận.", "It is handed in and waits for the office.");
        return Err(ApiError::broken(vec![Fault::new(Code::Exists, "/occurrence", vi, en)]));
    }
    store::insert_submission(tx, permit, task.id, department, completion, false).await?;
    store::mark_handed_in(tx, task.id, completion.occurrence, vn_date(permit.now)).await?;
    done(tx, permit, &task, "hand_in", department, json!(completion)).await
}

/// What a closing or a hand-in has in common: the task, and for which department.
async fn finishing(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::CompleteTask>,
    key: &Key,
    completion: &NewCompletion,
    act: TaskAct,
) -> Result<(Found, Uuid), ApiError> {
    let task = open(tx, permit, key, act).await?;
    let reach = permit.reach();
    let leading = task.leading(&reach);
    if leading.is_none() && reach != Reach::All {
        return Err(forbidden());
    }
    let mut faults = rules::completion_faults(completion, &ground(permit, &task));
    if let Some(n) = completion.occurrence {
        match task.occurrences.iter().find(|o| o.n == n) {
            None => faults.push(no_such("/occurrence", n)),
            Some(o) if o.completed_on.is_some() => {
                faults.push(Fault::new(Code::Exists, "/occurrence", "Kỳ này đã hoàn thành.", "This occurrence is closed already."));
            }
            Some(_) => {}
        }
    }
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    let department = leading.unwrap_or(task.issuer_id);
    Ok((task, department))
}

fn no_such(at: &'static str, n: i32) -> Fault {
    Fault::new(Code::UnknownCode, at, format!("Không có số {n}."), format!("There is no number {n}."))
}

/// Closes one occurrence or all; once all are closed, the task is.
async fn close(
    tx: &DatabaseTransaction,
    call: &Call,
    task: &Found,
    occurrence: Option<i32>,
    on: chrono::NaiveDate,
) -> Result<(), ApiError> {
    store::close(tx, call, task.id, occurrence, (on, vn_date(call.now))).await?;
    let rest = task.occurrences.iter().any(|o| o.completed_on.is_none() && occurrence.is_some_and(|n| n != o.n));
    if !rest {
        store::conclude(tx, call, task.id).await.map_err(|error| match constraint(&error).as_deref() {
            Some("task_completions_pkey") => ApiError::new(Code::ConcurrentChange).because(error),
            _ => error.into(),
        })?;
    }
    Ok(())
}

/// The office confirms what was handed in: that closes it.
///
/// # Errors
/// 404 out of sight, 409 when nothing is handed in, 412 and 428 on versions, 422 when it is not clear which.
pub async fn confirm(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::ConfirmTask>,
    key: &Key,
    confirmation: &TaskConfirmation,
) -> Result<Reply, ApiError> {
    let task = open(tx, permit, key, TaskAct::Confirm).await?;
    let waiting = task.submissions.iter().filter(|s| s.status == SubmissionStatus::Open);
    let handed_in = one(waiting, confirmation.occurrence)?.clone();
    store::confirm(tx, permit, (task.id, handed_in.n), confirmation.note.as_ref().map(|n| n.as_str())).await?;
    close(tx, permit, &task, handed_in.occurrence, handed_in.completed_on.0).await?;
    let mut detail = json!(confirmation);
    detail["submission"] = json!(handed_in.n);
    done(tx, permit, &task, "confirm", task.issuer_id, detail).await
}

/// The office gives back what was handed in, or takes up again what was closed.
///
/// # Errors
/// As [`confirm`].
pub async fn give_back(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::ConfirmTask>,
    key: &Key,
    back: &TaskReturn,
) -> Result<Reply, ApiError> {
    let task = open(tx, permit, key, TaskAct::Return).await?;
    if back.reason.is_blank() {
        return Err(ApiError::broken(vec![Fault::missing("/reason")]));
    }
    let with = |status: SubmissionStatus| task.submissions.iter().filter(move |s| s.status == status);
    let status = if with(SubmissionStatus::Open).next().is_some() { SubmissionStatus::Open } else { SubmissionStatus::Confirmed };
    let handed_in = one(with(status), back.occurrence)?.clone();
    let place = (task.id, handed_in.n, handed_in.occurrence);
    store::give_back(tx, permit, place, back.reason.as_str(), vn_date(permit.now)).await?;
    let mut detail = json!(back);
    detail["submission"] = json!(handed_in.n);
    done(tx, permit, &task, "return", task.issuer_id, detail).await
}

/// The one that is meant: of the occurrence named, or the only one.
fn one<'a>(
    of: impl Iterator<Item = &'a super::wire::SubmissionView>,
    occurrence: Option<i32>,
) -> Result<&'a super::wire::SubmissionView, ApiError> {
    let all: Vec<_> = of.filter(|s| occurrence.is_none() || s.occurrence == occurrence).collect();
    match (all.as_slice(), occurrence) {
        ([one], _) => Ok(one),
        ([], Some(n)) => Err(ApiError::broken(vec![no_such("/occurrence", n)])),
        ([.., last], Some(_)) => Ok(last),
        _ => {
            let (vi, en) = ("Có nhiều kỳ đã nộp: hãy cho biết kỳ nào.", "Several could be meant: say which occurrence.");
            Err(ApiError::broken(vec![Fault::new(Code::Missing, "/occurrence", vi, en)]))
        }
    }
}

/// Brings the times of a plan's tasks up to date with its text.
///
/// # Errors
/// 422 when a period ends in a year without a calendar.
pub async fn settle(tx: &DatabaseTransaction, plan: Uuid, issuer: Uuid) -> Result<(), ApiError> {
    let calendar = calendar::load(tx, issuer).await?;
    let (mut slots, mut faults) = (Vec::new(), Vec::new());
    for task in store::timed(tx, plan).await? {
        let window = (task.starts_on.map(|d| d.0), task.ends_on.map(|d| d.0));
        match occurrences(&task.schedule, window, task.issued_on.0, &calendar) {
            Ok(found) => slots.push((task.id, found)),
            Err(missing) => faults.push(Fault {
                code: Code::CalendarMissing,
                pointer: format!("/tasks/{}/schedule", task.position - 1).into(),
                detail: missing.text(),
            }),
        }
    }
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    store::settle(tx, &slots).await?;
    Ok(store::settle_triggers(tx, None, Some(plan)).await?)
}

/// The task as the caller sees it.
///
/// # Errors
/// The database's.
pub async fn shown(db: &impl sea_orm::ConnectionTrait, call: &Call, task: Found) -> Result<TaskView, ApiError> {
    let suggestion = store::suggestion(db, &task).await?;
    Ok(task.view(call, suggestion, vn_date(call.now)))
}

/// The task, locked, at the version the caller has seen, in a state that allows the act.
async fn open(tx: &DatabaseTransaction, call: &Call, key: &Key, act: TaskAct) -> Result<Found, ApiError> {
    let task = store::lock(tx, &Reaches::of(call), key).await?.ok_or_else(ApiError::not_found)?;
    call.check_version(task.id, task.version)?;
    if task.allows(act) { Ok(task) } else { Err(refused(call, &task, act)) }
}

/// What is said of an act that the state does not allow.
fn refused(call: &Call, task: &Found, act: TaskAct) -> ApiError {
    let error = ApiError::new(Code::TransitionNotAllowed);
    let error = match &task.completion {
        Some(completion) => error.say(
            format!("Nhiệm vụ đã được ghi nhận hoàn thành ngày {}.", completion.completed_on.0.format("%d/%m/%Y")),
            format!("The task was closed as completed on {}.", completion.completed_on.0.format("%Y-%m-%d")),
        ),
        None => error.say("Nhiệm vụ không ở trạng thái cho phép việc này.", "The state of the task does not allow this."),
    };
    let allowed = rules::allowed_acts(&task.stand(), &task.may(&Reaches::of(call)));
    error.member("from", task.state(vn_date(call.now)).name()).member("requested", json!(act)).member("allowed", json!(allowed))
}

fn ground(call: &Call, task: &Found) -> Ground {
    Ground { kind: task.schedule.kind, plan_from: task.plan_from.0, today: vn_date(call.now) }
}

/// Counts the act, tells of it, and answers the task as it is now.
async fn done(
    tx: &DatabaseTransaction,
    call: &Call,
    task: &Found,
    act: &'static str,
    department: Uuid,
    mut detail: Value,
) -> Result<Reply, ApiError> {
    let before = json!(shown(tx, call, task.clone()).await?);
    store::touch(tx, task.id).await?;
    // Who gives a task away may lose sight of it.
    let mut reaches = Reaches::of(call);
    reaches.read = Reach::All;
    let now = store::find(tx, &reaches, &Key::Id(task.id)).await?.ok_or_else(ApiError::not_found)?;
    let view = shown(tx, call, now).await?;
    detail[audit::CHANGED] = json!(audit::changed(&before, &json!(view)));
    let entry = Entry {
        act,
        subject_type: "task",
        subject_id: task.id,
        subject_code: Some(task.code.clone()),
        department_id: Some(department),
        version: view.version,
        occurred_at: call.now,
        detail,
    };
    audit::record(tx, call, &[entry]).await?;
    Reply::created(format!("/api/v1/tasks/{}", view.code), view.version, &view)
}

/// Whether the caller's permission reaches a department; 403 otherwise.
fn reaches(call: &Call, permission: Permission, department: Uuid) -> Result<(), ApiError> {
    if call.actor.reach(permission).covers(department) { Ok(()) } else { Err(forbidden()) }
}
