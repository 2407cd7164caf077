//! Every query on tasks and the work on them.

mod assigned;
mod evidence;
mod extensions;
mod found;
mod occurrences;
mod progress;
mod work;

pub use assigned::*;
pub use evidence::*;
pub use extensions::*;
pub use found::*;
pub use occurrences::*;
pub use progress::*;
pub use work::*;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr};
use serde::Deserialize;
use uuid::Uuid;

use super::rules::{self, Facts, SOON_DAYS, Standing};
use super::wire::{TaskOrigin, TaskSummary};
use crate::auth::Reach;
use crate::http::Day;
use crate::plans::model::{ScheduleKind, TaskState};
use crate::plans::store::documents;

/// The schedule of task `t` as JSON.
pub const SCHEDULE: &str = "jsonb_build_object('text', t.schedule_text, 'kind', t.schedule_kind, 'start_on', t.schedule_start_on,
    'end_on', t.schedule_end_on, 'before_on', t.schedule_before_on, 'quarter', t.schedule_quarter, 'month', t.schedule_month,
    'event', t.schedule_event, 'recurrence', t.schedule_recurrence, 'year_printed', t.schedule_year_printed)";

/// The codes of the departments with a role in task `t`, as a list.
pub fn part(role: &str) -> String {
    format!(
        "array(SELECT d.code FROM task_departments td JOIN departments d ON d.id = td.department_id
                WHERE td.task_id = t.id AND td.role = '{role}' ORDER BY td.position)"
    )
}

/// The codes of the indicators that task `t` serves, as a list.
pub fn indicators(relation: &str) -> String {
    format!("array(SELECT k.kpi_code FROM task_kpis k WHERE k.task_id = t.id AND k.relation = '{relation}' ORDER BY k.position)")
}

/// Whether the departments bound at `$n` have part in task `t`, themselves or through a collective.
fn has_part(n: u8) -> String {
    "EXISTS (SELECT 1 FROM task_parts td
              WHERE td.task_id = t.id AND ($n::uuid[] IS NULL OR td.department_id = ANY((SELECT with_collectives($n))::uuid[])))"
        .replace("$n", &format!("${n}"))
}

/// $1: the departments whose tasks the caller may see; NULL sees tasks that name nobody, too.
pub fn seen() -> String {
    format!("($1::uuid[] IS NULL OR {})", has_part(1))
}

/// The state of occurrence `o` of task `t` at the end of a day, with the due date in force then: what `rules::state` says.
fn occurrence_state(day: &str, due: &str) -> String {
    format!(
        "CASE WHEN t.cancelled_on <= {day} THEN 'cancelled' WHEN t.not_applicable_on <= {day} THEN 'not_applicable'
              WHEN o.completed_on <= {day} THEN CASE WHEN o.completed_on > {due} THEN 'done_late' ELSE 'done_on_time' END
              WHEN t.schedule_kind = 'already_done' THEN CASE WHEN t.proven_on > {due} THEN 'done_late' ELSE 'done_on_time' END
              WHEN o.handed_in_on <= {day} THEN 'handed_in'
              WHEN {due} < {day} THEN 'overdue'
              WHEN o.returned_on <= {day} THEN 'returned'
              WHEN coalesce(o.starts_on, 'infinity') > {day} AND NOT EXISTS (SELECT 1 FROM progress_reports r
                   WHERE r.task_id = o.task_id AND r.occurrence = o.n) THEN 'not_started'
              WHEN {due} - {day} <= {SOON_DAYS} THEN 'due_soon'
              ELSE 'in_progress' END"
    )
}

/// The state of task `t` today, which is bound at `$2`: what `rules::task_state` says of its occurrences.
fn task_state() -> String {
    let state = occurrence_state("$2::date", "o.due_on");
    let pressing = ["cancelled", "not_applicable", "overdue", "returned", "due_soon", "in_progress", "handed_in"];
    let pressing: String = pressing.iter().map(|s| format!("WHEN '{s}' = ANY(x.states) THEN '{s}' ")).collect();
    format!(
        "(SELECT CASE {pressing}
              WHEN 'not_started' = ANY(x.states) THEN
                  CASE WHEN x.states && ARRAY['done_late', 'done_on_time'] THEN 'in_progress' ELSE 'not_started' END
              WHEN 'done_late' = ANY(x.states) THEN 'done_late'
              WHEN 'done_on_time' = ANY(x.states) THEN 'done_on_time'
              ELSE 'not_started' END
           FROM (SELECT array_agg({state}) AS states FROM task_occurrences o WHERE o.task_id = t.id) x)"
    )
}

const FROM: &str = "tasks t LEFT JOIN plans p ON p.id = t.plan_id LEFT JOIN plan_groups g ON g.id = t.group_id
    LEFT JOIN task_completions c ON c.task_id = t.id";

/// The occurrences of task `t` with what their states follow from, in order.
const OCCURRENCES: &str = "(SELECT coalesce(jsonb_agg(jsonb_build_object('n', o.n, 'label', o.label, 'period', o.period,
        'starts_on', o.starts_on, 'first_due_on', o.first_due_on, 'due_on', o.due_on, 'internal_due_on', o.internal_due_on,
        'handed_in_on', o.handed_in_on, 'returned_on', o.returned_on, 'completed_on', o.completed_on,
        'reported', EXISTS (SELECT 1 FROM progress_reports r WHERE r.task_id = o.task_id AND r.occurrence = o.n))
        ORDER BY o.starts_on, o.due_on, o.n), '[]') FROM task_occurrences o WHERE o.task_id = t.id)";

/// An occurrence as it is stored.
#[derive(Clone, Debug, Deserialize)]
pub struct OccurrenceRow {
    pub n: i32,
    pub label: String,
    pub period: Option<String>,
    pub starts_on: Option<Day>,
    pub first_due_on: Option<Day>,
    pub due_on: Option<Day>,
    pub internal_due_on: Option<Day>,
    pub handed_in_on: Option<Day>,
    pub returned_on: Option<Day>,
    pub completed_on: Option<Day>,
    reported: bool,
}

impl OccurrenceRow {
    pub fn state(&self, kind: ScheduleKind, proven_on: Option<Day>, today: NaiveDate) -> TaskState {
        let facts = Facts {
            kind,
            starts_on: self.starts_on.map(|d| d.0),
            due_on: self.due_on.map(|d| d.0),
            proven_on: proven_on.map(|d| d.0),
            completed_on: self.completed_on.map(|d| d.0),
            handed_in: self.handed_in_on.is_some(),
            returned: self.returned_on.is_some(),
            reported: self.reported,
        };
        rules::state(&facts, today)
    }
}

fn standing(cancelled_on: Option<Day>, not_applicable_on: Option<Day>) -> Standing {
    match (cancelled_on, not_applicable_on) {
        (Some(_), _) => Standing::Cancelled,
        (None, Some(_)) => Standing::NotApplicable,
        (None, None) => Standing::Holds,
    }
}

#[derive(Deserialize)]
struct SummaryRow {
    id: Uuid,
    code: String,
    origin: TaskOrigin,
    plan: Option<String>,
    group: Option<String>,
    local_code: String,
    position: i32,
    printed_number: Option<String>,
    title: String,
    schedule_kind: ScheduleKind,
    schedule_text: String,
    starts_on: Option<Day>,
    due_on: Option<Day>,
    proven_on: Option<Day>,
    completed_on: Option<Day>,
    occurrences: Vec<OccurrenceRow>,
    cancelled_on: Option<Day>,
    not_applicable_on: Option<Day>,
    extended: bool,
    lead: Vec<String>,
    coordinate: Vec<String>,
    seen: bool,
    version: i32,
}

impl SummaryRow {
    fn view(self, today: NaiveDate) -> TaskSummary {
        let states: Vec<TaskState> = self.occurrences.iter().map(|o| o.state(self.schedule_kind, self.proven_on, today)).collect();
        let standing = standing(self.cancelled_on, self.not_applicable_on);
        TaskSummary {
            id: self.id,
            code: self.code,
            origin: self.origin,
            plan: self.plan,
            group: self.group,
            local_code: self.local_code,
            position: self.position,
            printed_number: self.printed_number,
            title: self.title,
            schedule_kind: self.schedule_kind,
            schedule_text: self.schedule_text,
            starts_on: self.starts_on,
            due_on: self.due_on,
            lead: self.lead,
            coordinate: self.coordinate,
            state: self.seen.then(|| rules::task_state(standing, &states)),
            completed_on: self.completed_on.filter(|_| self.seen),
            extended: self.extended && self.seen,
            version: self.version,
        }
    }
}

fn summary() -> String {
    format!(
        "jsonb_build_object('id', t.id, 'code', t.code, 'origin', t.origin, 'plan', p.code, 'group', g.code, 'local_code', t.local_code, 'position', t.position,
            'printed_number', t.printed_number, 'title', t.title, 'schedule_kind', t.schedule_kind, 'schedule_text', t.schedule_text,
            'starts_on', t.starts_on, 'due_on', t.due_on, 'proven_on', t.proven_on, 'completed_on', c.completed_on,
            'occurrences', {OCCURRENCES}, 'cancelled_on', t.cancelled_on, 'not_applicable_on', t.not_applicable_on,
            'extended', EXISTS (SELECT 1 FROM task_extensions e WHERE e.task_id = t.id AND e.status = 'approved'),
            'lead', {}, 'coordinate', {}, 'seen', {}, 'version', t.version)",
        part("lead"),
        part("coordinate"),
        seen()
    )
}

/// Every task of a plan, whoever asks: they are part of its text. How far they are is told only of those in sight.
pub async fn of_plan(db: &impl ConnectionTrait, reach: &Reach, today: NaiveDate, plan: Uuid) -> Result<Vec<TaskSummary>, DbErr> {
    let sql = format!("SELECT {} AS doc FROM {FROM} WHERE t.plan_id = $2 ORDER BY t.position", summary());
    let rows: Vec<SummaryRow> = documents(db, sql, vec![reach.ids().into(), plan.into()]).await?;
    Ok(rows.into_iter().map(|row| row.view(today)).collect())
}

pub struct Filter {
    pub origin: Option<&'static str>,
    pub plan: Option<String>,
    pub department: Option<String>,
    pub role: Option<&'static str>,
    pub states: Vec<&'static str>,
    pub due_from: Option<NaiveDate>,
    pub due_to: Option<NaiveDate>,
    /// Folded words, each of which the title holds.
    pub words: Vec<String>,
}

pub async fn list(
    db: &impl ConnectionTrait,
    reach: &Reach,
    today: NaiveDate,
    filter: &Filter,
    after: Option<(String, i32, String)>,
    limit: u32,
) -> Result<Vec<TaskSummary>, DbErr> {
    let states: Vec<String> = filter.states.iter().map(|s| (*s).to_owned()).collect();
    let (after_plan, after_position, after_code) = match after {
        Some((plan, position, code)) => (Some(plan), Some(position), Some(code)),
        None => (None, None, None),
    };
    let sql = format!(
        "SELECT {summary} AS doc FROM {FROM}
          WHERE {seen}
            AND (cardinality($3::text[]) = 0 OR {state} = ANY($3))
            AND ($4::text IS NULL OR p.code = $4)
            AND ($5::text IS NULL OR EXISTS (SELECT 1 FROM task_parts td
                 WHERE td.task_id = t.id AND ($6::text IS NULL OR td.role = $6) AND td.department_id = ANY(
                     (SELECT with_collectives(array(SELECT id FROM departments WHERE code = $5)))::uuid[])))
            AND ($7::date IS NULL OR t.due_on >= $7) AND ($8::date IS NULL OR t.due_on <= $8)
            AND NOT EXISTS (SELECT 1 FROM unnest($9::text[]) AS word WHERE strpos(t.search, word) = 0)
            AND ($13::text IS NULL OR t.origin = $13)
            AND ($10::text IS NULL OR (coalesce(p.code, ''), t.position, t.code) > ($10, $11::int, $14))
          ORDER BY coalesce(p.code, ''), t.position, t.code LIMIT $12",
        summary = summary(),
        seen = seen(),
        state = task_state()
    );
    let values = vec![
        reach.ids().into(),
        today.into(),
        states.into(),
        filter.plan.clone().into(),
        filter.department.clone().into(),
        filter.role.map(str::to_owned).into(),
        filter.due_from.into(),
        filter.due_to.into(),
        filter.words.clone().into(),
        after_plan.into(),
        after_position.into(),
        i64::from(limit + 1).into(),
        filter.origin.map(str::to_owned).into(),
        after_code.into(),
    ];
    let rows: Vec<SummaryRow> = documents(db, sql, values).await?;
    Ok(rows.into_iter().map(|row| row.view(today)).collect())
}
