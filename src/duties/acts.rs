//! What people do about reports: set a duty, hand in, put together, send.

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::DutyAct;
use super::occurrences::{self, Occurrence};
use super::rules::{self, Ground, Planned};
use super::store::{self, Stored};
use super::wire::{
    ConsolidationView, DispatchView, DutyImport, DutyOccurrenceView, DutyStep, NewConsolidation, NewDispatch, NewDuty, NewDutyDates,
    NewHandIn,
};
use crate::audit::{self, Entry};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, Fault, constraint};
use crate::http::values::Key;
use crate::http::{At, Call, Reply};
use crate::plans;
use crate::reports::period::Period;

/// Creates or changes the duty with this code.
///
/// # Errors
/// 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, permit: &Permit<perm::WriteDuty>, code: &str, duty: &NewDuty) -> Result<Reply, ApiError> {
    duty.code.check_path(code, "/code")?;
    let before = store::lock(tx, code).await?;
    if let Some(old) = &before
        && !permit.changes(old.id, old.version, same(duty, old))?
    {
        return Reply::unchanged(old.version, &old.clone().view());
    }
    let known = departments::known(tx).await?;
    let plan = match &duty.plan {
        Some(plan) => store::plan_exists(tx, &permit.actor.reach(Permission::ReadPlan), plan.as_str()).await?,
        None => true,
    };
    let faults = rules::duty_faults(duty, &Ground { department: &|code| known.contains_key(code), plan });
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    let id = before.as_ref().map_or_else(Uuid::now_v7, |old| old.id);
    write(tx, permit, id, duty, before.as_ref()).await?;
    let view = store::find(tx, &Key::Id(id)).await?.ok_or_else(ApiError::not_found)?.view();
    match before {
        Some(_) => Reply::ok(view.version, &view),
        None => Reply::created(format!("/api/v1/duties/{code}"), view.version, &view),
    }
}

async fn write(tx: &DatabaseTransaction, call: &Call, id: Uuid, duty: &NewDuty, before: Option<&Stored>) -> Result<(), ApiError> {
    let version = store::save(tx, call, id, duty).await.map_err(|error| match constraint(&error).as_deref() {
        Some("duty_code_key") => ApiError::new(Code::CodeTaken).because(error),
        _ => error.into(),
    })?;
    let mut detail = json!(duty);
    if let Some(old) = before {
        detail[audit::CHANGED] = json!(audit::changed(&json!(body(old)), &json!(duty)));
    }
    let entry = Entry {
        act: "put",
        subject_type: "duty",
        subject_id: id,
        subject_code: Some(duty.code.as_str().to_owned()),
        department_id: None,
        version,
        occurred_at: call.now,
        detail,
    };
    audit::record(tx, call, &[entry]).await?;
    Ok(())
}

/// A duty as the body that would put it.
fn body(stored: &Stored) -> Value {
    json!({"code": stored.code, "plan": stored.plan, "what": stored.what, "source": stored.source, "from": stored.from, "via": stored.via,
        "to": stored.to, "schedule": stored.schedule, "valid_from": stored.valid_from, "valid_to": stored.valid_to, "notes": stored.notes})
}

fn same(duty: &NewDuty, old: &Stored) -> bool {
    json!(duty) == body(old)
}

/// Takes over the duties that a plan sets; those that are there already stay as they are.
///
/// # Errors
/// 422 for a plan that does not exist, or whose codes are too long.
pub async fn import(tx: &DatabaseTransaction, permit: &Permit<perm::WriteDuty>, code: &str) -> Result<Reply, ApiError> {
    let reach = permit.actor.reach(Permission::ReadPlan);
    let plan = plans::find(tx, &reach, &Key::Code(code.to_owned())).await?;
    let plan = plan.ok_or_else(|| ApiError::broken(vec![Fault::unknown("/plan", code)]))?.plan;
    let mut outcome = DutyImport { created: Vec::new(), existing: Vec::new() };
    for duty in &plan.reporting_duties {
        let (vi, en) = ("Mã chế độ báo cáo quá dài.", "The code of a duty would be too long.");
        let long = || ApiError::broken(vec![Fault::new(Code::WrongFormat, "/plan", vi, en)]);
        let duty = rules::from_plan(duty, &plan).ok_or_else(long)?;
        let code = duty.code.as_str().to_owned();
        if store::lock(tx, &code).await?.is_some() {
            outcome.existing.push(code);
            continue;
        }
        write(tx, permit, Uuid::now_v7(), &duty, None).await?;
        outcome.created.push(code);
    }
    Reply::plain(&outcome)
}

/// The duty and its report for a period.
///
/// # Errors
/// 404 where there is none.
pub async fn find(db: &impl ConnectionTrait, duty: &str, period: &str) -> Result<(Stored, Occurrence), ApiError> {
    let duty = store::find(db, &duty.into()).await?.ok_or_else(ApiError::not_found)?;
    let occurrence = occurrences::find(db, &duty, period).await?.ok_or_else(ApiError::not_found)?;
    Ok((duty, occurrence))
}

/// A report, locked at the version the caller has seen, with an act that what was done so far allows.
async fn open(tx: &DatabaseTransaction, call: &Call, (duty, period): (&str, &str), act: DutyAct) -> Result<(Stored, Occurrence), ApiError> {
    let (duty, occurrence) = find(tx, duty, period).await?;
    let locked = lock(tx, &duty, &occurrence.planned).await?;
    call.check_version(locked.report.as_ref().map_or(duty.id, |r| r.id), locked.version())?;
    if !rules::allows(act, &locked.facts(&duty)) {
        return Err(refused(call, &duty, &locked, act));
    }
    Ok((duty, locked))
}

async fn lock(tx: &DatabaseTransaction, duty: &Stored, planned: &Planned) -> Result<Occurrence, ApiError> {
    store::lock_report(tx, duty.id, planned).await?;
    occurrences::find(tx, duty, &planned.period).await?.ok_or_else(ApiError::not_found)
}

fn refused(call: &Call, duty: &Stored, occurrence: &Occurrence, act: DutyAct) -> ApiError {
    let (vi, en) = match occurrence.report.as_ref().and_then(|r| r.sent_on) {
        Some(_) => ("Báo cáo đã gửi.", "The report was sent."),
        None => ("Báo cáo chưa được tổng hợp.", "The report has not been consolidated."),
    };
    ApiError::new(Code::TransitionNotAllowed)
        .say(vi, en)
        .member("from", rules::state(&occurrence.facts(duty), vn_date(call.now)).name())
        .member("requested", act.name())
        .member("allowed", json!(allowed(call, duty, occurrence)))
}

fn allowed(call: &Call, duty: &Stored, occurrence: &Occurrence) -> Vec<DutyAct> {
    let has = |permission| !call.actor.reach(permission).is_nowhere();
    let hand_in = call.actor.reach(Permission::HandIn);
    let may = |act: &DutyAct| match act {
        DutyAct::HandIn => duty.reporters.iter().any(|r| hand_in.covers(r.id)),
        DutyAct::Consolidate => has(Permission::ConsolidateDuty),
        DutyAct::Dispatch => has(Permission::DispatchDuty),
        DutyAct::SetDates => has(Permission::WriteDuty),
    };
    let facts = occurrence.facts(duty);
    DutyAct::ALL.iter().copied().filter(|act| rules::allows(*act, &facts) && may(act)).collect()
}

/// Sets the dates of one report, or makes one where the duty gives none.
///
/// # Errors
/// 404 for an unknown duty, 409 once it was sent, 412 and 428 on versions, 422 with every fault.
pub async fn set_dates(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WriteDuty>,
    (code, period): (&str, &str),
    dates: &NewDutyDates,
) -> Result<Reply, ApiError> {
    let duty = store::find(tx, &code.into()).await?.ok_or_else(ApiError::not_found)?;
    if Period::parse(period).is_none() {
        return Err(ApiError::not_found());
    }
    let before = store::report(tx, duty.id, period).await?;
    // A report that is there already is locked with the dates that it has.
    let (due_on, internal_due_on) = match &before {
        Some(report) => (report.due_on, report.internal_due_on),
        None => (Some(dates.due_on), dates.internal_due_on),
    };
    let (due_on, internal_due_on) = (due_on.unwrap_or(dates.due_on).0, internal_due_on.map(|d| d.0));
    let faults = rules::dates_faults(dates);
    if !faults.is_empty() && before.is_none() {
        return Err(ApiError::broken(faults));
    }
    let locked = lock(tx, &duty, &Planned { period: period.to_owned(), due_on, internal_due_on }).await?;
    let report = locked.report.as_ref().ok_or_else(ApiError::not_found)?;
    if report.version > 0 {
        let equal = report.reason.as_deref() == Some(dates.reason.as_str())
            && report.due_on == Some(dates.due_on)
            && report.internal_due_on == dates.internal_due_on
            && report.label.as_deref() == dates.label.as_ref().map(|l| l.as_str());
        if !permit.changes(report.id, report.version, equal)? {
            return Reply::unchanged(report.version, &view(tx, permit, &duty, &locked).await?);
        }
    }
    if !rules::allows(DutyAct::SetDates, &locked.facts(&duty)) {
        return Err(refused(permit, &duty, &locked, DutyAct::SetDates));
    }
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    store::set_dates(tx, report.id, dates).await?;
    let created = report.version == 0;
    let (version, view) = done(tx, permit, &duty, &locked, "set_dates", None, json!(dates)).await?;
    if created {
        return Reply::created(format!("/api/v1/duties/{}/occurrences/{period}", duty.code), version, &view);
    }
    Reply::ok(version, &view)
}

/// A department hands in its part.
///
/// # Errors
/// 404 for an unknown report, 409 once it was sent, 412 and 428 on versions, 422 with every fault.
pub async fn hand_in(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::HandIn>,
    at: (&str, &str),
    part: &NewHandIn,
) -> Result<Reply, ApiError> {
    let (duty, occurrence) = open(tx, permit, at, DutyAct::HandIn).await?;
    let today = vn_date(permit.now);
    let reach = permit.reach();
    let mine: Vec<_> = duty.reporters.iter().filter(|r| reach.covers(r.id)).collect();
    let reporter = match &part.department {
        Some(code) => mine.iter().find(|r| r.code == code.as_str()).ok_or_else(|| {
            let (vi, en) = (
                "Đơn vị không phải báo cáo, hoặc không thuộc phạm vi của bạn.",
                "The department does not report here, or is out of your reach.",
            );
            Fault::new(Code::NoPart, "/department", vi, en)
        }),
        None if mine.len() == 1 => Ok(&mine[0]),
        None => Err(Fault::missing("/department")),
    };
    let mut faults: Vec<Fault> = reporter.as_ref().err().cloned().into_iter().collect();
    faults.extend(rules::hand_in_faults(part, today));
    let (Ok(reporter), true) = (reporter, faults.is_empty()) else { return Err(ApiError::broken(faults)) };
    let report = occurrence.report.as_ref().ok_or_else(ApiError::not_found)?;
    store::save_part(tx, permit, report.id, reporter.id, part, part.handed_in_on.map_or(today, |d| d.0)).await?;
    let mut detail = json!(part);
    detail["department"] = json!(reporter.code);
    let (version, view) = done(tx, permit, &duty, &occurrence, "hand_in", Some(reporter.id), detail).await?;
    Reply::created(format!("/api/v1/duties/{}/occurrences/{}", duty.code, occurrence.planned.period), version, &view)
}

/// The office puts the parts together; who is missing is written down with it.
///
/// # Errors
/// As [`hand_in`].
pub async fn consolidate(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::ConsolidateDuty>,
    at: (&str, &str),
    made: &NewConsolidation,
) -> Result<Reply, ApiError> {
    let (duty, occurrence) = open(tx, permit, at, DutyAct::Consolidate).await?;
    if made.summary.is_blank() {
        return Err(ApiError::broken(vec![Fault::missing("/summary")]));
    }
    let report = occurrence.report.as_ref().ok_or_else(ApiError::not_found)?;
    let view = ConsolidationView {
        document_no: made.document_no.as_ref().map(|d| d.as_str().to_owned()),
        summary: made.summary.as_str().to_owned(),
        missing: occurrence.missing(&duty),
    };
    store::consolidate(tx, permit, report.id, &view).await?;
    let (version, view) = done(tx, permit, &duty, &occurrence, "consolidate", None, json!(view)).await?;
    Reply::ok(version, &view)
}

/// Records that the report was sent, with the proof.
///
/// # Errors
/// As [`hand_in`]; 409 before it was consolidated.
pub async fn dispatch(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::DispatchDuty>,
    at: (&str, &str),
    sent: &NewDispatch,
) -> Result<Reply, ApiError> {
    let (duty, occurrence) = open(tx, permit, at, DutyAct::Dispatch).await?;
    let known = departments::known(tx).await?;
    let faults = rules::dispatch_faults(sent, &duty.to, &|code| known.contains_key(code), vn_date(permit.now));
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    let report = occurrence.report.as_ref().ok_or_else(ApiError::not_found)?;
    let to: Vec<String> = sent.to.iter().map(|code| code.as_str().to_owned()).collect();
    let view = DispatchView {
        document_no: sent.document_no.as_str().to_owned(),
        sent_on: sent.sent_on,
        to: if to.is_empty() { duty.to.clone() } else { to },
        channel: sent.channel,
        evidence: sent.evidence.clone(),
    };
    store::dispatch(tx, permit, report.id, &view).await?;
    let (version, view) = done(tx, permit, &duty, &occurrence, "dispatch", None, json!(view)).await?;
    Reply::ok(version, &view)
}

/// Counts the act, tells of it, and gives the report as it is now.
async fn done(
    tx: &DatabaseTransaction,
    call: &Call,
    duty: &Stored,
    before: &Occurrence,
    act: &'static str,
    department_id: Option<Uuid>,
    mut detail: Value,
) -> Result<(i32, DutyOccurrenceView), ApiError> {
    let id = before.report.as_ref().ok_or_else(ApiError::not_found)?.id;
    let shown = json!(view(tx, call, duty, before).await?);
    store::touch(tx, call, id).await?;
    let period = &before.planned.period;
    let now = occurrences::find(tx, duty, period).await?.ok_or_else(ApiError::not_found)?;
    let view_now = view(tx, call, duty, &now).await?;
    detail[audit::CHANGED] = json!(audit::changed(&shown, &json!(view_now)));
    let entry = Entry {
        act,
        subject_type: "duty_occurrence",
        subject_id: id,
        subject_code: Some(format!("{}/{period}", duty.code)),
        department_id,
        version: now.version(),
        occurred_at: call.now,
        detail,
    };
    audit::record(tx, call, &[entry]).await?;
    let view = view(tx, call, duty, &now).await?;
    Ok((now.version(), view))
}

/// A report as the caller sees it today.
///
/// # Errors
/// The database's.
pub async fn view(db: &impl ConnectionTrait, call: &Call, duty: &Stored, occurrence: &Occurrence) -> Result<DutyOccurrenceView, ApiError> {
    let today = vn_date(call.now);
    let report = occurrence.report.clone();
    let history = match &report {
        Some(report) => audit::of_subject(db, report.id).await?,
        None => Vec::new(),
    };
    Ok(DutyOccurrenceView {
        report: occurrence.summary(duty, today),
        hand_ins: occurrence.parts(duty, &call.actor.reach(Permission::ReadHandIn), today),
        history: history.into_iter().map(|line| DutyStep { act: line.act, by: line.actor, at: At(line.recorded_at) }).collect(),
        allowed_acts: allowed(call, duty, occurrence),
        reason: report.as_ref().and_then(|r| r.reason.clone()),
        consolidation: report.as_ref().and_then(|r| r.consolidation.clone()),
        consolidated_by: report.as_ref().and_then(|r| r.consolidated_by.clone()),
        consolidated_at: report.as_ref().and_then(|r| r.consolidated_at),
        dispatch: report.as_ref().and_then(|r| r.dispatch.clone()),
        dispatched_by: report.as_ref().and_then(|r| r.dispatched_by.clone()),
        dispatched_at: report.and_then(|r| r.dispatched_at),
    })
}
