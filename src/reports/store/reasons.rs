//! Why dossiers are late or overdue.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::Question;
use super::state::{Relevant, state};

/// The late and overdue dossiers of a row by cause.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Caused {
    pub key: Option<String>,
    pub name: Option<String>,
    /// `[cause, reason, whether it is still open, count]` each.
    pub causes: serde_json::Value,
}

/// Causes of the dossiers of the period that are late or overdue. A consulted agency is one when it was asked by the due date
/// and had not answered by then; otherwise the reason of the last apology is, if it gives one.
///
/// # Errors
/// The database's.
pub async fn reasons(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<Vec<Caused>, DbErr> {
    let with = format!(
        "{}, caused AS (
             SELECT s.department_id, s.procedure_id, s.finished_on IS NULL AS open,
                    CASE WHEN EXISTS (SELECT FROM dossier_consultations k WHERE k.dossier_id = s.id
                                         AND (k.sent_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date <= s.due_on
                                         AND coalesce((k.answered_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date > s.due_on, true))
                         THEN 'consulted_agency' WHEN apology.reason IS NOT NULL THEN 'stated' ELSE 'not_stated' END AS cause,
                    apology.reason
               FROM state s
               LEFT JOIN LATERAL (SELECT a.reason FROM dossier_apologies a
                                   WHERE a.dossier_id = s.id AND a.sent_at < $6::timestamptz AND a.reason ~ '\\S'
                                   ORDER BY a.sent_at DESC, a.n DESC LIMIT 1) AS apology ON true
              WHERE s.timeliness = 'overdue' OR (s.timeliness = 'late' AND s.decision <> 'withdrawn')
         ), counted AS (
             SELECT department_id, procedure_id, cause, CASE WHEN cause = 'stated' THEN reason END AS reason, open, count(*) AS dossiers
               FROM caused GROUP BY 1, 2, 3, 4, 5
         )",
        state(Relevant::OfThePeriod)
    );
    let causes = "jsonb_agg(jsonb_build_array(s.cause, s.reason, s.open, s.dossiers)) AS causes";
    question.ask(db, &with, "counted", causes).await
}
