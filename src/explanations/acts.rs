//! What people do with explanations: write one, hand it in, accept or return it.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use serde_json::json;
use uuid::Uuid;

use super::model::ExplanationAct;
use super::owed;
use super::rules::{self, Due};
use super::store::{self, Found};
use super::wire::{
    ExplainedSubject, ExplainedThenAndNow, ExplanationStep, ExplanationSubject, ExplanationText, ExplanationView, NewExplanation,
};
use crate::audit::{self, Entry};
use crate::auth::permissions::{Named, perm};
use crate::auth::{Permission, Permit, Reach};
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, Fault, constraint};
use crate::http::{At, Call, Lang, Reply};
use crate::reports::period::{Period, Span};

/// A department, or the office for it, writes an explanation of what it owes.
///
/// # Errors
/// 422 with every fault; 409 when another request explains the same at this moment.
pub async fn create(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WriteExplanation>,
    new: &NewExplanation,
    working_days: u32,
) -> Result<Reply, ApiError> {
    let today = vn_date(permit.now);
    let known = departments::view_by_code(tx, new.department.as_str()).await?;
    let department = known.filter(|d| permit.reach().covers(d.id));
    let period = Period::parse(new.period.as_str());
    let mut faults = Vec::new();
    if department.is_none() {
        faults.push(Fault::unknown("/department", new.department.as_str()));
    }
    let span = period.map(|period| Span::of(&period, new.period_set.set()));
    match &span {
        None => {
            let (vi, en) =
                ("Kỳ có dạng 2022, 2022H1, 2022Q2, 2022-04, 2022-9M.", "A period looks like 2022, 2022H1, 2022Q2, 2022-04, 2022-9M.");
            faults.push(Fault::new(Code::WrongFormat, "/period", vi, en));
        }
        Some(span) if span.days.from > today => {
            faults.push(Fault::new(Code::DateInFuture, "/period", "Kỳ này chưa bắt đầu.", "The period has not begun."));
        }
        Some(_) => {}
    }
    let (Some(department), Some(span), true) = (department, span, faults.is_empty()) else { return Err(ApiError::broken(faults)) };
    let reach = Reach::Departments(vec![department.id]);
    let text = ExplanationText {
        subjects: new.subjects.clone(),
        cause: new.cause.clone(),
        remedy: new.remedy.clone(),
        remedy_due_on: new.remedy_due_on,
        responsible: new.responsible.clone(),
    };
    let subjects = covered(tx, permit, &reach, &span, &text, None).await?;
    let id = Uuid::now_v7();
    store::insert(tx, permit, id, department.id, new).await?;
    store::cover(tx, id, &subjects).await.map_err(taken)?;
    let made = store::find(tx, &reach, id).await?.ok_or_else(ApiError::not_found)?;
    record(tx, permit, &made, "create", None).await?;
    let view = view(tx, permit, made, working_days).await?;
    Reply::created(format!("/api/v1/explanations/{id}"), view.version, &view)
}

/// Puts the text anew.
///
/// # Errors
/// As [`step`].
pub async fn change(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WriteExplanation>,
    id: Uuid,
    text: &ExplanationText,
    working_days: u32,
) -> Result<Reply, ApiError> {
    let found = store::lock(tx, &permit.actor.reach(Permission::ReadExplanation), id).await?.ok_or_else(ApiError::not_found)?;
    permit.check_reaches(found.department_id)?;
    if !permit.changes(found.id, found.version, same(text, &found))? {
        return Reply::unchanged(found.version, &view(tx, permit, found.clone(), working_days).await?);
    }
    if rules::after(found.state, ExplanationAct::Change).is_none() {
        return Err(refused(permit, &found, ExplanationAct::Change));
    }
    let reach = Reach::Departments(vec![found.department_id]);
    let subjects = covered(tx, permit, &reach, &span(&found)?, text, Some(&found)).await?;
    store::update(tx, permit, id, text).await?;
    store::cover(tx, id, &subjects).await.map_err(taken)?;
    answer(tx, permit, &found, ExplanationAct::Change, working_days).await
}

/// Hands an explanation in, accepts or returns it.
///
/// # Errors
/// 404 out of sight, 403 without the permission for its department, 409 when its state does not allow it, 412 and 428 on
/// versions, 422 for a reason without words.
pub async fn step<P: Named>(
    tx: &DatabaseTransaction,
    permit: &Permit<P>,
    id: Uuid,
    act: ExplanationAct,
    remark: Option<&str>,
    working_days: u32,
) -> Result<Reply, ApiError> {
    let found = store::lock(tx, &permit.actor.reach(Permission::ReadExplanation), id).await?.ok_or_else(ApiError::not_found)?;
    permit.check_reaches(found.department_id)?;
    permit.check_version(found.id, found.version)?;
    let Some(next) = rules::after(found.state, act) else { return Err(refused(permit, &found, act)) };
    if act == ExplanationAct::Return && remark.is_none_or(|text| text.trim().is_empty()) {
        return Err(ApiError::broken(vec![Fault::missing("/reason")]));
    }
    store::set_state(tx, permit, id, (act, next), remark).await?;
    answer(tx, permit, &found, act, working_days).await
}

async fn answer(tx: &DatabaseTransaction, call: &Call, before: &Found, act: ExplanationAct, working_days: u32) -> Result<Reply, ApiError> {
    let reach = Reach::Departments(vec![before.department_id]);
    let now = store::find(tx, &reach, before.id).await?.ok_or_else(ApiError::not_found)?;
    record(tx, call, &now, act.name(), Some(before)).await?;
    let view = view(tx, call, now, working_days).await?;
    Reply::ok(view.version, &view)
}

fn taken(error: DbErr) -> ApiError {
    match constraint(&error).as_deref() {
        Some("explanation_subject_key") => ApiError::new(Code::ConcurrentChange).because(error),
        _ => error.into(),
    }
}

fn span(found: &Found) -> Result<Span, ApiError> {
    let period = Period::parse(&found.period).ok_or_else(|| ApiError::new(Code::Internal).because("a stored period"))?;
    Ok(Span::of(&period, found.period_set.set()))
}

/// The things that a text names, with what they are now: each is owed, or was explained here before.
async fn covered(
    tx: &impl ConnectionTrait,
    call: &Call,
    reach: &Reach,
    span: &Span,
    text: &ExplanationText,
    own: Option<&Found>,
) -> Result<Vec<ExplainedSubject>, ApiError> {
    let owed = owed::derive(tx, reach, span, vn_date(call.now), Lang::Vi).await?;
    let explained = store::explained(tx, reach, span).await?;
    let others = explained.into_iter().filter(|e| own.is_none_or(|own| own.id != e.explanation)).map(|e| e.subject);
    let others: Vec<ExplainedSubject> = others.collect();
    let own: &[ExplainedSubject] = own.map_or(&[], |own| &own.subjects);
    let faults = rules::text_faults(text, span.days, &owed, own, &others);
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    Ok(text.subjects.iter().filter_map(|subject| explained_as(subject, &owed, own)).collect())
}

fn explained_as(subject: &ExplanationSubject, owed: &[Due], own: &[ExplainedSubject]) -> Option<ExplainedSubject> {
    let field = subject.field.as_ref().map(|f| f.as_str().to_owned());
    let before = own.iter().find(|e| e.kind == subject.kind && e.code == subject.code.as_str() && e.field == field).cloned();
    let due = || owed.iter().find(|due| rules::names(due, subject));
    // What it was when it was first explained stays.
    before.or_else(|| due().map(|due| ExplainedSubject { kind: due.kind, code: due.code.clone(), field, facts: due.facts.clone() }))
}

fn same(text: &ExplanationText, found: &Found) -> bool {
    let subjects = text.subjects.iter().map(|s| (s.kind, s.code.as_str(), s.field.as_ref().map(|f| f.as_str())));
    subjects.eq(found.subjects.iter().map(|s| (s.kind, s.code.as_str(), s.field.as_deref())))
        && text.cause.as_str() == found.cause
        && text.remedy.as_str() == found.remedy
        && text.remedy_due_on == found.remedy_due_on
        && text.responsible.as_ref().map(|r| r.as_str()) == found.responsible.as_deref()
}

fn allowed(call: &Call, found: &Found) -> Vec<ExplanationAct> {
    let may = |permission| call.actor.reach(permission).covers(found.department_id);
    rules::allowed(found.state, may(Permission::WriteExplanation), may(Permission::ReviewExplanation))
}

fn refused(call: &Call, found: &Found, act: ExplanationAct) -> ApiError {
    ApiError::new(Code::TransitionNotAllowed)
        .say("Giải trình không ở trạng thái cho phép việc này.", "The state of the explanation does not allow this.")
        .member("from", found.state.name())
        .member("requested", act.name())
        .member("allowed", json!(allowed(call, found)))
}

async fn record(tx: &DatabaseTransaction, call: &Call, now: &Found, act: &'static str, before: Option<&Found>) -> Result<(), ApiError> {
    let shown = |found: &Found| {
        json!({"department": found.department, "period": found.period, "period_set": found.period_set, "subjects": found.subjects,
            "cause": found.cause, "remedy": found.remedy, "remedy_due_on": found.remedy_due_on, "responsible": found.responsible,
            "state": found.state, "remark": found.remark})
    };
    let mut detail = shown(now);
    if let Some(before) = before {
        detail[audit::CHANGED] = json!(audit::changed(&shown(before), &shown(now)));
    }
    let entry = Entry {
        act,
        subject_type: "explanation",
        subject_id: now.id,
        subject_code: None,
        department_id: Some(now.department_id),
        version: now.version,
        occurred_at: call.now,
        detail,
    };
    audit::record(tx, call, &[entry]).await?;
    Ok(())
}

/// An explanation as the caller sees it, with what its things are now.
///
/// # Errors
/// The database's.
pub async fn view(db: &impl ConnectionTrait, call: &Call, found: Found, working_days: u32) -> Result<ExplanationView, ApiError> {
    let span = span(&found)?;
    let reach = Reach::Departments(vec![found.department_id]);
    let owed = owed::derive(db, &reach, &span, vn_date(call.now), call.lang).await?;
    let history = audit::of_subject(db, found.id).await?;
    let subjects = found.subjects.iter().map(|subject| {
        let now = owed.iter().find(|due| (due.kind, &due.code, &due.field) == (subject.kind, &subject.code, &subject.field));
        ExplainedThenAndNow { subject: subject.clone(), now: now.map(|due| due.facts.clone()), still_owed: now.is_some() }
    });
    Ok(ExplanationView {
        allowed_acts: allowed(call, &found),
        subjects: subjects.collect(),
        due_on: owed::due_on(db, &span, working_days).await?,
        history: history.into_iter().map(|line| ExplanationStep { act: line.act, by: line.actor, at: At(line.recorded_at) }).collect(),
        id: found.id,
        department: found.department,
        period: found.period,
        period_set: found.period_set,
        cause: found.cause,
        remedy: found.remedy,
        remedy_due_on: found.remedy_due_on,
        responsible: found.responsible,
        state: found.state,
        handed_in_at: found.handed_in_at,
        handed_in_by: found.handed_in_by,
        reviewed_at: found.reviewed_at,
        reviewed_by: found.reviewed_by,
        remark: found.remark,
        version: found.version,
    })
}
