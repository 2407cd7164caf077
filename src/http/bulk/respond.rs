//! One transaction for a payload of rows, and its answer.

use std::collections::HashMap;

use actix_web::HttpResponse;
use sea_orm::{DatabaseConnection, DatabaseTransaction, TransactionTrait};
use serde_json::{Value, json};

use super::{BulkParams, BulkRow, LISTED, Mode, Parsed, Return, RowStatus, Summary, Verdict};
use crate::error::{ApiError, Code, Fault};
use crate::http::{Answer, Call};

/// Applies rows that fit into memory: `act` decides and writes all well-formed rows set by set, and gives a verdict on
/// each. Rows that share a key are refused before it.
///
/// # Errors
/// The act's, and 422 `rows_rejected` in atomic mode.
pub async fn apply<T, F>(db: &DatabaseConnection, call: &Call, params: BulkParams, rows: Vec<Parsed<T>>, act: F) -> Answer
where
    T: BulkRow,
    F: AsyncFn(&DatabaseTransaction, &[(u64, T)]) -> Result<Vec<Verdict>, ApiError>,
{
    let mut seen: HashMap<String, u32> = HashMap::new();
    for code in rows.iter().filter_map(|r| r.code.clone()) {
        *seen.entry(code).or_default() += 1;
    }
    let mut verdicts = Vec::new();
    let mut good = Vec::new();
    for parsed in rows {
        let mut faults = Vec::new();
        if parsed.code.as_ref().is_some_and(|c| seen.get(c).is_some_and(|n| *n > 1)) {
            faults.push(Fault::plain(Code::DuplicateInPayload, format!("/{}", T::KEY)));
        }
        match parsed.row {
            Ok(row) if faults.is_empty() => good.push((parsed.index, row)),
            Ok(_) => verdicts.push(Verdict::rejected(parsed.index, parsed.code, faults)),
            Err(more) => {
                faults.extend(more);
                verdicts.push(Verdict::rejected(parsed.index, parsed.code, faults));
            }
        }
    }
    let tx = db.begin().await?;
    verdicts.extend(act(&tx, &good).await?);
    let refused = verdicts.iter().any(|v| v.status == RowStatus::Rejected);
    if params.dry_run || (refused && params.mode == Mode::Atomic) {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    verdicts.sort_by_key(|v| v.index);
    let mut summary = Summary::default();
    verdicts.iter().for_each(|v| summary.count(v.status));
    let listed = verdicts.iter().filter(|v| match params.listing {
        Return::Summary => false,
        Return::All => !(refused && params.mode == Mode::Atomic) || v.status == RowStatus::Rejected,
        Return::Errors => v.status == RowStatus::Rejected || !v.warnings.is_empty(),
    });
    let most = if params.listing == Return::All { usize::MAX } else { LISTED };
    let results = listed.take(most).map(|v| v.json(call.lang)).collect();
    respond(params, summary, results)
}

/// The status and body of a finished load.
///
/// # Errors
/// 422 `rows_rejected` in atomic mode when a row was refused.
pub fn respond(params: BulkParams, summary: Summary, results: Vec<Value>) -> Answer {
    if summary.rejected > 0 && params.mode == Mode::Atomic {
        return Err(summary_problem(summary, results));
    }
    let mut response = if summary.rejected > 0 { HttpResponse::MultiStatus() } else { HttpResponse::Ok() };
    if params.dry_run {
        response.insert_header(("Dry-Run", "true"));
    }
    Ok(response.json(json!({"summary": summary, "results": results})))
}

/// 422: nothing was written. The summary counts what was received and refused.
pub fn summary_problem(summary: Summary, results: Vec<Value>) -> ApiError {
    let (all, bad) = (summary.received, summary.rejected);
    let nothing = Summary { received: all, rejected: bad, ..Summary::default() };
    ApiError::new(Code::RowsRejected)
        .say(format!("{bad} trên {all} dòng bị từ chối; không ghi gì."), format!("{bad} of {all} rows were refused; nothing was written."))
        .member("summary", json!(nothing))
        .member("results", results)
}
