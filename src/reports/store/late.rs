//! The dossiers that are late, one by one.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::Question;
use super::state::{APOLOGISED, Relevant, state};

/// A dossier that was finished late or is overdue.
#[derive(Clone, Debug, FromQueryResult)]
pub struct LateDossier {
    pub code: String,
    /// Code of the department whose it was.
    pub department: String,
    pub procedure: String,
    pub procedure_name: String,
    pub accepted_on: NaiveDate,
    pub due_on: NaiveDate,
    pub finished_on: Option<NaiveDate>,
    /// `consulted_agency`, `stated` or `not_stated`.
    pub cause: String,
    /// What the last apology with a reason says.
    pub reason: Option<String>,
    /// An apology that named a new date came in time.
    pub apologised: bool,
    /// The date that the last apology named.
    pub new_due_on: Option<NaiveDate>,
}

/// The late and overdue dossiers of the period, those that are late longest first: all, or the one with a code. A cause is found as for
/// [`super::reasons`].
///
/// # Errors
/// The database's.
pub async fn late_dossiers(
    db: &impl ConnectionTrait,
    question: &Question<'_>,
    code: Option<&str>,
    limit: i64,
) -> Result<Vec<LateDossier>, DbErr> {
    let text = format!(
        "{state}, late AS (
             SELECT s.*, coalesce(s.finished_on, $5::date) - s.due_on AS days FROM state s
              WHERE (s.timeliness = 'overdue' OR (s.timeliness = 'late' AND s.decision <> 'withdrawn'))
                AND ($9::text IS NULL OR s.id IN (SELECT d.id FROM dossiers d WHERE d.code = $9::text))
              ORDER BY days DESC, s.id LIMIT $10)
         SELECT d.code, n.code AS department, p.code AS procedure, p.name AS procedure_name, s.accepted_on, s.due_on, s.finished_on,
                CASE WHEN EXISTS (SELECT FROM dossier_consultations k WHERE k.dossier_id = s.id
                                     AND (k.sent_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date <= s.due_on
                                     AND coalesce((k.answered_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date > s.due_on, true))
                     THEN 'consulted_agency' WHEN apology.reason IS NOT NULL THEN 'stated' ELSE 'not_stated' END AS cause,
                apology.reason, {APOLOGISED} AS apologised, named.new_due_on
           FROM late s JOIN dossiers d ON d.id = s.id JOIN departments n ON n.id = s.department_id JOIN procedures p ON p.id = s.procedure_id
           LEFT JOIN LATERAL (SELECT a.reason FROM dossier_apologies a
                               WHERE a.dossier_id = s.id AND a.sent_at < $6::timestamptz AND a.reason ~ '\\S'
                               ORDER BY a.sent_at DESC, a.n DESC LIMIT 1) AS apology ON true
           LEFT JOIN LATERAL (SELECT a.new_due_on FROM dossier_apologies a
                               WHERE a.dossier_id = s.id AND a.sent_at < $6::timestamptz AND a.new_due_on IS NOT NULL
                               ORDER BY a.sent_at DESC, a.n DESC LIMIT 1) AS named ON true
          ORDER BY s.days DESC, d.code",
        state = state(Relevant::OfThePeriod)
    );
    let more = vec![code.map(str::to_owned).into(), limit.into()];
    LateDossier::find_by_statement(question.statement(text, more)).all(db).await
}
