//! HTTP in, HTTP out.

use actix_web::{HttpRequest, get, put, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;
use uuid::Uuid;

use super::wire::{KpiPage, KpiVersionPage, KpiVersionView, KpiView, NewKpi};
use super::{acts, store};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::db::Db;
use crate::departments;
use crate::error::ApiError;
use crate::http::call::{ChangeHeaders, WriteParams};
use crate::http::export::{self, Batch};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::{
    Answer, Cursor, Day, Json, PageInfo, Query, QueryReader, ReadProblems, ServiceConfig, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    write,
};
use crate::kpi::wire::{Source, Unit};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_kpis).service(get_kpi).service(put_kpi).service(list_kpi_versions).service(get_kpi_version);
}

impl Shaped for KpiView {
    const RELATIONS: &'static [Relation] = &[
        Relation::one("component_of", &["component_of"], store::EXPANDED),
        Relation::many("inputs", &["inputs"], store::EXPANDED),
        Relation::many("departments", &["targets", "department"], departments::EXPANDED),
    ];
}

impl Shaped for KpiVersionView {}

/// Which indicators to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct KpiFilter {
    /// Where figures come from, separated by commas: `computed`, `imported`, `survey`, `manual`.
    #[param(value_type = Option<Vec<Source>>, style = Form, explode = false, example = json!(["survey", "manual"]))]
    source: Vec<&'static str>,
    /// `percent`, `count`, `point` or `day`.
    #[param(value_type = Option<Unit>, example = "percent")]
    unit: Option<&'static str>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<KpiView>,
}

impl FromQuery for KpiFilter {
    fn read(q: &mut QueryReader) -> Self {
        KpiFilter {
            source: q.list("source", Source::NAMES),
            unit: q.choice("unit", Unit::NAMES),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

async fn page(db: &impl ConnectionTrait, filter: &KpiFilter) -> Result<(Vec<KpiView>, PageInfo), ApiError> {
    let rows = store::list(db, &filter.source, filter.unit, filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |kpi| kpi.code.clone()))
}

/// List indicators
///
/// With their targets, ordered by code. Those computed from dossiers are there from the start.
#[utoipa::path(tag = "kpis", operation_id = "list_kpis", params(KpiFilter, PageParams, Shape::<KpiView>), security(("bearer" = [])),
    extensions(("x-permission" = json!("kpi:read"))),
    responses((status = 200, description = "A page of indicators", body = KpiPage), ReadProblems))]
#[get("/api/v1/kpis")]
async fn list_kpis(permit: Permit<perm::ReadKpi>, Query(filter): Query<KpiFilter>, db: Db, req: HttpRequest) -> Answer {
    let (items, page) = page(db.get_ref(), &filter).await?;
    let page = filter
        .cursor
        .counted(db.get_ref(), page, async |db| store::list(db, &filter.source, filter.unit, None, EVERY).await.map(drop))
        .await?;
    filter.shape.page(&req, db.get_ref(), &permit, &KpiPage { items, page }).await
}

/// Get an indicator
///
/// By id or code, with its targets.
#[utoipa::path(tag = "kpis", operation_id = "get_kpi", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "on_time_rate"), Shape::<KpiView>),
    extensions(("x-permission" = json!("kpi:read"))),
    responses((status = 200, description = "The indicator", body = KpiView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/kpis/{key}")]
async fn get_kpi(permit: Permit<perm::ReadKpi>, key: web::Path<String>, Query(shape): Query<Shape<KpiView>>, db: Db) -> Answer {
    let view = store::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    shape.found(db.get_ref(), &permit, view.version, &view).await
}

/// Put an indicator
///
/// Creates it or changes it as a whole, targets included; `Unchanged: true` when it is equal already. A computed indicator keeps its formula
/// and a measured one stays measured, unless the new definition begins with a later `valid_from`; a measured one keeps its unit.
///
/// Every text stays as a version. A figure is computed by the definition in force on the last day of its period: the latest version that
/// had begun by then, unless it has ended. So another way of counting begins with a `valid_from` and leaves the periods before as they are; the
/// same `valid_from` again corrects it.
///
/// In an expression stand numbers, codes of indicators, `+ - * /`, brackets, `min(…)` and `max(…)`, and nothing else. What cannot be read is
/// told with its place; a name that does not exist and a circle of expressions, on any day, are refused.
#[utoipa::path(tag = "kpis", operation_id = "put_kpi", security(("bearer" = [])), request_body = NewKpi,
    params(("key" = String, Path, description = "Code", example = "reform_index"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("kpi:write"))),
    responses((status = 201, description = "Created", body = KpiView), (status = 200, description = "Changed, or equal already", body = KpiView), WriteProblems))]
#[put("/api/v1/kpis/{key}")]
async fn put_kpi(permit: Permit<perm::WriteKpi>, key: web::Path<String>, _: Query<WriteParams>, body: Json<NewKpi>, db: Db) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::put(tx, &permit, &key, &body.value).await).await
}

/// Which versions to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct KpiVersionFilter {
    /// Only the one that was in force on this day.
    #[param(value_type = Option<Day>, example = "2022-12-31")]
    in_force_on: Option<Day>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<KpiVersionView>,
}

impl FromQuery for KpiVersionFilter {
    fn read(q: &mut QueryReader) -> Self {
        KpiVersionFilter { in_force_on: q.day("in_force_on").map(Day), cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

async fn versions(db: &impl ConnectionTrait, kpi: Uuid, filter: &KpiVersionFilter) -> Result<(Vec<KpiVersionView>, PageInfo), ApiError> {
    let on = filter.in_force_on.map(|day| day.0);
    let rows = store::versions(db, kpi, on, filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |v| v.version))
}

/// List the versions of an indicator
///
/// Every definition that it has had, targets included, the first one first: from when to when it holds, who put it and when. A version ends
/// on the day before a later one begins.
#[utoipa::path(tag = "kpis", operation_id = "list_kpi_versions", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "on_time_rate"), KpiVersionFilter, PageParams, Shape::<KpiVersionView>),
    extensions(("x-permission" = json!("kpi:read"))),
    responses((status = 200, description = "A page of versions", body = KpiVersionPage), ReadProblems))]
#[get("/api/v1/kpis/{key}/versions")]
async fn list_kpi_versions(
    permit: Permit<perm::ReadKpi>,
    key: web::Path<String>,
    Query(filter): Query<KpiVersionFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let kpi = store::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let (items, page) = versions(db.get_ref(), kpi.id, &filter).await?;
    let on = filter.in_force_on.map(|day| day.0);
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::versions(db, kpi.id, on, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &KpiVersionPage { items, page }).await
}

/// Get a version of an indicator
///
/// The definition as it was put. It never changes.
#[utoipa::path(tag = "kpis", operation_id = "get_kpi_version", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "on_time_rate"),
        ("version" = i32, Path, description = "Number of the version", example = 1), Shape::<KpiVersionView>),
    extensions(("x-permission" = json!("kpi:read"))),
    responses((status = 200, description = "The definition of that version", body = KpiVersionView),
        (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/kpis/{key}/versions/{version}")]
async fn get_kpi_version(
    permit: Permit<perm::ReadKpi>,
    path: web::Path<(String, String)>,
    Query(shape): Query<Shape<KpiVersionView>>,
    db: Db,
) -> Answer {
    let (key, version) = path.into_inner();
    let version: i32 = version.parse().map_err(|_| ApiError::not_found())?;
    let kpi = store::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let view = store::version(db.get_ref(), kpi.id, version).await?.ok_or_else(ApiError::not_found)?;
    shape.found(db.get_ref(), &permit, version, &view).await
}

/// The list as an export.
pub fn exported() -> export::Source {
    export::Source::of::<KpiFilter, KpiView>("kpis", Permission::ReadKpi, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.filter()?).await?) })
    })
}

/// The versions of an indicator as an export.
pub fn exported_versions() -> export::Source {
    let source = export::Source::of::<KpiVersionFilter, KpiVersionView>("kpi-versions", Permission::ReadKpi, |ask| {
        Box::pin(async move {
            let kpi = store::find(ask.db, &ask.key("kpi").into()).await?.ok_or_else(ApiError::not_found)?;
            Batch::of(versions(ask.db, kpi.id, &ask.filter()?).await?)
        })
    });
    source.keyed(&["kpi"])
}
