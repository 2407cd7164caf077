//! What the administrator does with departments: put one, load many.

use std::collections::HashMap;

use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::wire::{DepartmentView, NewDepartment};
use super::{rules, store};
use crate::audit::{self, Entry};
use crate::error::{ApiError, Fault};
use crate::http::bulk::{RowStatus, Strategy, Verdict};
use crate::http::{Call, Reply};

/// Creates or changes the department with this code.
///
/// # Errors
/// 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, call: &Call, code: &str, row: &NewDepartment) -> Result<Reply, ApiError> {
    row.code.check_path(code, "/code")?;
    let before = store::lock_all(tx).await?.remove(code);
    if let Some(old) = &before
        && !call.changes(old.id, old.version, rules::equal(row, old))?
    {
        return Reply::unchanged(old.version, old);
    }
    let verdicts = load(tx, call, &[(0, row.clone())], Strategy::Upsert).await?;
    let refused = verdicts.into_iter().find(|v| v.status == RowStatus::Rejected);
    if let Some(refused) = refused {
        return Err(ApiError::broken(refused.errors));
    }
    let view = store::view_by_code(tx, code).await?.ok_or_else(ApiError::not_found)?;
    match before {
        Some(_) => Reply::ok(view.version, &view),
        None => Reply::created(format!("/api/v1/departments/{code}"), view.version, &view),
    }
}

/// Loads departments set by set; rows may refer to each other. Gives a verdict on each.
///
/// # Errors
/// The database's; refusals are in the verdicts.
pub async fn load(
    tx: &DatabaseTransaction,
    call: &Call,
    rows: &[(u64, NewDepartment)],
    strategy: Strategy,
) -> Result<Vec<Verdict>, ApiError> {
    let known = store::lock_all(tx).await?;
    let mut refused: HashMap<u64, Vec<Fault>> = HashMap::new();
    // A row that is refused takes those with it that refer to it.
    loop {
        let mut parents: HashMap<String, Option<String>> = known.values().map(|d| (d.code.clone(), d.parent.clone())).collect();
        for (_, row) in rows.iter().filter(|(index, _)| !refused.contains_key(index)) {
            parents.insert(row.code.as_str().to_owned(), row.parent.as_ref().map(|p| p.as_str().to_owned()));
        }
        let before = refused.len();
        for (index, row) in rows {
            if !refused.contains_key(index) {
                let mut faults = rules::faults(row, &parents);
                faults.extend(strategy.fault(known.contains_key(row.code.as_str())));
                if !faults.is_empty() {
                    refused.insert(*index, faults);
                }
            }
        }
        if refused.len() == before {
            break;
        }
    }
    let mut verdicts = Vec::new();
    let mut changed = Vec::new();
    for (index, row) in rows {
        let code = row.code.as_str();
        verdicts.push(match (refused.remove(index), known.get(code)) {
            (Some(faults), _) => Verdict::rejected(*index, Some(code.to_owned()), faults),
            (None, Some(old)) if rules::equal(row, old) => Verdict::of(*index, code, RowStatus::Unchanged),
            (None, old) => {
                changed.push(row);
                Verdict::of(*index, code, if old.is_some() { RowStatus::Updated } else { RowStatus::Created })
            }
        });
    }
    if !changed.is_empty() {
        store::upsert(tx, &changed).await?;
        let after = store::lock_all(tx).await?;
        let entries: Vec<Entry> = changed.iter().filter_map(|row| Some(entry(call, after.get(row.code.as_str())?))).collect();
        audit::record(tx, call, &entries).await?;
    }
    Ok(verdicts)
}

fn entry(call: &Call, view: &DepartmentView) -> Entry {
    Entry {
        act: "put",
        subject_type: "department",
        subject_id: view.id,
        subject_code: Some(view.code.clone()),
        department_id: Some(view.id),
        version: view.version,
        occurred_at: call.now,
        detail: json!(view),
    }
}
