//! What people do at a briefing: decide, put a decision anew, revoke it.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use sea_orm::DatabaseTransaction;
use serde_json::json;
use uuid::Uuid;

use super::compose::Asked;
use super::items;
use super::model::{BriefingItemKind, DecisionAct, DecisionState};
use super::rules::{self, Ground};
use super::store::{self, Made, Stored};
use super::view::{state, views};
use super::wire::{DecisionRevocation, DecisionText, DecisionView, NewDecision};
use crate::audit::{self, Entry};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::calendar::vn_date;
use crate::departments::{self, Known};
use crate::error::{ApiError, Code, Fault};
use crate::http::bulk::Strategy;
use crate::http::values::Key;
use crate::http::{Call, Day, Reply};
use crate::obstacles;
use crate::plans::{self, AssignedTask};
use crate::reports::period::Period;

/// A decision is recorded against an item of the briefing and becomes a task; one on an obstacle may decide it, too.
///
/// # Errors
/// 422 with every fault, 403 and 409 of the obstacle that is to be decided.
pub async fn decide(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WriteDecision>,
    month: &Period,
    new: &NewDecision,
) -> Result<Reply, ApiError> {
    let today = vn_date(permit.now);
    let held_on = new.held_on.map_or(today, |on| on.0);
    let asked = Asked { month: month.clone(), set: new.period_set.set(), department: None };
    let text = DecisionText {
        text: new.text.clone(),
        lead: new.lead.clone(),
        coordinate: new.coordinate.clone(),
        due_on: new.due_on,
        document_no: new.document_no.clone(),
    };
    let item = items::find(tx, permit, &asked, new.item.as_str()).await?;
    let known = departments::known(tx).await?;
    let from = month.days(asked.set).from;
    let ground = Ground { today, from, held_on, department: &|code| in_force(&known, code, held_on) };
    let faults = rules::new_faults(new, &text, item.is_some(), &ground);
    let (Some(item), true) = (item, faults.is_empty()) else { return Err(ApiError::broken(faults)) };
    let code = format!("KL-{}-{:04}", held_on.year(), store::next_number(tx, held_on.year()).await?);
    assign(tx, permit, &code, (&text, held_on), Strategy::Create).await?;
    if let (Some(ruling), Some((BriefingItemKind::Obstacle, obstacle))) = (new.ruling, BriefingItemKind::split(new.item.as_str())) {
        let document_no = text.document_no.as_ref().map(|no| no.as_str());
        obstacles::decide(tx, permit, obstacle, ruling, (text.text.as_str(), document_no)).await?;
    }
    let made = Made {
        id: Uuid::now_v7(),
        code: &code,
        period: month.code(),
        period_set: new.period_set,
        item: new.item.as_str(),
        item_title: &item.title,
        department: item.department.as_deref(),
        text: &text,
        held_on,
        ruling: new.ruling,
    };
    store::insert(tx, permit, &made).await?;
    let view = shown(tx, permit, month, &Key::Id(made.id)).await?;
    audit::record(tx, permit, &[entry(permit, "decide", &known, &view)]).await?;
    Reply::created(format!("/api/v1/briefings/{}/decisions/{code}", month.code()), view.version, &view)
}

/// A decision is put anew, as long as its task allows.
///
/// # Errors
/// 404 out of sight, 412 and 428 on versions, 409 once it is revoked or carried out, 422 with every fault.
pub async fn change(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WriteDecision>,
    month: &Period,
    key: &Key,
    text: &DecisionText,
) -> Result<Reply, ApiError> {
    let found = found(tx, permit, month, key).await?;
    if !permit.changes(found.id, found.version, equal(&found, text))? {
        return Reply::unchanged(found.version, &shown(tx, permit, month, &Key::Id(found.id)).await?);
    }
    standing(&found, DecisionAct::Change)?;
    let known = departments::known(tx).await?;
    let held_on = found.held_on.0;
    let ground = Ground { today: vn_date(permit.now), from: held_on, held_on, department: &|code| in_force(&known, code, held_on) };
    let faults = rules::text_faults(text, &ground);
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    assign(tx, permit, &found.task, (text, held_on), Strategy::Update).await?;
    store::change(tx, permit, found.id, text).await?;
    done(tx, permit, month, (found, &known), "change").await
}

/// A decision does not hold any more; its task is given up with it.
///
/// # Errors
/// 404 out of sight, 412 and 428 on versions, 409 once it is revoked or carried out, 422 without a reason.
pub async fn revoke(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WriteDecision>,
    month: &Period,
    key: &Key,
    revocation: &DecisionRevocation,
) -> Result<Reply, ApiError> {
    let found = found(tx, permit, month, key).await?;
    permit.check_version(found.id, found.version)?;
    standing(&found, DecisionAct::Revoke)?;
    if revocation.reason.is_blank() {
        return Err(ApiError::broken(vec![Fault::missing("/reason")]));
    }
    let document_no = found.document_no.as_ref().unwrap_or(&found.code);
    plans::give_up_task(tx, permit, &found.task, (revocation.reason.as_str(), document_no)).await?;
    store::revoke(tx, permit, found.id, vn_date(permit.now), revocation.reason.as_str()).await?;
    let known = departments::known(tx).await?;
    done(tx, permit, month, (found, &known), "revoke").await
}

fn in_force(known: &HashMap<String, Known>, code: &str, on: NaiveDate) -> Option<bool> {
    known.get(code).map(|d| d.valid_on(on))
}

async fn found(tx: &DatabaseTransaction, call: &Call, month: &Period, key: &Key) -> Result<Stored, ApiError> {
    let reach = call.actor.reach(Permission::ReadDecision);
    store::lock(tx, &reach, month.code(), key).await?.ok_or_else(ApiError::not_found)
}

fn equal(found: &Stored, text: &DecisionText) -> bool {
    let codes = |list: &[crate::http::ResourceCode]| -> Vec<String> { list.iter().map(|c| c.as_str().to_owned()).collect() };
    found.text == text.text.as_str()
        && found.lead == codes(&text.lead)
        && found.coordinate == codes(&text.coordinate)
        && found.due_on == text.due_on
        && found.document_no.as_deref() == text.document_no.as_ref().map(|no| no.as_str())
}

fn standing(found: &Stored, act: DecisionAct) -> Result<(), ApiError> {
    if state(found) == DecisionState::Standing {
        return Ok(());
    }
    let error = ApiError::new(Code::TransitionNotAllowed).say("Kết luận đã bị thu hồi.", "The decision was revoked.");
    Err(error.member("from", json!(DecisionState::Revoked)).member("requested", json!(act)).member("allowed", json!([])))
}

/// Makes or changes the task of a decision.
async fn assign(
    tx: &DatabaseTransaction,
    call: &Call,
    code: &str,
    (text, held_on): (&DecisionText, NaiveDate),
    strategy: Strategy,
) -> Result<(), ApiError> {
    let lead = text.lead.first().map_or("", |code| code.as_str());
    let issuer = store::top_of(tx, lead).await?.map(|top| top.code);
    let task = json!({"code": code, "document_number": text.document_no.as_ref().map_or(code, |no| no.as_str()), "document_on": Day(held_on),
        "issuer": issuer, "title": text.text, "lead": text.lead, "coordinate": text.coordinate, "due_on": text.due_on});
    let task: AssignedTask = serde_json::from_value(task).map_err(|e| ApiError::new(Code::Internal).because(e))?;
    plans::assign_from_above(tx, call, &task, strategy).await.map_err(of_the_decision)
}

/// What is wrong with the task, said of the decision.
fn of_the_decision(error: ApiError) -> ApiError {
    if error.fault_list().is_empty() {
        return error;
    }
    let place = |fault: &Fault| Some(Fault { pointer: rules::pointer_of(&fault.pointer)?.into(), ..fault.clone() });
    let faults: Option<Vec<Fault>> = error.fault_list().iter().map(place).collect();
    faults.map_or_else(
        || ApiError::new(Code::TransitionNotAllowed).say("Nhiệm vụ của kết luận này đã kết thúc.", "The task of this decision is over."),
        ApiError::broken,
    )
}

async fn shown(tx: &DatabaseTransaction, call: &Call, month: &Period, key: &Key) -> Result<DecisionView, ApiError> {
    // Who decided sees what was decided, whomever it was given to.
    let found = store::find(tx, &Reach::All, month.code(), key).await?.ok_or_else(ApiError::not_found)?;
    views(tx, call, vec![found]).await?.pop().ok_or_else(ApiError::not_found)
}

async fn done(
    tx: &DatabaseTransaction,
    call: &Call,
    month: &Period,
    (before, known): (Stored, &HashMap<String, Known>),
    act: &'static str,
) -> Result<Reply, ApiError> {
    let key = Key::Id(before.id);
    let before = json!(views(tx, call, vec![before]).await?.pop());
    let view = shown(tx, call, month, &key).await?;
    let mut entry = entry(call, act, known, &view);
    entry.detail[audit::CHANGED] = json!(audit::changed(&before, &json!(view)));
    audit::record(tx, call, &[entry]).await?;
    Reply::ok(view.version, &view)
}

fn entry(call: &Call, act: &'static str, known: &HashMap<String, Known>, view: &DecisionView) -> Entry {
    let department = view.department.as_ref().or(view.lead.first()).and_then(|code| known.get(code));
    Entry {
        act,
        subject_type: "briefing_decision",
        subject_id: view.id,
        subject_code: Some(view.code.clone()),
        department_id: department.map(|d| d.id),
        version: view.version,
        occurred_at: call.now,
        detail: json!(view),
    }
}
