//! What departments do with tasks: report progress, and close.

use sea_orm::DatabaseTransaction;
use serde_json::{Value, json};

use super::rules::{self, Ground};
use super::store::{self, Found, Reaches};
use super::wire::{NewCompletion, NewProgressReport, TaskAct};
use crate::audit::{self, Entry};
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::auth::permit::forbidden;
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, constraint};
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
    let id = store::insert_report(tx, permit, task.id, department.id, report).await?;
    let mut detail = json!(report);
    detail["id"] = json!(id);
    done(tx, permit, &task, "report_progress", department.id, detail).await
}

/// A leading department, or the office, closes the task.
///
/// # Errors
/// 404 out of sight, 403 without a lead in reach, 409 when the task is closed, 412 and 428 on versions, 422 with every fault.
pub async fn complete(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::CompleteTask>,
    key: &Key,
    completion: &NewCompletion,
) -> Result<Reply, ApiError> {
    let task = open(tx, permit, key, TaskAct::Complete).await?;
    if !task.may_complete {
        return Err(forbidden());
    }
    let faults = rules::completion_faults(completion, &ground(permit, &task));
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    store::insert_completion(tx, permit, task.id, completion).await.map_err(|error| match constraint(&error).as_deref() {
        Some("task_completions_pkey") => ApiError::new(Code::ConcurrentChange).because(error),
        _ => error.into(),
    })?;
    done(tx, permit, &task, "complete", task.completing.unwrap_or(task.issuer), json!(completion)).await
}

/// The task, locked, at the version the caller has seen, and not closed.
async fn open(tx: &DatabaseTransaction, call: &Call, key: &Key, act: TaskAct) -> Result<Found, ApiError> {
    let task = store::lock(tx, &Reaches::of(call), key).await?.ok_or_else(ApiError::not_found)?;
    call.check_version(task.id, task.version)?;
    match &task.completion {
        None => Ok(task),
        Some(completion) => Err(ApiError::new(Code::TransitionNotAllowed)
            .say(
                format!("Nhiệm vụ đã được ghi nhận hoàn thành ngày {}.", completion.completed_on.0.format("%d/%m/%Y")),
                format!("The task was closed as completed on {}.", completion.completed_on.0.format("%Y-%m-%d")),
            )
            .member("from", task.state(vn_date(call.now)).name())
            .member("requested", json!(act))
            .member("allowed", Value::Array(Vec::new()))),
    }
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
    department: uuid::Uuid,
    mut detail: Value,
) -> Result<Reply, ApiError> {
    let before = json!(task.clone().view(vn_date(call.now)));
    store::touch(tx, task.id).await?;
    let now = store::find(tx, &Reaches::of(call), &Key::Id(task.id)).await?.ok_or_else(ApiError::not_found)?;
    let view = now.view(vn_date(call.now));
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
