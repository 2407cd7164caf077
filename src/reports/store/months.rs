//! Outcomes by day of acceptance, and finishes by their day: months are cut from days by the rules of periods.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::Question;
use super::results::outcome;
use super::state::{Relevant, state};

/// How many dossiers accepted on a day have a verdict.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Daily {
    pub accepted_on: NaiveDate,
    pub outcome: String,
    pub timeliness: String,
    pub dossiers: i64,
}

/// Outcome and timeliness of the dossiers accepted in the period.
///
/// # Errors
/// The database's.
pub async fn daily(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<Vec<Daily>, DbErr> {
    let text = format!(
        "{}, judged AS (SELECT s.accepted_on, {} AS outcome, s.timeliness, count(*) AS dossiers FROM state s GROUP BY 1, 2, 3)
         SELECT * FROM judged ORDER BY accepted_on",
        state(Relevant::AcceptedInPeriod),
        outcome()
    );
    Daily::find_by_statement(question.statement(text, Vec::new())).all(db).await
}

/// How many dossiers were finished on a day, withdrawn ones left out.
#[derive(Clone, Debug, FromQueryResult)]
pub struct DailyFinish {
    pub finished_on: NaiveDate,
    pub finished: i64,
    /// Early or on time.
    pub on_time: i64,
}

/// What was finished in the period day by day, as the rate of those finished on time counts it.
///
/// # Errors
/// The database's.
pub async fn finished_daily(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<Vec<DailyFinish>, DbErr> {
    let text = format!(
        "{} SELECT s.finished_on, count(*) AS finished, count(*) FILTER (WHERE s.timeliness <> 'late') AS on_time
              FROM state s WHERE s.finished_on IS NOT NULL AND s.decision <> 'withdrawn' GROUP BY 1 ORDER BY 1",
        state(Relevant::FinishedInPeriod)
    );
    DailyFinish::find_by_statement(question.statement(text, Vec::new())).all(db).await
}
