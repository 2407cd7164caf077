//! What becomes of one row: pure, given what is known.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::row::HistoryRow;
use crate::auth::Reach;
use crate::calendar::{Calendar, Calendars, vn_date};
use crate::departments;
use crate::dossiers::clock::Terms;
use crate::dossiers::model::{Applicant, Dossier, Facts, Identity, Status};
use crate::dossiers::numbers::{self, Number, OpenBlocks};
use crate::dossiers::personal::Numbers;
use crate::dossiers::rules::{self, Derived};
use crate::error::{Code, Fault};
use crate::http::Line;
use crate::http::bulk::Strategy;
use crate::procedures;
use crate::rule_sets::Validities;
use crate::vault::Vault;

/// What rows are judged against; read once a load.
pub struct Known<'s> {
    pub departments: HashMap<String, departments::Known>,
    pub procedures: HashMap<String, procedures::Known>,
    /// What numbers allotted here begin with.
    pub agencies: HashSet<String>,
    /// Blocks of numbers that their counters may still bring along.
    pub blocks: OpenBlocks,
    pub calendars: Calendars,
    pub rule_sets: Validities,
    pub reach: Reach,
    pub strategy: Strategy,
    pub now: DateTime<Utc>,
    pub vault: &'s Vault,
}

/// What is stored under the same code already.
#[derive(Clone, Debug)]
pub struct Existing {
    pub id: Uuid,
    pub version: i32,
    pub hash: Vec<u8>,
    pub terms: Terms,
    pub procedure_id: Uuid,
    pub resolving_id: Uuid,
    /// The calendar that it was counted with, if it was.
    pub calendar: Option<Arc<Calendar>>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub first_due_on: Option<NaiveDate>,
    pub created_at: DateTime<Utc>,
    /// Personal data was purged and does not come back.
    pub purged: bool,
    pub rule_set_id: Option<Uuid>,
    /// The counter has asked for papers before acceptance, which rows of history do not tell of.
    pub waiting: bool,
    /// When a revision last put another edition of its calendar in place.
    pub revised_at: Option<DateTime<Utc>>,
    /// The day of the finding that an apology was sent after the due date, if it was found.
    pub apology_after_due: Option<NaiveDate>,
    /// When the apologies were sent, in order.
    pub apologies: Vec<DateTime<Utc>>,
}

pub enum Decided {
    Unchanged,
    Write { dossier: Box<Dossier>, derived: Box<Derived>, hash: [u8; 16], warnings: Vec<Fault>, number: Option<BroughtNumber> },
    Rejected(Vec<Fault>),
}

/// The number of ours that a new dossier has.
pub struct BroughtNumber {
    pub number: Number,
    /// Numbers allotted later come after it.
    pub pushes: bool,
}

pub fn decide(known: &Known<'_>, row: HistoryRow, existing: Option<&Existing>) -> Decided {
    let mut faults = row.faults();
    faults.extend(known.strategy.fault(existing.is_some()));
    let procedure = known.procedures.get(row.procedure.as_str());
    if procedure.is_none() {
        faults.push(Fault::unknown("/procedure", row.procedure.as_str()));
    }
    let receiving = known.departments.get(row.receiving_department.as_str());
    if receiving.is_none() {
        faults.push(Fault::unknown("/receiving_department", row.receiving_department.as_str()));
    }
    let resolving_code = row.resolving_department.as_ref().map(Line::as_str).or(procedure.map(|p| p.department_code.as_str()));
    let resolving = resolving_code.and_then(|code| known.departments.get(code));
    if let (Some(code), None) = (&row.resolving_department, resolving) {
        faults.push(Fault::unknown("/resolving_department", code.as_str()));
    }
    let out_of_reach = |id: Uuid| !known.reach.covers(id);
    if resolving.is_some_and(|d| out_of_reach(d.id)) || existing.is_some_and(|e| out_of_reach(e.resolving_id)) {
        faults.push(Fault::plain(Code::NotPermitted, "/resolving_department"));
    }
    let number = numbers::parse(row.code.as_str(), |agency| known.agencies.contains(agency)).filter(|_| existing.is_none());
    if let (Some(number), Some(receiving)) = (&number, receiving) {
        faults.extend(known.blocks.fault(number, receiving.id));
    }
    let identity = match (procedure, receiving, resolving) {
        (Some(procedure), Some(receiving), Some(resolving)) => Some((procedure, receiving, resolving)),
        _ => None,
    };
    let source = match Source::of(&row, known.vault) {
        Ok(source) => source,
        Err(fault) => return Decided::Rejected(vec![fault]),
    };
    let facts = row.into_facts();
    faults.extend(rules::faults(&facts, known.now));
    let (Some((procedure, receiving, resolving)), true) = (identity, faults.is_empty()) else { return Decided::Rejected(faults) };

    let mut identity = source.identity(procedure.id, receiving.id, resolving.id);
    let hash = Dossier::hash(&identity, &facts);
    if existing.is_some_and(|e| e.hash == hash) {
        return Decided::Unchanged;
    }
    if let Some(applicant) = identity.applicant.as_mut().filter(|_| existing.is_some_and(|e| e.purged)) {
        (applicant.name, applicant.sealed) = (None, None);
    }
    let kept = existing.filter(|e| e.procedure_id == procedure.id).map(|e| e.terms);
    let terms =
        kept.unwrap_or(Terms { limit: procedure.limit, policy: procedure.supplement_policy, same_day_cutoff: procedure.same_day_cutoff });
    // A history that grows goes on with the calendar that it was counted with, whoever resolves it now: as after a transfer, a
    // revision moves it to that of its department.
    let held = existing.and_then(|e| e.calendar.clone());
    let calendar = held.unwrap_or_else(|| known.calendars.for_department(resolving.id));
    let created_at = existing.map_or(known.now, |e| e.created_at);
    let mut derived = match rules::derive(&facts, &terms, receiving.one_stop, Dossier::received_at(&facts, created_at), &calendar) {
        Ok(derived) => derived,
        Err(error) => return Decided::Rejected(vec![rules::clock_fault(&error, "")]),
    };
    if derived.status == Status::Submitted && existing.is_some_and(|e| e.waiting) {
        derived.status = Status::AwaitingCompletion;
    }
    keep_verdict_on_apologies(&mut derived, existing, &facts);
    keep_first_due(&mut derived, existing, &facts);
    let warnings = source_due_differs(&identity, &derived);
    let dossier = Dossier {
        id: existing.map_or_else(Uuid::now_v7, |e| e.id),
        version: existing.map_or(1, |e| e.version + 1),
        identity,
        terms,
        receiving_is_one_stop: receiving.one_stop,
        first_due_on: derived.reading.as_ref().and_then(|r| r.first_due_on),
        rule_set_id: rule_set(known, existing, &facts),
        facts,
        created_at,
    };
    let number = number.map(|number| BroughtNumber { pushes: numbers::pushes(&number, &receiving.agency, known.now), number });
    Decided::Write { dossier: Box::new(dossier), derived: Box::new(derived), hash, warnings, number }
}

/// The parts of a row that say what the dossier is, taken before the rest becomes facts.
struct Source {
    code: String,
    source_system: String,
    external_code: Option<String>,
    channel: crate::dossiers::model::Channel,
    applicant: Option<Applicant>,
    due_on: Option<NaiveDate>,
}

impl Source {
    fn of(row: &HistoryRow, vault: &Vault) -> Result<Source, Fault> {
        let code = row.code.as_str();
        let seal = |a| Numbers::seal(vault, code, a).map_err(|_| Fault::plain(Code::TooLong, "/applicant"));
        let applicant = match &row.applicant {
            Some(a) => Some(Applicant { kind: a.kind, name: Some(a.name.as_str().to_owned()), sealed: seal(a)? }),
            None => None,
        };
        Ok(Source {
            code: row.code.as_str().to_owned(),
            source_system: row.source_system.as_ref().map_or("dunghen", Line::as_str).to_owned(),
            external_code: row.external_code.as_ref().map(|c| c.as_str().to_owned()),
            channel: row.channel,
            applicant,
            due_on: row.due_on.map(|d| d.0),
        })
    }

    fn identity(self, procedure_id: Uuid, receiving_id: Uuid, resolving_id: Uuid) -> Identity {
        Identity {
            code: self.code,
            source_system: self.source_system,
            external_code: self.external_code,
            procedure_id,
            receiving_id,
            resolving_id,
            channel: self.channel,
            applicant: self.applicant,
            source_due_on: self.due_on,
        }
    }
}

/// A revision of the calendar does not judge anew the apologies that were known before it, as long as the same acceptance is told.
/// Whatever the row tells of besides is judged by what is in force now.
fn keep_verdict_on_apologies(derived: &mut Derived, existing: Option<&Existing>, facts: &Facts) {
    let Some(existing) = existing.filter(|e| e.accepted_at == facts.accepted_at) else { return };
    let Some(revised_at) = existing.revised_at else { return };
    let stands = |at: DateTime<Utc>| at < revised_at && existing.apologies.contains(&at);
    // The one that it was found of may have been taken back.
    let told = |on: &NaiveDate| facts.apologies.iter().any(|a| stands(a.sent_at) && vn_date(a.sent_at) == *on);
    rules::keep_verdict_on_apologies(derived, facts, stands, existing.apology_after_due.filter(told));
}

/// The first due date never changes; only a corrected acceptance makes another promise.
fn keep_first_due(derived: &mut Derived, existing: Option<&Existing>, facts: &Facts) {
    let Some(existing) = existing.filter(|e| e.accepted_at == facts.accepted_at && e.first_due_on.is_some()) else { return };
    if let Some(reading) = derived.reading.as_mut() {
        reading.first_due_on = existing.first_due_on;
    }
}

/// The law of the day of acceptance. A stored one stands, and so does that there was none; only a corrected day of
/// acceptance asks anew.
fn rule_set(known: &Known, existing: Option<&Existing>, facts: &Facts) -> Option<Uuid> {
    let day = vn_date(facts.accepted_at?);
    match existing.filter(|e| e.accepted_at.map(vn_date) == Some(day)) {
        Some(existing) => existing.rule_set_id,
        None => known.rule_sets.on(day).map(|set| set.id),
    }
}

fn source_due_differs(identity: &Identity, derived: &Derived) -> Vec<Fault> {
    let computed = derived.reading.as_ref().and_then(|r| r.due_on.or(r.due_before));
    match identity.source_due_on {
        Some(sent) if computed != Some(sent) => {
            let computed = computed.map_or_else(|| "—".to_owned(), |d| d.to_string());
            vec![Fault::new(
                Code::SourceDueOnDiffers,
                "/due_on",
                format!("Hệ thống nguồn ghi {sent}, tính theo quy tắc là {computed}."),
                format!("The source says {sent}, the rules give {computed}."),
            )]
        }
        _ => Vec::new(),
    }
}
