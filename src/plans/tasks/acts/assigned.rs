//! Tasks from above: put one by its code, load many, make or give one up in the course of another act.

use std::collections::HashMap;

use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::{done, refused, shown};
use crate::audit::{self, Entry};
use crate::auth::permissions::perm;
use crate::auth::{Permit, Reach};
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::bulk::{RowStatus, Strategy, Verdict};
use crate::http::values::Key;
use crate::http::{Call, Reply};
use crate::plans::model::TaskState;
use crate::plans::tasks::rules::assigned::{Ground, faults};
use crate::plans::tasks::store::{self, Kept, Reaches};
use crate::plans::tasks::wire::{AssignedTask, TaskAct, TaskOrigin};

/// Creates or changes the task from above with this code.
///
/// # Errors
/// 409 when a task of a plan has the code, or it is closed; 412 and 428 on versions; 422 with every fault.
pub async fn put_assigned(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WriteTask>,
    code: &str,
    task: &AssignedTask,
) -> Result<Reply, ApiError> {
    task.code.check_path(code, "/code")?;
    let before = store::standing_at(tx, vec![code.to_owned()]).await?.remove(code);
    let read = async || {
        let found = store::find(tx, &Reaches::of(permit), &Key::Code(code.to_owned())).await?.ok_or_else(ApiError::not_found)?;
        shown(tx, permit, found).await
    };
    if let Some(old) = &before {
        if old.origin == TaskOrigin::Plan {
            return Err(ApiError::new(Code::CodeTaken));
        }
        if !permit.changes(old.id, old.version, old.task.as_ref() == Some(task))? {
            return Reply::unchanged(old.version, &read().await?);
        }
    }
    let verdicts = load_assigned(tx, permit, &[(0, task.clone())], Strategy::Upsert).await?;
    if let Some(refused) = verdicts.into_iter().find(|v| v.status == RowStatus::Rejected) {
        return Err(ApiError::broken(refused.errors));
    }
    let view = read().await?;
    match before {
        Some(_) => Reply::ok(view.version, &view),
        None => Reply::created(format!("/api/v1/tasks/{code}"), view.version, &view),
    }
}

/// Loads tasks from above set by set, and gives a verdict on each. Rows may be parts of others.
///
/// # Errors
/// The database's; refusals are in the verdicts.
pub async fn load_assigned(
    tx: &DatabaseTransaction,
    call: &Call,
    rows: &[(u64, AssignedTask)],
    strategy: Strategy,
) -> Result<Vec<Verdict>, ApiError> {
    let codes: Vec<String> = rows.iter().map(|(_, row)| row.code.as_str().to_owned()).collect();
    let standing = store::standing_at(tx, codes).await?;
    let known = departments::known(tx).await?;
    let parents = rows.iter().filter_map(|(_, row)| row.parent.as_ref().map(|p| p.as_str().to_owned())).collect();
    let stored = store::above(tx, parents).await?;
    let below = store::below_themselves(tx, &rows.iter().map(|(_, row)| row).collect::<Vec<_>>()).await?;
    let by_code: HashMap<&str, &AssignedTask> = rows.iter().map(|(_, row)| (row.code.as_str(), row)).collect();
    let today = vn_date(call.now);
    let mut refused: HashMap<u64, Vec<Fault>> = HashMap::new();
    // A row that is refused takes those with it that are parts of it.
    loop {
        let mut above = stored.clone();
        let good = rows.iter().filter(|(index, _)| !refused.contains_key(index));
        above.extend(good.map(|(_, row)| (row.code.as_str().to_owned(), Some(row.due_on.0))));
        let mut found = Vec::new();
        for (index, row) in rows.iter().filter(|(index, _)| !refused.contains_key(index)) {
            let old = standing.get(row.code.as_str());
            let department = |code: &str| known.get(code).map(|d| d.valid_on(row.document_on.0));
            let ground = Ground {
                department: &department,
                today,
                parent_due_on: row.parent.as_ref().and_then(|p| above.get(p.as_str()).copied()),
                worked: old.is_some_and(|old| old.worked),
                was_due_on: old.and_then(|old| old.task.as_ref()).map(|task| task.due_on.0),
            };
            let mut told = faults(row, &ground);
            told.extend(taken(old, row));
            told.extend(strategy.fault(old.is_some()));
            if row.parent.as_ref() != Some(&row.code) && (below.contains(row.code.as_str()) || circular(row, &by_code)) {
                told.push(Fault::plain(Code::CircularParent, "/parent"));
            }
            if !told.is_empty() {
                found.push((*index, told));
            }
        }
        if found.is_empty() {
            break;
        }
        refused.extend(found);
    }
    let (mut verdicts, mut changed) = (Vec::new(), Vec::new());
    for (index, row) in rows {
        let code = row.code.as_str();
        verdicts.push(match (refused.remove(index), standing.get(code)) {
            (Some(faults), _) => Verdict::rejected(*index, Some(code.to_owned()), faults),
            (None, Some(old)) if old.task.as_ref() == Some(row) => Verdict::of(*index, code, RowStatus::Unchanged),
            (None, old) => {
                changed.push(row);
                Verdict::of(*index, code, if old.is_some() { RowStatus::Updated } else { RowStatus::Created })
            }
        });
    }
    if !changed.is_empty() {
        store::save_assigned(tx, &changed).await?;
        let after = store::standing_at(tx, changed.iter().map(|row| row.code.as_str().to_owned()).collect()).await?;
        let entry = |row: &&AssignedTask| {
            let saved = after.get(row.code.as_str())?;
            let lead = row.lead.first().and_then(|code| known.get(code.as_str()));
            let before = standing.get(row.code.as_str()).and_then(|old| old.task.as_ref());
            Some(Entry {
                act: "put",
                subject_type: "task",
                subject_id: saved.id,
                subject_code: Some(saved.code.clone()),
                department_id: lead.map(|d| d.id),
                version: saved.version,
                occurred_at: call.now,
                detail: audit::changed_view(before, *row),
            })
        };
        let entries: Vec<Entry> = changed.iter().filter_map(entry).collect();
        audit::record(tx, call, &entries).await?;
    }
    Ok(verdicts)
}

/// Makes a task from above, or changes one, in the course of another act.
///
/// # Errors
/// 422 with every fault, each pointing into the task.
pub async fn assign_from_above(tx: &DatabaseTransaction, call: &Call, task: &AssignedTask, strategy: Strategy) -> Result<(), ApiError> {
    let verdicts = load_assigned(tx, call, &[(0, task.clone())], strategy).await?;
    match verdicts.into_iter().find(|v| v.status == RowStatus::Rejected) {
        Some(refused) => Err(ApiError::broken(refused.errors)),
        None => Ok(()),
    }
}

/// Gives a task up in the course of another act; one that does not hold any more stays as it is.
///
/// # Errors
/// 409 when it is done already.
pub async fn give_up(tx: &DatabaseTransaction, call: &Call, code: &str, (reason, document_no): (&str, &str)) -> Result<(), ApiError> {
    let mut reaches = Reaches::of(call);
    reaches.read = Reach::All;
    let task = store::lock(tx, &reaches, &Key::Code(code.to_owned())).await?.ok_or_else(ApiError::not_found)?;
    let today = vn_date(call.now);
    if matches!(task.state(today), TaskState::Cancelled | TaskState::NotApplicable) {
        return Ok(());
    }
    if !task.allows(TaskAct::Cancel) {
        return Err(refused(call, &task, TaskAct::Cancel));
    }
    store::cancel(tx, task.id, today, reason, document_no).await?;
    done(tx, call, &task, "cancel", task.issuer_id, json!({"reason": reason, "document_number": document_no})).await.map(drop)
}

/// A code of a task that cannot be put.
fn taken(old: Option<&Kept>, row: &AssignedTask) -> Option<Fault> {
    let old = old?;
    if old.origin == TaskOrigin::Plan {
        let (vi, en) = ("Mã này là của nhiệm vụ trong kế hoạch.", "A task of a plan has this code; it changes with its plan.");
        return Some(Fault::new(Code::InUse, "/code", vi, en));
    }
    (old.over && old.task.as_ref() != Some(row)).then(|| {
        let (vi, en) = ("Nhiệm vụ đã kết thúc.", "The task is closed, cancelled or does not apply.");
        Fault::new(Code::InUse, "/code", vi, en)
    })
}

/// Whether a row is a part of itself by way of the others in the load.
fn circular(row: &AssignedTask, by_code: &HashMap<&str, &AssignedTask>) -> bool {
    let mut at = row;
    for _ in 0..by_code.len() {
        let Some(next) = at.parent.as_ref().and_then(|parent| by_code.get(parent.as_str())) else { return false };
        if next.code == row.code {
            return true;
        }
        at = next;
    }
    false
}
