//! Results of handling, outcomes, and the counts that indicators are made of.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::Question;
use super::state::{APOLOGISED, Relevant, state};

/// One row of II.06a.
#[derive(Clone, Debug, Default, FromQueryResult)]
pub struct Handling {
    pub key: Option<String>,
    pub name: Option<String>,
    pub received_online: i64,
    pub received_direct_postal: i64,
    pub carried_over: i64,
    pub resolved_early: i64,
    pub resolved_on_time: i64,
    pub resolved_late: i64,
    pub open_in_time: i64,
    pub open_overdue: i64,
}

const HANDLING: &str = "count(*) FILTER (WHERE s.accepted_on >= $3 AND s.channel = 'online') AS received_online,
    count(*) FILTER (WHERE s.accepted_on >= $3 AND s.channel <> 'online') AS received_direct_postal,
    count(*) FILTER (WHERE s.accepted_on < $3 AND (s.finished_on IS NULL OR s.finished_on >= $3)) AS carried_over,
    count(*) FILTER (WHERE s.finished_on >= $3 AND s.decision <> 'withdrawn' AND s.timeliness = 'early') AS resolved_early,
    count(*) FILTER (WHERE s.finished_on >= $3 AND (s.decision = 'withdrawn' OR s.timeliness = 'on_time')) AS resolved_on_time,
    count(*) FILTER (WHERE s.finished_on >= $3 AND s.decision <> 'withdrawn' AND s.timeliness = 'late') AS resolved_late,
    count(*) FILTER (WHERE s.finished_on IS NULL AND s.timeliness = 'in_time') AS open_in_time,
    count(*) FILTER (WHERE s.finished_on IS NULL AND s.timeliness = 'overdue') AS open_overdue";

/// Results of handling (II.06a).
///
/// # Errors
/// The database's.
pub async fn handling(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<Vec<Handling>, DbErr> {
    question.ask(db, &state(Relevant::OfThePeriod), "state", HANDLING).await
}

/// The statement behind the results of handling, with its values written in.
pub fn handling_statement(question: &Question<'_>) -> String {
    question.statement(question.text(&state(Relevant::OfThePeriod), "state", HANDLING), Vec::new()).to_string()
}

/// How many dossiers of a row have a verdict.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Verdicts {
    pub key: Option<String>,
    pub name: Option<String>,
    /// `[outcome, timeliness, count]` each.
    pub verdicts: serde_json::Value,
}

/// The verdict on the state of `s` (rules of counting §4).
pub fn outcome() -> String {
    format!(
        "CASE WHEN s.finished_on IS NULL THEN
                  CASE WHEN s.waiting_for IN ('supplement', 'fee') THEN 'supplement_requested'
                       WHEN s.waiting_for IS NOT NULL THEN 'suspended'
                       WHEN s.timeliness = 'in_time' THEN 'in_progress'
                       WHEN {APOLOGISED} THEN 'overdue_with_apology' ELSE 'overdue' END
              WHEN s.decision IN ('withdrawn', 'terminated', 'refused') THEN s.decision
              WHEN s.decision = 'not_accepted' THEN 'refused'
              WHEN s.timeliness <> 'late' THEN 'on_time'
              WHEN {APOLOGISED} THEN 'late_with_apology' ELSE 'late_without_apology' END"
    )
}

/// Outcome and timeliness of the dossiers accepted in the period.
///
/// # Errors
/// The database's.
pub async fn verdicts(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<Vec<Verdicts>, DbErr> {
    let outcome = outcome();
    let relevant = format!(
        "{}, judged AS (SELECT s.department_id, s.procedure_id, {outcome} AS outcome, s.timeliness, count(*) AS dossiers
             FROM state s GROUP BY s.department_id, s.procedure_id, outcome, s.timeliness)",
        state(Relevant::AcceptedInPeriod)
    );
    question.ask(db, &relevant, "judged", "jsonb_agg(jsonb_build_array(s.outcome, s.timeliness, s.dossiers)) AS verdicts").await
}

/// What the indicators on dossiers are made of.
#[derive(Clone, Debug, Default, FromQueryResult)]
pub struct Counts {
    pub key: Option<String>,
    pub name: Option<String>,
    /// The field that the row belongs to, when it belongs to one.
    pub field: Option<String>,
    pub accepted: i64,
    pub supplemented: i64,
    /// Finished, withdrawn ones included (II.06a, column 7).
    pub finished: i64,
    pub withdrawn: i64,
    /// Early or on time, not withdrawn.
    pub on_time: i64,
    /// Online, not withdrawn.
    pub online: i64,
    /// Late, not withdrawn.
    pub late: i64,
    pub late_apologised: i64,
    pub refused: i64,
}

impl Counts {
    /// The sum of rows.
    pub fn total(rows: &[Counts]) -> Counts {
        let sum = |of: fn(&Counts) -> i64| rows.iter().map(of).sum();
        Counts {
            key: None,
            name: None,
            field: None,
            accepted: sum(|r| r.accepted),
            supplemented: sum(|r| r.supplemented),
            finished: sum(|r| r.finished),
            withdrawn: sum(|r| r.withdrawn),
            on_time: sum(|r| r.on_time),
            online: sum(|r| r.online),
            late: sum(|r| r.late),
            late_apologised: sum(|r| r.late_apologised),
            refused: sum(|r| r.refused),
        }
    }
}

/// Counts for the indicators. A row in which nothing was accepted or finished is left out.
///
/// # Errors
/// The database's.
pub async fn counts(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<Vec<Counts>, DbErr> {
    let here = "s.finished_on >= $3 AND s.decision <> 'withdrawn'";
    let rows: Vec<Counts> = question
        .ask(
            db,
            &state(Relevant::AcceptedOrFinishedInPeriod),
            "state",
            &format!(
                "count(*) FILTER (WHERE s.accepted_on >= $3) AS accepted,
                 count(*) FILTER (WHERE s.accepted_on >= $3 AND EXISTS (SELECT FROM dossier_pauses p
                     WHERE p.dossier_id = s.id AND p.kind = 'supplement' AND p.from_at < $6)) AS supplemented,
                 count(*) FILTER (WHERE s.finished_on >= $3) AS finished,
                 count(*) FILTER (WHERE s.finished_on >= $3 AND s.decision = 'withdrawn') AS withdrawn,
                 count(*) FILTER (WHERE {here} AND s.timeliness <> 'late') AS on_time,
                 count(*) FILTER (WHERE {here} AND s.channel = 'online') AS online,
                 count(*) FILTER (WHERE {here} AND s.timeliness = 'late') AS late,
                 count(*) FILTER (WHERE {here} AND s.timeliness = 'late' AND {APOLOGISED}) AS late_apologised,
                 count(*) FILTER (WHERE {here} AND s.decision IN ('refused', 'not_accepted')) AS refused"
            ),
        )
        .await?;
    Ok(rows.into_iter().filter(|row| row.accepted > 0 || row.finished > 0).collect())
}
