//! One transaction for a payload of rows, and its answer.

use std::collections::HashMap;

use actix_web::HttpResponse;
use sea_orm::{DatabaseConnection, DatabaseTransaction, TransactionTrait};
use serde_json::{Value, json};

use super::{BulkParams, BulkRow, LISTED, Mode, Parsed, Return, RowStatus, Rows, Summary, Verdict};
use crate::error::{ApiError, Code, Fault};
use crate::http::retry::{Claim, MOST_KEPT, Retry};
use crate::http::{Answer, Call, Reply};

/// Applies rows that fit into memory: `act` decides and writes all well-formed rows set by set, and gives a verdict on
/// each. Rows that share a key are refused before it.
///
/// # Errors
/// The act's, and 422 `rows_rejected` in atomic mode.
pub async fn apply<T, F>(db: &DatabaseConnection, call: &Call, params: BulkParams, rows: Rows<T>, act: F) -> Answer
where
    T: BulkRow,
    F: AsyncFn(&DatabaseTransaction, &[(u64, T)]) -> Result<Vec<Verdict>, ApiError>,
{
    let mut seen: HashMap<String, u32> = HashMap::new();
    for code in rows.iter().filter_map(|r| r.code.clone()) {
        *seen.entry(code).or_default() += 1;
    }
    let (good, refused) = sort_out(rows.rows, |code| seen.get(code).is_some_and(|n| *n > 1));
    let load = Load { call, params, hash: &rows.hash, good, refused };
    let mut tries = 0;
    loop {
        match attempt(db, &load, &act).await {
            Err(error) if error.retryable() && tries < 2 => tries += 1,
            other => return other,
        }
    }
}

/// Parts the rows that may be decided from those that are refused for their shape, or for a key that stands twice in the payload.
pub fn sort_out<T: BulkRow>(rows: Vec<Parsed<T>>, twice: impl Fn(&str) -> bool) -> (Vec<(u64, T)>, Vec<Verdict>) {
    let mut verdicts = Vec::new();
    let mut good = Vec::new();
    for parsed in rows {
        let mut faults = Vec::new();
        if parsed.code.as_deref().is_some_and(&twice) {
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
    verdicts.sort_by_key(|v| v.index);
    (good, verdicts)
}

/// A load whose rows are read.
struct Load<'a, T> {
    call: &'a Call,
    params: BulkParams,
    hash: &'a [u8; 32],
    good: Vec<(u64, T)>,
    refused: Vec<Verdict>,
}

async fn attempt<T, F>(db: &DatabaseConnection, load: &Load<'_, T>, act: &F) -> Answer
where
    F: AsyncFn(&DatabaseTransaction, &[(u64, T)]) -> Result<Vec<Verdict>, ApiError>,
{
    let params = load.params;
    let tx = db.begin().await?;
    let retry = Retry::of(load.call);
    if let Some(retry) = &retry
        && let Claim::Kept(kept) = retry.claim(&tx).await?
    {
        return Ok(retry.replay(kept, load.hash)?.respond());
    }
    let mut verdicts = load.refused.clone();
    verdicts.extend(act(&tx, &load.good).await?);
    verdicts.sort_by_key(|v| v.index);
    let mut summary = Summary::default();
    verdicts.iter().for_each(|v| summary.count(v.status));
    let nothing = summary.rejected > 0 && params.mode == Mode::Atomic;
    let listed = verdicts.iter().filter(|v| match params.listing {
        Return::Summary => false,
        Return::All => !nothing || v.status == RowStatus::Rejected,
        Return::Errors => v.status == RowStatus::Rejected || !v.warnings.is_empty(),
    });
    let all = listed.clone().count();
    let most = if nothing || retry.is_some() { LISTED } else { usize::MAX };
    let listed = listed.take(most).map(|v| v.json(load.call.lang));
    let results: Vec<Value> = if retry.is_some() { as_many_as_are_kept(listed) } else { listed.collect() };
    if nothing {
        tx.rollback().await?;
        return Err(summary_problem(summary, results));
    }
    let cut = results.len() < all;
    let mut body = json!({"summary": summary, "results": results});
    if cut {
        body["truncated"] = true.into();
    }
    let reply = reply(summary, &body)?;
    if params.dry_run {
        tx.rollback().await?;
        return Ok(respond_with(reply.header("Dry-Run", "true"), summary));
    }
    if let Some(retry) = &retry {
        retry.keep(&tx, load.hash, &reply).await?;
    }
    tx.commit().await?;
    Ok(respond_with(reply, summary))
}

fn as_many_as_are_kept(listed: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut size = 0;
    listed
        .take_while(|row| {
            size += row.to_string().len() + 1;
            size <= MOST_KEPT
        })
        .collect()
}

/// 200, or 207 when rows were refused and the others written.
fn reply(summary: Summary, body: &Value) -> Result<Reply, ApiError> {
    Reply::json(if summary.rejected > 0 { 207 } else { 200 }, body)
}

/// The answer, with the counts beside it for whoever counts rows.
pub fn respond_with(reply: Reply, summary: Summary) -> HttpResponse {
    let mut response = reply.respond();
    response.extensions_mut().insert(summary);
    response
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
