//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, post, put, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::model::OnlineLevel;
use super::wire::{NewProcedure, ProcedurePage, ProcedureView};
use super::{acts, store};
use crate::app::Shared;
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::db::Db;
use crate::departments;
use crate::error::ApiError;
use crate::http::bulk::{self, BulkAnswer, BulkParams};
use crate::http::call::WriteParams;
use crate::http::export::{Batch, Source};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::{
    Answer, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    write,
};
use crate::jobs::{self, Intake, JobView};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(load_procedures).service(list_procedures).service(get_procedure).service(put_procedure);
}

impl Shaped for ProcedureView {
    const RELATIONS: &'static [Relation] = &[Relation::one("department", &["department"], departments::EXPANDED)];
}

/// Which procedures to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct ProcedureFilter {
    /// Codes of the departments that resolve them, separated by commas.
    #[param(value_type = Option<String>, example = "DKKD")]
    department: Vec<String>,
    /// Codes of their fields, separated by commas.
    #[param(value_type = Option<String>, example = "DN")]
    field: Vec<String>,
    /// Online levels, separated by commas.
    #[param(value_type = Option<Vec<OnlineLevel>>, style = Form, explode = false, example = json!(["level_3", "level_4"]))]
    online_level: Vec<&'static str>,
    /// Only those in force on this day.
    #[param(value_type = Option<crate::http::Day>)]
    valid_on: Option<chrono::NaiveDate>,
    /// Words of the code or name, with or without accents; all must occur.
    #[param(example = "dang ky doanh nghiep")]
    q: Option<String>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<ProcedureView>,
}

impl FromQuery for ProcedureFilter {
    fn read(q: &mut QueryReader) -> Self {
        ProcedureFilter {
            department: q.codes("department"),
            field: q.codes("field"),
            online_level: q.list("online_level", OnlineLevel::NAMES),
            valid_on: q.day("valid_on"),
            q: q.text("q"),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

impl ProcedureFilter {
    fn chosen(&self) -> store::Filter<'_> {
        store::Filter {
            departments: &self.department,
            fields: &self.field,
            online_levels: &self.online_level,
            valid_on: self.valid_on,
            q: self.q.as_deref(),
        }
    }
}

async fn page(db: &impl ConnectionTrait, filter: &ProcedureFilter) -> Result<(Vec<ProcedureView>, PageInfo), ApiError> {
    let rows = store::list(db, &filter.chosen(), filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |p| p.code.clone()))
}

/// List procedures
///
/// Ordered by code.
#[utoipa::path(tag = "procedures", operation_id = "list_procedures", params(ProcedureFilter, PageParams, Shape::<ProcedureView>), security(("bearer" = [])),
    extensions(("x-permission" = json!("procedure:read"))),
    responses((status = 200, description = "A page of procedures", body = ProcedurePage), ReadProblems))]
#[get("/api/v1/procedures")]
async fn list_procedures(permit: Permit<perm::ReadProcedure>, Query(filter): Query<ProcedureFilter>, db: Db, req: HttpRequest) -> Answer {
    let (items, page) = page(db.get_ref(), &filter).await?;
    let chosen = filter.chosen();
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, &chosen, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &ProcedurePage { items, page }).await
}

/// Get a procedure
///
/// By id or code.
#[utoipa::path(tag = "procedures", operation_id = "get_procedure", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "2.001610"), Shape::<ProcedureView>),
    extensions(("x-permission" = json!("procedure:read"))),
    responses((status = 200, description = "The procedure", body = ProcedureView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/procedures/{key}")]
async fn get_procedure(
    permit: Permit<perm::ReadProcedure>,
    key: web::Path<String>,
    Query(shape): Query<Shape<ProcedureView>>,
    db: Db,
) -> Answer {
    let view = store::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    shape.found(db.get_ref(), &permit, view.version, &view).await
}

/// Put a procedure
///
/// Creates it or changes it as a whole; `Unchanged: true` when it is equal already. Dossiers keep the terms they were
/// accepted with.
#[utoipa::path(tag = "procedures", operation_id = "put_procedure", security(("bearer" = [])), request_body = NewProcedure,
    params(("key" = String, Path, description = "Code", example = "2.001199"), WriteParams, crate::http::call::ChangeHeaders),
    extensions(("x-permission" = json!("procedure:write"))),
    responses((status = 201, description = "Created", body = ProcedureView), (status = 200, description = "Changed, or equal already", body = ProcedureView), WriteProblems))]
#[put("/api/v1/procedures/{key}")]
async fn put_procedure(
    permit: Permit<perm::WriteProcedure>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewProcedure>,
    db: Db,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::put(tx, &permit, &key, &body.value).await).await
}

/// Load procedures
///
/// JSON array, NDJSON or CSV. In CSV, `field` and `limit` are JSON in a cell, or columns `field.code`, `field.name`,
/// `limit.value`, `limit.unit`; `components` is JSON in a cell.
#[utoipa::path(tag = "procedures", operation_id = "load_procedures", security(("bearer" = [])), params(BulkParams, bulk::BulkHeaders, crate::http::call::RetryHeaders),
    request_body(content((Vec<NewProcedure> = "application/json"),
        (String = "application/x-ndjson", example = "{\"code\":\"2.001199\",\"name\":\"Đăng ký thành lập công ty cổ phần\",\"field\":{\"code\":\"DKDN\",\"name\":\"Thành lập và hoạt động của doanh nghiệp\"},\"department\":\"DKKD\",\"limit\":{\"value\":3,\"unit\":\"working_day\"}}"),
        (String = "text/csv", example = "code,name,field.code,field.name,department,limit.value,limit.unit\n2.001199,Đăng ký thành lập công ty cổ phần,DKDN,Thành lập và hoạt động của doanh nghiệp,DKKD,3,working_day"))),
    extensions(("x-permission" = json!("procedure:write"))),
    responses((status = 200, description = "Every row applied or unchanged", body = BulkAnswer),
        (status = 207, description = "Best effort: some rows were refused", body = BulkAnswer),
        (status = 202, description = "With `Prefer: respond-async`: taken in; the job is at `Location`", body = JobView), WriteProblems))]
#[post("/api/v1/procedures/bulk")]
async fn load_procedures(
    permit: Permit<perm::WriteProcedure>,
    Query(params): Query<BulkParams>,
    req: HttpRequest,
    payload: web::Payload,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    if jobs::wanted(&req) {
        let intake = Intake { call: &permit, params, req: &req, db: &db, shared: &shared, resource: "procedures", together: true };
        return jobs::take_in::<NewProcedure>(intake, payload).await;
    }
    let rows = bulk::read_all::<NewProcedure>(&req, payload.into_inner(), &shared).await?;
    bulk::apply(db.get_ref(), &permit, params, rows, async |tx, rows| acts::load(tx, &permit, rows, params.strategy).await).await
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<ProcedureFilter, ProcedureView>("procedures", Permission::ReadProcedure, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.filter()?).await?) })
    })
}
