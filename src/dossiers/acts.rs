//! What people do with dossiers: receive one, and every act on one. Each is one transaction.

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use serde_json::json;
use uuid::Uuid;

use super::clock::Terms;
use super::deeds::{self, Case, Deed, Refusal};
use super::model::{Applicant, Dossier, Facts, Finding, Identity};
use super::personal::Numbers;
use super::wire::NewDossier;
use super::{numbers, rules, store, view};
use crate::audit::{self, Entry};
use crate::auth::{Permission, Reach, permit};
use crate::calendar::{self, vn_date};
use crate::error::{ApiError, Code, Fault, constraint};
use crate::http::values::Key;
use crate::http::{At, Call, Line, Reply};
use crate::vault::Vault;
use crate::{departments, procedures, rule_sets};

/// Receives a dossier at the counter and allots its number, unless the caller brings a code.
///
/// # Errors
/// 422 with every fault; 409 when the code is taken.
pub async fn receive(tx: &DatabaseTransaction, call: &Call, vault: &Vault, new: &NewDossier) -> Result<Reply, ApiError> {
    let at = new.occurred_at.map_or(call.now, |at| at.0);
    let submitted_at = new.submitted_at.map_or(at, |at| at.0);
    let day = vn_date(at);
    let departments = departments::known(tx).await?;
    let procedure = procedures::known_by_codes(tx, &[new.procedure.as_str()]).await?.remove(new.procedure.as_str());
    let mut faults = Vec::new();
    let receiving = departments.get(new.receiving_department.as_str());
    match (&procedure, receiving) {
        (None, _) => faults.push(Fault::unknown("/procedure", new.procedure.as_str())),
        (Some(p), _) if !p.valid_on(day) => faults.push(Fault::plain(Code::NotValidThen, "/procedure")),
        _ => {}
    }
    match receiving {
        None => faults.push(Fault::unknown("/receiving_department", new.receiving_department.as_str())),
        Some(d) if !d.one_stop => faults.push(Fault::plain(Code::NotOneStop, "/receiving_department")),
        Some(d) if !d.valid_on(day) => faults.push(Fault::plain(Code::NotValidThen, "/receiving_department")),
        Some(_) => {}
    }
    let resolving_code = new.resolving_department.as_ref().map(|c| c.as_str()).or(procedure.as_ref().map(|p| p.department_code.as_str()));
    let resolving = resolving_code.and_then(|code| departments.get(code));
    if let Some(code) = &new.resolving_department
        && resolving.is_none()
    {
        faults.push(Fault::unknown("/resolving_department", code.as_str()));
    }
    if new.applicant.name.is_blank() {
        faults.push(Fault::missing("/applicant/name"));
    }
    let mut facts = Facts { submitted_at: Some(submitted_at), digitised: new.digitised, ..Facts::default() };
    if at > call.now {
        faults.push(Fault::plain(Code::DateInFuture, "/occurred_at"));
    }
    if submitted_at > at {
        faults.push(Fault::plain(Code::DatesBackwards, "/submitted_at"));
    }
    if let (Some(code), Some(receiving)) = (&new.code, receiving) {
        faults.extend(numbers::fault_of_brought(tx, code.as_str(), receiving, &departments, call.now).await?);
    }
    facts.accepted_at = new.accept.then_some(at);
    let (Some(procedure), Some(receiving), Some(resolving), true) = (procedure, receiving, resolving, faults.is_empty()) else {
        return Err(ApiError::broken(faults));
    };
    let code = match &new.code {
        Some(code) if store::code_exists(tx, code.as_str()).await? => return Err(code_taken(code.as_str())),
        Some(code) => code.as_str().to_owned(),
        None => numbers::allot(tx, &receiving.agency, day).await?,
    };
    let sealed = Numbers::seal(vault, &code, &new.applicant).map_err(|e| ApiError::new(Code::Internal).because(e))?;
    let dossier = Dossier {
        id: Uuid::now_v7(),
        version: 1,
        identity: Identity {
            code,
            source_system: new.source_system.as_ref().map_or("dunghen", Line::as_str).to_owned(),
            external_code: new.external_code.as_ref().map(|c| c.as_str().to_owned()),
            procedure_id: procedure.id,
            receiving_id: receiving.id,
            resolving_id: resolving.id,
            channel: new.channel,
            applicant: Some(Applicant { kind: new.applicant.kind, name: Some(new.applicant.name.as_str().to_owned()), sealed }),
            source_due_on: None,
        },
        terms: Terms { limit: procedure.limit, policy: procedure.supplement_policy, same_day_cutoff: procedure.same_day_cutoff },
        receiving_is_one_stop: receiving.one_stop,
        first_due_on: None,
        rule_set_id: rule_set(tx, facts.accepted_at).await?,
        facts,
        created_at: call.now,
    };
    let calendar = calendar::load(tx, resolving.id).await?;
    let derived = rules::derive(&dossier.facts, &dossier.terms, true, call.now, &calendar)
        .map_err(|e| ApiError::broken(vec![rules::clock_fault(&e, "/occurred_at")]))?;
    if let Err(error) = store::insert(tx, &dossier, &derived, call.now).await {
        return Err(match constraint(&error).as_deref() {
            Some("dossier_code_key") => code_taken(&dossier.identity.code),
            _ => error.into(),
        });
    }
    let verb = if new.accept { "accept" } else { "receive" };
    tell(tx, call, &dossier, verb, at, json!({"status": derived.status})).await?;
    let row = store::find(tx, &Key::Id(dossier.id), &call.actor.reach(Permission::ReadDossier)).await?.ok_or_else(ApiError::not_found)?;
    let view = view::masked(&row, call, vault)?;
    Reply::created(format!("/api/v1/dossiers/{}", dossier.id), 1, &view)
}

fn code_taken(code: &str) -> ApiError {
    ApiError::new(Code::CodeTaken).say(format!("Đã có hồ sơ mang mã {code}."), format!("There is a dossier with the code {code}."))
}

/// Does one act on a dossier that the actor sees, with a permission that reaches it.
///
/// # Errors
/// 404 out of sight, 403, 428, 412, 409 with what is allowed, 422 with every fault: in this order.
pub async fn perform(
    tx: &DatabaseTransaction,
    call: &Call,
    vault: &Vault,
    permission: Permission,
    id: Uuid,
    deed: &Deed,
    occurred_at: Option<At>,
) -> Result<Reply, ApiError> {
    let sight = call.actor.reach(Permission::ReadDossier);
    let row = store::lock(tx, &Key::Id(id), &sight).await?.ok_or_else(ApiError::not_found)?;
    if !call.actor.reach(permission).covers(row.resolving_id) {
        return Err(permit::forbidden());
    }
    call.check_version(row.id, row.version)?;
    let mut dossier = row.dossier()?;
    let seen = json!(view::masked(&row, call, vault)?);
    let at = occurred_at.map_or(call.now, |at| at.0);
    let due = row.due_on.or(row.due_before);
    let before = dossier.facts.clone();
    let destination = match deed {
        Deed::Transfer { department, .. } => departments::known(tx).await?.remove(department),
        _ => None,
    };
    let case = Case { facts: &before, due, resolving_id: row.resolving_id, destination: destination.as_ref() };
    dossier.facts = deeds::decide(&case, deed, at, call.now).map_err(|refusal| match refusal {
        Refusal::NotAllowed { from } => {
            let allowed = view::allowed_acts(&call.actor, from, row.resolving_id);
            ApiError::new(Code::TransitionNotAllowed)
                .member("from", from.name())
                .member("requested", deed.name())
                .member("allowed", allowed)
        }
        Refusal::NoSuchRequest => ApiError::not_found(),
        Refusal::Broken(faults) => ApiError::broken(faults),
    })?;
    if before.accepted_at.is_none() {
        dossier.rule_set_id = rule_set(tx, dossier.facts.accepted_at).await?;
    }
    dossier.version += 1;
    if let Some(to) = &destination {
        dossier.identity.resolving_id = to.id;
    }
    let status = dossier.facts.status();
    if before.verdict.is_some() {
        // What was once judged is never judged again, whatever has become of the calendar.
        store::update_closed(tx, &dossier, call.now).await?;
    } else {
        // An open dossier goes on with the calendar it was counted with: only a revision moves it to another.
        let calendar = calendar::held(tx, row.edition().as_ref(), row.resolving_id).await?;
        let mut derived = rules::derive(&dossier.facts, &dossier.terms, dossier.receiving_is_one_stop, dossier.created_at, &calendar)
            .map_err(|e| ApiError::broken(vec![rules::clock_fault(&e, "/occurred_at")]))?;
        if let Some(moved_at) = row.moved_at {
            let stored = row.stored_findings()?.into_iter().find(|(finding, _)| *finding == Finding::ApologyAfterDue);
            let stands = |at| at < moved_at && before.apologies.iter().any(|a| a.sent_at == at);
            rules::keep_verdict_on_apologies(&mut derived, &dossier.facts, stands, stored.map(|(_, on)| on));
        }
        // A promise once made stands: neither a later calendar nor a later act rewrites the first due date.
        if let (Some(first), Some(reading)) = (dossier.first_due_on, derived.reading.as_mut()) {
            reading.first_due_on = Some(first);
        }
        store::update(tx, &before, &dossier, &derived, call.now).await?;
        if row.moved_at.is_some_and(|moved_at| at < moved_at) {
            store::align_last_move(tx, dossier.id).await?;
        }
    }
    // Who hands a dossier over is told how it left, though it may be out of sight by now.
    let after = store::find(tx, &Key::Id(id), &Reach::All).await?.ok_or_else(ApiError::not_found)?;
    let view = view::masked(&after, call, vault)?;
    let mut detail = match &destination {
        Some(to) => json!({"status": status, "act": deed.name(), "from": row.resolving, "to": to.code}),
        None => json!({"status": status, "act": deed.name()}),
    };
    detail[audit::CHANGED] = json!(audit::changed(&seen, &json!(view)));
    tell(tx, call, &dossier, deed.verb(), at, detail).await?;
    Reply::ok(dossier.version, &view)
}

/// The law of the day of acceptance, which the dossier keeps.
async fn rule_set(tx: &DatabaseTransaction, accepted_at: Option<DateTime<Utc>>) -> Result<Option<Uuid>, ApiError> {
    let Some(at) = accepted_at else { return Ok(None) };
    Ok(rule_sets::validities(tx).await?.on(vn_date(at)).map(|set| set.id))
}

async fn tell(
    tx: &DatabaseTransaction,
    call: &Call,
    dossier: &Dossier,
    act: &'static str,
    occurred_at: DateTime<Utc>,
    detail: serde_json::Value,
) -> Result<(), ApiError> {
    let entry = Entry {
        act,
        subject_type: "dossier",
        subject_id: dossier.id,
        subject_code: Some(dossier.identity.code.clone()),
        department_id: Some(dossier.identity.resolving_id),
        version: dossier.version,
        occurred_at,
        detail,
    };
    Ok(audit::record(tx, call, &[entry]).await?)
}
