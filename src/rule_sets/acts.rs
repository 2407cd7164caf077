//! What the administrator does with rule sets: put one.

use sea_orm::DatabaseTransaction;

use super::wire::{NewRuleSet, RuleSetView};
use super::{rules, store};
use crate::audit::{self, Entry};
use crate::error::ApiError;
use crate::http::{Call, Reply};

/// Creates or changes the rule set with this code. Its neighbours end where it begins and begin where it ends.
///
/// # Errors
/// 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, call: &Call, code: &str, row: &NewRuleSet) -> Result<Reply, ApiError> {
    row.code.check_path(code, "/code")?;
    let all = store::lock_all(tx).await?;
    let before = all.iter().find(|s| s.code == code);
    if let Some(old) = before
        && !call.changes(old.id, old.version, rules::equal(row, old))?
    {
        return Reply::unchanged(old.version, old);
    }
    let faults = rules::faults(row, &all);
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    store::upsert(tx, row).await?;
    let after = store::lock_all(tx).await?;
    let touched: Vec<Entry> =
        after.iter().filter(|s| !all.contains(s)).map(|s| entry(call, all.iter().find(|old| old.id == s.id), s)).collect();
    audit::record(tx, call, &touched).await?;
    let view = after.iter().find(|s| s.code == code).ok_or_else(ApiError::not_found)?;
    match before {
        Some(_) => Reply::ok(view.version, view),
        None => Reply::created(format!("/api/v1/rule-sets/{code}"), view.version, view),
    }
}

fn entry(call: &Call, before: Option<&RuleSetView>, view: &RuleSetView) -> Entry {
    Entry {
        act: "put",
        subject_type: "rule_set",
        subject_id: view.id,
        subject_code: Some(view.code.clone()),
        department_id: None,
        version: view.version,
        occurred_at: call.now,
        detail: audit::changed_view(before, view),
    }
}
