//! What the administrator does with calendars: put one, put a day, take one out. Each change makes a version; no dossier moves.

use chrono::NaiveDate;
use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::rules;
use super::store::{self, Subject};
use super::wire::{CalendarView, NewCalendar, NewCalendarDay};
use crate::audit::{self, Entry};
use crate::departments;
use crate::error::{ApiError, Code, Fault, constraint};
use crate::http::{Call, Day, Reply, ResourceCode};

/// Creates or changes the calendar with this code.
///
/// # Errors
/// 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, call: &Call, code: &str, row: &NewCalendar) -> Result<Reply, ApiError> {
    row.code.check_path(code, "/code")?;
    let subject = store::lock(tx, code).await?;
    let before = match &subject {
        Some(_) => store::find(tx, code, None).await?,
        None => None,
    };
    if let (Some(subject), Some(old)) = (&subject, &before)
        && !call.changes(subject.id, old.version, rules::equal(row, old))?
    {
        return Reply::unchanged(old.version, old);
    }
    let mut faults = rules::faults(row, before.as_ref());
    let department = match &row.department {
        Some(code) => departments::known(tx).await?.remove(code.as_str()),
        None => None,
    };
    if let (Some(code), None) = (&row.department, &department) {
        faults.push(Fault::unknown("/department", code.as_str()));
    }
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    match (&before, &department) {
        (None, Some(department)) => {
            store::insert(tx, row, department.id, call.now).await.map_err(|error| match constraint(&error).as_deref() {
                Some("calendar_department_key") => ApiError::broken(vec![Fault::new(
                    Code::InUse,
                    "/department",
                    "Đơn vị này đã có lịch riêng.",
                    "This department has a calendar of its own already.",
                )]),
                Some("calendars_pkey") => ApiError::new(Code::ConcurrentChange),
                _ => error.into(),
            })?
        }
        _ => store::update(tx, row, call.now).await?,
    }
    let (subject, view) = after(tx, code).await?;
    tell(tx, call, &subject, "put", audit::changed_view(before.as_ref(), &view)).await?;
    match before {
        Some(_) => Reply::ok(view.version, &view),
        None => Reply::created(format!("/api/v1/calendars/{code}"), view.version, &view),
    }
}

/// Puts a day into a calendar. The version that a change is decided on is the calendar's.
///
/// # Errors
/// 404 without the calendar, 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put_day(tx: &DatabaseTransaction, call: &Call, code: &str, on: NaiveDate, day: &NewCalendarDay) -> Result<Reply, ApiError> {
    let calendar = find(tx, code).await?;
    let before = store::day(tx, code, on).await?;
    if let Some(old) = &before {
        if call.create_only() {
            return Err(ApiError::new(Code::AlreadyExists).member("current_version", calendar.version));
        }
        if old.kind == day.kind && old.name == day.name.as_str() {
            return Reply::unchanged(calendar.version, old);
        }
    }
    if before.is_some() || call.names_version() {
        call.check_version(calendar.id, calendar.version)?;
    }
    if day.name.is_blank() {
        return Err(ApiError::broken(vec![Fault::missing("/name")]));
    }
    let years = view(tx, code).await?.years;
    store::set_day(tx, code, on, Some(day), call.now).await?;
    let (subject, after) = after(tx, code).await?;
    let view = store::day(tx, code, on).await?.ok_or_else(ApiError::not_found)?;
    let mut detail = json!(view);
    detail[audit::CHANGED] = changed(&years, &after);
    tell(tx, call, &subject, "put_day", detail).await?;
    match before {
        Some(_) => Reply::ok(subject.version, &view),
        None => Reply::created(format!("/api/v1/calendars/{code}/days/{on}"), subject.version, &view),
    }
}

/// Takes a day out of a calendar: it is like its weekday again, or as the base has it.
///
/// # Errors
/// 404 without the calendar or the day, 412 and 428 on a stale or missing version.
pub async fn remove_day(tx: &DatabaseTransaction, call: &Call, code: &str, on: NaiveDate) -> Result<Reply, ApiError> {
    let calendar = find(tx, code).await?;
    let day = store::day(tx, code, on).await?.ok_or_else(ApiError::not_found)?;
    call.check_version(calendar.id, calendar.version)?;
    let years = view(tx, code).await?.years;
    store::set_day(tx, code, on, None, call.now).await?;
    let (subject, view) = after(tx, code).await?;
    let detail = json!({"on": Day(on), "kind": day.kind, "name": day.name, audit::CHANGED: changed(&years, &view)});
    tell(tx, call, &subject, "remove_day", detail).await?;
    Reply::ok(view.version, &view)
}

async fn find(tx: &DatabaseTransaction, code: &str) -> Result<Subject, ApiError> {
    // What cannot be a code is none: it never reaches the database.
    let code = ResourceCode::parse(code).ok_or_else(ApiError::not_found)?;
    store::lock(tx, code.as_str()).await?.ok_or_else(ApiError::not_found)
}

async fn after(tx: &DatabaseTransaction, code: &str) -> Result<(Subject, CalendarView), ApiError> {
    let subject = store::lock(tx, code).await?.ok_or_else(ApiError::not_found)?;
    Ok((subject, view(tx, code).await?))
}

async fn view(tx: &DatabaseTransaction, code: &str) -> Result<CalendarView, ApiError> {
    store::find(tx, code, None).await?.ok_or_else(ApiError::not_found)
}

/// What a changed day changes of the calendar: its list of days, and the years that it has days of.
fn changed(years: &[i32], after: &CalendarView) -> serde_json::Value {
    if years == after.years { json!(["days"]) } else { json!(["days", "years"]) }
}

async fn tell(
    tx: &DatabaseTransaction,
    call: &Call,
    subject: &Subject,
    act: &'static str,
    detail: serde_json::Value,
) -> Result<(), ApiError> {
    let entry = Entry {
        act,
        subject_type: "calendar",
        subject_id: subject.id,
        subject_code: Some(subject.code.clone()),
        department_id: subject.department_id,
        version: subject.version,
        occurred_at: call.now,
        detail,
    };
    Ok(audit::record(tx, call, &[entry]).await?)
}
