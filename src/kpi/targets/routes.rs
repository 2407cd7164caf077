//! HTTP in, HTTP out.

use actix_web::{HttpRequest, delete, get, put, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;
use uuid::Uuid;

use super::wire::{KpiTargetPage, KpiTargetView};
use super::{acts, store};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::db::Db;
use crate::departments;
use crate::error::{ApiError, Code};
use crate::http::call::{ChangeHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::json::digest;
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::values::Key;
use crate::http::{
    Answer, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, ServiceConfig, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    write,
};
use crate::kpi::definitions::store as definitions;
use crate::kpi::rules::bad_period;
use crate::kpi::wire::{KpiView, Target};
use crate::reports::period::{Period, PeriodCode};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_targets).service(list_kpi_targets).service(put_kpi_target).service(delete_kpi_target);
}

impl Shaped for KpiTargetView {
    const RELATIONS: &'static [Relation] =
        &[Relation::one("kpi", &["kpi"], definitions::EXPANDED), Relation::one("department", &["department"], departments::EXPANDED)];
}

/// Which targets to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct TargetFilter {
    /// Who set them: the code of a plan, or an agency, in its own words.
    #[param(example = "kh-1186-skhdt-2022")]
    authority: Option<String>,
    /// Code of the department whose targets they are.
    #[param(example = "SKHDT")]
    department: Option<String>,
    /// Code of the field of procedures.
    #[param(example = "DT")]
    field: Option<String>,
    /// Code of the procedure.
    #[param(example = "2.001610")]
    procedure: Option<String>,
    /// Code of the period.
    #[param(value_type = Option<PeriodCode>, example = "2022")]
    period: Option<String>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<KpiTargetView>,
}

impl FromQuery for TargetFilter {
    fn read(q: &mut QueryReader) -> Self {
        let period = q.text("period");
        if period.as_ref().is_some_and(|code| Period::parse(code).is_none()) {
            q.fault(bad_period(Code::InvalidParameter, "period"));
        }
        TargetFilter {
            authority: q.text("authority"),
            department: q.text("department"),
            field: q.text("field"),
            procedure: q.text("procedure"),
            period,
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

impl TargetFilter {
    fn chosen(&self, kpi: Option<Uuid>) -> store::Chosen<'_> {
        store::Chosen {
            kpi,
            authority: self.authority.as_deref(),
            department: self.department.as_deref(),
            field: self.field.as_deref(),
            procedure: self.procedure.as_deref(),
            period: self.period.as_deref(),
        }
    }
}

async fn page(db: &impl ConnectionTrait, chosen: &store::Chosen<'_>, cursor: &Cursor) -> Result<(Vec<KpiTargetView>, PageInfo), ApiError> {
    Ok(cursor.page(store::list(db, chosen, cursor.after()?, cursor.limit).await?, |t| (t.kpi.clone(), t.n)))
}

async fn listed(permit: &Permit<perm::ReadKpi>, kpi: Option<Uuid>, filter: &TargetFilter, db: &Db, req: &HttpRequest) -> Answer {
    let chosen = filter.chosen(kpi);
    let (items, page) = page(db.get_ref(), &chosen, &filter.cursor).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, &chosen, None, EVERY).await.map(drop)).await?;
    filter.shape.page(req, db.get_ref(), permit, &KpiTargetPage { items, page }).await
}

/// List targets
///
/// Of all indicators, by indicator and place: what a plan, the province or another authority demands, of whom and when.
#[utoipa::path(tag = "kpis", operation_id = "list_targets", security(("bearer" = [])),
    params(TargetFilter, PageParams, Shape::<KpiTargetView>),
    extensions(("x-permission" = json!("kpi:read"))),
    responses((status = 200, description = "A page of targets", body = KpiTargetPage), ReadProblems))]
#[get("/api/v1/kpi-targets")]
async fn list_targets(permit: Permit<perm::ReadKpi>, Query(filter): Query<TargetFilter>, db: Db, req: HttpRequest) -> Answer {
    listed(&permit, None, &filter, &db, &req).await
}

/// List the targets of an indicator
///
/// In their order. Of those that hold for a figure, the one for the procedure goes before one for the field and one for all, then that of the
/// department before one above it, then that of the shortest period, then the first; those of other authorities are judged beside it.
///
/// A figure meets its target or not, unrounded. While its period runs it is at risk when it is nearer to the target than its `margin`, on either
/// side; after that, never.
#[utoipa::path(tag = "kpis", operation_id = "list_kpi_targets", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code of the indicator", example = "on_time_rate"), TargetFilter, PageParams, Shape::<KpiTargetView>),
    extensions(("x-permission" = json!("kpi:read"))),
    responses((status = 200, description = "A page of targets", body = KpiTargetPage), ReadProblems))]
#[get("/api/v1/kpis/{key}/targets")]
async fn list_kpi_targets(
    permit: Permit<perm::ReadKpi>,
    key: web::Path<String>,
    Query(filter): Query<TargetFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let kpi = definitions::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    listed(&permit, Some(kpi.id), &filter, &db, &req).await
}

fn place(path: web::Path<(String, String)>) -> Result<(Key, usize), ApiError> {
    let (key, n) = path.into_inner();
    Ok((key.as_str().into(), n.parse().map_err(|_| ApiError::not_found())?))
}

/// Put a target of an indicator
///
/// Changes the one at this place, or adds one at the place behind the last. `If-Match` names the version of the indicator, which gets a new
/// one; `Unchanged: true` when the target is equal already. The other targets stay as they are.
#[utoipa::path(tag = "kpis", operation_id = "put_kpi_target", security(("bearer" = [])), request_body = Target,
    params(("key" = String, Path, description = "Id or code of the indicator", example = "on_time_rate"),
        ("n" = i16, Path, description = "Its place among the targets, from 1", example = 1), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("kpi:write"))),
    responses((status = 200, description = "The indicator with the target, or equal already", body = KpiView), WriteProblems))]
#[put("/api/v1/kpis/{key}/targets/{n}")]
async fn put_kpi_target(
    permit: Permit<perm::WriteKpi>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<Target>,
    db: Db,
) -> Answer {
    let (kpi, n) = place(path)?;
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::put(tx, &permit, &kpi, n, &body.value).await).await
}

/// Take out a target of an indicator
///
/// Those behind it move up. `If-Match` names the version of the indicator, which gets a new one; older versions keep the target.
#[utoipa::path(tag = "kpis", operation_id = "delete_kpi_target", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code of the indicator", example = "on_time_rate"),
        ("n" = i16, Path, description = "Its place among the targets, from 1", example = 1), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("kpi:write"))),
    responses((status = 200, description = "The indicator without the target", body = KpiView), WriteProblems))]
#[delete("/api/v1/kpis/{key}/targets/{n}")]
async fn delete_kpi_target(permit: Permit<perm::WriteKpi>, path: web::Path<(String, String)>, _: Query<WriteParams>, db: Db) -> Answer {
    let (kpi, n) = place(path)?;
    write(db.get_ref(), &permit, &digest(&[]), async |tx| acts::remove(tx, &permit, &kpi, n).await).await
}

/// The targets of an indicator, or of all, as an export.
pub fn exported() -> Source {
    let source = Source::of::<TargetFilter, KpiTargetView>("kpi-targets", Permission::ReadKpi, |ask| {
        Box::pin(async move {
            let filter: TargetFilter = ask.filter()?;
            let kpi = match ask.keys.get("kpi") {
                Some(key) => Some(definitions::find(ask.db, &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?.id),
                None => None,
            };
            Batch::of(page(ask.db, &filter.chosen(kpi), &filter.cursor).await?)
        })
    });
    source.keyed(&["kpi"]).or_of_all()
}
