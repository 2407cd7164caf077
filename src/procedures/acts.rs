//! What the administrator does with procedures: put one, load many.

use std::collections::HashMap;

use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::rules::FieldNames;
use super::wire::{NewProcedure, ProcedureView};
use super::{rules, store};
use crate::audit::{self, Entry};
use crate::departments;
use crate::error::{ApiError, Fault};
use crate::http::bulk::{RowStatus, Strategy, Verdict};
use crate::http::values::Key;
use crate::http::{Call, Reply};

/// Creates or changes the procedure with this code.
///
/// # Errors
/// 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, call: &Call, code: &str, row: &NewProcedure) -> Result<Reply, ApiError> {
    row.code.check_path(code, "/code")?;
    // Before the version is read: two changes decided on the same version must not both pass.
    store::lock(tx).await?;
    let key = Key::Code(code.to_owned());
    let before = store::find(tx, &key).await?;
    if let Some(old) = &before
        && !call.changes(old.id, old.version, rules::equal(row, old, row.field.name.as_ref().map(|name| name.as_str())))?
    {
        return Reply::unchanged(old.version, old);
    }
    let verdicts = load(tx, call, &[(0, row.clone())], Strategy::Upsert).await?;
    if let Some(refused) = verdicts.into_iter().find(|v| v.status == RowStatus::Rejected) {
        return Err(ApiError::broken(refused.errors));
    }
    let view = store::find(tx, &key).await?.ok_or_else(ApiError::not_found)?;
    match before {
        Some(_) => Reply::ok(view.version, &view),
        None => Reply::created(format!("/api/v1/procedures/{code}"), view.version, &view),
    }
}

/// Loads procedures set by set and gives a verdict on each.
///
/// # Errors
/// The database's; refusals are in the verdicts.
pub async fn load(
    tx: &DatabaseTransaction,
    call: &Call,
    rows: &[(u64, NewProcedure)],
    strategy: Strategy,
) -> Result<Vec<Verdict>, ApiError> {
    store::lock(tx).await?;
    let known = store::with_codes(tx, rows.iter().map(|(_, row)| row.code.as_str().to_owned()).collect()).await?;
    let stored = store::fields(tx).await?;
    let departments = departments::known(tx).await?;
    let mut refused: HashMap<u64, Vec<Fault>> = HashMap::new();
    // A refused row names no field: it takes those with it that relied on the name.
    let names = loop {
        let good = rows.iter().filter(|(index, _)| !refused.contains_key(index));
        let names = rules::field_names(&stored, good.clone().map(|(_, row)| row));
        let found: Vec<_> = good
            .filter_map(|(index, row)| {
                let mut faults = rules::faults(row, &names, |code| departments.contains_key(code));
                faults.extend(strategy.fault(known.contains_key(row.code.as_str())));
                (!faults.is_empty()).then_some((*index, faults))
            })
            .collect();
        if found.is_empty() {
            break names;
        }
        refused.extend(found);
    };
    let mut verdicts = Vec::new();
    let mut changed = Vec::new();
    for (index, row) in rows {
        let code = row.code.as_str();
        let field_name = names.get(row.field.code.as_str()).map(String::as_str);
        verdicts.push(match (refused.remove(index), known.get(code)) {
            (Some(faults), _) => Verdict::rejected(*index, Some(code.to_owned()), faults),
            (None, Some(old)) if rules::equal(row, old, field_name) => Verdict::of(*index, code, RowStatus::Unchanged),
            (None, old) => {
                changed.push(row);
                Verdict::of(*index, code, if old.is_some() { RowStatus::Updated } else { RowStatus::Created })
            }
        });
    }
    let renamed: FieldNames = names.into_iter().filter(|(code, name)| stored.get(code) != Some(name)).collect();
    save(tx, call, &changed, &renamed).await?;
    Ok(verdicts)
}

/// Writes what changed, with the audit line and the event of every procedure that looks different now.
async fn save(tx: &DatabaseTransaction, call: &Call, changed: &[&NewProcedure], renamed: &FieldNames) -> Result<(), ApiError> {
    let mut codes: Vec<String> = changed.iter().map(|row| row.code.as_str().to_owned()).collect();
    if !renamed.is_empty() {
        let touched = store::put_fields(tx, renamed, codes.clone()).await?;
        codes.extend(touched);
    }
    if !changed.is_empty() {
        store::upsert(tx, changed).await?;
    }
    if !codes.is_empty() {
        let after = store::with_codes(tx, codes.clone()).await?;
        let entries: Vec<Entry> = codes.iter().filter_map(|code| Some(entry(call, after.get(code)?))).collect();
        audit::record(tx, call, &entries).await?;
    }
    Ok(())
}

fn entry(call: &Call, view: &ProcedureView) -> Entry {
    Entry {
        act: "put",
        subject_type: "procedure",
        subject_id: view.id,
        subject_code: Some(view.code.clone()),
        department_id: Some(view.department_id),
        version: view.version,
        occurred_at: call.now,
        detail: json!(view),
    }
}
