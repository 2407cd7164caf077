//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, post, put, web};
use utoipa::IntoParams;

use super::results::{self, Request};
use super::wire::{KpiPage, KpiResults, KpiView, MeasurementPage, MeasurementRow, MeasurementView, NewKpi, NewMeasurement, Source, Unit};
use super::{acts, rules, store};
use crate::app::Shared;
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::db::Db;
use crate::departments;
use crate::error::{ApiError, Code};
use crate::http::bulk::{self, BulkAnswer, BulkHeaders, BulkParams};
use crate::http::call::{ChangeHeaders, RetryHeaders, WriteParams};
use crate::http::export::{self, Batch};
use crate::http::query::FromQuery;
use crate::http::shape::{Relation, With};
use crate::http::{
    Answer, Cursor, Json, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    table, write,
};
use crate::jobs::{self, Intake, JobView};
use crate::reports::filter::{self, GroupBy, Slice};
use crate::reports::period::{Period, PeriodCode, PeriodSet};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_kpis).service(get_kpi).service(put_kpi);
    cfg.service(list_measurements).service(get_measurement).service(put_measurement).service(load_measurements).service(get_kpi_results);
}

impl Shaped for KpiView {
    const RELATIONS: &'static [Relation] = &[
        Relation::one("component_of", &["component_of"], store::EXPANDED),
        Relation::many("departments", &["targets", "department"], departments::EXPANDED),
    ];
}

impl Shaped for MeasurementView {
    const RELATIONS: &'static [Relation] =
        &[Relation::one("kpi", &["kpi"], store::EXPANDED), Relation::one("department", &["department"], departments::EXPANDED)];
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

/// Which measurements to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct MeasurementFilter {
    /// Code of the department that was measured.
    #[param(example = "SKHDT")]
    department: Option<String>,
    /// Code of the period.
    #[param(value_type = Option<PeriodCode>, example = "2022")]
    period: Option<String>,
    /// Code of the field of procedures.
    #[param(example = "DT")]
    field: Option<String>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<MeasurementView>,
}

impl FromQuery for MeasurementFilter {
    fn read(q: &mut QueryReader) -> Self {
        let (department, period, field) = (q.text("department"), q.text("period"), q.text("field"));
        if period.as_ref().is_some_and(|code| Period::parse(code).is_none()) {
            q.fault(rules::bad_period(Code::InvalidParameter, "period"));
        }
        MeasurementFilter { department, period, field, cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

fn period_of(code: &str) -> Result<Period, ApiError> {
    Period::parse(code)
        .ok_or_else(|| ApiError::new(Code::InvalidParameter).faults(vec![rules::bad_period(Code::InvalidParameter, "period")]))
}

/// List the measurements of an indicator
///
/// Of the departments in your sight, by period, department and field.
#[utoipa::path(tag = "kpis", operation_id = "list_measurements", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code of the indicator", example = "satisfaction_index"), MeasurementFilter, PageParams, Shape::<MeasurementView>),
    extensions(("x-permission" = json!("measurement:read"))),
    responses((status = 200, description = "A page of measurements", body = MeasurementPage), ReadProblems))]
#[get("/api/v1/kpis/{key}/measurements")]
async fn list_measurements(
    permit: Permit<perm::ReadMeasurement>,
    key: web::Path<String>,
    Query(filter): Query<MeasurementFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let kpi = store::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let (department, period, field) = (filter.department.as_deref(), filter.period.as_deref(), filter.field.as_deref());
    let chosen = store::Chosen { kpi: kpi.id, department, period, field };
    let rows = store::measurements(db.get_ref(), &permit.reach(), &chosen, filter.cursor.after()?, filter.cursor.limit).await?;
    let (items, page) = filter.cursor.page(rows, |m| (m.period.clone(), m.department.clone(), m.field.clone().unwrap_or_default()));
    let page = filter
        .cursor
        .counted(db.get_ref(), page, async |db| store::measurements(db, &permit.reach(), &chosen, None, EVERY).await.map(drop))
        .await?;
    filter.shape.page(&req, db.get_ref(), &permit, &MeasurementPage { items, page }).await
}

/// Of which field a measurement is.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct OfField {
    /// Code of the field of procedures; without it, the measurement for all fields.
    #[param(example = "DT")]
    field: Option<String>,
}

impl FromQuery for OfField {
    fn read(q: &mut QueryReader) -> Self {
        OfField { field: q.text("field") }
    }
}

/// Get a measurement
///
/// Of an indicator that is not computed, for a department, a period and, when it was measured alone, a field.
#[utoipa::path(tag = "kpis", operation_id = "get_measurement", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code of the indicator", example = "satisfaction_index"),
        ("department" = String, Path, description = "Code of the department", example = "SKHDT"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022"),
        With::<OfField, MeasurementView>),
    extensions(("x-permission" = json!("measurement:read"))),
    responses((status = 200, description = "The measurement", body = MeasurementView),
        (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/kpis/{key}/measurements/{department}/{period}")]
async fn get_measurement(
    permit: Permit<perm::ReadMeasurement>,
    path: web::Path<(String, String, String)>,
    Query(With { asked: of, shape }): Query<With<OfField, MeasurementView>>,
    db: Db,
) -> Answer {
    let (key, department, period) = path.into_inner();
    let period = period_of(&period)?;
    let kpi = store::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let department = departments::view_by_code(db.get_ref(), &department).await?.ok_or_else(ApiError::not_found)?;
    let place = store::Place { kpi: kpi.id, department: department.id, period: period.code(), field: of.field.as_deref() };
    let view = store::measurement(db.get_ref(), &permit.reach(), &place).await?.ok_or_else(ApiError::not_found)?;
    shape.found(db.get_ref(), &permit, view.version, &view).await
}

/// Put a measurement
///
/// Records the figure of an indicator that is not computed, with at least one document as evidence; `Unchanged: true` when it is equal
/// already. The field in the body is part of what is addressed: measurements of different fields stand side by side.
#[utoipa::path(tag = "kpis", operation_id = "put_measurement", security(("bearer" = [])), request_body = NewMeasurement,
    params(("key" = String, Path, description = "Id or code of the indicator", example = "satisfaction_index"),
        ("department" = String, Path, description = "Code of the department", example = "SKHDT"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("measurement:write"))),
    responses((status = 201, description = "Recorded", body = MeasurementView),
        (status = 200, description = "Changed, or equal already", body = MeasurementView), WriteProblems))]
#[put("/api/v1/kpis/{key}/measurements/{department}/{period}")]
async fn put_measurement(
    permit: Permit<perm::WriteMeasurement>,
    path: web::Path<(String, String, String)>,
    _: Query<WriteParams>,
    body: Json<NewMeasurement>,
    db: Db,
) -> Answer {
    let (key, department, period) = path.into_inner();
    let (key, period) = (key.as_str().into(), period_of(&period)?);
    let place = (&key, department.as_str(), &period);
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::measure(tx, &permit, place, &body.value).await).await
}

/// Load measurements
///
/// JSON array, NDJSON or CSV (evidence as a JSON list in a cell), each row by the rules, rights and history of a single `PUT`; the code of a row is
/// `kpi/department/period`, and the field where one was measured alone. Equal rows write nothing.
#[utoipa::path(tag = "kpis", operation_id = "load_measurements", security(("bearer" = [])), params(BulkParams, BulkHeaders, RetryHeaders),
    request_body(content((Vec<MeasurementRow> = "application/json"),
        (String = "application/x-ndjson", example = "{\"kpi\":\"satisfaction_index\",\"department\":\"SKHDT\",\"period\":\"2022\",\"value\":86.4,\"evidence\":[{\"document_number\":\"112/BC-SNV\",\"issued_on\":\"2023-01-16\",\"title\":\"Báo cáo\"}]}"),
        (String = "text/csv", example = "kpi,department,period,value,evidence\nsatisfaction_index,SKHDT,2022,86.4,\"[{\"\"document_number\"\":\"\"112/BC-SNV\"\",\"\"issued_on\"\":\"\"2023-01-16\"\",\"\"title\"\":\"\"Báo cáo\"\"}]\""))),
    extensions(("x-permission" = json!("measurement:write"))),
    responses((status = 200, description = "Every row applied or unchanged", body = BulkAnswer),
        (status = 207, description = "Best effort: some rows were refused", body = BulkAnswer),
        (status = 202, description = "With `Prefer: respond-async`: taken in; the job is at `Location`", body = JobView), WriteProblems))]
#[post("/api/v1/kpi-measurements/bulk")]
async fn load_measurements(
    permit: Permit<perm::WriteMeasurement>,
    Query(params): Query<BulkParams>,
    req: HttpRequest,
    payload: web::Payload,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    if jobs::wanted(&req) {
        let intake = Intake { call: &permit, params, req: &req, db: &db, shared: &shared, resource: "kpi-measurements", together: true };
        return jobs::take_in::<MeasurementRow>(intake, payload).await;
    }
    let rows = bulk::read_all::<MeasurementRow>(&req, payload.into_inner(), &shared).await?;
    bulk::apply(db.get_ref(), &permit, params, rows, async |tx, rows| acts::load(tx, &permit, rows, params.strategy).await).await
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
    #[param(value_type = Option<Vec<PeriodCode>>, style = Form, explode = false, min_items = 1, max_items = 24, example = json!(["2022"]))]
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

/// The measurements of an indicator as an export.
pub fn exported_measurements() -> export::Source {
    let source = export::Source::of::<MeasurementFilter, MeasurementView>("measurements", Permission::ReadMeasurement, |ask| {
        Box::pin(async move {
            let filter: MeasurementFilter = ask.filter()?;
            let kpi = store::find(ask.db, &ask.key.as_deref().unwrap_or_default().into()).await?.ok_or_else(ApiError::not_found)?;
            let (department, period, field) = (filter.department.as_deref(), filter.period.as_deref(), filter.field.as_deref());
            let chosen = store::Chosen { kpi: kpi.id, department, period, field };
            let rows = store::measurements(ask.db, &ask.reach, &chosen, filter.cursor.after()?, filter.cursor.limit).await?;
            Batch::of(filter.cursor.page(rows, |m| (m.period.clone(), m.department.clone(), m.field.clone().unwrap_or_default())))
        })
    });
    source.keyed("kpi")
}
