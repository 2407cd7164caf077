//! Taking out what names a person.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use serde_json::{Value, json};
use uuid::Uuid;

use super::sql;
use crate::audit::Teller;
use crate::http::values::words;

#[derive(FromQueryResult)]
pub struct Old {
    id: Uuid,
    code: String,
    external_code: Option<String>,
}

/// Dossiers that ended on a day or earlier and still name their applicant, the oldest first.
pub async fn old(tx: &impl ConnectionTrait, until: NaiveDate, most: u32) -> Result<Vec<Old>, DbErr> {
    let named = "(applicant_name IS NOT NULL OR applicant_sealed IS NOT NULL)";
    let text = format!(
        "SELECT id, code, external_code FROM dossiers WHERE finished_on IS NOT NULL AND finished_on <= $1 AND {named} ORDER BY finished_on LIMIT {most} FOR UPDATE SKIP LOCKED"
    );
    let mut found = Old::find_by_statement(sql(text, [until.into()])).all(tx).await?;
    let left = most as usize - found.len();
    if left > 0 {
        // Voided without ever having been finished.
        let text = format!(
            "SELECT id, code, external_code FROM dossiers WHERE status = 'voided' AND decision IS NULL AND {named}
                AND coalesce(voided_at, received_at) < ($1::date + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'
              ORDER BY coalesce(voided_at, received_at) LIMIT {left} FOR UPDATE SKIP LOCKED"
        );
        found.extend(Old::find_by_statement(sql(text, [until.into()])).all(tx).await?);
    }
    Ok(found)
}

pub async fn purge(tx: &impl ConnectionTrait, old: &[Old], teller: &Teller<'_>) -> Result<(), DbErr> {
    let rows: Vec<Value> =
        old.iter().map(|d| json!({"id": d.id, "words": words([Some(d.code.as_str()), d.external_code.as_deref()])})).collect();
    let text = "WITH gone AS (
            UPDATE dossiers d SET applicant_name = NULL, applicant_sealed = NULL, purged_at = $2, updated_at = $2, version = d.version + 1,
                   search = array_to_tsvector(array(SELECT jsonb_array_elements_text(r.words)))
              FROM jsonb_to_recordset($1) AS r(id uuid, words jsonb) WHERE d.id = r.id
         RETURNING d.id, d.code, d.version, d.resolving_department_id
        ), line AS (
            INSERT INTO audit_events (recorded_at, occurred_at, actor_id, actor, act, subject_type, subject_id, subject_code, version, request_id)
            SELECT $2, $2, $3, $4, 'purge', 'dossier', id, code, version, $5 FROM gone
        )
        INSERT INTO outbox_events (recorded_at, occurred_at, type, subject_type, subject_id, subject_code, department_id, version, data)
        SELECT $2, $2, 'dossier.purge', 'dossier', id, code, resolving_department_id, version, '{}' FROM gone";
    let values = [Value::from(rows).into(), teller.now.into(), teller.actor_id.into(), teller.actor.into(), teller.request_id.into()];
    tx.execute_raw(sql(text, values)).await.map(drop)
}
