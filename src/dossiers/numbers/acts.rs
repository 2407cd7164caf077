//! What people do with numbers: take the next one, hold a block, give up the rest of it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DatabaseTransaction, DbErr};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rules::{self, Counter, MOST, Number};
use super::store::{self, NewBlock};
use super::wire::{NewReservation, Release, ReservationState, ReservationView};
use crate::audit::{self, Entry};
use crate::calendar::vn_date;
use crate::departments::{self, Known};
use crate::dossiers::store::code_exists;
use crate::error::{ApiError, Code, Fault, constraint};
use crate::http::{Call, Reply};

/// A day that runs out of numbers is told as such.
fn exhausted(error: DbErr, pointer: &'static str) -> ApiError {
    match constraint(&error).as_deref() {
        Some("dossier_number_check") => ApiError::broken(vec![Fault::new(
            Code::NumbersExhausted,
            pointer,
            format!("Mỗi ngày có tối đa {MOST} số."),
            format!("A day has {MOST} numbers at most."),
        )]),
        _ => error.into(),
    }
}

/// The code of the next dossier of an agency's day.
///
/// # Errors
/// 422 when the day has no more numbers.
pub async fn allot(tx: &DatabaseTransaction, agency: &str, day: NaiveDate) -> Result<String, ApiError> {
    loop {
        let n = store::take(tx, agency, day, 1).await.map_err(|error| exhausted(error, ""))?;
        let code = Number { agency: agency.to_owned(), day, n }.code();
        // What was loaded before the agency had this identifier may look like a number of it: passed over.
        if !code_exists(tx, &code).await? {
            return Ok(code);
        }
    }
}

/// Why a counter may not bring this code along, if it is a number of ours that no dossier has yet.
///
/// # Errors
/// The database's.
pub async fn fault_of_brought(
    tx: &DatabaseTransaction,
    code: &str,
    counter: &Known,
    departments: &HashMap<String, Known>,
    now: DateTime<Utc>,
) -> Result<Option<Fault>, ApiError> {
    let agencies: HashSet<&str> = departments.values().map(|d| d.agency.as_str()).collect();
    let Some(number) = rules::parse(code, |agency| agencies.contains(agency)) else { return Ok(None) };
    if code_exists(tx, code).await? {
        return Ok(None);
    }
    // The last number first: each statement sees what was committed before it, and a block that is reserved between the two must
    // not make its numbers look like a hole of the past.
    let last = store::last(tx, &number).await?;
    let block = store::block_of(tx, &number).await?;
    Ok(rules::brought(&number, last, block.as_ref(), Counter { id: counter.id, agency: &counter.agency }, now))
}

/// Holds the next numbers for a counter.
///
/// # Errors
/// 422 with every fault.
pub async fn reserve(tx: &DatabaseTransaction, call: &Call, new: &NewReservation) -> Result<Reply, ApiError> {
    let day = new.day.map_or_else(|| vn_date(call.now), |day| day.0);
    let departments = departments::known(tx).await?;
    let counter = departments.get(new.department.as_str());
    let faults = rules::faults(new, counter, day, call.now);
    let Some(counter) = counter.filter(|_| faults.is_empty()) else { return Err(ApiError::broken(faults)) };
    let count = new.count.0;
    let last = store::take(tx, &counter.agency, day, count).await.map_err(|error| exhausted(error, "/count"))?;
    let block = NewBlock {
        id: Uuid::now_v7(),
        department: counter.id,
        agency: &counter.agency,
        day,
        first: last - count + 1,
        last,
        reserved_at: call.now,
        reserved_by: &call.actor.username,
        expires_at: rules::expiry(new, day, call.now),
    };
    store::insert(tx, &block).await?;
    let view = store::find(tx, block.id, call.now).await?.ok_or_else(ApiError::not_found)?;
    tell(tx, call, "reserve", &view, counter.id, json!({"reservation": view})).await?;
    Reply::created(format!("/api/v1/dossier-numbers/reservations/{}", block.id), view.version, &view)
}

/// Gives up the numbers of a block that no dossier has: they stay unused, and the gap is explained.
///
/// # Errors
/// 404, 428, 412; 409 when the block was released or has expired.
pub async fn release(tx: &DatabaseTransaction, call: &Call, id: Uuid, body: &Release) -> Result<Reply, ApiError> {
    let before = store::lock(tx, id, call.now).await?.ok_or_else(ApiError::not_found)?;
    call.check_version(before.id, before.version)?;
    if before.state != ReservationState::Open {
        return Err(ApiError::new(Code::ReservationOver).member("state", json!(before.state)));
    }
    store::release(tx, id, call.now).await?;
    let view = store::find(tx, id, call.now).await?.ok_or_else(ApiError::not_found)?;
    let departments = departments::known(tx).await?;
    let counter = departments.get(&view.department).ok_or_else(ApiError::not_found)?;
    let changed = audit::changed(&json!(before), &json!(view));
    let detail = json!({"reservation": view, "reason": body.reason, audit::CHANGED: changed});
    tell(tx, call, "release", &view, counter.id, detail).await?;
    Reply::ok(view.version, &view)
}

async fn tell(
    tx: &DatabaseTransaction,
    call: &Call,
    act: &'static str,
    view: &ReservationView,
    counter: Uuid,
    detail: Value,
) -> Result<(), ApiError> {
    let entry = Entry {
        act,
        subject_type: "dossier_number_reservation",
        subject_id: view.id,
        subject_code: Some(view.first_code.clone()),
        department_id: Some(counter),
        version: view.version,
        occurred_at: call.now,
        detail,
    };
    Ok(audit::record(tx, call, &[entry]).await?)
}
