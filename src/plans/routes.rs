//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, put, web};
use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::wire::{NewPlan, PlanPage, PlanSummary, PlanView};
use super::{acts, store};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::db::Db;
use crate::departments;
use crate::error::ApiError;
use crate::http::call::WriteParams;
use crate::http::export::{Batch, Source};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::values::fold;
use crate::http::{
    Answer, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    write,
};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_plans).service(get_plan).service(put_plan);
}

impl Shaped for PlanSummary {
    const RELATIONS: &'static [Relation] = &[Relation::one("issuer", &["issuer"], departments::EXPANDED)];
}

impl Shaped for PlanView {
    const RELATIONS: &'static [Relation] = &[Relation::one("issuer", &["issuer", "department"], departments::EXPANDED)];
}

/// Which plans to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct PlanFilter {
    /// The year a plan is for.
    #[param(example = 2022)]
    year: Option<i32>,
    /// Code of the department that issued it.
    #[param(example = "SKHDT")]
    issuer: Option<String>,
    /// Words of the title or number, with or without accents.
    #[param(value_type = Option<String>, example = "cai cach hanh chinh")]
    q: Vec<String>,
    /// Only plans whose period holds this day.
    #[param(value_type = Option<crate::http::Day>, example = "2022-06-15")]
    valid_on: Option<NaiveDate>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<PlanSummary>,
}

impl FromQuery for PlanFilter {
    fn read(q: &mut QueryReader) -> Self {
        PlanFilter {
            year: q.parse("year", "Phải là một năm.", "Must be a year."),
            issuer: q.text("issuer"),
            q: words(q),
            valid_on: q.day("valid_on"),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

/// The words of `q`, folded for search.
pub(super) fn words(q: &mut QueryReader) -> Vec<String> {
    q.text("q").map(|text| fold(&text).split_whitespace().map(str::to_owned).collect()).unwrap_or_default()
}

impl PlanFilter {
    fn chosen(&self) -> store::Filter {
        store::Filter { year: self.year, issuer: self.issuer.clone(), words: self.q.clone(), valid_on: self.valid_on }
    }
}

async fn page(db: &impl ConnectionTrait, reach: &Reach, filter: &PlanFilter) -> Result<(Vec<PlanSummary>, PageInfo), ApiError> {
    let rows = store::list(db, reach, &filter.chosen(), filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |p| p.code.clone()))
}

/// List plans
///
/// Ordered by code, without their tasks.
#[utoipa::path(tag = "plans", operation_id = "list_plans", params(PlanFilter, PageParams, Shape::<PlanSummary>), security(("bearer" = [])),
    extensions(("x-permission" = json!("plan:read"))),
    responses((status = 200, description = "A page of plans", body = PlanPage), ReadProblems))]
#[get("/api/v1/plans")]
async fn list_plans(permit: Permit<perm::ReadPlan>, Query(filter): Query<PlanFilter>, db: Db, req: HttpRequest) -> Answer {
    let (reach, chosen) = (permit.reach(), filter.chosen());
    let (items, page) = page(db.get_ref(), &reach, &filter).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, &reach, &chosen, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &PlanPage { items, page }).await
}

/// Get a plan
///
/// By id or code, with its versions and its tree as it is now: headings in the order on paper, each with its tasks and where they stand today. The state
/// of a task outside the caller's sight is null. `ETag` is the version of the plan's text; work on tasks does not change it,
/// so the answer is never 304.
#[utoipa::path(tag = "plans", operation_id = "get_plan", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022"), Shape::<PlanView>),
    extensions(("x-permission" = json!("plan:read"))),
    responses((status = 200, description = "The plan with its tree", body = PlanView), ReadProblems))]
#[get("/api/v1/plans/{key}")]
async fn get_plan(permit: Permit<perm::ReadPlan>, key: web::Path<String>, Query(shape): Query<Shape<PlanView>>, db: Db) -> Answer {
    let stored = store::find(db.get_ref(), &permit.reach(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let version = stored.version;
    shape.found_today(db.get_ref(), &permit, version, &acts::read(db.get_ref(), &permit, stored).await?).await
}

/// Put a plan
///
/// The whole plan with its headings and tasks, in the order on paper; `Unchanged: true` when it is equal already. A task is
/// known by its `local_code`. A plan that exists is corrected by this, as errors of typing are: a task left out is removed, and one on
/// which there is work must stay; what a later document changes is an amendment. Every text stays readable as a version.
#[utoipa::path(tag = "plans", operation_id = "put_plan", security(("bearer" = [])), request_body = NewPlan,
    params(("key" = String, Path, description = "Code", example = "kh-1186-skhdt-2022"), WriteParams, crate::http::call::ChangeHeaders),
    extensions(("x-permission" = json!("plan:write"))),
    responses((status = 201, description = "Created", body = PlanView), (status = 200, description = "Changed, or equal already", body = PlanView), WriteProblems))]
#[put("/api/v1/plans/{key}")]
async fn put_plan(permit: Permit<perm::WritePlan>, key: web::Path<String>, _: Query<WriteParams>, body: Json<NewPlan>, db: Db) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::put(tx, &permit, &key, &body.value).await).await
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<PlanFilter, PlanSummary>("plans", Permission::ReadPlan, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.reach, &ask.filter()?).await?) })
    })
}
