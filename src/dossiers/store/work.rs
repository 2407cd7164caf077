//! The work list by keyset. Each thing to do is read in its own order from an index of what is still open, a page at most,
//! and the pages are merged: the cost grows with the page and with what is open, never with what is closed.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult, Statement, Value};
use uuid::Uuid;

use super::list::Listed;
use super::sql;
use crate::auth::Reach;
use crate::dossiers::work::Todo;

/// What is asked for.
pub struct Wanted {
    /// Codes; none = all.
    pub departments: Vec<String>,
    pub todos: Vec<Todo>,
    pub today: NaiveDate,
    /// The last day that is soon.
    pub soon: NaiveDate,
}

/// Rank, day, dossier, number of the consultation: the order of the list.
pub type WorkKey = (i32, NaiveDate, Uuid, i16);

pub struct Work {
    rank: i32,
    pub day: NaiveDate,
    n: i16,
    pub dossier: Listed,
}

impl FromQueryResult for Work {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Work {
            rank: row.try_get(prefix, "rank")?,
            day: row.try_get(prefix, "day")?,
            n: row.try_get(prefix, "n")?,
            dossier: Listed::from_query_result(row, prefix)?,
        })
    }
}

impl Work {
    pub fn key(&self) -> WorkKey {
        (self.rank, self.day, self.dossier.id, self.n)
    }

    pub fn todo(&self) -> Result<Todo, DbErr> {
        let rank = usize::try_from(self.rank).unwrap_or(usize::MAX);
        Todo::ALL.get(rank).copied().ok_or_else(|| DbErr::Custom(format!("no thing to do has the rank {}", self.rank)))
    }

    pub fn consultation(&self) -> Option<i16> {
        (self.n > 0).then_some(self.n)
    }
}

const OPEN: &str = "d.decision IS NULL AND d.status <> 'voided'";

/// From what, under which condition on the day `$1` (soon: `$2`), by which day, and of which consultation.
fn source(todo: Todo) -> (&'static str, String, &'static str, &'static str) {
    let running = "d.status IN ('accepted', 'processing')";
    let asked = "dossiers d JOIN dossier_consultations c ON c.dossier_id = d.id";
    let silent = format!("d.consulting AND {OPEN} AND {running} AND c.answered_at IS NULL AND c.escalated_at IS NULL");
    let asked_for = "coalesce(c.answer_due_on, (c.sent_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date)";
    match todo {
        Todo::Apology => ("dossiers d", format!("{OPEN} AND d.due_on < $1 AND NOT d.apologised"), "d.due_on", "0::smallint"),
        Todo::Escalation => (
            asked,
            format!("{silent} AND (jsonb_array_length(c.reminders) >= 2 OR (c.answer_due_on < $1 AND d.due_on < $1))"),
            asked_for,
            "c.n",
        ),
        Todo::ApologyRunsOut => (
            "dossiers d CROSS JOIN LATERAL (SELECT a.new_due_on FROM dossier_apologies a WHERE a.dossier_id = d.id AND a.new_due_on IS NOT NULL
               ORDER BY a.n DESC LIMIT 1) a",
            format!("{OPEN} AND d.apologised AND {running} AND a.new_due_on <= $2"),
            "a.new_due_on",
            "0::smallint",
        ),
        Todo::DueToday => ("dossiers d", format!("{OPEN} AND d.due_on = $1"), "d.due_on", "0::smallint"),
        Todo::Reminder => {
            (asked, format!("{silent} AND c.answer_due_on < $1 AND jsonb_array_length(c.reminders) < 2"), asked_for, "c.n")
        }
        Todo::DueSoon => ("dossiers d", format!("{OPEN} AND d.due_on > $1 AND d.due_on <= $2"), "d.due_on", "0::smallint"),
        Todo::PapersOverdue => (
            "dossiers d CROSS JOIN LATERAL (
               SELECT p.respond_by_on FROM dossier_pauses p WHERE p.dossier_id = d.id AND p.kind = 'supplement' AND p.to_at IS NULL
               UNION ALL SELECT c.respond_by_on FROM dossier_completions c WHERE c.dossier_id = d.id AND c.completed_at IS NULL) w",
            "d.status IN ('awaiting_supplement', 'awaiting_completion') AND w.respond_by_on < $1".to_owned(),
            "w.respond_by_on",
            "0::smallint",
        ),
        Todo::HandOver => ("dossiers d", "d.status = 'resolved'".to_owned(), "d.finished_on", "0::smallint"),
    }
}

pub async fn list(
    db: &impl ConnectionTrait,
    reach: &Reach,
    wanted: &Wanted,
    after: Option<WorkKey>,
    limit: u32,
) -> Result<Vec<Work>, DbErr> {
    Work::find_by_statement(statement(reach, wanted, after, limit)).all(db).await
}

/// The statement behind a page.
pub fn statement(reach: &Reach, wanted: &Wanted, after: Option<WorkKey>, limit: u32) -> Statement {
    let mut values: Vec<Value> = vec![wanted.today.into(), wanted.soon.into()];
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut scope = String::new();
    if let Some(seen) = reach.ids() {
        scope.push_str(&format!(" AND d.resolving_department_id = ANY({}::uuid[])", bind(seen.into())));
    }
    if !wanted.departments.is_empty() {
        let ids = format!("array(SELECT id FROM departments WHERE code = ANY({}))", bind(wanted.departments.clone().into()));
        scope.push_str(&format!(" AND (d.resolving_department_id = ANY({ids}) OR d.receiving_department_id = ANY({ids}))"));
    }
    let last = after.map(|(rank, day, id, n)| (rank, format!("({}, {}, {})", bind(day.into()), bind(id.into()), bind(n.into()))));
    // Written out, so that a plan made once for all values still knows how few rows are wanted.
    let limit = limit + 1;
    let mut parts = Vec::new();
    for todo in &wanted.todos {
        let rank = i32::try_from(todo.rank()).unwrap_or(i32::MAX);
        let (from, condition, day, n) = source(*todo);
        let beyond = match &last {
            Some((reached, _)) if rank < *reached => continue,
            Some((reached, key)) if rank == *reached => format!(" AND ({day}, d.id, {n}) > {key}"),
            _ => String::new(),
        };
        parts.push(format!(
            "(SELECT {rank} AS rank, {day} AS day, d.id, {n} AS n FROM {from} WHERE {condition}{scope}{beyond} ORDER BY {day}, d.id, {n} LIMIT {limit})"
        ));
    }
    let work = if parts.is_empty() {
        "SELECT 0 AS rank, NULL::date AS day, NULL::uuid AS id, 0::smallint AS n WHERE false".to_owned()
    } else {
        parts.join(" UNION ALL ")
    };
    let text = format!(
        "SELECT w.rank, w.day, w.n, d.id, d.code, p.code AS procedure, rc.code AS receiving, rs.code AS resolving, d.channel, d.applicant_kind,
                d.applicant_name, d.applicant_sealed, d.submitted_at, d.accepted_at, d.status, d.timeliness, d.apologised, d.due_on, d.first_due_on, d.finished_on,
                d.received_at, d.version
           FROM (SELECT * FROM ({work}) w ORDER BY rank, day, id, n LIMIT {limit}) w JOIN dossiers d ON d.id = w.id
           JOIN procedures p ON p.id = d.procedure_id
           JOIN departments rc ON rc.id = d.receiving_department_id JOIN departments rs ON rs.id = d.resolving_department_id
          WHERE $1::date <= $2::date ORDER BY w.rank, w.day, w.id, w.n"
    );
    sql(text, values)
}
