//! HTTP in, HTTP out.

use actix_web::{HttpRequest, get, web};
use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::contributors::Listing;
use super::request::{FigureFilter, Request, ResultFilter};
use super::wire::{KpiContributor, KpiContributorPage, KpiResults};
use super::{results, table};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::calendar::vn_date;
use crate::db::Db;
use crate::departments;
use crate::error::ApiError;
use crate::http::export::{Batch, Source};
use crate::http::page::{EVERY, PageParams};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::{Answer, Cursor, PageInfo, Query, QueryReader, ReadProblems, ServiceConfig, Shape, Shaped, table as tables};
use crate::kpi::store::find;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_kpi_results).service(list_kpi_contributors);
}

impl Shaped for KpiContributor {
    const RELATIONS: &'static [Relation] = &[Relation::one("department", &["department"], departments::EXPANDED)];
}

/// Indicators against their targets
///
/// One item for each period and indicator or, grouped, for each row in which anything was accepted or finished; with `scope=children` for each
/// department right below the one asked for. Ratios are sums over sums, compared with the target unrounded, and shown with two decimals,
/// half up. Computed ones are judged by what had happened by the end of the period, over all dossiers in your sight unless `department`
/// narrows it (`scope=subtree` takes in those below it); nothing is kept of them: `computed_at` is the moment of the request, and every act
/// committed before it is in the figure.
///
/// Measured ones answer with the measurement of that department for exactly that period, and without `department` with that of the root
/// agency. Where that one has none and the figure is about several departments, those that were measured add up: shares that all have numerator and denominator as
/// sum over sum, counts as a sum; anything else has no value (`not_additive`), never a mean. `missing` names the departments that owe a
/// measurement: those with a target of their own, or measured in another period.
///
/// `trend=true` sets every figure against the period of the same kind before it and against the same period a year before, each judged by
/// its own end: a running period is set against whole ones. Nine months are set against those of the year before. `published` is what
/// was published of a figure that is computed here, and the difference.
///
/// `e_document_rate` and `e_office_drafted_rate` are counted from the register of outgoing documents, by the date they bear and the department
/// that drafted, without voided entries; secret documents count for the second only.
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
async fn get_kpi_results(permit: Permit<perm::ReadReport>, Query(filter): Query<ResultFilter>, db: Db, req: HttpRequest) -> Answer {
    let request = filter.on(vn_date(permit.now));
    let report = results(db.get_ref(), &permit, &permit.reach(), &request).await?;
    tables::respond(&req, &report, || table::table(&report.items, request.trend))
}

/// Which contributors to list.
struct ContributorFilter {
    figure: FigureFilter,
    cursor: Cursor,
    shape: Shape<KpiContributor>,
}

impl IntoParams for ContributorFilter {
    fn into_params(place: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        FigureFilter::into_params(place)
    }
}

impl FromQuery for ContributorFilter {
    fn read(q: &mut QueryReader) -> Self {
        ContributorFilter { figure: FigureFilter::read(q), cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

async fn figure(db: &impl ConnectionTrait, key: &str, filter: &FigureFilter, now: DateTime<Utc>) -> Result<Request, ApiError> {
    let kpi = find(db, &key.into()).await?.ok_or_else(ApiError::not_found)?;
    Ok(filter.on(&kpi.code, vn_date(now)))
}

async fn page(db: &impl ConnectionTrait, listing: &Listing<'_>, cursor: &Cursor) -> Result<(Vec<KpiContributor>, PageInfo), ApiError> {
    let (rows, page) = cursor.page(listing.page(db, cursor.after()?, cursor.limit).await?, |behind| behind.at);
    Ok((rows.into_iter().map(|behind| behind.view).collect(), page))
}

/// List what a figure is made of
///
/// The very dossiers, documents, occurrences of tasks, measurements or indicators behind the figure that `GET /kpi-results` shows for the same
/// parameters: as many as its numerator or denominator says, or as its count. One that counts for the figure but is out of your sight is listed and told no
/// more of (`withheld`).
#[utoipa::path(tag = "kpis", operation_id = "list_kpi_contributors", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code of the indicator", example = "on_time_rate"), ContributorFilter, PageParams, Shape::<KpiContributor>),
    extensions(("x-permission" = json!("report:read"))),
    responses((status = 200, description = "A page of contributors", body = KpiContributorPage), ReadProblems))]
#[get("/api/v1/kpi-results/{key}/contributors")]
async fn list_kpi_contributors(
    permit: Permit<perm::ReadReport>,
    key: web::Path<String>,
    Query(filter): Query<ContributorFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let (request, reach) = (figure(db.get_ref(), &key, &filter.figure, permit.now).await?, permit.reach());
    let listing = Listing::open(db.get_ref(), &permit, &reach, &request, filter.figure.part).await?;
    let (items, page) = page(db.get_ref(), &listing, &filter.cursor).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| listing.page(db, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &KpiContributorPage { items, page }).await
}

/// What a figure is made of as an export.
pub fn exported() -> Source {
    let source = Source::of::<ContributorFilter, KpiContributor>("kpi-contributors", Permission::ReadReport, |ask| {
        Box::pin(async move {
            let filter: ContributorFilter = ask.filter()?;
            let request = figure(ask.db, ask.key("kpi"), &filter.figure, ask.call.now).await?;
            let listing = Listing::open(ask.db, ask.call, &ask.reach, &request, filter.figure.part).await?;
            Batch::of(page(ask.db, &listing, &filter.cursor).await?)
        })
    });
    source.keyed(&["kpi"])
}
