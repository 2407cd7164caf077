//! What people do with the figures of a department and period: submit, withdraw, approve, return, reopen.

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde_json::json;
use uuid::Uuid;

use super::figures::{self, Figures};
use super::model::{KpiSubmissionAct, KpiSubmissionState};
use super::rules;
use super::store::{self, Found};
use super::wire::{KpiMissingSubmission, KpiSubmissionView, NewKpiSubmission};
use crate::audit::{self, Entry};
use crate::auth::permissions::{Named, perm};
use crate::auth::{Permission, Permit, Reach};
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::{Call, Reply};
use crate::reports::period::{Period, PeriodSet};

/// Whose figures, for which period.
pub struct Place<'a> {
    pub id: Uuid,
    /// Code of the department.
    pub code: String,
    pub period: &'a Period,
}

/// The place of a submission, if the caller may see its figures.
///
/// # Errors
/// 404 for an unknown department and for one out of sight.
pub async fn place<'a>(db: &impl ConnectionTrait, call: &Call, department: &str, period: &'a Period) -> Result<Place<'a>, ApiError> {
    let sight = call.actor.reach(Permission::ReadMeasurement);
    let department = departments::view_by_code(db, department).await?.filter(|d| sight.covers(d.id)).ok_or_else(ApiError::not_found)?;
    Ok(Place { id: department.id, code: department.code, period })
}

/// The department submits its figures; what is missing must be explained.
///
/// # Errors
/// 404 out of sight, 403 out of reach, 409 once they were submitted, 412 and 428 on versions, 422 with every fault.
pub async fn submit(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::SubmitFigures>,
    at: (&str, &Period),
    new: &NewKpiSubmission,
) -> Result<Reply, ApiError> {
    let (place, before, _) = open(tx, permit, at, KpiSubmissionAct::Submit).await?;
    let figures = figures::read(tx, permit, (place.id, &place.code), place.period).await?;
    let begun = place.period.days(PeriodSet::Administrative).from <= vn_date(permit.now);
    let faults = rules::submit_faults(new, &figures.missing, !figures.measured.is_empty(), begun);
    if !faults.is_empty() {
        let missing: Vec<_> = figures.missing.iter().map(figures::missing).collect();
        return Err(ApiError::broken(faults).member("missing", json!(missing)));
    }
    store::submit(tx, permit, before.id, new).await?;
    let note = new.note.as_ref().map(|n| n.as_str());
    store::add_step(tx, permit, before.id, (KpiSubmissionAct::Submit, note), None).await?;
    answer(tx, permit, &place, before, &figures, KpiSubmissionAct::Submit).await
}

/// Anything else that is done with figures.
///
/// # Errors
/// 404 out of sight, 403 out of reach and for who would approve what he submitted himself, 409 when the state does not allow it, 412 and 428
/// on versions, 422 for a reason without words.
pub async fn step<P: Named>(
    tx: &DatabaseTransaction,
    permit: &Permit<P>,
    at: (&str, &Period),
    act: KpiSubmissionAct,
    text: Option<&str>,
) -> Result<Reply, ApiError> {
    let (place, before, next) = open(tx, permit, at, act).await?;
    if act == KpiSubmissionAct::Approve && own(permit, &before) {
        let (vi, en) = ("Người nộp không tự duyệt số liệu của mình.", "Who submitted the figures does not approve them.");
        return Err(ApiError::new(Code::Forbidden).say(vi, en));
    }
    if text.is_some_and(|text| text.trim().is_empty()) {
        let explained = matches!(act, KpiSubmissionAct::Return | KpiSubmissionAct::Reopen);
        return Err(ApiError::broken(vec![Fault::missing(if explained { "/reason" } else { "/remark" })]));
    }
    let figures = figures::read(tx, permit, (place.id, &place.code), place.period).await?;
    let approved = act == KpiSubmissionAct::Approve;
    let frozen = approved.then(|| json!({"figures": figures.measured, "computed": figures.computed}));
    store::decide(tx, permit, before.id, (act, next), text).await?;
    store::add_step(tx, permit, before.id, (act, text), frozen).await?;
    answer(tx, permit, &place, before, &figures, act).await
}

/// A submission, locked at the version the caller has seen, with where the act leads.
async fn open<'a, P: Named>(
    tx: &DatabaseTransaction,
    permit: &Permit<P>,
    (department, period): (&str, &'a Period),
    act: KpiSubmissionAct,
) -> Result<(Place<'a>, Found, KpiSubmissionState), ApiError> {
    let place = place(tx, permit, department, period).await?;
    permit.check_reaches(place.id)?;
    let found = store::lock(tx, place.id, period.code()).await?.ok_or_else(ApiError::not_found)?;
    permit.check_version(found.id, found.version)?;
    let next = rules::after(found.state, act).ok_or_else(|| refused(permit, &place, &found, act))?;
    Ok((place, found, next))
}

fn own(call: &Call, found: &Found) -> bool {
    found.submitted_by.as_deref() == Some(call.actor.username.as_str())
}

fn refused(call: &Call, place: &Place<'_>, found: &Found, act: KpiSubmissionAct) -> ApiError {
    ApiError::new(Code::TransitionNotAllowed)
        .say("Số liệu không ở trạng thái cho phép việc này.", "The state of the figures does not allow this.")
        .member("from", found.state.name())
        .member("requested", act.name())
        .member("allowed", json!(allowed(call, place, Some(found))))
}

fn allowed(call: &Call, place: &Place<'_>, found: Option<&Found>) -> Vec<KpiSubmissionAct> {
    let state = found.map_or(KpiSubmissionState::Draft, |f| f.state);
    rules::allowed(state, |act| {
        let self_approval = act == KpiSubmissionAct::Approve && found.is_some_and(|f| own(call, f));
        !self_approval && call.actor.reach(act.permission()).covers(place.id)
    })
}

/// Tells of the act, and gives the submission as it is now.
async fn answer(
    tx: &DatabaseTransaction,
    call: &Call,
    place: &Place<'_>,
    before: Found,
    figures: &Figures,
    act: KpiSubmissionAct,
) -> Result<Reply, ApiError> {
    let id = before.id;
    let shown = json!(view(call, place, Some(before), figures));
    let now = store::find(tx, place.id, place.period.code()).await?;
    let view = view(call, place, now, figures);
    let mut detail = json!({"department": view.department, "period": view.period, "state": view.state, "note": view.note,
        "without": view.without, "remark": view.remark});
    if act == KpiSubmissionAct::Approve {
        detail["approval"] = json!(view.approval);
    }
    detail[audit::CHANGED] = json!(audit::changed(&shown, &json!(view)));
    let entry = Entry {
        act: act.name(),
        subject_type: "kpi_submission",
        subject_id: id,
        subject_code: Some(format!("{}/{}", view.department, view.period)),
        department_id: Some(place.id),
        version: view.version,
        occurred_at: call.now,
        detail,
    };
    audit::record(tx, call, &[entry]).await?;
    Reply::ok(view.version, &view)
}

/// A submission as the caller sees it; before anything was done it is a draft of the version 0.
pub fn view(call: &Call, place: &Place<'_>, found: Option<Found>, figures: &Figures) -> KpiSubmissionView {
    let allowed_acts = allowed(call, place, found.as_ref());
    let approval = found.as_ref().and_then(|f| f.approval.as_ref());
    let differences = approval.map(|a| rules::differences(a, &figures.measured, &figures.computed)).unwrap_or_default();
    let of = found.as_ref().filter(|f| f.version > 0);
    KpiSubmissionView {
        id: of.map(|f| f.id),
        department: place.code.clone(),
        period: place.period.code().to_owned(),
        state: of.map_or(KpiSubmissionState::Draft, |f| f.state),
        figures: figures.measured.clone(),
        computed: figures.computed.clone(),
        missing: figures.missing.iter().map(figures::missing).collect(),
        without: of.map(|f| f.without.clone()).unwrap_or_default(),
        note: of.and_then(|f| f.note.clone()),
        remark: of.and_then(|f| f.remark.clone()),
        submitted_by: of.and_then(|f| f.submitted_by.clone()),
        submitted_at: of.and_then(|f| f.submitted_at),
        approved_by: of.and_then(|f| f.approved_by.clone()),
        approved_at: of.and_then(|f| f.approved_at),
        corrected_at: of.and_then(|f| f.corrected_at),
        approval: approval.cloned(),
        differences,
        timeline: of.map(|f| f.timeline.clone()).unwrap_or_default(),
        allowed_acts,
        version: of.map_or(0, |f| f.version),
    }
}

/// Who owes figures for a period and has not submitted them, by code.
///
/// # Errors
/// The database's.
pub async fn missing(db: &impl ConnectionTrait, reach: &Reach, period: &Period) -> Result<Vec<KpiMissingSubmission>, ApiError> {
    let owing = figures::owing(db, reach, period).await?;
    let states = store::states(db, reach, period.code()).await?;
    let known = departments::known(db).await?;
    let mut items: Vec<KpiMissingSubmission> = Vec::new();
    // Owed figures come by department.
    for owed in &owing.owed {
        let state = states.iter().find(|(code, _)| *code == owed.department).map_or(KpiSubmissionState::Draft, |(_, state)| *state);
        if matches!(state, KpiSubmissionState::Submitted | KpiSubmissionState::Approved) {
            continue;
        }
        if items.last().is_none_or(|last| last.department != owed.department) {
            let department_name = known.get(&owed.department).map(|d| d.name.clone()).unwrap_or_default();
            items.push(KpiMissingSubmission {
                department: owed.department.clone(),
                department_name,
                state,
                owed: 0,
                measured: 0,
                missing: Vec::new(),
            });
        }
        let Some(item) = items.last_mut() else { continue };
        item.owed += 1;
        if rules::is_measured(owed, &owing.measured) {
            item.measured += 1;
        } else {
            item.missing.push(figures::missing(owed));
        }
    }
    Ok(items)
}
