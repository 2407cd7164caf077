//! What the administrator does with rule sets: put one.

use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::wire::{NewRuleSet, RuleSetView};
use super::{rules, store};
use crate::audit::{self, Entry};
use crate::error::{ApiError, Code, Fault};
use crate::http::{Call, Reply};

/// Creates or changes the rule set with this code. Its neighbours end where it begins and begin where it ends.
///
/// # Errors
/// 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, call: &Call, code: &str, row: &NewRuleSet) -> Result<Reply, ApiError> {
    if row.code.as_str() != code {
        return Err(ApiError::broken(vec![Fault::new(
            Code::RuleBroken,
            "/code",
            "Mã trong nội dung khác mã trên đường dẫn.",
            "The body's code differs from the path's.",
        )]));
    }
    let all = store::lock_all(tx).await?;
    let before = all.iter().find(|s| s.code == code);
    if let Some(old) = before {
        if call.create_only() {
            return Err(ApiError::new(Code::AlreadyExists).member("current_version", old.version));
        }
        if rules::equal(row, old) {
            return Reply::unchanged(old.version, old);
        }
        call.check_version(old.version)?;
    }
    let faults = rules::faults(row, &all);
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    store::upsert(tx, row).await?;
    let after = store::lock_all(tx).await?;
    let touched: Vec<Entry> = after.iter().filter(|s| !all.contains(s)).map(|s| entry(call, s)).collect();
    audit::record(tx, call, &touched).await?;
    let view = after.iter().find(|s| s.code == code).ok_or_else(ApiError::not_found)?;
    match before {
        Some(_) => Reply::ok(view.version, view),
        None => Reply::created(format!("/api/v1/rule-sets/{code}"), view.version, view),
    }
}

fn entry(call: &Call, view: &RuleSetView) -> Entry {
    Entry {
        act: "put",
        subject_type: "rule_set",
        subject_id: view.id,
        subject_code: Some(view.code.clone()),
        department_id: None,
        version: view.version,
        occurred_at: call.now,
        detail: json!(view),
    }
}
