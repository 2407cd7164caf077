//! HTTP in, HTTP out.

mod acts;
mod assigned;
mod evidence;
mod progress;

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::wire::{NewCompletion, NewProgressReport, TaskEvent, TaskOrigin, TaskPage, TaskSummary, TaskTimeline, TaskView};
use super::{acts as deeds, store};
use crate::audit;
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::calendar::vn_date;
use crate::db::Db;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::call::WriteParams;
use crate::http::export::{Batch, Source};
use crate::http::query::{FromQuery, NoQuery};
use crate::http::shape::Relation;
use crate::http::{
    Answer, At, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    write,
};
use crate::plans::model::TaskState;
use crate::plans::routes::words;
use crate::plans::store as plan_store;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_tasks).service(get_task).service(get_task_timeline);
    cfg.service(report_progress).service(complete_task).service(hand_in_task);
    acts::configure(cfg);
    assigned::configure(cfg);
    evidence::configure(cfg);
    progress::configure(cfg);
}

impl Shaped for TaskSummary {
    const RELATIONS: &'static [Relation] = &[
        Relation::one("plan", &["plan"], plan_store::EXPANDED),
        Relation::many("lead", &["lead"], departments::EXPANDED),
        Relation::many("coordinate", &["coordinate"], departments::EXPANDED),
    ];
}

impl Shaped for TaskView {
    const RELATIONS: &'static [Relation] = &[
        Relation::one("plan", &["plan"], plan_store::EXPANDED),
        Relation::many("lead", &["lead"], departments::EXPANDED),
        Relation::many("coordinate", &["coordinate"], departments::EXPANDED),
    ];
}

/// Which tasks to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct TaskFilter {
    /// Where they come from: `plan` or `assigned`.
    #[param(value_type = Option<TaskOrigin>, example = "assigned")]
    origin: Option<&'static str>,
    /// Code of the plan.
    #[param(example = "kh-1186-skhdt-2022")]
    plan: Option<String>,
    /// Code of a department that leads or co-operates, itself or through a collective it is a member of.
    #[param(example = "VP")]
    department: Option<String>,
    /// The part that this department has: `lead` or `coordinate`.
    #[param(value_type = Option<String>, pattern = "^(lead|coordinate)$", example = "lead")]
    role: Option<&'static str>,
    /// States, separated by commas.
    #[param(value_type = Option<Vec<TaskState>>, style = Form, explode = false, example = json!(["due_soon", "overdue"]))]
    state: Vec<&'static str>,
    /// Only those due on this day or later.
    #[param(value_type = Option<crate::http::Day>)]
    due_from: Option<NaiveDate>,
    /// Only those due on this day or earlier.
    #[param(value_type = Option<crate::http::Day>)]
    due_to: Option<NaiveDate>,
    /// Words of the title, with or without accents.
    #[param(value_type = Option<String>, example = "thu tuc hanh chinh")]
    q: Vec<String>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<TaskSummary>,
}

impl FromQuery for TaskFilter {
    fn read(q: &mut QueryReader) -> Self {
        let filter = TaskFilter {
            origin: q.choice("origin", TaskOrigin::NAMES),
            plan: q.text("plan"),
            department: q.text("department"),
            role: q.choice("role", &["lead", "coordinate"]),
            state: q.list("state", TaskState::NAMES),
            due_from: q.day("due_from"),
            due_to: q.day("due_to"),
            q: words(q),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        };
        if filter.role.is_some() && filter.department.is_none() {
            q.fault(Fault::new(Code::InvalidParameter, "role", "Cần cả “department”.", "Needs “department” as well."));
        }
        filter
    }
}

fn chosen(filter: &TaskFilter) -> store::Filter {
    store::Filter {
        origin: filter.origin,
        plan: filter.plan.clone(),
        department: filter.department.clone(),
        role: filter.role,
        states: filter.state.clone(),
        due_from: filter.due_from,
        due_to: filter.due_to,
        words: filter.q.clone(),
    }
}

async fn page(
    db: &impl ConnectionTrait,
    reach: &Reach,
    filter: &TaskFilter,
    today: NaiveDate,
) -> Result<(Vec<TaskSummary>, PageInfo), ApiError> {
    let rows = store::list(db, reach, today, &chosen(filter), filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |t| (t.plan.clone().unwrap_or_default(), t.position, t.code.clone())))
}

/// List tasks
///
/// Those in which a department in the caller's sight has part, ordered by plan and by their order on paper; those from above, which
/// have no plan, come first.
#[utoipa::path(tag = "plans", operation_id = "list_tasks", params(TaskFilter, PageParams, Shape::<TaskSummary>), security(("bearer" = [])),
    extensions(("x-permission" = json!("task:read"))),
    responses((status = 200, description = "A page of tasks", body = TaskPage), ReadProblems))]
#[get("/api/v1/tasks")]
async fn list_tasks(permit: Permit<perm::ReadTask>, Query(filter): Query<TaskFilter>, db: Db, req: HttpRequest) -> Answer {
    let (reach, today, chosen) = (permit.reach(), vn_date(permit.now), chosen(&filter));
    let (items, page) = page(db.get_ref(), &reach, &filter, today).await?;
    let page =
        filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, &reach, today, &chosen, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &TaskPage { items, page }).await
}

/// Get a task
///
/// By id or code, with the reports on it, how it was closed, and what this caller may do with it. The state of an open task
/// changes by the day, so only a closed one is answered with 304.
#[utoipa::path(tag = "plans", operation_id = "get_task", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.II.1-1.1a"), Shape::<TaskView>),
    extensions(("x-permission" = json!("task:read"))),
    responses((status = 200, description = "The task", body = TaskView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/tasks/{key}")]
async fn get_task(permit: Permit<perm::ReadTask>, key: web::Path<String>, Query(shape): Query<Shape<TaskView>>, db: Db) -> Answer {
    let task = store::find(db.get_ref(), &store::Reaches::of(&permit), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let view = deeds::shown(db.get_ref(), &permit, task).await?;
    // An open task becomes due or overdue by the day alone.
    let settled = view.completion.is_some() || view.cancelled.is_some() || view.not_applicable.is_some();
    if settled {
        shape.found(db.get_ref(), &permit, view.version, &view).await
    } else {
        shape.found_today(db.get_ref(), &permit, view.version, &view).await
    }
}

/// Get the timeline of a task
///
/// What happened to it, oldest first, and by whom.
#[utoipa::path(tag = "plans", operation_id = "get_task_timeline", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.II.1-1.1a")),
    extensions(("x-permission" = json!("task:read"))),
    responses((status = 200, description = "The timeline", body = TaskTimeline), ReadProblems))]
#[get("/api/v1/tasks/{key}/timeline")]
async fn get_task_timeline(permit: Permit<perm::ReadTask>, key: web::Path<String>, _: Query<NoQuery>, db: Db) -> Answer {
    let task = store::find(db.get_ref(), &store::Reaches::of(&permit), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let lines = audit::of_subject(db.get_ref(), task.id).await?;
    let event = |line: audit::Recorded| TaskEvent { at: At(line.occurred_at), act: line.act, by: line.actor };
    Ok(HttpResponse::Ok().json(TaskTimeline { items: lines.into_iter().map(event).collect() }))
}

/// Report progress
///
/// A department that has part in the task, itself or through a collective, reports on it for a period; one report each.
/// Answers the task.
#[utoipa::path(tag = "plans", operation_id = "report_progress", security(("bearer" = [])), request_body = NewProgressReport,
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.II.1-1.1a"), WriteParams, crate::http::call::ChangeHeaders),
    extensions(("x-permission" = json!("task:report"))),
    responses((status = 201, description = "The task with the report", body = TaskView), WriteProblems))]
#[post("/api/v1/tasks/{key}/progress-reports")]
async fn report_progress(
    permit: Permit<perm::ReportTask>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewProgressReport>,
    db: Db,
) -> Answer {
    let key = key.as_str().into();
    write(db.get_ref(), &permit, &body.hash, async |tx| deeds::report(tx, &permit, &key, &body.value).await).await
}

/// Complete a task
///
/// A leading department, or the office, closes the task at once with at least one document as evidence; a task led by a collective is
/// closed by the office. With `occurrence` only that one is closed. Where the office is to look first, hand it in. Answers the task.
#[utoipa::path(tag = "plans", operation_id = "complete_task", security(("bearer" = [])), request_body = NewCompletion,
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.II.1-1.1a"), WriteParams, crate::http::call::ChangeHeaders),
    extensions(("x-permission" = json!("task:complete"))),
    responses((status = 201, description = "The task with its completion", body = TaskView), WriteProblems))]
#[post("/api/v1/tasks/{key}/completion")]
async fn complete_task(
    permit: Permit<perm::CompleteTask>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewCompletion>,
    db: Db,
) -> Answer {
    let key = key.as_str().into();
    write(db.get_ref(), &permit, &body.hash, async |tx| deeds::complete(tx, &permit, &key, &body.value).await).await
}

/// Hand a task in
///
/// A leading department hands in what it has done, as a whole or one `occurrence`, with at least one document as evidence. The office
/// confirms it, which closes it as of `completed_on`, or gives it back. Answers the task.
#[utoipa::path(tag = "plans", operation_id = "hand_in_task", security(("bearer" = [])), request_body = NewCompletion,
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.II.1-1.1a"), WriteParams, crate::http::call::ChangeHeaders),
    extensions(("x-permission" = json!("task:complete"))),
    responses((status = 201, description = "The task with what was handed in", body = TaskView), WriteProblems))]
#[post("/api/v1/tasks/{key}/submission")]
async fn hand_in_task(
    permit: Permit<perm::CompleteTask>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewCompletion>,
    db: Db,
) -> Answer {
    let key = key.as_str().into();
    write(db.get_ref(), &permit, &body.hash, async |tx| deeds::hand_in(tx, &permit, &key, &body.value).await).await
}

/// A number in a path; what is none names nothing.
fn number(text: &str) -> Result<i32, ApiError> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(ApiError::not_found)
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<TaskFilter, TaskSummary>("tasks", Permission::ReadTask, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.reach, &ask.filter()?, vn_date(ask.call.now)).await?) })
    })
}
