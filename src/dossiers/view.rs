//! A stored row becomes what a caller sees, on a given day.

use chrono::NaiveDate;
use sea_orm::DbErr;

use super::clock::PauseKind;
use super::deeds::{ACTS, allowed};
use super::model::{Channel, Status, Timeliness};
use super::personal::Numbers;
use super::rules::{consultation_findings, open_timeliness, outcome};
use super::store::{Listed, Row};
use super::wire::{
    ApologyView, ApplicantView, CompletionRequestView, ConsultationView, DossierSummary, DossierView, FeeRequestView, FindingDetail,
    ReminderView, SupplementView, SuspensionView, TransferView,
};
use crate::auth::{Actor, Permission};
use crate::calendar::vn_date;
use crate::http::{At, Call, Day};
use crate::vault::Vault;

fn applicant(kind: Option<String>, name: Option<String>, numbers: Numbers) -> Option<ApplicantView> {
    Some(ApplicantView { kind: kind?, name, identity_no: numbers.identity_no, phone: numbers.phone })
}

/// With another key than they were sealed with the numbers cannot be read; the dossier can be worked on all the same.
fn numbers(vault: &Vault, code: &str, sealed: Option<&[u8]>) -> Numbers {
    Numbers::open(vault, code, sealed).unwrap_or_else(|error| {
        tracing::error!(code, %error, "numbers of an applicant cannot be shown");
        Numbers::default()
    })
}

/// The acts that the state allows and that this actor may do there.
pub fn allowed_acts(actor: &Actor, status: Status, resolving: uuid::Uuid) -> Vec<&'static str> {
    let may = |name: &&&str| ACTS.iter().any(|(act, permission)| *act == **name && actor.reach(*permission).covers(resolving));
    allowed(status).iter().filter(may).copied().collect()
}

/// A voided dossier keeps the timeliness it was judged with for the reports of before; it is not shown any more.
pub fn shown_timeliness(status: Status, stored: Option<Timeliness>, due_on: Option<NaiveDate>, today: NaiveDate) -> Timeliness {
    match stored {
        _ if status == Status::Voided => Timeliness::NotApplicable,
        Some(stored) => stored,
        None => open_timeliness(due_on, today),
    }
}

/// Numbers of the applicant, in full for those who handle the dossier.
fn numbers_for(row: &Row, call: &Call, vault: &Vault) -> Numbers {
    let numbers = numbers(vault, &row.code, row.applicant_sealed.as_deref());
    let handles = call.actor.reach(Permission::ReadPersonalData).covers(row.resolving_id);
    if handles { numbers } else { numbers.masked() }
}

/// The applicant for whom it is shown to.
pub fn applicant_for(row: &Row, call: &Call, vault: &Vault) -> Option<ApplicantView> {
    applicant(row.applicant_kind.clone(), row.applicant_name.clone(), numbers_for(row, call, vault))
}

/// The details for whom they are shown to.
pub fn view(row: &Row, call: &Call, vault: &Vault) -> Result<DossierView, DbErr> {
    shown(row, call, numbers_for(row, call, vault))
}

/// The details as an act answers them, and as a repetition of it may be answered from what is stored: numbers masked.
pub fn masked(row: &Row, call: &Call, vault: &Vault) -> Result<DossierView, DbErr> {
    shown(row, call, numbers(vault, &row.code, row.applicant_sealed.as_deref()).masked())
}

fn shown(row: &Row, call: &Call, numbers: Numbers) -> Result<DossierView, DbErr> {
    let (actor, today) = (&call.actor, vn_date(call.now));
    let status = row.status()?;
    let timeliness = shown_timeliness(status, row.stored_timeliness()?, row.due_on, today);
    let facts = row.facts()?;
    let mut findings = row.stored_findings()?;
    findings.extend(consultation_findings(&facts, status, row.due_on, today));
    findings.sort_by_key(|(finding, _)| finding.name());
    let finished_at = facts.finished_at();
    let mut view = DossierView {
        id: row.id,
        code: row.code.clone(),
        source_system: row.source_system.clone(),
        external_code: row.external_code.clone(),
        procedure: row.procedure.clone(),
        receiving_department: row.receiving.clone(),
        resolving_department: row.resolving.clone(),
        channel: row.channel()?,
        applicant: applicant(row.applicant_kind.clone(), row.applicant_name.clone(), numbers),
        submitted_at: row.submitted_at.map(At),
        accepted_at: row.accepted_at.map(At),
        status,
        outcome: outcome(status, row.accepted_at.is_some(), timeliness, row.apologised),
        timeliness,
        due_on: row.due_on.map(Day),
        due_at: row.due_at.map(At),
        first_due_on: row.first_due_on.map(Day),
        due_before: row.due_before.map(Day),
        calendar: row.calendar_code.clone(),
        calendar_version: row.calendar_version,
        calendar_base_version: row.calendar_base_version,
        finished_at: finished_at.map(At),
        finished_on: finished_at.map(|at| Day(vn_date(at))),
        returned_at: row.returned_at.map(At),
        decision_reason: row.void_reason.clone().or_else(|| row.decision_reason.clone()),
        decision_document_no: row.decision_document_no.clone(),
        completion_requests: Vec::new(),
        supplements: Vec::new(),
        fee_requests: Vec::new(),
        suspensions: Vec::new(),
        apologies: Vec::new(),
        consultations: Vec::new(),
        transfers: Vec::new(),
        finding_details: findings.iter().map(|(kind, arose_on)| FindingDetail::of(*kind, *arose_on)).collect(),
        findings: findings.into_iter().map(|(kind, _)| kind).collect(),
        allowed_acts: allowed_acts(actor, status, row.resolving_id),
        digitised: row.digitised,
        source_due_on: row.source_due_on.map(Day),
        rule_set: row.rule_set.clone(),
        version: row.version,
    };
    for c in row.completions()? {
        view.completion_requests.push(CompletionRequestView {
            n: c.n,
            requested_at: At(c.requested_at),
            reason: c.reason,
            document_no: c.document_no,
            items: c.items,
            respond_by_on: c.respond_by_on.map(Day),
            completed_at: c.completed_at.map(At),
        });
    }
    for t in row.transfers()? {
        view.transfers.push(TransferView { n: t.n, at: At(t.occurred_at), from: t.from_code, to: t.to_code, reason: t.reason });
    }
    for p in row.pauses()? {
        let (due_before, due_after) = (p.due_before.map(Day), p.due_after.map(Day));
        let (from, to) = (At(p.from_at), p.to_at.map(At));
        match p.kind {
            PauseKind::Supplement => view.supplements.push(SupplementView {
                n: p.n,
                requested_at: from,
                reason: p.reason,
                document_no: p.document_no,
                items: p.items.unwrap_or_default(),
                respond_by_on: p.respond_by_on.map(Day),
                fulfilled_at: to,
                due_before,
                due_after,
            }),
            PauseKind::Fee => view.fee_requests.push(FeeRequestView {
                n: p.n,
                requested_at: from,
                amount_vnd: p.amount_vnd,
                paid_at: to,
                due_before,
                due_after,
            }),
            PauseKind::Suspension => {
                view.suspensions.push(SuspensionView {
                    n: p.n,
                    from,
                    to,
                    reason: p.reason,
                    legal_basis: p.legal_basis,
                    due_before,
                    due_after,
                });
            }
        }
    }
    for a in row.apologies()? {
        view.apologies.push(ApologyView {
            n: a.n,
            sent_at: At(a.sent_at),
            reason: a.reason,
            new_due_on: a.new_due_on.map(Day),
            document_no: a.document_no,
        });
    }
    for c in row.consultations()? {
        view.consultations.push(ConsultationView {
            n: c.n,
            agency: c.agency,
            sent_at: At(c.sent_at),
            document_no: c.document_no,
            answer_due_on: c.answer_due_on.map(Day),
            reminders: c.reminders.into_iter().map(|r| ReminderView { sent_at: At(r.sent_at), document_no: r.document_no }).collect(),
            answered_at: c.answered_at.map(At),
            escalated_at: c.escalated_at.map(At),
        });
    }
    Ok(view)
}

pub fn summary(row: Listed, today: NaiveDate, vault: &Vault) -> Result<DossierSummary, DbErr> {
    let broken = |word: &str| DbErr::Custom(format!("unknown word “{word}” in the database"));
    let status = Status::parse(&row.status).ok_or_else(|| broken(&row.status))?;
    let stored = row.timeliness.as_deref().map(|t| Timeliness::parse(t).ok_or_else(|| broken(t))).transpose()?;
    let timeliness = shown_timeliness(status, stored, row.due_on, today);
    let numbers = numbers(vault, &row.code, row.applicant_sealed.as_deref()).masked();
    Ok(DossierSummary {
        id: row.id,
        code: row.code,
        procedure: row.procedure,
        receiving_department: row.receiving,
        resolving_department: row.resolving,
        channel: Channel::parse(&row.channel).ok_or_else(|| broken(&row.channel))?,
        applicant: applicant(row.applicant_kind, row.applicant_name, numbers),
        submitted_at: row.submitted_at.map(At),
        accepted_at: row.accepted_at.map(At),
        status,
        outcome: outcome(status, row.accepted_at.is_some(), timeliness, row.apologised),
        timeliness,
        due_on: row.due_on.map(Day),
        first_due_on: row.first_due_on.map(Day),
        finished_on: row.finished_on.map(Day),
        version: row.version,
    })
}
