//! Results of handling, outcomes, and the counts that indicators are made of.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use uuid::Uuid;

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
    /// How many dossiers of the row are counted so.
    pub fn of(&self, counted: Counted) -> i64 {
        match counted {
            Counted::Accepted => self.accepted,
            Counted::Supplemented => self.supplemented,
            Counted::Finished => self.finished,
            Counted::Withdrawn => self.withdrawn,
            Counted::Kept => self.finished - self.withdrawn,
            Counted::OnTime => self.on_time,
            Counted::Online => self.online,
            Counted::Late => self.late,
            Counted::LateApologised => self.late_apologised,
            Counted::Refused => self.refused,
            Counted::OnTimeOrWithdrawn => self.on_time + self.withdrawn,
        }
    }

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

/// What is counted of a dossier for the indicators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Accepted,
    Supplemented,
    Finished,
    Withdrawn,
    /// Finished, not withdrawn.
    Kept,
    /// Of those kept.
    OnTime,
    Online,
    Late,
    LateApologised,
    Refused,
    /// By the rules of II.06a a withdrawn one is in time.
    OnTimeOrWithdrawn,
}

impl Counted {
    /// What holds for the state of `s`.
    fn condition(self) -> String {
        let kept = "s.finished_on >= $3 AND s.decision <> 'withdrawn'";
        match self {
            Counted::Accepted => "s.accepted_on >= $3".to_owned(),
            Counted::Supplemented => "s.accepted_on >= $3 AND EXISTS (SELECT FROM dossier_pauses p
                     WHERE p.dossier_id = s.id AND p.kind = 'supplement' AND p.from_at < $6)"
                .to_owned(),
            Counted::Finished => "s.finished_on >= $3".to_owned(),
            Counted::Withdrawn => "s.finished_on >= $3 AND s.decision = 'withdrawn'".to_owned(),
            Counted::Kept => kept.to_owned(),
            Counted::OnTime => format!("{kept} AND s.timeliness <> 'late'"),
            Counted::Online => format!("{kept} AND s.channel = 'online'"),
            Counted::Late => format!("{kept} AND s.timeliness = 'late'"),
            Counted::LateApologised => format!("{kept} AND s.timeliness = 'late' AND {APOLOGISED}"),
            Counted::Refused => format!("{kept} AND s.decision IN ('refused', 'not_accepted')"),
            Counted::OnTimeOrWithdrawn => "s.finished_on >= $3 AND (s.decision = 'withdrawn' OR s.timeliness <> 'late')".to_owned(),
        }
    }
}

/// Counts for the indicators. A row in which nothing was accepted or finished is left out.
///
/// # Errors
/// The database's.
pub async fn counts(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<Vec<Counts>, DbErr> {
    let columns = [
        (Counted::Accepted, "accepted"),
        (Counted::Supplemented, "supplemented"),
        (Counted::Finished, "finished"),
        (Counted::Withdrawn, "withdrawn"),
        (Counted::OnTime, "on_time"),
        (Counted::Online, "online"),
        (Counted::Late, "late"),
        (Counted::LateApologised, "late_apologised"),
        (Counted::Refused, "refused"),
    ];
    let counts = columns.map(|(counted, name)| format!("count(*) FILTER (WHERE {}) AS {name}", counted.condition())).join(", ");
    let rows: Vec<Counts> = question.ask(db, &state(Relevant::AcceptedOrFinishedInPeriod), "state", &counts).await?;
    Ok(rows.into_iter().filter(|row| row.accepted > 0 || row.finished > 0).collect())
}

/// A dossier behind a figure.
#[derive(Clone, Debug, FromQueryResult)]
pub struct DossierBehind {
    pub id: Uuid,
    pub code: String,
    /// Name of its procedure.
    pub procedure: String,
    /// Whose it was.
    pub department: String,
    pub department_id: Uuid,
    pub accepted_on: NaiveDate,
    pub finished_on: Option<NaiveDate>,
    /// Whether it also fulfils the second condition.
    pub also: bool,
}

/// The dossiers that are `counted`, and whether they are `also` counted as something else; by id.
///
/// # Errors
/// The database's.
pub async fn dossiers_behind(
    db: &impl ConnectionTrait,
    question: &Question<'_>,
    (counted, also): (Counted, Counted),
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<DossierBehind>, DbErr> {
    let text = format!(
        "{}, behind AS (
             SELECT s.id, s.department_id, s.procedure_id, s.accepted_on, s.finished_on, coalesce({}, false) AS also
               FROM state s WHERE {} AND ($9::uuid IS NULL OR s.id > $9::uuid) ORDER BY s.id LIMIT $10
         )
         SELECT b.id, d.code, p.name AS procedure, n.code AS department, b.department_id, b.accepted_on, b.finished_on, b.also
           FROM behind b JOIN dossiers d ON d.id = b.id JOIN procedures p ON p.id = b.procedure_id
           JOIN departments n ON n.id = b.department_id
          ORDER BY b.id",
        state(Relevant::AcceptedOrFinishedInPeriod),
        also.condition(),
        counted.condition()
    );
    let more: Vec<Value> = vec![after.into(), (i64::from(limit) + 1).into()];
    DossierBehind::find_by_statement(question.statement(text, more)).all(db).await
}
