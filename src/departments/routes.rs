//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, post, put, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::wire::{DepartmentPage, DepartmentView, Kind, NewDepartment};
use super::{acts, store};
use crate::app::Shared;
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::db::Db;
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
    cfg.service(load_departments).service(list_departments).service(get_department).service(put_department);
}

impl Shaped for DepartmentView {
    const RELATIONS: &'static [Relation] = &[
        Relation::one("parent", &["parent"], store::EXPANDED),
        Relation::one("successor", &["successor"], store::EXPANDED),
        Relation::many("members", &["members"], store::EXPANDED),
    ];
}

/// Which departments to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct DepartmentFilter {
    /// Kinds, separated by commas.
    #[param(value_type = Option<Vec<Kind>>, style = Form, explode = false, example = json!(["division"]))]
    kind: Vec<&'static str>,
    /// Code of the department directly above.
    #[param(example = "SKHDT")]
    parent: Option<String>,
    /// Only those that may receive dossiers, or only the others.
    one_stop: Option<bool>,
    /// Only those in force on this day.
    #[param(value_type = Option<crate::http::Day>)]
    valid_on: Option<chrono::NaiveDate>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<DepartmentView>,
}

impl FromQuery for DepartmentFilter {
    fn read(q: &mut QueryReader) -> Self {
        DepartmentFilter {
            kind: q.list("kind", Kind::NAMES),
            parent: q.text("parent"),
            one_stop: q.flag("one_stop"),
            valid_on: q.day("valid_on"),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

impl DepartmentFilter {
    fn chosen(&self) -> store::Filter<'_> {
        store::Filter { kinds: &self.kind, parent: self.parent.as_deref(), one_stop: self.one_stop, valid_on: self.valid_on }
    }
}

async fn page(db: &impl ConnectionTrait, filter: &DepartmentFilter) -> Result<(Vec<DepartmentView>, PageInfo), ApiError> {
    let rows = store::list(db, &filter.chosen(), filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |d| d.code.clone()))
}

/// List departments
///
/// Ordered by code.
#[utoipa::path(tag = "departments", operation_id = "list_departments", params(DepartmentFilter, PageParams, Shape::<DepartmentView>), security(("bearer" = [])),
    extensions(("x-permission" = json!("department:read"))),
    responses((status = 200, description = "A page of departments", body = DepartmentPage), ReadProblems))]
#[get("/api/v1/departments")]
async fn list_departments(
    permit: Permit<perm::ReadDepartment>,
    Query(filter): Query<DepartmentFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let (items, page) = page(db.get_ref(), &filter).await?;
    let chosen = filter.chosen();
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, &chosen, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &DepartmentPage { items, page }).await
}

/// Get a department
///
/// By id or code.
#[utoipa::path(tag = "departments", operation_id = "get_department", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "DKKD"), Shape::<DepartmentView>),
    extensions(("x-permission" = json!("department:read"))),
    responses((status = 200, description = "The department", body = DepartmentView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/departments/{key}")]
async fn get_department(
    permit: Permit<perm::ReadDepartment>,
    key: web::Path<String>,
    Query(shape): Query<Shape<DepartmentView>>,
    db: Db,
) -> Answer {
    let view = store::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    shape.found(db.get_ref(), &permit, view.version, &view).await
}

/// Put a department
///
/// Creates it or changes it as a whole; `Unchanged: true` when it is equal already.
#[utoipa::path(tag = "departments", operation_id = "put_department", security(("bearer" = [])), request_body = NewDepartment,
    params(("key" = String, Path, description = "Code", example = "DKKD"), WriteParams, crate::http::call::ChangeHeaders),
    extensions(("x-permission" = json!("department:write"))),
    responses((status = 201, description = "Created", body = DepartmentView), (status = 200, description = "Changed, or equal already", body = DepartmentView), WriteProblems))]
#[put("/api/v1/departments/{key}")]
async fn put_department(
    permit: Permit<perm::WriteDepartment>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewDepartment>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let answer = write(db.get_ref(), &permit, &body.hash, async |tx| acts::put(tx, &permit, &key, &body.value).await).await;
    shared.revocations.departments_changed();
    answer
}

/// Load departments
///
/// JSON array, NDJSON or CSV; rows may refer to each other.
#[utoipa::path(tag = "departments", operation_id = "load_departments", security(("bearer" = [])), params(BulkParams, bulk::BulkHeaders, crate::http::call::RetryHeaders),
    request_body(content((Vec<NewDepartment> = "application/json"),
        (String = "application/x-ndjson", example = "{\"code\":\"SKHDT\",\"name\":\"Sở Kế hoạch và Đầu tư\",\"kind\":\"agency\"}\n{\"code\":\"DKKD\",\"name\":\"Phòng Đăng ký kinh doanh\",\"kind\":\"division\",\"parent\":\"SKHDT\"}"),
        (String = "text/csv", example = "code,name,kind,parent\nSKHDT,Sở Kế hoạch và Đầu tư,agency,\nDKKD,Phòng Đăng ký kinh doanh,division,SKHDT"))),
    extensions(("x-permission" = json!("department:write"))),
    responses((status = 200, description = "Every row applied or unchanged", body = BulkAnswer),
        (status = 207, description = "Best effort: some rows were refused", body = BulkAnswer),
        (status = 202, description = "With `Prefer: respond-async`: taken in; the job is at `Location`", body = JobView), WriteProblems))]
#[post("/api/v1/departments/bulk")]
async fn load_departments(
    permit: Permit<perm::WriteDepartment>,
    Query(params): Query<BulkParams>,
    req: HttpRequest,
    payload: web::Payload,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    if jobs::wanted(&req) {
        let intake = Intake { call: &permit, params, req: &req, db: &db, shared: &shared, resource: "departments", together: true };
        return jobs::take_in::<NewDepartment>(intake, payload).await;
    }
    let rows = bulk::read_all::<NewDepartment>(&req, payload.into_inner(), &shared).await?;
    let answer =
        bulk::apply(db.get_ref(), &permit, params, rows, async |tx, rows| acts::load(tx, &permit, rows, params.strategy).await).await;
    shared.revocations.departments_changed();
    answer
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<DepartmentFilter, DepartmentView>("departments", Permission::ReadDepartment, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.filter()?).await?) })
    })
}
