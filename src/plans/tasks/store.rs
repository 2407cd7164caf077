//! Every query on tasks and the work on them.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::rules::{self, Facts, SOON_DAYS};
use super::wire::{CompletionView, NewCompletion, NewProgressReport, ProgressReportView, TaskSummary, TaskView};
use crate::auth::{Permission, Reach};
use crate::http::values::Key;
use crate::http::{Call, Day};
use crate::plans::model::{LeadBasis, Schedule, ScheduleKind, TaskState};
use crate::plans::store::documents;
use crate::plans::wire::{MethodStep, NamedDocument};

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
    "EXISTS (SELECT 1 FROM task_departments td
              WHERE td.task_id = t.id AND ($n::uuid[] IS NULL OR td.department_id = ANY((SELECT with_collectives($n))::uuid[])))"
        .replace("$n", &format!("${n}"))
}

/// $1: the departments whose tasks the caller may see; NULL sees tasks that name nobody, too.
pub fn seen() -> String {
    format!("($1::uuid[] IS NULL OR {})", has_part(1))
}

// The state of a task on the day bound at $2: what `rules::state` says, for the filter.
const STATE: &str = "CASE
    WHEN c.completed_on IS NOT NULL THEN CASE WHEN c.completed_on > t.due_on THEN 'done_late' ELSE 'done_on_time' END
    WHEN t.schedule_kind = 'already_done' THEN CASE WHEN t.proven_on > t.due_on THEN 'done_late' ELSE 'done_on_time' END
    WHEN t.due_on < $2::date THEN 'overdue'
    WHEN coalesce(t.starts_on, 'infinity') > $2::date AND NOT EXISTS (SELECT 1 FROM progress_reports r WHERE r.task_id = t.id)
        THEN 'not_started'
    WHEN t.due_on - $2::date <= {soon} THEN 'due_soon'
    ELSE 'in_progress' END";

const FROM: &str = "tasks t JOIN plans p ON p.id = t.plan_id LEFT JOIN plan_groups g ON g.id = t.group_id
    LEFT JOIN task_completions c ON c.task_id = t.id";

#[derive(Deserialize)]
struct SummaryRow {
    id: Uuid,
    code: String,
    plan: String,
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
    reported: bool,
    lead: Vec<String>,
    coordinate: Vec<String>,
    seen: bool,
    version: i32,
}

impl SummaryRow {
    fn view(self, today: NaiveDate) -> TaskSummary {
        let facts = Facts {
            kind: self.schedule_kind,
            starts_on: self.starts_on.map(|d| d.0),
            due_on: self.due_on.map(|d| d.0),
            proven_on: self.proven_on.map(|d| d.0),
            completed_on: self.completed_on.map(|d| d.0),
            reported: self.reported,
        };
        TaskSummary {
            id: self.id,
            code: self.code,
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
            state: self.seen.then(|| rules::state(&facts, today)),
            completed_on: self.completed_on.filter(|_| self.seen),
            version: self.version,
        }
    }
}

fn summary() -> String {
    format!(
        "jsonb_build_object('id', t.id, 'code', t.code, 'plan', p.code, 'group', g.code, 'local_code', t.local_code, 'position', t.position,
            'printed_number', t.printed_number, 'title', t.title, 'schedule_kind', t.schedule_kind, 'schedule_text', t.schedule_text,
            'starts_on', t.starts_on, 'due_on', t.due_on, 'proven_on', t.proven_on, 'completed_on', c.completed_on,
            'reported', EXISTS (SELECT 1 FROM progress_reports r WHERE r.task_id = t.id),
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
    after: Option<(String, i32)>,
    limit: u32,
) -> Result<Vec<TaskSummary>, DbErr> {
    let states: Vec<String> = filter.states.iter().map(|s| (*s).to_owned()).collect();
    let (after_plan, after_position) = after.unzip();
    let sql = format!(
        "SELECT {summary} AS doc FROM {FROM}
          WHERE {seen}
            AND (cardinality($3::text[]) = 0 OR {state} = ANY($3))
            AND ($4::text IS NULL OR p.code = $4)
            AND ($5::text IS NULL OR EXISTS (SELECT 1 FROM task_departments td
                 WHERE td.task_id = t.id AND ($6::text IS NULL OR td.role = $6) AND td.department_id = ANY(
                     (SELECT with_collectives(array(SELECT id FROM departments WHERE code = $5)))::uuid[])))
            AND ($7::date IS NULL OR t.due_on >= $7) AND ($8::date IS NULL OR t.due_on <= $8)
            AND NOT EXISTS (SELECT 1 FROM unnest($9::text[]) AS word WHERE strpos(t.search, word) = 0)
            AND ($10::text IS NULL OR (p.code, t.position) > ($10, $11::int))
          ORDER BY p.code, t.position LIMIT $12",
        summary = summary(),
        seen = seen(),
        state = STATE.replace("{soon}", &SOON_DAYS.to_string())
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
    ];
    let rows: Vec<SummaryRow> = documents(db, sql, values).await?;
    Ok(rows.into_iter().map(|row| row.view(today)).collect())
}

/// A task with everything that acts on it are judged by.
#[derive(Clone, Deserialize)]
pub struct Found {
    pub id: Uuid,
    pub code: String,
    pub plan: String,
    pub plan_from: Day,
    /// The department that issued the plan.
    pub issuer: Uuid,
    group: Option<String>,
    local_code: String,
    position: i32,
    printed_number: Option<String>,
    title: String,
    objective: Option<String>,
    outputs: Vec<String>,
    pub schedule: Schedule,
    starts_on: Option<Day>,
    due_on: Option<Day>,
    proven_on: Option<Day>,
    method: Vec<MethodStep>,
    lead: Vec<String>,
    lead_basis: Option<LeadBasis>,
    coordinate: Vec<String>,
    kpis: Vec<String>,
    sub_indices: Vec<String>,
    evidence: Vec<NamedDocument>,
    budget: Option<String>,
    replaces: Vec<String>,
    notes: Vec<String>,
    dropped_in: Option<i32>,
    moved_to: Option<String>,
    pub progress_reports: Vec<ProgressReportView>,
    pub completion: Option<CompletionView>,
    /// The caller may report for a department that has part.
    may_report: bool,
    /// The caller may close it for a department that leads, or as the office.
    pub may_complete: bool,
    /// The first such department.
    pub completing: Option<Uuid>,
    pub version: i32,
}

impl Found {
    pub fn state(&self, today: NaiveDate) -> TaskState {
        let facts = Facts {
            kind: self.schedule.kind,
            starts_on: self.starts_on.map(|d| d.0),
            due_on: self.due_on.map(|d| d.0),
            proven_on: self.proven_on.map(|d| d.0),
            completed_on: self.completion.as_ref().map(|c| c.completed_on.0),
            reported: !self.progress_reports.is_empty(),
        };
        rules::state(&facts, today)
    }

    pub fn view(self, today: NaiveDate) -> TaskView {
        TaskView {
            state: self.state(today),
            allowed_acts: rules::allowed_acts(self.completion.is_some(), self.may_report, self.may_complete),
            id: self.id,
            code: self.code,
            plan: self.plan,
            group: self.group,
            local_code: self.local_code,
            position: self.position,
            printed_number: self.printed_number,
            title: self.title,
            objective: self.objective,
            outputs: self.outputs,
            schedule: self.schedule,
            starts_on: self.starts_on,
            due_on: self.due_on,
            method: self.method,
            lead: self.lead,
            lead_basis: self.lead_basis,
            coordinate: self.coordinate,
            kpis: self.kpis,
            sub_indices: self.sub_indices,
            evidence: self.evidence,
            budget: self.budget,
            replaces: self.replaces,
            notes: self.notes,
            dropped_in: self.dropped_in,
            moved_to: self.moved_to,
            progress_reports: self.progress_reports,
            completion: self.completion,
            version: self.version,
        }
    }
}

/// What a caller's permissions on tasks reach.
pub struct Reaches {
    pub read: Reach,
    pub report: Reach,
    pub complete: Reach,
}

impl Reaches {
    pub fn of(call: &Call) -> Reaches {
        let reach = |permission| call.actor.reach(permission);
        Reaches { read: reach(Permission::ReadTask), report: reach(Permission::ReportTask), complete: reach(Permission::CompleteTask) }
    }
}

/// The task that a key names, if the caller may see it.
pub async fn find(db: &impl ConnectionTrait, reaches: &Reaches, key: &Key) -> Result<Option<Found>, DbErr> {
    let leads = "SELECT td.department_id FROM task_departments td WHERE td.task_id = t.id AND td.role = 'lead'";
    let named = match key {
        Key::Id(_) => "t.id = $4",
        Key::Code(_) => "t.code = $4",
    };
    let sql = format!(
        "SELECT jsonb_build_object('id', t.id, 'code', t.code, 'plan', p.code, 'plan_from', p.starts_on, 'issuer', p.issuer_id, 'group', g.code,
                'local_code', t.local_code, 'position', t.position, 'printed_number', t.printed_number, 'title', t.title,
                'outputs', t.outputs, 'schedule', {SCHEDULE}, 'starts_on', t.starts_on, 'due_on', t.due_on, 'proven_on', t.proven_on,
                'method', t.method, 'lead', {lead}, 'lead_basis', t.lead_basis, 'coordinate', {coordinate}, 'kpis', {kpis},
                'sub_indices', {sub_indices}, 'evidence', t.evidence, 'objective', t.objective, 'budget', t.budget, 'replaces', t.replaces,
                'notes', t.notes, 'dropped_in', t.dropped_in, 'moved_to', (SELECT m.code FROM tasks m WHERE m.id = t.moved_to_id),
                'progress_reports', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'department', d.code, 'period', r.period,
                        'content', r.content, 'percent', r.percent, 'evidence', r.evidence, 'reported_by', r.reported_by,
                        'reported_at', r.reported_at) ORDER BY r.reported_at, r.id), '[]')
                    FROM progress_reports r JOIN departments d ON d.id = r.department_id WHERE r.task_id = t.id),
                'completion', CASE WHEN c.task_id IS NOT NULL THEN jsonb_build_object('completed_on', c.completed_on, 'summary', c.summary,
                    'evidence', c.evidence, 'completed_by', c.completed_by, 'recorded_at', c.recorded_at) END,
                'may_report', {may_report}, 'may_complete', $3::uuid[] IS NULL OR EXISTS ({leads} AND td.department_id = ANY($3)),
                'completing', ({leads} AND ($3 IS NULL OR td.department_id = ANY($3)) ORDER BY td.position LIMIT 1),
                'version', t.version) AS doc
           FROM {FROM} WHERE {seen} AND {named}",
        lead = part("lead"),
        coordinate = part("coordinate"),
        kpis = indicators("kpi"),
        sub_indices = indicators("sub_index"),
        may_report = has_part(2),
        seen = seen()
    );
    let key = match key {
        Key::Id(id) => (*id).into(),
        Key::Code(code) => code.as_str().into(),
    };
    let values = vec![reaches.read.ids().into(), reaches.report.ids().into(), reaches.complete.ids().into(), key];
    Ok(documents(db, sql, values).await?.into_iter().next())
}

/// Locks a task against other acts, then reads it as it is now.
pub async fn lock(tx: &impl ConnectionTrait, reaches: &Reaches, key: &Key) -> Result<Option<Found>, DbErr> {
    let (named, value): (_, sea_orm::Value) = match key {
        Key::Id(id) => ("t.id = $2", (*id).into()),
        Key::Code(code) => ("t.code = $2", code.as_str().into()),
    };
    let sql = format!("SELECT t.id FROM tasks t WHERE {} AND {named} FOR UPDATE OF t", seen());
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [reaches.read.ids().into(), value])).await?;
    find(tx, reaches, key).await
}

/// Whether a department has part in a task, itself or through a collective.
pub async fn takes_part(tx: &impl ConnectionTrait, task: Uuid, department: Uuid) -> Result<bool, DbErr> {
    let sql = format!("SELECT {} AS part FROM tasks t WHERE t.id = $1", has_part(2));
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [task.into(), vec![department].into()]);
    tx.query_one_raw(statement).await?.map_or(Ok(false), |row| row.try_get("", "part"))
}

pub async fn insert_report(
    tx: &impl ConnectionTrait,
    call: &Call,
    task: Uuid,
    department: Uuid,
    report: &NewProgressReport,
) -> Result<Uuid, DbErr> {
    let id = Uuid::now_v7();
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO progress_reports (id, task_id, department_id, period, content, percent, evidence, reported_by, reported_at)
         SELECT $1, $2, $3, r.period, r.content, r.percent, r.evidence, $5, $6
           FROM jsonb_to_record($4) AS r(period text, content text, percent smallint, evidence jsonb)",
        [id.into(), task.into(), department.into(), json!(report).into(), call.actor.username.clone().into(), call.now.into()],
    );
    tx.execute_raw(statement).await?;
    Ok(id)
}

pub async fn insert_completion(tx: &impl ConnectionTrait, call: &Call, task: Uuid, completion: &NewCompletion) -> Result<(), DbErr> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO task_completions (task_id, completed_on, summary, evidence, completed_by, recorded_at)
         SELECT $1, r.completed_on, r.summary, r.evidence, $3, $4
           FROM jsonb_to_record($2) AS r(completed_on date, summary text, evidence jsonb)",
        [task.into(), json!(completion).into(), call.actor.username.clone().into(), call.now.into()],
    );
    tx.execute_raw(statement).await?;
    Ok(())
}

/// Counts an act on a task.
pub async fn touch(tx: &impl ConnectionTrait, task: Uuid) -> Result<(), DbErr> {
    let sql = "UPDATE tasks SET version = version + 1, updated_at = now() WHERE id = $1";
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [task.into()])).await?;
    Ok(())
}
