//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, post, put, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;
use uuid::Uuid;

use super::wire::{MeasurementPage, MeasurementRow, MeasurementVersion, MeasurementVersionPage, MeasurementView, NewMeasurement};
use super::{acts, load, store};
use crate::app::Shared;
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::db::Db;
use crate::departments;
use crate::error::{ApiError, Code};
use crate::http::bulk::{self, BulkAnswer, BulkHeaders, BulkParams};
use crate::http::call::{ChangeHeaders, RetryHeaders, WriteParams};
use crate::http::export::{self, Batch};
use crate::http::query::FromQuery;
use crate::http::shape::{Relation, With};
use crate::http::{
    Answer, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    write,
};
use crate::jobs::{self, Intake, JobView};
use crate::kpi::rules::bad_period;
use crate::kpi::store as definitions;
use crate::reports::period::{Period, PeriodCode};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_measurements).service(get_measurement).service(put_measurement).service(load_measurements);
    cfg.service(list_measurement_versions);
}

impl Shaped for MeasurementView {
    const RELATIONS: &'static [Relation] =
        &[Relation::one("kpi", &["kpi"], definitions::EXPANDED), Relation::one("department", &["department"], departments::EXPANDED)];
}

impl Shaped for MeasurementVersion {}

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
            q.fault(bad_period(Code::InvalidParameter, "period"));
        }
        MeasurementFilter { department, period, field, cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

fn period_of(code: &str) -> Result<Period, ApiError> {
    Period::parse(code).ok_or_else(|| ApiError::new(Code::InvalidParameter).faults(vec![bad_period(Code::InvalidParameter, "period")]))
}

impl MeasurementFilter {
    fn chosen(&self, kpi: Uuid) -> store::Chosen<'_> {
        store::Chosen { kpi, department: self.department.as_deref(), period: self.period.as_deref(), field: self.field.as_deref() }
    }
}

async fn measurements(
    db: &impl ConnectionTrait,
    (reach, chosen): (&Reach, &store::Chosen<'_>),
    cursor: &Cursor,
) -> Result<(Vec<MeasurementView>, PageInfo), ApiError> {
    let rows = store::measurements(db, reach, chosen, cursor.after()?, cursor.limit).await?;
    Ok(cursor.page(rows, |m| (m.period.clone(), m.department.clone(), m.field.clone().unwrap_or_default())))
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
    let kpi = definitions::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let (reach, chosen) = (permit.reach(), filter.chosen(kpi.id));
    let (items, page) = measurements(db.get_ref(), (&reach, &chosen), &filter.cursor).await?;
    let page =
        filter.cursor.counted(db.get_ref(), page, async |db| store::measurements(db, &reach, &chosen, None, EVERY).await.map(drop)).await?;
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

/// The measurement at a place, if the caller may see it.
async fn found(
    db: &impl ConnectionTrait,
    reach: &Reach,
    (key, department, period): (&str, &str, &str),
    field: Option<&str>,
) -> Result<MeasurementView, ApiError> {
    let period = period_of(period)?;
    let kpi = definitions::find(db, &key.into()).await?.ok_or_else(ApiError::not_found)?;
    let department = departments::view_by_code(db, department).await?.ok_or_else(ApiError::not_found)?;
    let place = store::Place { kpi: kpi.id, department: department.id, period: period.code(), field };
    store::measurement(db, reach, &place).await?.ok_or_else(ApiError::not_found)
}

/// Get a measurement
///
/// Of an indicator for a department, a period and, when it was measured alone, a field. Of a computed indicator it is what was published, beside
/// what is computed: `published` is true.
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
    let view = found(db.get_ref(), &permit.reach(), (&path.0, &path.1, &path.2), of.field.as_deref()).await?;
    shape.found(db.get_ref(), &permit, view.version, &view).await
}

/// Which measurement, and where its history goes on.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct VersionFilter {
    /// Code of the field of procedures; without it, the measurement for all fields.
    #[param(example = "DT")]
    field: Option<String>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<MeasurementVersion>,
}

impl FromQuery for VersionFilter {
    fn read(q: &mut QueryReader) -> Self {
        VersionFilter { field: q.text("field"), cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

async fn versions(db: &impl ConnectionTrait, measurement: Uuid, cursor: &Cursor) -> Result<(Vec<MeasurementVersion>, PageInfo), ApiError> {
    Ok(cursor.page(store::versions(db, measurement, cursor.after()?, cursor.limit).await?, |v| v.version))
}

/// List the versions of a measurement
///
/// Every figure that it has had, the first one first: who recorded it when, whether it was final, its evidence, and why it replaced the one before.
/// They never change.
#[utoipa::path(tag = "kpis", operation_id = "list_measurement_versions", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code of the indicator", example = "satisfaction_index"),
        ("department" = String, Path, description = "Code of the department", example = "SKHDT"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022"),
        VersionFilter, PageParams, Shape::<MeasurementVersion>),
    extensions(("x-permission" = json!("measurement:read"))),
    responses((status = 200, description = "A page of versions", body = MeasurementVersionPage), ReadProblems))]
#[get("/api/v1/kpis/{key}/measurements/{department}/{period}/versions")]
async fn list_measurement_versions(
    permit: Permit<perm::ReadMeasurement>,
    path: web::Path<(String, String, String)>,
    Query(filter): Query<VersionFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let place = (path.0.as_str(), path.1.as_str(), path.2.as_str());
    let measurement = found(db.get_ref(), &permit.reach(), place, filter.field.as_deref()).await?.id;
    let (items, page) = versions(db.get_ref(), measurement, &filter.cursor).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::versions(db, measurement, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &MeasurementVersionPage { items, page }).await
}

/// Put a measurement
///
/// Records the figure of an indicator with at least one document as evidence; `Unchanged: true` when it is equal already. The field in the body
/// is part of what is addressed: measurements of different fields stand side by side. Of a computed indicator it is what was published: it
/// stands beside what is computed, which never changes by it.
///
/// A final figure is changed only with `correction_reason`; every figure it has had stays in its versions. From its submission on a figure is
/// held: who may approve it corrects it, which the submission keeps; for others it is 409 `period_locked`.
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
/// `kpi/department/period`, and the field where one was measured alone. Equal rows write nothing; final ones change with `correction_reason`.
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
    bulk::apply(db.get_ref(), &permit, params, rows, async |tx, rows| load::load(tx, &permit, rows, params.strategy).await).await
}

/// The measurements of an indicator as an export.
pub fn exported() -> export::Source {
    let source = export::Source::of::<MeasurementFilter, MeasurementView>("measurements", Permission::ReadMeasurement, |ask| {
        Box::pin(async move {
            let filter: MeasurementFilter = ask.filter()?;
            let kpi = definitions::find(ask.db, &ask.key("kpi").into()).await?.ok_or_else(ApiError::not_found)?;
            Batch::of(measurements(ask.db, (&ask.reach, &filter.chosen(kpi.id)), &filter.cursor).await?)
        })
    });
    source.keyed(&["kpi"])
}

/// The versions of a measurement as an export.
pub fn exported_versions() -> export::Source {
    let source = export::Source::of::<VersionFilter, MeasurementVersion>("measurement-versions", Permission::ReadMeasurement, |ask| {
        Box::pin(async move {
            let filter: VersionFilter = ask.filter()?;
            let place = (ask.key("kpi"), ask.key("department"), ask.key("period"));
            let measurement = found(ask.db, &ask.reach, place, filter.field.as_deref()).await?.id;
            Batch::of(versions(ask.db, measurement, &filter.cursor).await?)
        })
    });
    source.keyed(&["kpi", "department", "period"])
}
