//! Every query on plans.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult, QueryResult, Statement};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::amendments::rules::Fate;
use super::tasks;
use super::wire::{NewPlan, NewTask, PlanSummary};
use crate::auth::{Permission, Reach};
use crate::http::Call;
use crate::http::shape::{Expanding, Target, expansion};
use crate::http::values::{Key, fold};

/// A row that PostgreSQL has put together as JSON.
#[derive(FromQueryResult)]
struct Doc {
    doc: Value,
}

/// Reads rows whose only column `doc` is the JSON of a `T`.
pub(super) async fn documents<T: DeserializeOwned>(
    db: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: Vec<sea_orm::Value>,
) -> Result<Vec<T>, DbErr> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let rows = Doc::find_by_statement(statement).all(db).await?;
    let read = |row: Doc| serde_json::from_value(row.doc).map_err(|e| DbErr::Json(e.to_string()));
    rows.into_iter().map(read).collect()
}

/// A plan as it is stored.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Stored {
    pub id: Uuid,
    pub version: i32,
    pub plan: NewPlan,
}

// $1: the departments whose plans the caller may see.
const SEEN: &str = "($1::uuid[] IS NULL OR p.issuer_id = ANY($1))";

// A plan as the body that would put it.
const WHOLE: &str = "jsonb_build_object('id', p.id, 'version', p.version, 'plan', jsonb_build_object(
    'code', p.code, 'document_number', p.document_number, 'printed_number', p.printed_number, 'document_type', p.document_type,
    'title', p.title, 'issuer', jsonb_build_object('department', i.code, 'name', p.issuer_name, 'province', p.issuer_province),
    'issued_on', p.issued_on, 'signed_by', p.signed_by, 'year', p.year, 'period', jsonb_build_object('from', p.starts_on, 'to', p.ends_on),
    'legal_bases', p.legal_bases, 'purposes', p.purposes, 'requirements', p.requirements, 'organisation', p.organisation,
    'recipients', p.recipients, 'reporting_duties', p.reporting_duties, 'notes', p.notes,
    'groups', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', g.code, 'parent', a.code, 'printed_number', g.printed_number,
            'title', g.title, 'kpis', g.kpis) ORDER BY g.position), '[]')
        FROM plan_groups g LEFT JOIN plan_groups a ON a.id = g.parent_id WHERE g.plan_id = p.id),
    'tasks', (SELECT coalesce(jsonb_agg(jsonb_build_object('local_code', t.local_code, 'group', g.code, 'printed_number', t.printed_number,
            'title', t.title, 'objective', t.objective, 'outputs', t.outputs, 'schedule', {schedule}, 'method', t.method,
            'lead', {lead}, 'lead_basis', t.lead_basis, 'coordinate', {coordinate}, 'kpis', {kpis}, 'sub_indices', {sub_indices},
            'evidence', t.evidence, 'budget', t.budget, 'replaces', t.replaces, 'notes', t.notes) ORDER BY t.position), '[]')
        FROM tasks t LEFT JOIN plan_groups g ON g.id = t.group_id WHERE t.plan_id = p.id AND t.dropped_in IS NULL)))";

fn whole() -> String {
    [
        ("{schedule}", tasks::SCHEDULE.to_owned()),
        ("{lead}", tasks::part("lead")),
        ("{coordinate}", tasks::part("coordinate")),
        ("{kpis}", tasks::indicators("kpi")),
        ("{sub_indices}", tasks::indicators("sub_index")),
    ]
    .iter()
    .fold(WHOLE.to_owned(), |sql, (name, text)| sql.replace(name, text))
}

/// The plan that a key names, if the caller may see it.
pub async fn find(db: &impl ConnectionTrait, reach: &Reach, key: &Key) -> Result<Option<Stored>, DbErr> {
    let whole = whole();
    let select =
        |named: &str| format!("SELECT {whole} AS doc FROM plans p JOIN departments i ON i.id = p.issuer_id WHERE {SEEN} AND {named}");
    let rows = match key {
        Key::Id(id) => documents(db, select("p.id = $2"), vec![reach.ids().into(), (*id).into()]).await?,
        Key::Code(code) => documents(db, select("p.code = $2"), vec![reach.ids().into(), code.as_str().into()]).await?,
    };
    Ok(rows.into_iter().next())
}

/// Locks a plan and its tasks against other writers, then reads it.
pub async fn lock(tx: &impl ConnectionTrait, reach: &Reach, code: &str) -> Result<Option<Stored>, DbErr> {
    for sql in [
        format!("SELECT p.id FROM plans p WHERE {SEEN} AND p.code = $2 FOR UPDATE"),
        format!("SELECT t.id FROM tasks t JOIN plans p ON p.id = t.plan_id WHERE {SEEN} AND p.code = $2 ORDER BY t.id FOR UPDATE OF t"),
    ] {
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [reach.ids().into(), code.into()])).await?;
    }
    find(tx, reach, &Key::Code(code.to_owned())).await
}

// A plan as lists show it.
const SUMMARY: &str = "SELECT jsonb_build_object('id', p.id, 'code', p.code, 'document_number', p.document_number,
        'document_type', p.document_type, 'title', p.title, 'issuer', i.code, 'issued_on', p.issued_on, 'year', p.year,
        'period', jsonb_build_object('from', p.starts_on, 'to', p.ends_on),
        'task_count', (SELECT count(*) FROM tasks t WHERE t.plan_id = p.id AND t.dropped_in IS NULL), 'version', p.version) AS doc
   FROM plans p JOIN departments i ON i.id = p.issuer_id";

/// What codes of plans stand for: the plan as lists show it, without its tree.
pub const EXPANDED: Target = Target { schema: "PlanSummary", find: expand };

fn expand<'a>(db: &'a DatabaseConnection, call: &'a Call, codes: Vec<String>) -> Expanding<'a> {
    Box::pin(async move {
        let seen = call.actor.reach(Permission::ReadPlan);
        let sql = format!("{SUMMARY} WHERE {SEEN} AND p.code = ANY($2)");
        expansion(documents::<PlanSummary>(db, sql, vec![seen.ids().into(), codes.into()]).await?, |p| &p.code)
    })
}

pub struct Filter {
    pub year: Option<i32>,
    pub issuer: Option<String>,
    /// Folded words, each of which the title or number holds.
    pub words: Vec<String>,
    /// A day within the plan's period.
    pub valid_on: Option<NaiveDate>,
}

pub async fn list(
    db: &impl ConnectionTrait,
    reach: &Reach,
    filter: &Filter,
    after: Option<String>,
    limit: u32,
) -> Result<Vec<PlanSummary>, DbErr> {
    let sql = format!(
        "{SUMMARY} WHERE {SEEN} AND ($2::text IS NULL OR p.code > $2) AND ($3::int IS NULL OR p.year = $3) AND ($4::text IS NULL OR i.code = $4)
            AND NOT EXISTS (SELECT 1 FROM unnest($5::text[]) AS word WHERE strpos(p.search, word) = 0)
            AND ($6::date IS NULL OR $6 BETWEEN p.starts_on AND p.ends_on)
          ORDER BY p.code LIMIT $7"
    );
    let values = vec![
        reach.ids().into(),
        after.into(),
        filter.year.into(),
        filter.issuer.clone().into(),
        filter.words.clone().into(),
        filter.valid_on.into(),
        i64::from(limit + 1).into(),
    ];
    documents(db, sql, values).await
}

/// Local codes of the tasks of a plan that have reports or a completion.
pub async fn worked(tx: &impl ConnectionTrait, plan: Uuid) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT t.local_code FROM tasks t
                WHERE t.plan_id = $1 AND t.dropped_in IS NULL AND (EXISTS (SELECT 1 FROM progress_reports r WHERE r.task_id = t.id)
                   OR EXISTS (SELECT 1 FROM task_submissions s WHERE s.task_id = t.id)
                   OR EXISTS (SELECT 1 FROM task_extensions e WHERE e.task_id = t.id)
                   OR EXISTS (SELECT 1 FROM task_assignments a WHERE a.task_id = t.id)
                   OR EXISTS (SELECT 1 FROM task_evidence v WHERE v.task_id = t.id)
                   OR EXISTS (SELECT 1 FROM tasks part WHERE part.parent_id = t.id))
                ORDER BY t.position";
    let rows: Vec<QueryResult> = tx.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [plan.into()])).await?;
    rows.iter().map(|row| row.try_get("", "local_code")).collect()
}

/// Local codes of all tasks that a plan has had and that are on record.
pub async fn local_codes(tx: &impl ConnectionTrait, plan: Uuid) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT local_code FROM tasks WHERE plan_id = $1 ORDER BY position";
    let rows: Vec<QueryResult> = tx.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [plan.into()])).await?;
    rows.iter().map(|row| row.try_get("", "local_code")).collect()
}

/// A task by its name.
#[derive(FromQueryResult)]
pub struct Named {
    pub id: Uuid,
    pub code: String,
    pub local_code: String,
    pub version: i32,
}

/// The tasks of a plan with these local codes, in their order.
pub async fn named(tx: &impl ConnectionTrait, plan: Uuid, local_codes: Vec<String>) -> Result<Vec<Named>, DbErr> {
    let sql = "SELECT id, code, local_code, version FROM tasks WHERE plan_id = $1 AND local_code = ANY($2) ORDER BY position";
    Named::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, sql, [plan.into(), local_codes.into()])).all(tx).await
}

/// What becomes of tasks that the new text has no more.
pub enum Leaving<'a> {
    /// They were an error and are removed; one with work on it cannot be.
    Go,
    /// They are dropped by a document and stay on record.
    Stay(&'a [Fate]),
}

/// Writes a plan: its head and groups, and those tasks that are given by their place. Gives its version.
pub async fn save(tx: &impl ConnectionTrait, id: Uuid, plan: &NewPlan, changed: &[usize], leaving: Leaving<'_>) -> Result<i32, DbErr> {
    let version = save_head(tx, id, plan).await?;
    let run = async |sql: &str, rows: Value| {
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [id.into(), rows.into()])).await
    };
    let place = |i: usize| i + 1;
    let groups: Value = plan
        .groups
        .iter()
        .enumerate()
        .map(|(i, g)| {
            json!({"id": Uuid::now_v7(), "position": place(i), "code": g.code, "parent": g.parent,
                "printed_number": g.printed_number, "title": g.title, "kpis": g.kpis})
        })
        .collect();
    run(
        "INSERT INTO plan_groups (id, plan_id, code, position, printed_number, title, kpis)
         SELECT id, $1, code, position, printed_number, title, kpis
           FROM jsonb_to_recordset($2) AS r(id uuid, code text, position int, printed_number text, title text, kpis text[])
         ON CONFLICT (plan_id, code) DO UPDATE SET position = excluded.position, printed_number = excluded.printed_number,
             title = excluded.title, kpis = excluded.kpis",
        groups.clone(),
    )
    .await?;
    run(
        "UPDATE plan_groups g SET parent_id = a.id
           FROM jsonb_to_recordset($2) AS r(code text, parent text) LEFT JOIN plan_groups a ON a.plan_id = $1 AND a.code = r.parent
          WHERE g.plan_id = $1 AND g.code = r.code AND g.parent_id IS DISTINCT FROM a.id",
        groups.clone(),
    )
    .await?;
    let rows: Vec<Value> = changed.iter().filter_map(|i| Some(task_row(plan, place(*i), plan.tasks.get(*i)?))).collect();
    save_tasks(tx, id, &rows).await?;
    let kept: Value = plan.tasks.iter().map(|t| json!(t.local_code)).collect();
    match leaving {
        Leaving::Go => run("DELETE FROM tasks WHERE plan_id = $1 AND dropped_in IS NULL AND NOT $2::jsonb ? local_code", kept).await?,
        Leaving::Stay(fates) => {
            run(
                "UPDATE tasks t SET dropped_in = r.version, cancelled_on = coalesce(t.cancelled_on, r.cancelled_on),
                     cancel_reason = coalesce(t.cancel_reason, r.cancel_reason), moved_to_id = m.id, version = t.version + 1, updated_at = now()
                   FROM jsonb_to_recordset($2) AS r(local_code text, version int, cancelled_on date, cancel_reason text, moved_to text)
                   LEFT JOIN tasks m ON m.plan_id = $1 AND m.local_code = r.moved_to
                  WHERE t.plan_id = $1 AND t.local_code = r.local_code",
                json!(fates.iter().map(|fate| fate.row(version)).collect::<Vec<_>>()),
            )
            .await?
        }
    };
    // They stand behind those of the text, in their order.
    run(
        "UPDATE tasks t SET position = d.position, group_id = (SELECT g.id FROM plan_groups g WHERE g.id = t.group_id AND $2::jsonb -> 'groups' ? g.code)
           FROM (SELECT id, ($2::jsonb ->> 'tasks')::int + row_number() OVER (ORDER BY dropped_in, position) AS position
                   FROM tasks WHERE plan_id = $1 AND dropped_in IS NOT NULL) d
          WHERE t.id = d.id",
        json!({"tasks": plan.tasks.len(), "groups": plan.groups.iter().map(|g| &g.code).collect::<Vec<_>>()}),
    )
    .await?;
    let kept: Value = plan.groups.iter().map(|g| json!(g.code)).collect();
    run("DELETE FROM plan_groups WHERE plan_id = $1 AND NOT $2::jsonb ? code", kept).await?;
    Ok(version)
}

async fn save_head(tx: &impl ConnectionTrait, id: Uuid, plan: &NewPlan) -> Result<i32, DbErr> {
    let search = fold(&format!("{} {}", plan.title.as_str(), plan.document_number.as_str()));
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO plans (id, code, document_number, printed_number, document_type, title, issuer_id, issuer_name, issuer_province, issued_on,
             signed_by, year, starts_on, ends_on, legal_bases, purposes, requirements, organisation, recipients, reporting_duties, notes, search)
         SELECT $1, r.code, r.document_number, r.printed_number, r.document_type, r.title, d.id, r.issuer->>'name', r.issuer->>'province',
                r.issued_on, r.signed_by, r.year, (r.period->>'from')::date, (r.period->>'to')::date, r.legal_bases, r.purposes,
                r.requirements, r.organisation, r.recipients, r.reporting_duties, r.notes, $3
           FROM jsonb_to_record($2) AS r(code text, document_number text, printed_number text, document_type text, title text, issuer jsonb,
                issued_on date, signed_by jsonb, year int, period jsonb, legal_bases jsonb, purposes jsonb, requirements jsonb,
                organisation jsonb, recipients jsonb, reporting_duties jsonb, notes jsonb)
           JOIN departments d ON d.code = r.issuer->>'department'
         ON CONFLICT (id) DO UPDATE SET document_number = excluded.document_number, printed_number = excluded.printed_number,
             document_type = excluded.document_type, title = excluded.title, issuer_id = excluded.issuer_id,
             issuer_name = excluded.issuer_name, issuer_province = excluded.issuer_province, issued_on = excluded.issued_on,
             signed_by = excluded.signed_by, year = excluded.year, starts_on = excluded.starts_on, ends_on = excluded.ends_on,
             legal_bases = excluded.legal_bases, purposes = excluded.purposes, requirements = excluded.requirements,
             organisation = excluded.organisation, recipients = excluded.recipients, reporting_duties = excluded.reporting_duties,
             notes = excluded.notes, search = excluded.search, version = plans.version + 1, updated_at = now()
         RETURNING version",
        [id.into(), json!(plan).into(), search.into()],
    );
    let row = tx.query_one_raw(statement).await?.ok_or_else(|| DbErr::RecordNotFound("issuer".into()))?;
    row.try_get("", "version")
}

/// A task as a row for `save_tasks`, with what the rules derive from it.
fn task_row(plan: &NewPlan, position: usize, task: &NewTask) -> Value {
    let (starts_on, due_on) = tasks::window(&task.schedule, &plan.period);
    let proven_on = tasks::proven_on(task.schedule.kind, &task.evidence);
    let mut row = json!(task);
    row["id"] = json!(Uuid::now_v7());
    row["code"] = json!(format!("{}.{}", plan.code, task.local_code));
    row["position"] = json!(position);
    row["starts_on"] = json!(starts_on);
    row["due_on"] = json!(due_on);
    row["proven_on"] = json!(proven_on);
    row["search"] = json!(fold(task.title.as_str()));
    row
}

/// Writes tasks of a plan with the departments and indicators they name.
async fn save_tasks(tx: &impl ConnectionTrait, plan: Uuid, rows: &[Value]) -> Result<(), DbErr> {
    for sql in [
        "INSERT INTO tasks (id, code, plan_id, group_id, local_code, position, printed_number, title, outputs, schedule_kind, schedule_text,
             schedule_start_on, schedule_end_on, schedule_before_on, schedule_quarter, schedule_month, schedule_event, schedule_recurrence,
             schedule_year_printed, method, lead_basis, evidence, notes, starts_on, due_on, proven_on, search, objective, budget, replaces)
         SELECT r.id, r.code, $1, g.id, r.local_code, r.position, r.printed_number, r.title, r.outputs, s.kind, s.text, s.start_on, s.end_on,
                s.before_on, s.quarter, s.month, s.event, s.recurrence, s.year_printed, r.method, r.lead_basis, r.evidence, r.notes,
                r.starts_on, r.due_on, r.proven_on, r.search, r.objective, r.budget, r.replaces
           FROM jsonb_to_recordset($2) AS r(id uuid, code text, \"group\" text, local_code text, position int, printed_number text, title text,
                outputs jsonb, schedule jsonb, method jsonb, lead_basis text, evidence jsonb, notes jsonb, starts_on date, due_on date,
                proven_on date, search text, objective text, budget text, replaces jsonb)
           CROSS JOIN LATERAL jsonb_to_record(r.schedule) AS s(kind text, text text, start_on date, end_on date, before_on date,
                quarter smallint, month smallint, event text, recurrence jsonb, year_printed bool)
           LEFT JOIN plan_groups g ON g.plan_id = $1 AND g.code = r.\"group\"
         ON CONFLICT (plan_id, local_code) DO UPDATE SET group_id = excluded.group_id, position = excluded.position,
             printed_number = excluded.printed_number, title = excluded.title, outputs = excluded.outputs,
             schedule_kind = excluded.schedule_kind, schedule_text = excluded.schedule_text, schedule_start_on = excluded.schedule_start_on,
             schedule_end_on = excluded.schedule_end_on, schedule_before_on = excluded.schedule_before_on,
             schedule_quarter = excluded.schedule_quarter, schedule_month = excluded.schedule_month,
             schedule_event = excluded.schedule_event, schedule_recurrence = excluded.schedule_recurrence,
             schedule_year_printed = excluded.schedule_year_printed, method = excluded.method, lead_basis = excluded.lead_basis,
             evidence = excluded.evidence, notes = excluded.notes, starts_on = excluded.starts_on, due_on = excluded.due_on,
             proven_on = excluded.proven_on, search = excluded.search, objective = excluded.objective, budget = excluded.budget,
             replaces = excluded.replaces, dropped_in = NULL, moved_to_id = NULL,
             cancelled_on = CASE WHEN tasks.dropped_in IS NULL THEN tasks.cancelled_on END,
             cancel_reason = CASE WHEN tasks.dropped_in IS NULL THEN tasks.cancel_reason END,
             version = tasks.version + 1, updated_at = now()",
        "DELETE FROM task_departments td USING tasks t, jsonb_to_recordset($2) AS r(code text)
          WHERE t.plan_id = $1 AND t.code = r.code AND td.task_id = t.id",
        "INSERT INTO task_departments (task_id, department_id, role, position)
         SELECT t.id, d.id, part.role, named.position
           FROM jsonb_to_recordset($2) AS r(code text, lead jsonb, coordinate jsonb)
           JOIN tasks t ON t.plan_id = $1 AND t.code = r.code
           CROSS JOIN LATERAL (VALUES ('lead', r.lead), ('coordinate', r.coordinate)) AS part(role, codes)
           CROSS JOIN LATERAL jsonb_array_elements_text(part.codes) WITH ORDINALITY AS named(code, position)
           JOIN departments d ON d.code = named.code",
        "DELETE FROM task_kpis k USING tasks t, jsonb_to_recordset($2) AS r(code text)
          WHERE t.plan_id = $1 AND t.code = r.code AND k.task_id = t.id",
        "INSERT INTO task_kpis (task_id, kpi_code, relation, position)
         SELECT t.id, named.code, part.relation, named.position
           FROM jsonb_to_recordset($2) AS r(code text, kpis jsonb, sub_indices jsonb)
           JOIN tasks t ON t.plan_id = $1 AND t.code = r.code
           CROSS JOIN LATERAL (VALUES ('kpi', r.kpis), ('sub_index', r.sub_indices)) AS part(relation, codes)
           CROSS JOIN LATERAL jsonb_array_elements_text(part.codes) WITH ORDINALITY AS named(code, position)",
    ] {
        let values = [plan.into(), Value::from(rows.to_vec()).into()];
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    }
    Ok(())
}
