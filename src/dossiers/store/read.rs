//! One dossier with everything that happened to it, in one statement.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::sql;
use crate::auth::Reach;
use crate::calendar::Edition;
use crate::dossiers::clock::{PauseKind, Terms};
use crate::dossiers::model::{
    Apology, Applicant, ApplicantKind, Channel, Completion, Consultation, Decision, Dossier, Facts, Finding, Identity, Pause, Reminder,
    Status, Timeliness, Transfer, Verdict, Void, pause_order,
};
use crate::http::values::Key;
use crate::procedures::{Limit, LimitUnit, SupplementPolicy};
use crate::vault::Sealed;

/// A dossier as it is stored, with its children as JSON.
#[derive(FromQueryResult)]
pub struct Row {
    pub id: Uuid,
    pub code: String,
    pub source_system: String,
    pub external_code: Option<String>,
    pub procedure_id: Uuid,
    pub procedure: String,
    pub receiving_id: Uuid,
    pub receiving: String,
    pub receiving_is_one_stop: bool,
    pub resolving_id: Uuid,
    pub resolving: String,
    pub channel: String,
    pub applicant_kind: Option<String>,
    pub applicant_name: Option<String>,
    pub applicant_sealed: Option<Vec<u8>>,
    pub digitised: Option<bool>,
    pub submitted_at: Option<DateTime<Utc>>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub processing_at: Option<DateTime<Utc>>,
    pub limit_value: Option<i32>,
    pub limit_unit: Option<String>,
    pub supplement_policy: String,
    pub same_day_cutoff: NaiveTime,
    pub status: String,
    pub decision: Option<String>,
    pub decision_reason: Option<String>,
    pub decision_document_no: Option<String>,
    pub finished_at: Option<DateTime<Utc>>,
    pub returned_at: Option<DateTime<Utc>>,
    pub return_method: Option<String>,
    pub voided_at: Option<DateTime<Utc>>,
    pub void_reason: Option<String>,
    pub first_due_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub due_at: Option<DateTime<Utc>>,
    pub due_before: Option<NaiveDate>,
    pub calendar_code: Option<String>,
    pub calendar_version: Option<i32>,
    pub calendar_base_version: Option<i32>,
    pub timeliness: Option<String>,
    pub apologised: bool,
    pub source_due_on: Option<NaiveDate>,
    pub rule_set_id: Option<Uuid>,
    pub rule_set: Option<String>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub pauses: Option<Value>,
    pub apologies: Option<Value>,
    pub consultations: Option<Value>,
    /// When a revision of the calendar moved it last.
    pub moved_at: Option<DateTime<Utc>>,
    pub completions: Option<Value>,
    pub transfers: Option<Value>,
    pub findings: Option<Value>,
}

const SELECT: &str = "SELECT d.id, d.code, d.source_system, d.external_code, d.procedure_id, p.code AS procedure,
        d.receiving_department_id AS receiving_id, rc.code AS receiving, rc.one_stop AS receiving_is_one_stop,
        d.resolving_department_id AS resolving_id, rs.code AS resolving, d.channel, d.applicant_kind, d.applicant_name, d.applicant_sealed, d.digitised,
        d.submitted_at, d.accepted_at, d.processing_at, d.limit_value, d.limit_unit, d.supplement_policy, d.same_day_cutoff,
        d.status, d.decision, d.decision_reason, d.decision_document_no, d.finished_at, d.returned_at, d.return_method, d.voided_at, d.void_reason,
        d.first_due_on, d.due_on, d.due_at, d.due_before, d.calendar_code, d.calendar_version, d.calendar_base_version, d.timeliness,
        d.apologised, d.source_due_on, d.rule_set_id, (SELECT r.code FROM rule_sets r WHERE r.id = d.rule_set_id) AS rule_set,
        d.version, d.created_at,
        (SELECT jsonb_agg(to_jsonb(c)) FROM dossier_pauses c WHERE c.dossier_id = d.id) AS pauses,
        (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.n) FROM dossier_apologies c WHERE c.dossier_id = d.id) AS apologies,
        (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.n) FROM dossier_consultations c WHERE c.dossier_id = d.id) AS consultations,
        (SELECT max(m.moved_at) FROM calendar_revision_moves m WHERE m.dossier_id = d.id) AS moved_at,
        (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.n) FROM dossier_completions c WHERE c.dossier_id = d.id) AS completions,
        (SELECT jsonb_agg(to_jsonb(c) || jsonb_build_object('from_code', a.code, 'to_code', b.code) ORDER BY c.n) FROM dossier_transfers c
           JOIN departments a ON a.id = c.from_department_id JOIN departments b ON b.id = c.to_department_id WHERE c.dossier_id = d.id) AS transfers,
        (SELECT jsonb_agg(jsonb_build_array(c.kind, c.arose_on) ORDER BY c.kind) FROM dossier_findings c WHERE c.dossier_id = d.id) AS findings
   FROM dossiers d JOIN procedures p ON p.id = d.procedure_id
   JOIN departments rc ON rc.id = d.receiving_department_id JOIN departments rs ON rs.id = d.resolving_department_id";

/// The statement behind a detail.
pub fn find_statement(key: &Key, reach: &Reach) -> Statement {
    let (by, value) = match key {
        Key::Id(id) => ("d.id", (*id).into()),
        Key::Code(code) => ("d.code", code.as_str().into()),
    };
    let text = format!("{SELECT} WHERE {by} = $1 AND ($2::uuid[] IS NULL OR d.resolving_department_id = ANY($2))");
    sql(text, [value, reach.ids().into()])
}

pub async fn find(db: &impl ConnectionTrait, key: &Key, reach: &Reach) -> Result<Option<Row>, DbErr> {
    Row::find_by_statement(find_statement(key, reach)).one(db).await
}

/// The dossier, locked until the transaction ends.
pub async fn lock(tx: &impl ConnectionTrait, key: &Key, reach: &Reach) -> Result<Option<Row>, DbErr> {
    // Locked first: children are read by a statement that begins when the lock is held.
    let (by, value) = match key {
        Key::Id(id) => ("id", (*id).into()),
        Key::Code(code) => ("code", code.as_str().into()),
    };
    tx.execute_raw(sql(format!("SELECT 1 FROM dossiers WHERE {by} = $1 FOR UPDATE"), [value])).await?;
    find(tx, key, reach).await
}

#[derive(Deserialize)]
pub struct PauseRow {
    pub kind: PauseKind,
    pub n: i16,
    pub from_at: DateTime<Utc>,
    pub to_at: Option<DateTime<Utc>>,
    pub reason: Option<String>,
    pub document_no: Option<String>,
    pub legal_basis: Option<String>,
    pub items: Option<Vec<String>>,
    pub respond_by_on: Option<NaiveDate>,
    pub amount_vnd: Option<i64>,
    pub due_before: Option<NaiveDate>,
    pub due_after: Option<NaiveDate>,
}

#[derive(Deserialize)]
pub struct ApologyRow {
    pub n: i16,
    pub sent_at: DateTime<Utc>,
    pub reason: Option<String>,
    pub new_due_on: Option<NaiveDate>,
    pub document_no: Option<String>,
}

#[derive(Deserialize)]
pub struct ReminderRow {
    pub sent_at: DateTime<Utc>,
    pub document_no: Option<String>,
}

#[derive(Deserialize)]
pub struct ConsultationRow {
    pub n: i16,
    pub agency: String,
    pub sent_at: DateTime<Utc>,
    pub document_no: Option<String>,
    pub answer_due_on: Option<NaiveDate>,
    pub reminders: Vec<ReminderRow>,
    pub answered_at: Option<DateTime<Utc>>,
    pub escalated_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub struct CompletionRow {
    pub n: i16,
    pub requested_at: DateTime<Utc>,
    pub reason: String,
    pub document_no: Option<String>,
    pub items: Vec<String>,
    pub respond_by_on: Option<NaiveDate>,
    pub completed_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub struct TransferRow {
    pub n: i16,
    pub occurred_at: DateTime<Utc>,
    pub from_department_id: Uuid,
    pub to_department_id: Uuid,
    pub from_code: String,
    pub to_code: String,
    pub reason: String,
}

fn children<T: for<'a> Deserialize<'a>>(json: Option<&Value>) -> Result<Vec<T>, DbErr> {
    json.map_or(Ok(Vec::new()), |json| Vec::deserialize(json).map_err(|e| DbErr::Custom(e.to_string())))
}

fn word<T>(parsed: Option<T>, text: &str) -> Result<T, DbErr> {
    parsed.ok_or_else(|| DbErr::Custom(format!("unknown word “{text}” in the database")))
}

impl Row {
    /// What its dates were counted with; none before acceptance.
    pub fn edition(&self) -> Option<Edition> {
        let code = self.calendar_code.clone()?;
        Some(Edition { code, version: self.calendar_version?, base_version: self.calendar_base_version? })
    }

    pub fn status(&self) -> Result<Status, DbErr> {
        word(Status::parse(&self.status), &self.status)
    }

    pub fn channel(&self) -> Result<Channel, DbErr> {
        word(Channel::parse(&self.channel), &self.channel)
    }

    pub fn stored_timeliness(&self) -> Result<Option<Timeliness>, DbErr> {
        self.timeliness.as_deref().map(|t| word(Timeliness::parse(t), t)).transpose()
    }

    /// With the day each came about on.
    pub fn stored_findings(&self) -> Result<Vec<(Finding, NaiveDate)>, DbErr> {
        children(self.findings.as_ref())
    }

    pub fn pauses(&self) -> Result<Vec<PauseRow>, DbErr> {
        let mut pauses: Vec<PauseRow> = children(self.pauses.as_ref())?;
        pauses.sort_by_key(|p| pause_order(p.kind, p.n, p.from_at, p.to_at));
        Ok(pauses)
    }

    pub fn apologies(&self) -> Result<Vec<ApologyRow>, DbErr> {
        children(self.apologies.as_ref())
    }

    pub fn consultations(&self) -> Result<Vec<ConsultationRow>, DbErr> {
        children(self.consultations.as_ref())
    }

    pub fn completions(&self) -> Result<Vec<CompletionRow>, DbErr> {
        children(self.completions.as_ref())
    }

    pub fn transfers(&self) -> Result<Vec<TransferRow>, DbErr> {
        children(self.transfers.as_ref())
    }

    pub fn terms(&self) -> Result<Terms, DbErr> {
        let limit = match (self.limit_value, self.limit_unit.as_deref()) {
            (Some(value), Some(unit)) => Some(Limit { value: value.unsigned_abs(), unit: word(LimitUnit::parse(unit), unit)? }),
            _ => None,
        };
        let policy = word(SupplementPolicy::parse(&self.supplement_policy), &self.supplement_policy)?;
        Ok(Terms { limit, policy, same_day_cutoff: self.same_day_cutoff })
    }

    pub fn facts(&self) -> Result<Facts, DbErr> {
        let pause = |p: PauseRow| Pause {
            kind: p.kind,
            n: p.n,
            from: p.from_at,
            to: p.to_at,
            reason: p.reason,
            document_no: p.document_no,
            legal_basis: p.legal_basis,
            items: p.items.unwrap_or_default(),
            respond_by_on: p.respond_by_on,
            amount_vnd: p.amount_vnd,
        };
        let apology =
            |a: ApologyRow| Apology { sent_at: a.sent_at, reason: a.reason, new_due_on: a.new_due_on, document_no: a.document_no };
        let consultation = |c: ConsultationRow| Consultation {
            agency: c.agency,
            sent_at: c.sent_at,
            document_no: c.document_no,
            answer_due_on: c.answer_due_on,
            reminders: c.reminders.into_iter().map(|r| Reminder { sent_at: r.sent_at, document_no: r.document_no }).collect(),
            answered_at: c.answered_at,
            escalated_at: c.escalated_at,
        };
        let completion = |c: CompletionRow| Completion {
            requested_at: c.requested_at,
            reason: c.reason,
            document_no: c.document_no,
            items: c.items,
            respond_by_on: c.respond_by_on,
            completed_at: c.completed_at,
        };
        let transfer =
            |t: TransferRow| Transfer { at: t.occurred_at, from: t.from_department_id, to: t.to_department_id, reason: t.reason };
        let verdict = match (self.decision.as_deref(), self.finished_at) {
            (Some(decision), Some(at)) => Some(Verdict {
                decision: word(Decision::parse(decision), decision)?,
                at,
                reason: self.decision_reason.clone(),
                document_no: self.decision_document_no.clone(),
            }),
            _ => None,
        };
        Ok(Facts {
            submitted_at: self.submitted_at,
            completions: self.completions()?.into_iter().map(completion).collect(),
            accepted_at: self.accepted_at,
            processing_at: self.processing_at,
            pauses: self.pauses()?.into_iter().map(pause).collect(),
            apologies: self.apologies()?.into_iter().map(apology).collect(),
            consultations: self.consultations()?.into_iter().map(consultation).collect(),
            transfers: self.transfers()?.into_iter().map(transfer).collect(),
            verdict,
            returned_at: self.returned_at,
            return_method: self.return_method.as_deref().map(|m| word(Channel::parse(m), m)).transpose()?,
            void: (self.status()? == Status::Voided).then(|| Void { at: self.voided_at, reason: self.void_reason.clone() }),
            digitised: self.digitised,
        })
    }

    pub fn dossier(&self) -> Result<Dossier, DbErr> {
        let applicant = match self.applicant_kind.as_deref() {
            Some(kind) => Some(Applicant {
                kind: word(ApplicantKind::parse(kind), kind)?,
                name: self.applicant_name.clone(),
                sealed: self.applicant_sealed.clone().map(Sealed),
            }),
            None => None,
        };
        Ok(Dossier {
            id: self.id,
            version: self.version,
            identity: Identity {
                code: self.code.clone(),
                source_system: self.source_system.clone(),
                external_code: self.external_code.clone(),
                procedure_id: self.procedure_id,
                receiving_id: self.receiving_id,
                resolving_id: self.resolving_id,
                channel: self.channel()?,
                applicant,
                source_due_on: self.source_due_on,
            },
            terms: self.terms()?,
            receiving_is_one_stop: self.receiving_is_one_stop,
            first_due_on: self.first_due_on,
            rule_set_id: self.rule_set_id,
            facts: self.facts()?,
            created_at: self.created_at,
        })
    }
}
