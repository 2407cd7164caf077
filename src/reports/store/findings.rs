//! How often which rule was not kept.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::Question;
use super::state::{DEPARTMENT, Relevant, SILENT, chosen, state};
use crate::reports::filter::GroupBy;

/// The findings of a row.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Found {
    pub key: Option<String>,
    pub name: Option<String>,
    /// `[kind, count]` each; without a kind, the number of dossiers.
    pub findings: serde_json::Value,
}

/// Findings that arose in the period. Those about consultations are what [`crate::dossiers`] says at the end of the day of
/// judgement.
///
/// # Errors
/// The database's.
pub async fn findings(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<Vec<Found>, DbErr> {
    // Asked of everything as one, nobody needs to be known: voided dossiers have no findings.
    let everything = question.reach.ids().is_none() && question.group_by == GroupBy::None && question.chosen.is_everything();
    let stored = if everything {
        "SELECT f.dossier_id AS id, NULL::uuid AS department_id, NULL::uuid AS procedure_id, f.kind FROM dossier_findings f
          WHERE f.arose_on BETWEEN $3::date AND least($4::date, $5::date)"
            .to_owned()
    } else {
        format!(
            "SELECT d.id, {DEPARTMENT} AS department_id, d.procedure_id, f.kind
               FROM dossier_findings f JOIN dossiers d ON d.id = f.dossier_id
              WHERE f.arose_on BETWEEN $3::date AND $4::date AND f.arose_on <= $5::date AND d.status <> 'voided' AND {}",
            chosen()
        )
    };
    let with = format!(
        "{}, due AS (
             SELECT s.id, s.department_id, s.procedure_id, k.kind, min(k.arose_on) AS arose_on
               FROM state s
              CROSS JOIN LATERAL (SELECT c.answer_due_on, c.reminders FROM dossier_consultations c
                                   WHERE c.dossier_id = s.id AND {SILENT} OFFSET 0) AS c
              CROSS JOIN LATERAL (SELECT (array_agg(r.at ORDER BY r.at))[2] AS second
                                    FROM (SELECT (e ->> 'sent_at')::timestamptz AS at FROM jsonb_array_elements(c.reminders) AS e) AS r
                                   WHERE r.at < $6::timestamptz) AS reminded
              CROSS JOIN LATERAL (VALUES
                    ('consultation_reminder_due', CASE WHEN c.answer_due_on < $5::date AND reminded.second IS NULL THEN c.answer_due_on + 1 END),
                    ('consultation_escalation_due', least((reminded.second AT TIME ZONE 'Asia/Ho_Chi_Minh')::date,
                        CASE WHEN c.answer_due_on < $5::date AND s.due_on < $5::date THEN greatest(c.answer_due_on, s.due_on) + 1 END)))
                    AS k(kind, arose_on)
              WHERE s.finished_on IS NULL AND s.waiting_for IS NULL AND k.arose_on IS NOT NULL
              GROUP BY 1, 2, 3, 4
         ), found AS (
             {stored}
             UNION ALL
             SELECT id, department_id, procedure_id, kind FROM due WHERE arose_on BETWEEN $3::date AND $4::date
         ), counted AS (
             SELECT department_id, procedure_id, kind, count(*) AS findings FROM found GROUP BY 1, 2, 3
             UNION ALL
             SELECT department_id, procedure_id, NULL, count(DISTINCT id) FROM found GROUP BY 1, 2
         )",
        state(Relevant::Consulting),
    );
    question.ask(db, &with, "counted", "jsonb_agg(jsonb_build_array(s.kind, s.findings)) AS findings").await
}
