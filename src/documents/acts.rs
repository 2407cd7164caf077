//! What people do with the register: put an entry, load many, void one.

use std::collections::HashMap;

use sea_orm::DatabaseTransaction;
use serde_json::{Value, json};

use super::rules::{self, Before, Decided, Known, Place};
use super::store::{self, Sight};
use super::wire::{DocumentView, NewDocument, VoidDocument};
use crate::audit::{self, Entry};
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::bulk::{RowStatus, Strategy, Verdict};
use crate::http::values::Key;
use crate::http::{Call, Reply, ResourceCode};

/// Rows decided and written at a time.
const CHUNK: usize = 2000;

/// Creates or changes the entry with this code.
///
/// # Errors
/// 404 for one out of sight, 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, permit: &Permit<perm::WriteDocument>, path: &str, row: &NewDocument) -> Result<Reply, ApiError> {
    let code = ResourceCode::parse(path).ok_or_else(ApiError::not_found)?;
    if let Some(given) = &row.code {
        given.check_path(path, "/code")?;
    }
    let row = NewDocument { code: Some(code), ..row.clone() };
    let known = store::know(tx, &permit.actor, permit.now).await?;
    let before = store::standing(tx, vec![path.to_owned()]).await?.remove(path);
    if let Some(old) = &before {
        if !known.reaches(old.department.as_deref(), old.is_secret()) {
            return Err(ApiError::not_found());
        }
        let equal = rules::place(&row, &known).is_some_and(|place| {
            let before = Before { same_code: Some(old), holder: None };
            matches!(rules::decide(&row, path, true, &place, before, &known, Strategy::Upsert), Decided::Unchanged(_))
        });
        if !permit.changes(old.id, old.version, equal)? {
            return Reply::unchanged(old.version, old);
        }
    }
    let verdicts = settle(tx, permit, &known, &[(0, row)], Strategy::Upsert).await?;
    if let Some(refused) = verdicts.into_iter().find(|v| v.status == RowStatus::Rejected) {
        return Err(ApiError::broken(refused.errors));
    }
    let view = store::standing(tx, vec![path.to_owned()]).await?.remove(path).ok_or_else(ApiError::not_found)?;
    match before {
        Some(_) => Reply::ok(view.version, &view),
        None => Reply::created(format!("/api/v1/documents/{path}"), view.version, &view),
    }
}

/// Loads entries set by set. Gives a verdict on each.
///
/// # Errors
/// 409 when another request wrote one of the codes or numbers meanwhile; refusals are in the verdicts.
pub async fn load(
    tx: &DatabaseTransaction,
    call: &Call,
    rows: &[(u64, NewDocument)],
    strategy: Strategy,
) -> Result<Vec<Verdict>, ApiError> {
    let known = store::know(tx, &call.actor, call.now).await?;
    settle(tx, call, &known, rows, strategy).await
}

/// A row with its place in the book and the code it comes to.
struct Placed<'a> {
    index: u64,
    row: &'a NewDocument,
    place: Option<Place>,
    code: Option<String>,
    /// The code of the document that has its number.
    holder: Option<String>,
}

async fn settle(
    tx: &DatabaseTransaction,
    call: &Call,
    known: &Known,
    rows: &[(u64, NewDocument)],
    strategy: Strategy,
) -> Result<Vec<Verdict>, ApiError> {
    let placed = place_all(tx, known, rows).await?;
    let (mut codes, mut places) = (HashMap::<&str, u32>::new(), HashMap::<&Place, u32>::new());
    for p in &placed {
        p.code.iter().for_each(|code| *codes.entry(code).or_default() += 1);
        p.place.iter().for_each(|place| *places.entry(place).or_default() += 1);
    }
    let mut verdicts = Vec::with_capacity(rows.len());
    for chunk in placed.chunks(CHUNK) {
        let standing = store::standing(tx, chunk.iter().filter_map(|p| p.code.clone()).collect()).await?;
        let (mut written, mut entries) = (Vec::new(), Vec::new());
        for p in chunk {
            let (Some(place), Some(code)) = (&p.place, &p.code) else {
                let missing = if p.place.is_none() { "/agency" } else { "/code" };
                verdicts.push(Verdict::rejected(p.index, p.code.clone(), vec![Fault::missing(missing)]));
                continue;
            };
            let twice = [("/code", codes.get(code.as_str())), ("/number", places.get(place))];
            let twice: Vec<Fault> = twice
                .into_iter()
                .filter(|(_, n)| n.is_some_and(|n| *n > 1))
                .map(|(at, _)| Fault::plain(Code::DuplicateInPayload, at))
                .collect();
            let old = standing.get(code);
            let before = Before { same_code: old, holder: p.holder.as_deref() };
            match rules::decide(p.row, code, p.row.code.is_some(), place, before, known, strategy) {
                Decided::Rejected(more) => verdicts.push(Verdict::rejected(p.index, Some(code.clone()), [twice, more].concat())),
                _ if !twice.is_empty() => verdicts.push(Verdict::rejected(p.index, Some(code.clone()), twice)),
                Decided::Unchanged(code) => verdicts.push(Verdict::of(p.index, &code, RowStatus::Unchanged)),
                Decided::Write(mut view) => {
                    let status = if old.is_some() { RowStatus::Updated } else { RowStatus::Created };
                    view.version += i32::from(old.is_some());
                    entries.push(entry(call, known, "put", old, &view));
                    written.push(*view);
                    verdicts.push(Verdict::of(p.index, code, status));
                }
            }
        }
        store::save(tx, &written, call.now).await?;
        audit::record(tx, call, &entries).await?;
    }
    Ok(verdicts)
}

/// Looks every number up before anything is written.
async fn place_all<'a>(tx: &DatabaseTransaction, known: &Known, rows: &'a [(u64, NewDocument)]) -> Result<Vec<Placed<'a>>, ApiError> {
    let mut placed = Vec::with_capacity(rows.len());
    for chunk in rows.chunks(CHUNK) {
        let places: Vec<Option<Place>> = chunk.iter().map(|(_, row)| rules::place(row, known)).collect();
        let holders = store::holders(tx, &places.iter().flatten().collect::<Vec<_>>()).await?;
        for ((index, row), place) in chunk.iter().zip(places) {
            let holder = place.as_ref().and_then(|p| holders.get(p)).cloned();
            let made = || place.as_ref().and_then(rules::made_code).map(|c| c.to_string());
            let code = row.code.as_ref().map(ToString::to_string).or_else(|| holder.clone()).or_else(made);
            placed.push(Placed { index: *index, row, place, code, holder });
        }
    }
    Ok(placed)
}

/// The audit line names what changed; of what is secret it keeps no more than that.
fn entry(call: &Call, known: &Known, act: &'static str, old: Option<&DocumentView>, view: &DocumentView) -> Entry {
    let mut detail = json!(view);
    if let Some(old) = old {
        detail[audit::CHANGED] = json!(audit::changed(&json!(old), &json!(view)));
    }
    if view.is_secret() || old.is_some_and(DocumentView::is_secret) {
        for member in ["summary", "sender", "recipients", "signer", "note", "void_reason"] {
            detail[member] = Value::Null;
        }
    }
    Entry {
        act,
        subject_type: "document",
        subject_id: view.id,
        subject_code: Some(view.code.clone()),
        department_id: view.department.as_ref().and_then(|code| known.departments.get(code)).map(|d| d.id),
        version: view.version,
        occurred_at: call.now,
        detail,
    }
}

/// Voids an entry: it stays, and so does its number.
///
/// # Errors
/// 404 for one out of sight, 403 for one out of reach, 409 when it is voided already, 412 and 428 on a stale or missing version.
pub async fn void(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::VoidDocument>,
    key: &Key,
    body: &VoidDocument,
) -> Result<Reply, ApiError> {
    let sight = Sight::of(&permit.actor);
    let old = store::find(tx, &sight, key, true).await?.ok_or_else(ApiError::not_found)?;
    if let Some(code) = &old.department {
        let department = departments::view_by_code(tx, code).await?.ok_or_else(ApiError::not_found)?;
        permit.check_reaches(department.id)?;
    }
    permit.check_version(old.id, old.version)?;
    if old.voided_at.is_some() {
        return Err(ApiError::new(Code::TransitionNotAllowed)
            .say("Văn bản đã bị hủy trong sổ.", "The entry has been voided already.")
            .member("from", "voided")
            .member("requested", "void")
            .member("allowed", json!([])));
    }
    if body.reason.is_blank() {
        return Err(ApiError::broken(vec![Fault::missing("/reason")]));
    }
    store::void(tx, old.id, body.reason.as_str(), permit.now).await?;
    let view = store::find(tx, &sight, key, false).await?.ok_or_else(ApiError::not_found)?;
    let known = store::know(tx, &permit.actor, permit.now).await?;
    audit::record(tx, permit, &[entry(permit, &known, "void", Some(&old), &view)]).await?;
    Reply::ok(view.version, &view)
}
