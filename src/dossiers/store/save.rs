//! Writing a dossier: the row, its children, what follows from them.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, TryGetable};
use serde_json::{Value, json};

use super::sql;
use crate::dossiers::model::{Dossier, Facts};
use crate::dossiers::rules::Derived;
use crate::procedures::LimitUnit;

pub async fn code_exists(tx: &impl ConnectionTrait, code: &str) -> Result<bool, DbErr> {
    let row = tx.query_one_raw(sql("SELECT EXISTS (SELECT 1 FROM dossiers WHERE code = $1)", [code.into()])).await?;
    row.map_or(Ok(false), |r| bool::try_get_by_index(&r, 0).map_err(DbErr::from))
}

/// The columns of a dossier, as one JSON object: the statement takes them apart again.
fn columns(dossier: &Dossier, derived: &Derived, now: DateTime<Utc>) -> Value {
    let (identity, facts, terms) = (&dossier.identity, &dossier.facts, &dossier.terms);
    let reading = derived.reading.as_ref();
    let verdict = facts.verdict.as_ref();
    let void = facts.void.as_ref();
    let hash: String = Dossier::hash(identity, facts).iter().map(|b| format!("{b:02x}")).collect();
    let mut row = json!({
        "id": dossier.id, "code": identity.code, "source_system": identity.source_system, "external_code": identity.external_code,
        "procedure_id": identity.procedure_id, "receiving_department_id": identity.receiving_id,
        "resolving_department_id": identity.resolving_id, "channel": identity.channel,
        "applicant_kind": identity.applicant.as_ref().map(|a| a.kind), "applicant_name": identity.applicant.as_ref().and_then(|a| a.name.as_ref()),
        "applicant_sealed": identity.applicant.as_ref().and_then(|a| a.sealed.as_ref()),
        "digitised": facts.digitised, "submitted_at": facts.submitted_at, "accepted_at": facts.accepted_at,
        "processing_at": facts.processing_at, "limit_value": terms.limit.map(|l| l.value),
        "limit_unit": terms.limit.map(|l: crate::procedures::Limit| LimitUnit::name(l.unit)),
        "supplement_policy": terms.policy.name(), "same_day_cutoff": terms.same_day_cutoff, "status": derived.status,
        "decision": verdict.map(|v| v.decision), "decision_reason": verdict.and_then(|v| v.reason.as_ref()),
        "decision_document_no": verdict.and_then(|v| v.document_no.as_ref()), "finished_at": verdict.map(|v| v.at),
        "returned_at": facts.returned_at, "return_method": facts.return_method,
        "voided_at": void.and_then(|v| v.at), "void_reason": void.and_then(|v| v.reason.as_ref()),
        "effective_on": reading.map(|r| r.effective_on), "first_due_on": reading.and_then(|r| r.first_due_on),
        "due_on": reading.and_then(|r| r.due_on), "due_at": reading.and_then(|r| r.due_at), "due_before": reading.and_then(|r| r.due_before),
        "timeliness": derived.timeliness, "apologised": derived.apologised, "supplement_asked_on": derived.supplement_asked_on,
        "consulting": derived.consulting, "source_due_on": identity.source_due_on,
        "facts_hash": format!("\\x{hash}"), "search": Dossier::search_words(identity),
        "received_at": Dossier::received_at(facts, dossier.created_at), "version": dossier.version,
        "created_at": dossier.created_at, "updated_at": now,
    });
    if let Some(edition) = &derived.edition {
        row["calendar_code"] = json!(edition.code);
        row["calendar_version"] = json!(edition.version);
        row["calendar_base_version"] = json!(edition.base_version);
    }
    row["rule_set_id"] = json!(dossier.rule_set_id);
    row
}

const COLUMNS: &str = "id, code, source_system, external_code, procedure_id, receiving_department_id, resolving_department_id, channel,
    applicant_kind, applicant_name, applicant_sealed, digitised, submitted_at, accepted_at, processing_at, limit_value, limit_unit, supplement_policy,
    same_day_cutoff, status, decision, decision_reason, decision_document_no, finished_at, returned_at, return_method, voided_at,
    void_reason, effective_on, first_due_on, due_on, due_at, due_before, calendar_code, calendar_version,
    calendar_base_version, timeliness, apologised, supplement_asked_on, consulting, source_due_on, rule_set_id, facts_hash, search,
    received_at, version, created_at, updated_at";

const RECORD: &str =
    "SELECT id, code, source_system, external_code, procedure_id, receiving_department_id, resolving_department_id, channel,
    applicant_kind, applicant_name, applicant_sealed, digitised, submitted_at, accepted_at, processing_at, limit_value, limit_unit, supplement_policy,
    same_day_cutoff, status, decision, decision_reason, decision_document_no, finished_at, returned_at, return_method, voided_at,
    void_reason, effective_on, first_due_on, due_on, due_at, due_before, calendar_code, calendar_version,
    calendar_base_version, timeliness, apologised, supplement_asked_on, consulting, source_due_on, rule_set_id, facts_hash,
    array_to_tsvector(array(SELECT jsonb_array_elements_text(search_words))), received_at, version, created_at, updated_at
  FROM (SELECT r.*, $1::jsonb -> 'search' AS search_words
          FROM jsonb_populate_record(NULL::dossiers, $1::jsonb - 'search') AS r) AS r";

pub async fn insert(tx: &impl ConnectionTrait, dossier: &Dossier, derived: &Derived, now: DateTime<Utc>) -> Result<(), DbErr> {
    let row = columns(dossier, derived, now);
    tx.execute_raw(sql(format!("INSERT INTO dossiers ({COLUMNS}) {RECORD}"), [row.into()])).await?;
    save_children(tx, dossier, derived).await
}

pub async fn update(
    tx: &impl ConnectionTrait,
    before: &Facts,
    dossier: &Dossier,
    derived: &Derived,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = columns(dossier, derived, now);
    tx.execute_raw(sql(format!("UPDATE dossiers d SET ({COLUMNS}) = ({RECORD}) WHERE d.id = ($1::jsonb ->> 'id')::uuid"), [row.into()]))
        .await?;
    if before.pauses == dossier.facts.pauses
        && before.completions == dossier.facts.completions
        && before.transfers == dossier.facts.transfers
        && before.apologies == dossier.facts.apologies
        && before.consultations == dossier.facts.consultations
    {
        return save_findings(tx, dossier, derived).await;
    }
    save_children(tx, dossier, derived).await
}

/// What may still change once a dossier is closed: its hand-over, and that it is void. Dates and timeliness stay as they
/// were judged: a report that ended before the voiding does not change.
pub async fn update_closed(tx: &impl ConnectionTrait, dossier: &Dossier, now: DateTime<Utc>) -> Result<(), DbErr> {
    let facts = &dossier.facts;
    let void = facts.void.as_ref();
    let text = "UPDATE dossiers SET status = $2, returned_at = $3, return_method = $4, voided_at = $5, void_reason = $6,
                    facts_hash = $7, version = $8, updated_at = $9 WHERE id = $1";
    let values: [sea_orm::Value; 9] = [
        dossier.id.into(),
        facts.status().name().into(),
        facts.returned_at.into(),
        facts.return_method.map(|m| m.name()).into(),
        void.and_then(|v| v.at).into(),
        void.and_then(|v| v.reason.clone()).into(),
        Dossier::hash(&dossier.identity, facts).to_vec().into(),
        dossier.version.into(),
        now.into(),
    ];
    tx.execute_raw(sql(text, values)).await?;
    if void.is_some() {
        tx.execute_raw(sql("DELETE FROM dossier_findings WHERE dossier_id = $1", [dossier.id.into()])).await?;
    }
    Ok(())
}

async fn save_children(tx: &impl ConnectionTrait, dossier: &Dossier, derived: &Derived) -> Result<(), DbErr> {
    let facts = &dossier.facts;
    // The clock tells of the pauses in the order it was given them.
    let moves = derived.reading.iter().flat_map(|r| &r.pauses).map(Some).chain(std::iter::repeat(None));
    let pauses: Vec<Value> = facts
        .pauses
        .iter()
        .zip(moves)
        .map(|(p, moved)| {
            json!({"dossier_id": dossier.id, "kind": p.kind, "n": p.n, "from_at": p.from, "to_at": p.to, "reason": p.reason,
                "document_no": p.document_no, "legal_basis": p.legal_basis, "items": p.items, "respond_by_on": p.respond_by_on,
                "amount_vnd": p.amount_vnd, "due_before": moved.and_then(|m| m.due_before), "due_after": moved.and_then(|m| m.due_after)})
        })
        .collect();
    if !pauses.is_empty() {
        // What was in force when a pause began or ended stays on record, also after a revision of the calendar.
        let text = "INSERT INTO dossier_pauses SELECT * FROM jsonb_populate_recordset(NULL::dossier_pauses, $1)
                    ON CONFLICT (dossier_id, kind, n) DO UPDATE SET to_at = excluded.to_at,
                        due_after = CASE WHEN dossier_pauses.to_at IS NULL THEN excluded.due_after ELSE dossier_pauses.due_after END";
        tx.execute_raw(sql(text, [Value::from(pauses).into()])).await?;
    }
    let apologies: Vec<Value> = facts
        .apologies
        .iter()
        .enumerate()
        .map(|(i, a)| {
            json!({"dossier_id": dossier.id, "n": i + 1, "sent_at": a.sent_at, "reason": a.reason, "new_due_on": a.new_due_on, "document_no": a.document_no})
        })
        .collect();
    if !apologies.is_empty() {
        let text = "INSERT INTO dossier_apologies (dossier_id, n, sent_at, reason, new_due_on, document_no)
                    SELECT dossier_id, n, sent_at, reason, new_due_on, document_no
                      FROM jsonb_populate_recordset(NULL::dossier_apologies, $1) ON CONFLICT (dossier_id, n) DO NOTHING";
        tx.execute_raw(sql(text, [Value::from(apologies).into()])).await?;
    }
    save_consultations(tx, dossier).await?;
    save_completions(tx, dossier).await?;
    save_transfers(tx, dossier).await?;
    save_findings(tx, dossier, derived).await
}

async fn save_consultations(tx: &impl ConnectionTrait, dossier: &Dossier) -> Result<(), DbErr> {
    let consultations: Vec<Value> = dossier
        .facts
        .consultations
        .iter()
        .enumerate()
        .map(|(i, c)| {
            json!({"dossier_id": dossier.id, "n": i + 1, "agency": c.agency, "sent_at": c.sent_at, "document_no": c.document_no,
                "answer_due_on": c.answer_due_on, "reminders": c.reminders, "answered_at": c.answered_at, "escalated_at": c.escalated_at})
        })
        .collect();
    if consultations.is_empty() {
        return Ok(());
    }
    let text = "INSERT INTO dossier_consultations SELECT * FROM jsonb_populate_recordset(NULL::dossier_consultations, $1)
                ON CONFLICT (dossier_id, n) DO UPDATE SET reminders = excluded.reminders, answered_at = excluded.answered_at,
                    escalated_at = excluded.escalated_at";
    tx.execute_raw(sql(text, [Value::from(consultations).into()])).await.map(drop)
}

async fn save_completions(tx: &impl ConnectionTrait, dossier: &Dossier) -> Result<(), DbErr> {
    let asked = dossier.facts.completions.iter().enumerate();
    let rows: Vec<Value> = asked
        .map(|(i, c)| {
            json!({"dossier_id": dossier.id, "n": i + 1, "requested_at": c.requested_at, "reason": c.reason, "document_no": c.document_no,
                "items": c.items, "respond_by_on": c.respond_by_on, "completed_at": c.completed_at})
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let text = "INSERT INTO dossier_completions SELECT * FROM jsonb_populate_recordset(NULL::dossier_completions, $1)
                ON CONFLICT (dossier_id, n) DO UPDATE SET completed_at = excluded.completed_at";
    tx.execute_raw(sql(text, [Value::from(rows).into()])).await.map(drop)
}

async fn save_transfers(tx: &impl ConnectionTrait, dossier: &Dossier) -> Result<(), DbErr> {
    let rows: Vec<Value> = (dossier.facts.transfers.iter().enumerate())
        .map(|(i, t)| {
            json!({"dossier_id": dossier.id, "n": i + 1, "occurred_at": t.at, "from_department_id": t.from, "to_department_id": t.to, "reason": t.reason})
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let text = "INSERT INTO dossier_transfers SELECT * FROM jsonb_populate_recordset(NULL::dossier_transfers, $1)
                ON CONFLICT (dossier_id, n) DO NOTHING";
    tx.execute_raw(sql(text, [Value::from(rows).into()])).await.map(drop)
}

async fn save_findings(tx: &impl ConnectionTrait, dossier: &Dossier, derived: &Derived) -> Result<(), DbErr> {
    let findings: Vec<Value> = derived.findings.iter().map(|(kind, on)| json!({"kind": kind, "arose_on": on})).collect();
    let text = "WITH now AS (SELECT $1::uuid AS dossier_id, f.kind, f.arose_on FROM jsonb_to_recordset($2) AS f(kind text, arose_on date)),
        gone AS (DELETE FROM dossier_findings o WHERE o.dossier_id = $1 AND NOT EXISTS (SELECT 1 FROM now WHERE now.kind = o.kind))
        INSERT INTO dossier_findings (dossier_id, kind, arose_on) SELECT * FROM now
        ON CONFLICT (dossier_id, kind) DO UPDATE SET arose_on = excluded.arose_on WHERE dossier_findings.arose_on <> excluded.arose_on";
    tx.execute_raw(sql(text, [dossier.id.into(), Value::from(findings).into()])).await?;
    Ok(())
}

/// Something that lies before the last revision of the calendar was told only after it: what has been in force since the revision is
/// the due date as it is now, unless something of the clock has happened since.
pub async fn align_last_move(tx: &impl ConnectionTrait, dossier: uuid::Uuid) -> Result<(), DbErr> {
    let text = "UPDATE calendar_revision_moves m SET due_on = d.due_on, due_at = d.due_at, due_before = d.due_before
                  FROM dossiers d
                 WHERE d.id = $1 AND m.dossier_id = d.id
                   AND m.moved_at = (SELECT max(l.moved_at) FROM calendar_revision_moves l WHERE l.dossier_id = d.id)
                   AND NOT EXISTS (SELECT FROM dossier_pauses p WHERE p.dossier_id = d.id AND (p.from_at > m.moved_at OR p.to_at > m.moved_at))";
    tx.execute_raw(sql(text, [dossier.into()])).await.map(drop)
}
