//! HTTP in, HTTP out. The calculator of due dates is beside the clock, in `dossiers::calculator`.

use actix_web::{HttpRequest, get, web};
use chrono::NaiveDate;
use sea_orm::DatabaseConnection;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::store;
use super::wire::{CalendarDayPage, CalendarPage, CalendarView};
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::db::Db;
use crate::error::{ApiError, Code, Fault};
use crate::http::query::{FromQuery, NoQuery};
use crate::http::{
    Answer, Cursor, Day, Query, QueryReader, ReadProblems, ResourceCode, found, page,
    page::{EVERY, PageParams},
};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_calendars).service(get_calendar).service(list_calendar_days);
}

/// Which calendars to list: all.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct CalendarFilter {
    #[param(ignore)]
    cursor: Cursor,
}

impl FromQuery for CalendarFilter {
    fn read(q: &mut QueryReader) -> Self {
        CalendarFilter { cursor: Cursor::read(q) }
    }
}

/// Which days of a calendar to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct DayFilter {
    /// First day, included.
    #[param(value_type = Option<crate::http::Day>, example = "2022-01-01")]
    from: Option<NaiveDate>,
    /// Last day, included.
    #[param(value_type = Option<crate::http::Day>, example = "2022-12-31")]
    to: Option<NaiveDate>,
    #[param(ignore)]
    cursor: Cursor,
}

impl FromQuery for DayFilter {
    fn read(q: &mut QueryReader) -> Self {
        let (from, to) = (q.day("from"), q.day("to"));
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            q.fault(Fault::new(Code::InvalidParameter, "to", "Phải từ ngày “from” trở đi.", "Must not be earlier than “from”."));
        }
        DayFilter { from, to, cursor: Cursor::read(q) }
    }
}

async fn view(db: &DatabaseConnection, code: &str) -> Result<CalendarView, ApiError> {
    // What cannot be a code is none: it never reaches the database.
    let code = ResourceCode::parse(code).ok_or_else(ApiError::not_found)?;
    store::find(db, code.as_str()).await?.ok_or_else(ApiError::not_found)
}

/// List calendars
///
/// The base `vn` and those of departments, ordered by code.
#[utoipa::path(tag = "calendars", operation_id = "list_calendars", params(CalendarFilter, PageParams), security(("bearer" = [])),
    extensions(("x-permission" = json!("calendar:read"))),
    responses((status = 200, description = "A page of calendars", body = CalendarPage), ReadProblems))]
#[get("/api/v1/calendars")]
async fn list_calendars(permit: Permit<perm::ReadCalendar>, Query(filter): Query<CalendarFilter>, db: Db, req: HttpRequest) -> Answer {
    let _ = permit;
    let rows = store::list(db.get_ref(), filter.cursor.after()?, filter.cursor.limit).await?;
    let (items, page) = filter.cursor.page(rows, |calendar| calendar.code.clone());
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, None, EVERY).await.map(drop)).await?;
    Ok(page::respond(&req, &page, &CalendarPage { items, page: page.clone() }))
}

/// Get a calendar
///
/// Office hours, what becomes of receipts outside them, and the years that have data.
#[utoipa::path(tag = "calendars", operation_id = "get_calendar", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code", example = "vn")),
    extensions(("x-permission" = json!("calendar:read"))),
    responses((status = 200, description = "The calendar", body = CalendarView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/calendars/{code}")]
async fn get_calendar(permit: Permit<perm::ReadCalendar>, code: web::Path<String>, _: Query<NoQuery>, db: Db) -> Answer {
    let view = view(db.get_ref(), &code).await?;
    Ok(found(&permit, view.version, &view))
}

/// List the days of a calendar
///
/// Days off and make-up days, ordered by date; every other day works Monday to Friday. Of the calendar of a department
/// only its own days are listed, not those of the base below.
#[utoipa::path(tag = "calendars", operation_id = "list_calendar_days", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code", example = "vn"), DayFilter, PageParams),
    extensions(("x-permission" = json!("calendar:read"))),
    responses((status = 200, description = "A page of days", body = CalendarDayPage), ReadProblems))]
#[get("/api/v1/calendars/{code}/days")]
async fn list_calendar_days(
    permit: Permit<perm::ReadCalendar>,
    code: web::Path<String>,
    Query(filter): Query<DayFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let _ = permit;
    view(db.get_ref(), &code).await?;
    let after = filter.cursor.after::<Day>()?.map(|day| day.0);
    let rows = store::days(db.get_ref(), &code, (filter.from, filter.to), after, filter.cursor.limit).await?;
    let (items, page) = filter.cursor.page(rows, |day| day.on);
    let page = filter
        .cursor
        .counted(db.get_ref(), page, async |db| store::days(db, &code, (filter.from, filter.to), None, EVERY).await.map(drop))
        .await?;
    Ok(page::respond(&req, &page, &CalendarDayPage { items, page: page.clone() }))
}
