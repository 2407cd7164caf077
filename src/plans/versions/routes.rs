//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;
use uuid::Uuid;

use super::wire::{PlanDifference, PlanVersionPage, PlanVersionSummary, PlanVersionView, TaskHistory};
use super::{rules, store};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::db::Db;
use crate::error::{ApiError, Code, Fault};
use crate::http::export::{Batch, Source};
use crate::http::query::{FromQuery, NoQuery};
use crate::http::{
    Answer, Cursor, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, found_today,
    page::{EVERY, PageParams},
};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_plan_versions).service(get_plan_version).service(get_plan_difference).service(get_task_history);
}

impl Shaped for PlanVersionSummary {}

impl Shaped for PlanVersionView {}

/// Which versions to list: all.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct VersionFilter {
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<PlanVersionSummary>,
}

impl FromQuery for VersionFilter {
    fn read(q: &mut QueryReader) -> Self {
        VersionFilter { cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

/// What to compare a version with.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct Against {
    /// An earlier version; by default the one before. 0 is none: everything was added.
    #[param(minimum = 0, example = 1)]
    against: Option<i32>,
}

impl FromQuery for Against {
    fn read(q: &mut QueryReader) -> Self {
        Against { against: q.parse("against", "Phải là số phiên bản.", "Must be the number of a version.") }
    }
}

async fn plan(db: &impl ConnectionTrait, reach: &Reach, key: &str) -> Result<Uuid, ApiError> {
    store::plan(db, reach, &key.into()).await?.ok_or_else(ApiError::not_found)
}

fn number(text: &str) -> Result<i32, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}

async fn page(db: &impl ConnectionTrait, plan: Uuid, cursor: &Cursor) -> Result<(Vec<PlanVersionSummary>, PageInfo), ApiError> {
    Ok(cursor.page(store::list(db, plan, cursor.after()?, cursor.limit).await?, |v| v.version))
}

/// List the versions of a plan
///
/// Every text that it has had, the first one first: by which document it came, from when it holds, who entered it when.
#[utoipa::path(tag = "plans", operation_id = "list_plan_versions", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022"), VersionFilter, PageParams, Shape::<PlanVersionSummary>),
    extensions(("x-permission" = json!("plan:read"))),
    responses((status = 200, description = "A page of versions", body = PlanVersionPage), ReadProblems))]
#[get("/api/v1/plans/{key}/versions")]
async fn list_plan_versions(
    permit: Permit<perm::ReadPlan>,
    key: web::Path<String>,
    Query(filter): Query<VersionFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let plan = plan(db.get_ref(), &permit.reach(), &key).await?;
    let (items, page) = page(db.get_ref(), plan, &filter.cursor).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, plan, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &PlanVersionPage { items, page }).await
}

/// Get a version of a plan
///
/// The text in full, as it was. It never changes.
#[utoipa::path(tag = "plans", operation_id = "get_plan_version", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022"),
        ("version" = i32, Path, description = "Number of the version", example = 1), Shape::<PlanVersionView>),
    extensions(("x-permission" = json!("plan:read"))),
    responses((status = 200, description = "The text of that version", body = PlanVersionView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/plans/{key}/versions/{version}")]
async fn get_plan_version(
    permit: Permit<perm::ReadPlan>,
    path: web::Path<(String, String)>,
    Query(shape): Query<Shape<PlanVersionView>>,
    db: Db,
) -> Answer {
    let (key, version) = path.into_inner();
    let plan = plan(db.get_ref(), &permit.reach(), &key).await?;
    let version = number(&version)?;
    let text = store::texts(db.get_ref(), plan, version, version).await?.pop().ok_or_else(ApiError::not_found)?;
    shape.found(db.get_ref(), &permit, version, &text).await
}

/// Get what a version of a plan changed
///
/// Against the version before, or an earlier one: members of the head, headings and tasks that were added, changed (each member, old and
/// new), dropped and moved.
#[utoipa::path(tag = "plans", operation_id = "get_plan_difference", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022"),
        ("version" = i32, Path, description = "Number of the version", example = 2), Against),
    extensions(("x-permission" = json!("plan:read"))),
    responses((status = 200, description = "What differs", body = PlanDifference), ReadProblems))]
#[get("/api/v1/plans/{key}/versions/{version}/difference")]
async fn get_plan_difference(
    permit: Permit<perm::ReadPlan>,
    path: web::Path<(String, String)>,
    Query(asked): Query<Against>,
    db: Db,
) -> Answer {
    let (key, version) = path.into_inner();
    let plan = plan(db.get_ref(), &permit.reach(), &key).await?;
    let version = number(&version)?;
    let against = asked.against.unwrap_or(version.saturating_sub(1));
    let texts = store::texts(db.get_ref(), plan, against.min(version), version).await?;
    let new = texts.last().filter(|text| text.version == version).ok_or_else(ApiError::not_found)?;
    if against < 0 || against >= version {
        let (vi, en) = ("Phải là một phiên bản trước đó.", "Must be an earlier version.");
        return Err(ApiError::new(Code::InvalidParameter).faults(vec![Fault::new(Code::InvalidParameter, "against", vi, en)]));
    }
    let old = texts.first().filter(|text| text.version == against).map(|text| &text.plan);
    let fates = texts.iter().filter(|text| text.version > against).flat_map(|text| text.dropped.clone()).collect();
    let difference = PlanDifference {
        version,
        against,
        head: rules::head(old, &new.plan),
        groups: rules::groups(old, &new.plan),
        tasks: rules::tasks(old, &new.plan),
        fates,
    };
    Ok(actix_web::HttpResponse::Ok().json(difference))
}

/// Get the history of a task's text
///
/// What each text of its plan did to the task: its schedule and dates since then, the members that changed with their old values, and by
/// which document.
#[utoipa::path(tag = "plans", operation_id = "get_task_history", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.I.1-1.3")),
    extensions(("x-permission" = json!("task:read"))),
    responses((status = 200, description = "What the plan's texts did to the task", body = TaskHistory, headers(("ETag" = String))), ReadProblems))]
#[get("/api/v1/tasks/{key}/history")]
async fn get_task_history(permit: Permit<perm::ReadTask>, key: web::Path<String>, _: Query<NoQuery>, db: Db) -> Answer {
    let task = store::of_task(db.get_ref(), &permit.reach(), &key.as_str().into()).await?;
    let (plan, task, local_code) = task.ok_or_else(ApiError::not_found)?;
    let texts = store::texts(db.get_ref(), plan, 1, i32::MAX).await?;
    let last = texts.last().map_or(1, |text| text.version);
    Ok(found_today(last, &TaskHistory { task, items: rules::history(&texts, &local_code) }))
}

/// The versions of a plan as an export.
pub fn exported() -> Source {
    let source = Source::of::<VersionFilter, PlanVersionSummary>("plan-versions", Permission::ReadPlan, |ask| {
        Box::pin(async move {
            let filter: VersionFilter = ask.filter()?;
            let plan = plan(ask.db, &ask.reach, ask.key("plan")).await?;
            Batch::of(page(ask.db, plan, &filter.cursor).await?)
        })
    });
    source.keyed(&["plan"])
}
