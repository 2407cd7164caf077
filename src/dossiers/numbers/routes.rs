//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;
use uuid::Uuid;

use super::store::DaysAsked;
use super::wire::{NewReservation, NumberDay, NumberDayPage, NumberReservationPage, Release, ReservationView};
use super::{acts, store};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::db::Db;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::call::{ChangeHeaders, RetryHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::{
    Answer, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    write,
};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(reserve_numbers)
        .service(list_number_reservations)
        .service(get_number_reservation)
        .service(release_numbers)
        .service(list_number_gaps);
}

impl Shaped for ReservationView {
    const RELATIONS: &'static [Relation] = &[Relation::one("department", &["department"], departments::EXPANDED)];
}

impl Shaped for NumberDay {}

fn id(text: &str) -> Result<Uuid, ApiError> {
    Uuid::parse_str(text).map_err(|_| ApiError::not_found())
}

/// Reserve dossier numbers
///
/// A block of consecutive numbers for a one-stop counter that goes offline. Only that counter may bring them along as the
/// `code` of a dossier, and only until the block expires or is released; what is unused then stays unused, and explained.
#[utoipa::path(tag = "dossier-numbers", operation_id = "reserve_numbers", security(("bearer" = [])), request_body = NewReservation,
    params(WriteParams, RetryHeaders), extensions(("x-permission" = json!("dossier_number:reserve"))),
    responses((status = 201, description = "Reserved", body = ReservationView), WriteProblems))]
#[post("/api/v1/dossier-numbers/reservations")]
async fn reserve_numbers(permit: Permit<perm::ReserveNumbers>, _: Query<WriteParams>, body: Json<NewReservation>, db: Db) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::reserve(tx, &permit, &body.value).await).await
}

/// Which reservations to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct ReservationFilter {
    /// Code of the counter.
    #[param(example = "MC")]
    department: Option<String>,
    /// The day of the numbers.
    #[param(value_type = Option<crate::http::Day>, example = "2022-06-20")]
    day: Option<NaiveDate>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<ReservationView>,
}

impl FromQuery for ReservationFilter {
    fn read(q: &mut QueryReader) -> Self {
        ReservationFilter { department: q.text("department"), day: q.day("day"), cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

async fn reservations(
    db: &impl ConnectionTrait,
    filter: &ReservationFilter,
    now: DateTime<Utc>,
) -> Result<(Vec<ReservationView>, PageInfo), ApiError> {
    let asked = (filter.department.clone(), filter.day);
    let rows = store::list(db, asked, filter.cursor.after()?, filter.cursor.limit, now).await?;
    Ok(filter.cursor.page(rows, |row| row.id))
}

/// List reservations of numbers
///
/// In the order in which they were made.
#[utoipa::path(tag = "dossier-numbers", operation_id = "list_number_reservations", params(ReservationFilter, PageParams, Shape::<ReservationView>), security(("bearer" = [])),
    extensions(("x-permission" = json!("dossier_number:read"))),
    responses((status = 200, description = "A page of reservations", body = NumberReservationPage), ReadProblems))]
#[get("/api/v1/dossier-numbers/reservations")]
async fn list_number_reservations(
    permit: Permit<perm::ReadNumbers>,
    Query(filter): Query<ReservationFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let (items, page) = reservations(db.get_ref(), &filter, permit.now).await?;
    let asked = (filter.department, filter.day);
    let page =
        filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, asked, None, EVERY, permit.now).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &NumberReservationPage { items, page }).await
}

/// Get a reservation of numbers
///
/// With how many of its numbers are used.
#[utoipa::path(tag = "dossier-numbers", operation_id = "get_number_reservation", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id of the reservation"), Shape::<ReservationView>), extensions(("x-permission" = json!("dossier_number:read"))),
    responses((status = 200, description = "The reservation", body = ReservationView), ReadProblems))]
#[get("/api/v1/dossier-numbers/reservations/{id}")]
async fn get_number_reservation(
    permit: Permit<perm::ReadNumbers>,
    path: web::Path<String>,
    Query(shape): Query<Shape<ReservationView>>,
    db: Db,
) -> Answer {
    let view = store::find(db.get_ref(), id(&path)?, permit.now).await?.ok_or_else(ApiError::not_found)?;
    // It expires by the time alone, and its numbers are used by receipts.
    shape.found_today(db.get_ref(), &permit, view.version, &view).await
}

/// Release reserved numbers
///
/// The numbers of the block that no dossier has are given up: nobody may use them any more, and the gap is explained.
#[utoipa::path(tag = "dossier-numbers", operation_id = "release_numbers", security(("bearer" = [])), request_body = Release,
    params(("id" = Uuid, Path, description = "Id of the reservation"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("dossier_number:reserve"))),
    responses((status = 200, description = "Released", body = ReservationView), WriteProblems))]
#[post("/api/v1/dossier-numbers/reservations/{id}/release")]
async fn release_numbers(
    permit: Permit<perm::ReserveNumbers>,
    path: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<Release>,
    db: Db,
) -> Answer {
    let id = id(&path)?;
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::release(tx, &permit, id, &body.value).await).await
}

/// Which numbers to account for: a day, or up to 31 from one to another.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct GapFilter {
    /// What the numbers begin with; all agencies by default.
    #[param(example = "H32.05")]
    agency: Option<String>,
    /// One day.
    #[param(value_type = Option<crate::http::Day>, example = "2022-06-20")]
    day: Option<NaiveDate>,
    /// First day, included; with `to`, instead of `day`.
    #[param(value_type = Option<crate::http::Day>, example = "2022-06-01")]
    from: Option<NaiveDate>,
    /// Last day, included.
    #[param(value_type = Option<crate::http::Day>, example = "2022-06-30")]
    to: Option<NaiveDate>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<NumberDay>,
}

impl FromQuery for GapFilter {
    fn read(q: &mut QueryReader) -> Self {
        let filter = GapFilter {
            agency: q.text("agency"),
            day: q.day("day"),
            from: q.day("from"),
            to: q.day("to"),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        };
        let mut wrong = |name: &'static str, vi: &str, en: &str| q.fault(Fault::new(Code::InvalidParameter, name, vi, en));
        match (filter.day, filter.from, filter.to) {
            (Some(_), None, None) => {}
            (None, Some(from), Some(to)) if from > to => wrong("to", "Phải từ ngày “from” trở đi.", "Must not be earlier than “from”."),
            (None, Some(from), Some(to)) if (to - from).num_days() > 30 => wrong("to", "Tối đa 31 ngày.", "31 days at most."),
            (None, Some(_), Some(_)) => {}
            _ => wrong("day", "Hãy gửi “day”, hoặc “from” và “to”.", "Send “day”, or “from” and “to”."),
        }
        filter
    }
}

impl GapFilter {
    /// The days; without them a fault has been noted.
    fn days(&self) -> DaysAsked {
        let (from, to) = (self.from.or(self.day), self.to.or(self.day));
        DaysAsked { agency: self.agency.clone(), from: from.unwrap_or_default(), to: to.unwrap_or_default() }
    }
}

async fn gaps(db: &impl ConnectionTrait, filter: &GapFilter, now: DateTime<Utc>) -> Result<(Vec<NumberDay>, PageInfo), ApiError> {
    let after = filter.cursor.after::<(crate::http::Day, String)>()?.map(|(day, agency)| (day.0, agency));
    let rows = store::days(db, &filter.days(), after, filter.cursor.limit, now).await?;
    Ok(filter.cursor.page(rows, |row| (row.day, row.agency.clone())))
}

/// Account for dossier numbers
///
/// For each agency and day every number up to the last: how many are used, which are of voided dossiers, and every hole with
/// its reason. Ordered by day and agency.
#[utoipa::path(tag = "dossier-numbers", operation_id = "list_number_gaps", params(GapFilter, PageParams, Shape::<NumberDay>), security(("bearer" = [])),
    extensions(("x-permission" = json!("dossier_number:read"))),
    responses((status = 200, description = "A page of days", body = NumberDayPage), ReadProblems))]
#[get("/api/v1/dossier-numbers/gaps")]
async fn list_number_gaps(permit: Permit<perm::ReadNumbers>, Query(filter): Query<GapFilter>, db: Db, req: HttpRequest) -> Answer {
    let (items, page) = gaps(db.get_ref(), &filter, permit.now).await?;
    let asked = filter.days();
    let page =
        filter.cursor.counted(db.get_ref(), page, async |db| store::days(db, &asked, None, EVERY, permit.now).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &NumberDayPage { items, page }).await
}

/// The list of reservations as an export.
pub fn exported_reservations() -> Source {
    Source::of::<ReservationFilter, ReservationView>("number-reservations", Permission::ReadNumbers, |ask| {
        Box::pin(async move { Batch::of(reservations(ask.db, &ask.filter()?, ask.call.now).await?) })
    })
}

/// The account of numbers as an export.
pub fn exported_gaps() -> Source {
    Source::of::<GapFilter, NumberDay>("number-gaps", Permission::ReadNumbers, |ask| {
        Box::pin(async move { Batch::of(gaps(ask.db, &ask.filter()?, ask.call.now).await?) })
    })
}
