//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, put, web};
use utoipa::IntoParams;

use super::results::{self, Request};
use super::wire::{KpiPage, KpiResults, KpiView, NewKpi, Source, Unit};
use super::{acts, measurements, store, submissions};
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
    Answer, Cursor, Json, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    table, write,
};
use crate::reports::filter::{self, GroupBy, Slice};
use crate::reports::period::PeriodSet;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_kpis).service(get_kpi).service(put_kpi);
    cfg.service(get_kpi_results);
    measurements::configure(cfg);
    submissions::configure(cfg);
}

impl Shaped for KpiView {
    const RELATIONS: &'static [Relation] = &[
        Relation::one("component_of", &["component_of"], store::EXPANDED),
        Relation::many("departments", &["targets", "department"], departments::EXPANDED),
    ];
}

/// Which indicators to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct KpiFilter {
    /// Where figures come from, separated by commas: `computed`, `imported`, `survey`, `manual`.
    #[param(value_type = Option<Vec<Source>>, style = Form, explode = false, example = json!(["survey", "manual"]))]
    source: Vec<&'static str>,
    /// `percent` or `count`.
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

/// List indicators
///
/// With their targets, ordered by code. Those computed from dossiers are there from the start.
#[utoipa::path(tag = "kpis", operation_id = "list_kpis", params(KpiFilter, PageParams, Shape::<KpiView>), security(("bearer" = [])),
    extensions(("x-permission" = json!("kpi:read"))),
    responses((status = 200, description = "A page of indicators", body = KpiPage), ReadProblems))]
#[get("/api/v1/kpis")]
async fn list_kpis(permit: Permit<perm::ReadKpi>, Query(filter): Query<KpiFilter>, db: Db, req: HttpRequest) -> Answer {
    let rows = store::list(db.get_ref(), &filter.source, filter.unit, filter.cursor.after()?, filter.cursor.limit).await?;
    let (items, page) = filter.cursor.page(rows, |kpi| kpi.code.clone());
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
/// Creates it or changes it as a whole, targets included; `Unchanged: true` when it is equal already. A computed indicator keeps
/// its formula; a measured one keeps its unit and stays measured.
#[utoipa::path(tag = "kpis", operation_id = "put_kpi", security(("bearer" = [])), request_body = NewKpi,
    params(("key" = String, Path, description = "Code", example = "reform_index"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("kpi:write"))),
    responses((status = 201, description = "Created", body = KpiView), (status = 200, description = "Changed, or equal already", body = KpiView), WriteProblems))]
#[put("/api/v1/kpis/{key}")]
async fn put_kpi(permit: Permit<perm::WriteKpi>, key: web::Path<String>, _: Query<WriteParams>, body: Json<NewKpi>, db: Db) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::put(tx, &permit, &key, &body.value).await).await
}

/// Which indicators, and how they are cut.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by ResultFilter; named here for the contract")]
struct ResultParams {
    /// Codes of indicators, separated by commas; all when it is left out.
    #[param(example = "on_time_rate,online_rate")]
    kpi: Option<String>,
    /// Codes of periods, separated by commas (at most 24). Either this, or `from` and `to`.
    #[param(
        pattern = "^[0-9]{4}(H[12]|Q[1-4]|-9M|-(0[1-9]|1[0-2]))?(,[0-9]{4}(H[12]|Q[1-4]|-9M|-(0[1-9]|1[0-2]))?){0,23}$",
        example = "2022"
    )]
    period: Option<String>,
    /// How periods are cut: `calendar` (default) or `administrative` (a month runs from the 15th of the month before to the 14th).
    #[param(pattern = "^(administrative|calendar)$", example = "calendar")]
    period_set: Option<String>,
    /// First day.
    from: Option<crate::http::Day>,
    /// Last day.
    to: Option<crate::http::Day>,
    /// Rows by `department`, `field` or `procedure`; `none` (default) gives one figure.
    #[param(pattern = "^(none|department|field|procedure)$", example = "department")]
    group_by: Option<String>,
}

struct ResultFilter(Request);

impl IntoParams for ResultFilter {
    fn into_params(place: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        let mut params = ResultParams::into_params(&place);
        params.extend(Slice::into_params(&place));
        params
    }
}

impl FromQuery for ResultFilter {
    fn read(q: &mut QueryReader) -> Self {
        let mut kpis = q.codes("kpi");
        let mut seen = std::collections::HashSet::new();
        kpis.retain(|code| seen.insert(code.clone()));
        ResultFilter(Request {
            kpis,
            spans: filter::spans(q, PeriodSet::Calendar, true),
            group_by: GroupBy::read(q),
            slice: Slice::read(q),
        })
    }
}

/// Indicators against their targets
///
/// One item for each period and indicator or, grouped, for each row in which anything was accepted or finished. Ratios are sums over sums,
/// compared with the target unrounded, and shown with two decimals, half up. Computed ones are judged by what had happened by the end of the
/// period, over all dossiers in your sight unless `department` narrows it (`scope=subtree` takes in those below it). Measured ones answer with the
/// measurement of that department for exactly that period, and without `department` with that of the root agency.
///
/// `e_document_rate` and `e_office_drafted_rate` are counted from the register of outgoing documents, by the date they bear and the department
/// that drafted, without voided entries; secret documents count for the second only. `GET /documents` with the same days and flags lists them.
///
/// The target is that of the department, else of the nearest one above it, else of the root agency, else of the whole organisation; one
/// for the field of procedures goes first; a yearly one holds for every period of its year. JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "kpis", operation_id = "get_kpi_results", security(("bearer" = [])), params(ResultFilter),
    extensions(("x-permission" = json!("report:read"))),
    responses((status = 200, description = "The figures", content(
        (KpiResults = "application/json"),
        (String = "text/csv", example = "Chỉ tiêu,Kỳ,Đơn vị"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/kpi-results")]
async fn get_kpi_results(
    permit: Permit<perm::ReadReport>,
    Query(ResultFilter(request)): Query<ResultFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let items = results::results(db.get_ref(), &permit, &permit.reach(), &request).await?;
    let report = KpiResults { items };
    table::respond(&req, &report, || results::table(&report.items))
}

/// The list as an export.
pub fn exported() -> export::Source {
    export::Source::of::<KpiFilter, KpiView>("kpis", Permission::ReadKpi, |ask| {
        Box::pin(async move {
            let filter: KpiFilter = ask.filter()?;
            let rows = store::list(ask.db, &filter.source, filter.unit, filter.cursor.after()?, filter.cursor.limit).await?;
            Batch::of(filter.cursor.page(rows, |kpi| kpi.code.clone()))
        })
    })
}
