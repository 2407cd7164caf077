//! How far tasks were at the end of a day, counted by their occurrences.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};
use serde::Deserialize;
use uuid::Uuid;

use super::occurrence_state;
use crate::auth::Reach;
use crate::http::Day;
use crate::plans::model::TaskState;
use crate::plans::store::documents;
use crate::plans::tasks::wire::{ProgressCounts, ProgressIssue, ProgressRow};

/// Which tasks are counted, and when: those led by a department within reach, and among those chosen.
pub struct Scope<'a> {
    pub reach: &'a Reach,
    /// Any when none.
    pub departments: Option<&'a [Uuid]>,
    pub plan: Option<&'a str>,
    pub origin: Option<&'a str>,
    pub as_of: NaiveDate,
}

impl Scope<'_> {
    fn values(&self) -> Vec<Value> {
        vec![
            self.reach.ids().into(),
            self.as_of.into(),
            self.departments.map(<[Uuid]>::to_vec).into(),
            self.plan.map(str::to_owned).into(),
            self.origin.map(str::to_owned).into(),
        ]
    }
}

/// Led by a department within reach and among those chosen.
const LEAD: &str =
    "td.role = 'lead' AND ($1::uuid[] IS NULL OR td.department_id = ANY($1)) AND ($3::uuid[] IS NULL OR td.department_id = ANY($3))";

/// Every occurrence in scope with where it stood at the end of `$2`. The due date is the one in force then.
fn counted() -> String {
    let state = occurrence_state("$2::date", "f.due_on");
    format!(
        "counted AS (
            SELECT t.id AS task_id, o.n, t.code, t.title, t.group_id, o.label, o.first_due_on, f.due_on, f.extended,
                   CASE WHEN o.completed_on <= $2::date THEN o.completed_on END AS completed_on, {state} AS state
              FROM task_occurrences o JOIN tasks t ON t.id = o.task_id LEFT JOIN plans p ON p.id = t.plan_id
              CROSS JOIN LATERAL (SELECT coalesce((array_agg(e.new_due_on ORDER BY e.n DESC))[1], o.first_due_on) AS due_on,
                                         count(*) > 0 AS extended
                                    FROM task_extensions e WHERE e.task_id = o.task_id AND e.occurrence = o.n AND e.status = 'approved'
                                     AND e.decided_on <= $2::date) f
             WHERE ($4::text IS NULL OR p.code = $4) AND ($5::text IS NULL OR t.origin = $5)
               AND (($1::uuid[] IS NULL AND $3::uuid[] IS NULL) OR EXISTS (SELECT 1 FROM task_parts td WHERE td.task_id = t.id AND {LEAD})))"
    )
}

const LIVE: &str = "c.state NOT IN ('cancelled', 'not_applicable')";
const BROKEN: &str = "(c.state IN ('overdue', 'done_late') OR c.extended)";

/// By what rows are made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    One,
    Department,
    /// The departments that stand so deep in the tree, each with what is below it.
    Depth(u8),
    Group,
}

impl Rows {
    /// What gives each row its key and name.
    fn joined(self) -> String {
        match self {
            Rows::One => "CROSS JOIN (SELECT NULL::text AS key, NULL::text AS name) k".to_owned(),
            Rows::Department => format!(
                "LEFT JOIN LATERAL (SELECT d.code AS key, d.name FROM task_parts td JOIN departments d ON d.id = td.department_id
                    WHERE td.task_id = c.task_id AND {LEAD}) k ON true"
            ),
            Rows::Depth(depth) => format!(
                "JOIN LATERAL (SELECT DISTINCT a.code AS key, a.name
                    FROM task_parts td JOIN departments d ON d.id = td.department_id JOIN departments a ON a.id = d.path[{depth}]
                    WHERE td.task_id = c.task_id AND {LEAD}) k ON true"
            ),
            Rows::Group => {
                "LEFT JOIN LATERAL (SELECT g.code AS key, g.title AS name FROM plan_groups g WHERE g.id = c.group_id) k ON true".to_owned()
            }
        }
    }
}

#[derive(Deserialize)]
struct CountedRow {
    key: Option<String>,
    name: Option<String>,
    counts: ProgressCounts,
}

/// The counts by row, by key; one row for all.
pub async fn progress(db: &impl ConnectionTrait, scope: &Scope<'_>, rows: Rows) -> Result<Vec<ProgressRow>, DbErr> {
    let states = [
        "not_started",
        "in_progress",
        "due_soon",
        "handed_in",
        "returned",
        "overdue",
        "done_on_time",
        "done_late",
        "cancelled",
        "not_applicable",
    ];
    let states: String = states.iter().map(|s| format!("'{s}', count(*) FILTER (WHERE c.state = '{s}'), ")).collect();
    let due = format!("{LIVE} AND c.due_on <= $2::date");
    let sql = format!(
        "WITH {counted}
         SELECT jsonb_build_object('key', k.key, 'name', k.name, 'counts', jsonb_build_object({states}
                'total', count(*) FILTER (WHERE {LIVE}), 'due', count(*) FILTER (WHERE {due}),
                'due_done', count(*) FILTER (WHERE {due} AND c.state IN ('done_on_time', 'done_late')),
                'due_on_time', count(*) FILTER (WHERE {due} AND c.state = 'done_on_time'),
                'extended', count(*) FILTER (WHERE {LIVE} AND c.extended),
                'late_or_extended', count(*) FILTER (WHERE {LIVE} AND {BROKEN}))) AS doc
           FROM counted c {joined} GROUP BY k.key, k.name ORDER BY k.key COLLATE \"C\" NULLS LAST",
        counted = counted(),
        joined = rows.joined()
    );
    let found: Vec<CountedRow> = documents(db, sql, scope.values()).await?;
    Ok(found.into_iter().map(|row| ProgressRow::new(row.key, row.name, row.counts)).collect())
}

/// The counts of each department that leads.
///
/// # Errors
/// The database's.
pub async fn progress_by_department(db: &impl ConnectionTrait, scope: &Scope<'_>) -> Result<Vec<ProgressRow>, DbErr> {
    progress(db, scope, Rows::Department).await
}

/// The counts of all tasks in scope, each once.
///
/// # Errors
/// The database's.
pub async fn progress_in_all(db: &impl ConnectionTrait, scope: &Scope<'_>) -> Result<ProgressRow, DbErr> {
    let one = progress(db, scope, Rows::One).await?.into_iter().next();
    Ok(one.unwrap_or_else(|| ProgressRow::new(None, None, ProgressCounts::default())))
}

/// A time of a task that is to be done.
#[derive(Clone, Debug, Deserialize)]
pub struct DueTask {
    /// Code of the task.
    pub task: String,
    pub title: String,
    /// What it is called.
    pub occurrence: String,
    pub lead: Vec<String>,
    pub state: TaskState,
    pub due_on: Day,
}

/// What is due between two days and is not done at the end of the day of judgement, by due date.
///
/// # Errors
/// The database's.
pub async fn due_between(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    (from, to): (NaiveDate, NaiveDate),
    limit: i64,
) -> Result<Vec<DueTask>, DbErr> {
    let sql = format!(
        "WITH {counted}
         SELECT jsonb_build_object('task', c.code, 'title', c.title, 'occurrence', c.label, 'state', c.state, 'due_on', c.due_on,
                'lead', array(SELECT d.code FROM task_parts td JOIN departments d ON d.id = td.department_id
                               WHERE td.task_id = c.task_id AND td.role = 'lead' ORDER BY td.position, d.code)) AS doc
           FROM counted c WHERE {LIVE} AND c.state NOT IN ('done_on_time', 'done_late') AND c.due_on BETWEEN $6::date AND $7::date
          ORDER BY c.due_on, c.code, c.label LIMIT $8",
        counted = counted()
    );
    let mut values = scope.values();
    values.extend([from.into(), to.into(), limit.into()]);
    documents(db, sql, values).await
}

/// Those late, overdue or extended, by due date.
///
/// # Errors
/// The database's.
pub async fn issues(db: &impl ConnectionTrait, scope: &Scope<'_>) -> Result<Vec<ProgressIssue>, DbErr> {
    let sql = format!(
        "WITH {counted}
         SELECT jsonb_build_object('task', c.code, 'title', c.title, 'occurrence', c.label, 'state', c.state, 'first_due_on', c.first_due_on,
                'due_on', c.due_on, 'completed_on', c.completed_on, 'extended', c.extended,
                'lead', array(SELECT d.code FROM task_parts td JOIN departments d ON d.id = td.department_id
                               WHERE td.task_id = c.task_id AND td.role = 'lead' ORDER BY td.position, d.code)) AS doc
           FROM counted c WHERE {LIVE} AND {BROKEN} AND c.due_on IS NOT NULL ORDER BY c.due_on, c.code, c.label",
        counted = counted()
    );
    documents(db, sql, scope.values()).await
}

/// Due in the days from `$6` to `$7`, and by the day of judgement.
fn due() -> String {
    format!("{LIVE} AND c.due_on BETWEEN $6::date AND least($7::date, $2::date)")
}

/// First due in the days from `$6` to `$7`, and late, overdue or extended.
fn late_or_extended() -> String {
    format!("{LIVE} AND c.first_due_on BETWEEN $6::date AND $7::date AND {BROKEN}")
}

/// What is counted of a task's occurrence for the indicators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Due,
    /// Of those due.
    Done,
    OnTime,
    LateOrExtended,
}

impl Counted {
    fn condition(self) -> String {
        match self {
            Counted::Due => due(),
            Counted::Done => format!("{} AND c.state IN ('done_on_time', 'done_late')", due()),
            Counted::OnTime => format!("{} AND c.state = 'done_on_time'", due()),
            Counted::LateOrExtended => late_or_extended(),
        }
    }
}

/// An occurrence of a task behind a figure.
#[derive(Clone, Debug, FromQueryResult)]
pub struct TaskBehind {
    pub id: Uuid,
    pub n: i32,
    pub code: String,
    pub title: String,
    pub label: String,
    pub due_on: Option<NaiveDate>,
    /// Codes and ids of the departments that lead it, those in scope.
    pub lead: Vec<String>,
    pub lead_ids: Vec<Uuid>,
    /// Whether it also fulfils the second condition.
    pub also: bool,
}

/// The occurrences that are `counted`, and whether they are `also` counted as something else; by task and occurrence.
///
/// # Errors
/// The database's.
pub async fn tasks_behind(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    (from, to): (NaiveDate, NaiveDate),
    (counted_as, also): (Counted, Counted),
    after: Option<(Uuid, i32)>,
    limit: u32,
) -> Result<Vec<TaskBehind>, DbErr> {
    let sql = format!(
        "WITH {counted}
         SELECT c.task_id AS id, c.n, c.code, c.title, c.label, c.due_on, coalesce({also}, false) AS also, l.codes AS lead, l.ids AS lead_ids
           FROM counted c
          CROSS JOIN LATERAL (SELECT coalesce(array_agg(d.code ORDER BY td.position, d.code), '{{}}') AS codes,
                                     coalesce(array_agg(d.id ORDER BY td.position, d.code), '{{}}') AS ids
                                FROM task_parts td JOIN departments d ON d.id = td.department_id
                               WHERE td.task_id = c.task_id AND {LEAD}) l
          WHERE {condition} AND ($8::uuid IS NULL OR (c.task_id, c.n) > ($8, $9)) ORDER BY c.task_id, c.n LIMIT $10",
        counted = counted(),
        also = also.condition(),
        condition = counted_as.condition()
    );
    let mut values = scope.values();
    let (id, n) = after.unzip();
    values.extend([from.into(), to.into(), id.into(), n.into(), (i64::from(limit) + 1).into()]);
    TaskBehind::find_by_statement(Statement::from_sql_and_values(sea_orm::DbBackend::Postgres, sql, values)).all(db).await
}

/// What the indicators on tasks are made of.
#[derive(Clone, Debug, Default, FromQueryResult)]
pub struct TaskCounts {
    pub key: Option<String>,
    pub name: Option<String>,
    /// Due in the period, by the date in force.
    pub due: i64,
    /// Of them done, and done in time.
    pub done: i64,
    pub on_time: i64,
    /// Of those first due in the period: late, overdue or extended.
    pub late_or_extended: i64,
}

impl TaskCounts {
    /// How many occurrences of the row are counted so.
    pub fn of(&self, counted: Counted) -> i64 {
        match counted {
            Counted::Due => self.due,
            Counted::Done => self.done,
            Counted::OnTime => self.on_time,
            Counted::LateOrExtended => self.late_or_extended,
        }
    }
}

/// Counts for the indicators over the days of a period, judged at the end of a day. What is due later than that day is not judged.
///
/// # Errors
/// The database's.
pub async fn task_counts(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    (from, to): (NaiveDate, NaiveDate),
    rows: Rows,
) -> Result<Vec<TaskCounts>, DbErr> {
    let due = due();
    let sql = format!(
        "WITH {counted}
         SELECT k.key, k.name, count(*) FILTER (WHERE {due}) AS due,
                count(*) FILTER (WHERE {due} AND c.state IN ('done_on_time', 'done_late')) AS done,
                count(*) FILTER (WHERE {due} AND c.state = 'done_on_time') AS on_time,
                count(*) FILTER (WHERE {late_or_extended}) AS late_or_extended
           FROM counted c {joined} GROUP BY k.key, k.name ORDER BY k.key COLLATE \"C\" NULLS LAST",
        counted = counted(),
        late_or_extended = late_or_extended(),
        joined = rows.joined()
    );
    let mut values = scope.values();
    values.extend([from.into(), to.into()]);
    TaskCounts::find_by_statement(Statement::from_sql_and_values(sea_orm::DbBackend::Postgres, sql, values)).all(db).await
}

/// The same in all, for many periods at once, in their order; each is judged at its end, today where it still runs. Whether one that is due
/// on the last day is late is known afterwards only: that count is always of today, which `scope` names.
///
/// # Errors
/// The database's.
pub async fn task_counts_over(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    periods: &[(NaiveDate, NaiveDate)],
) -> Result<Vec<TaskCounts>, DbErr> {
    if periods.is_empty() {
        return Ok(Vec::new());
    }
    let period = |(n, (from, to)): (usize, &(NaiveDate, NaiveDate))| {
        format!("({n}, '{from}'::date, '{to}'::date, '{}'::date)", scope.as_of.min(*to))
    };
    let periods: Vec<String> = periods.iter().enumerate().map(period).collect();
    let due = format!("{LIVE} AND c.due_on BETWEEN w.from_on AND w.as_of");
    let sql = format!(
        "WITH {today},
              w(n, from_on, to_on, as_of) AS (VALUES {periods}),
              late AS (SELECT w.n, count(*) AS late_or_extended FROM w JOIN counted c ON c.first_due_on BETWEEN w.from_on AND w.to_on
                        WHERE {LIVE} AND {BROKEN} GROUP BY w.n)
         SELECT NULL::text AS key, NULL::text AS name, k.due, k.done, k.on_time, coalesce(l.late_or_extended, 0) AS late_or_extended
           FROM w LEFT JOIN late l ON l.n = w.n
          CROSS JOIN LATERAL (
                WITH {then}
                SELECT count(*) FILTER (WHERE {due}) AS due,
                       count(*) FILTER (WHERE {due} AND c.state IN ('done_on_time', 'done_late')) AS done,
                       count(*) FILTER (WHERE {due} AND c.state = 'done_on_time') AS on_time
                  FROM counted c) k
          ORDER BY w.n",
        today = counted(),
        then = counted().replace("$2::date", "w.as_of"),
        periods = periods.join(", ")
    );
    TaskCounts::find_by_statement(Statement::from_sql_and_values(sea_orm::DbBackend::Postgres, sql, scope.values())).all(db).await
}

/// Whether there is a plan with a code, whoever asks: plans are for all to see.
pub async fn plan_exists(db: &impl ConnectionTrait, code: &str) -> Result<bool, DbErr> {
    let sql = "SELECT 1 FROM plans WHERE code = $1";
    Ok(db.query_one_raw(Statement::from_sql_and_values(sea_orm::DbBackend::Postgres, sql, [code.into()])).await?.is_some())
}
