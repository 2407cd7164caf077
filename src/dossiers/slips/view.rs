//! A stored row becomes a slip.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::rules::{self, Lack, Party};
use super::wire::{
    ApologyPart, ControlPart, ControlStep, Part, ReceiptPart, RefusalPart, Slip, SlipForm, SlipProcedure, SlipUnit, StopPart,
    SupplementPart,
};
use crate::calendar::vn_date;
use crate::dossiers::ledger;
use crate::dossiers::model::Facts;
use crate::dossiers::revision::Moved;
use crate::dossiers::store::Row;
use crate::dossiers::wire::ApplicantView;
use crate::error::{ApiError, Code};
use crate::http::{At, Day};
use crate::procedures::Component;
use crate::rule_sets::{FormKind, RuleSetView};

/// All that a slip is made of.
pub struct Material {
    pub row: Row,
    pub applicant: Option<ApplicantView>,
    pub facts: Facts,
    /// What revisions of the calendar made of its due date.
    pub moves: Vec<Moved>,
    pub rule_set: RuleSetView,
    pub procedure: SlipProcedure,
    pub components: Vec<Component>,
    /// Every department that had a part in it.
    pub units: HashMap<Uuid, SlipUnit>,
    pub today: NaiveDate,
}

fn not_applicable(lack: Lack) -> ApiError {
    let text = lack.text();
    ApiError::new(Code::SlipNotApplicable).member("missing", lack.name()).say(text.vi, text.en)
}

impl Material {
    fn unit(&self, id: Uuid) -> Result<SlipUnit, ApiError> {
        let gone = || ApiError::new(Code::Internal).because("a dossier names a department that is not there");
        self.units.get(&id).cloned().ok_or_else(gone)
    }

    fn resolver_at(&self, at: DateTime<Utc>) -> Uuid {
        rules::resolver_at(&self.facts, self.row.resolving_id, at)
    }
}

/// # Errors
/// 409 with what is missing.
fn check(kind: FormKind, facts: &Facts) -> Result<(), ApiError> {
    rules::lack(kind, facts).map_or(Ok(()), |lack| Err(not_applicable(lack)))
}

/// The place in a list of the one asked for, the last by default.
///
/// # Errors
/// 404 when there is no such one.
fn place(asked: Option<u16>, count: usize) -> Result<usize, ApiError> {
    let n = asked.map_or(count, usize::from);
    n.checked_sub(1).filter(|place| *place < count).ok_or_else(|| {
        ApiError::not_found()
            .say(format!("Không có lần thứ {n}: hồ sơ có {count} lần."), format!("There is no number {n}: the dossier has {count}."))
    })
}

/// What a kind adds: its part, the day, the document's number, and which department issues it.
struct Own {
    part: Part,
    on: NaiveDate,
    document_no: Option<String>,
    by: Uuid,
}

/// The place among requests for papers, or apologies, of the one asked for; 0 for what there is one of.
///
/// # Errors
/// 409 with what is missing, 404 when there is no such one.
pub fn chosen(kind: FormKind, asked: Option<u16>, facts: &Facts) -> Result<usize, ApiError> {
    check(kind, facts)?;
    match kind {
        FormKind::Supplement => place(asked, rules::asked(facts).len()),
        FormKind::Apology => place(asked, facts.apologies.len()),
        _ => Ok(0),
    }
}

/// # Errors
/// 409 with what is missing, and the database's for a stored word that is none.
pub fn slip(kind: FormKind, at: usize, m: Material) -> Result<Slip, ApiError> {
    let form = m.rule_set.form(kind).ok_or_else(|| ApiError::new(Code::NoRuleSet))?.clone();
    let own = own(kind, at, &m)?;
    let (issued_by, receiving, resolving) = (m.unit(own.by)?, m.unit(m.row.receiving_id)?, m.unit(m.row.resolving_id)?);
    let ground = rules::grounded_act(kind, &m.facts).and_then(|act| m.rule_set.ground(act)).map(str::to_owned);
    let number = form.number.map(|n| n.into_string());
    Ok(Slip {
        kind,
        rule_set: m.rule_set.code,
        form: SlipForm {
            source: number.as_ref().map(|_| m.rule_set.forms_source),
            number,
            title: form.title.into_string(),
            page_size: form.page_size,
        },
        issued_by,
        issued_on: Day(own.on),
        document_no: own.document_no,
        ground,
        id: m.row.id,
        channel: m.row.channel()?,
        applicant: m.applicant,
        code: m.row.code,
        procedure: m.procedure,
        receiving_department: receiving,
        resolving_department: resolving,
        submitted_at: m.row.submitted_at.map(At),
        accepted_at: m.row.accepted_at.map(At),
        part: own.part,
    })
}

fn own(kind: FormKind, at: usize, m: &Material) -> Result<Own, ApiError> {
    let (facts, counter) = (&m.facts, m.row.receiving_id);
    let lacking = || not_applicable(Lack::Acceptance);
    Ok(match kind {
        FormKind::Receipt => {
            let received_at = facts.accepted_at.ok_or_else(lacking)?;
            Own { part: Part::Receipt(receipt(m, At(received_at))?), on: vn_date(received_at), document_no: None, by: counter }
        }
        FormKind::Supplement => {
            let requests = rules::asked(facts);
            let request = requests.get(at).ok_or_else(ApiError::not_found)?;
            let part = SupplementPart {
                n: at + 1,
                before_acceptance: request.before_acceptance,
                requested_at: At(request.at),
                reason: request.reason.map(str::to_owned),
                items: request.items.to_vec(),
                respond_by_on: request.respond_by_on.map(Day),
            };
            Own { part: Part::Supplement(part), on: vn_date(request.at), document_no: request.document_no.map(str::to_owned), by: counter }
        }
        FormKind::Apology => {
            let apology = facts.apologies.get(at).ok_or_else(ApiError::not_found)?;
            let due_on = ledger::due_on_at(&m.row, &m.moves, apology.sent_at)?;
            let part = ApologyPart {
                n: at + 1,
                sent_at: At(apology.sent_at),
                reason: apology.reason.clone(),
                old_return_on: rules::old_return_on(facts, due_on, at).map(Day),
                new_return_on: apology.new_due_on.map(Day),
            };
            Own {
                part: Part::Apology(part),
                on: vn_date(apology.sent_at),
                document_no: apology.document_no.clone(),
                by: m.resolver_at(apology.sent_at),
            }
        }
        FormKind::Refusal | FormKind::Stop => {
            let verdict = facts.verdict.as_ref().ok_or_else(lacking)?;
            let (at, reason, before_acceptance) = (At(verdict.at), verdict.reason.clone(), facts.accepted_at.is_none());
            let part = match kind {
                FormKind::Stop => Part::Stop(StopPart { stopped_at: at, reason }),
                _ => Part::Refusal(RefusalPart { refused_at: at, reason, before_acceptance }),
            };
            let by = if before_acceptance { counter } else { m.resolver_at(verdict.at) };
            Own { part, on: vn_date(verdict.at), document_no: verdict.document_no.clone(), by }
        }
        FormKind::Control | FormKind::Register => {
            let steps = rules::steps(facts, m.row.resolving_id, m.row.stored_timeliness()?);
            let unit = |id| m.units.get(&id).map(|u| u.name.clone());
            let name = |party: Option<Party>| match party? {
                Party::Applicant => Some("Người nộp hồ sơ".to_owned()),
                Party::Counter => unit(counter),
                Party::Department(id) => unit(id),
                Party::Agency(name) => Some(name),
            };
            let step = |(i, s): (usize, rules::Step)| ControlStep {
                n: i + 1,
                act: s.act,
                from: name(s.from),
                to: name(s.to),
                at: At(s.at),
                result: s.result,
                note: s.note,
            };
            let part = ControlPart { steps: steps.into_iter().enumerate().map(step).collect() };
            Own { part: Part::Control(part), on: m.today, document_no: None, by: counter }
        }
    })
}

fn receipt(m: &Material, received_at: At) -> Result<ReceiptPart, ApiError> {
    let limit = m.row.terms()?.limit;
    let first = m.row.first_due_on;
    // Only the instant in force is stored; it is the first one while nothing has moved it.
    let return_at = m.row.due_at.filter(|at| m.facts.pauses.is_empty() && Some(vn_date(*at)) == first);
    Ok(ReceiptPart {
        components: m.components.clone(),
        limit,
        limit_text: limit.map(|l| l.words().vi),
        received_at,
        return_on: first.map(Day),
        return_at: return_at.map(At),
    })
}
