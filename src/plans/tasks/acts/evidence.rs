//! Documents that show work, with small files.

use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::{done, open, reaches};
use crate::auth::Permission;
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::Reply;
use crate::http::values::Key;
use crate::plans::tasks::rules::work::{FileKind, evidence_faults};
use crate::plans::tasks::store;
use crate::plans::tasks::wire::{NewEvidence, TaskAct};

/// A department with part in the task adds a document to it.
///
/// # Errors
/// 404 out of sight, 403 for another department, 412 and 428 on versions, 422 with every fault.
pub async fn add_evidence(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::ReportTask>,
    key: &Key,
    evidence: &NewEvidence,
) -> Result<Reply, ApiError> {
    let task = open(tx, permit, key, TaskAct::AddEvidence).await?;
    let department = departments::view_by_code(tx, evidence.department.as_str()).await?;
    let mut faults = Vec::new();
    match &department {
        None => faults.push(Fault::unknown("/department", evidence.department.as_str())),
        Some(department) => {
            permit.check_reaches(department.id)?;
            if !store::takes_part(tx, task.id, department.id).await? {
                faults.push(Fault::plain(Code::NoPart, "/department"));
            }
        }
    }
    faults.extend(evidence_faults(&evidence.proof(), vn_date(permit.now)));
    let (Some(department), true) = (department, faults.is_empty()) else { return Err(ApiError::broken(faults)) };
    store::add_evidence(tx, permit, task.id, department.id, evidence).await?;
    done(tx, permit, &task, "add_evidence", department.id, json!(evidence)).await
}

/// Keeps the file of a document; one that is the same changes nothing.
///
/// # Errors
/// 404 when there is no such document, 403 for another department, 412 and 428 on versions, 415 when the file is not what it is said to be.
pub async fn put_evidence_content(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::ReportTask>,
    (key, n): (&Key, i32),
    (media_type, content, sha256): (&str, &[u8], &str),
) -> Result<Reply, ApiError> {
    let task = store::lock(tx, &store::Reaches::of(permit), key).await?.ok_or_else(ApiError::not_found)?;
    let document = task.documents.iter().find(|d| d.n == n).ok_or_else(ApiError::not_found)?;
    let department = departments::view_by_code(tx, &document.department).await?.ok_or_else(ApiError::not_found)?;
    reaches(permit, Permission::ReportTask, department.id)?;
    if FileKind::of(content).is_none_or(|kind| kind.media_type() != media_type) {
        let (vi, en) = (
            "Nội dung tệp không đúng với kiểu đã khai; nhận PDF, DOCX, XLSX, PNG, JPEG.",
            "The file is not what it is said to be; PDF, DOCX, XLSX, PNG and JPEG are taken.",
        );
        return Err(ApiError::new(Code::UnsupportedMediaType).say(vi, en));
    }
    let equal = document.file.as_ref().is_some_and(|file| file.sha256 == sha256);
    if document.file.is_some() && !permit.changes(task.id, task.version, equal)? {
        let view = super::shown(tx, permit, task.clone()).await?;
        return Reply::unchanged(task.version, &view);
    }
    let task = open(tx, permit, key, TaskAct::AddEvidence).await?;
    store::put_content(tx, (task.id, n), media_type, sha256, content).await?;
    let detail = json!({"document": n, "media_type": media_type, "size_bytes": content.len(), "sha256": sha256});
    done(tx, permit, &task, "put_evidence_content", department.id, detail).await
}
