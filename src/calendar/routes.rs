//! HTTP in, HTTP out. The calculator of due dates is beside the clock, in `dossiers::calculator`.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, delete, get, put, web};
use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::store::DaysAsked;
use super::wire::{CalendarDay, CalendarDayPage, CalendarPage, CalendarView, NewCalendar, NewCalendarDay};
use super::{acts, store};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::db::Db;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::call::{ChangeHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::json::digest;
use crate::http::query::FromQuery;
use crate::http::shape::{Relation, With};
use crate::http::{
    Answer, Cursor, Day, Json, PageInfo, Query, QueryReader, ReadProblems, ResourceCode, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    write,
};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_calendars)
        .service(get_calendar)
        .service(put_calendar)
        .service(list_calendar_days)
        .service(get_calendar_day)
        .service(put_calendar_day)
        .service(delete_calendar_day);
}

impl Shaped for CalendarView {
    const RELATIONS: &'static [Relation] =
        &[Relation::one("department", &["department"], departments::EXPANDED), Relation::one("base", &["base"], store::EXPANDED)];
}

impl Shaped for CalendarDay {}

/// Which calendars to list: all.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct CalendarFilter {
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<CalendarView>,
}

impl FromQuery for CalendarFilter {
    fn read(q: &mut QueryReader) -> Self {
        CalendarFilter { cursor: Cursor::read(q), shape: Shape::read(q) }
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
    /// Only days of this year.
    #[param(minimum = 1900, maximum = 2200, example = 2022)]
    year: Option<i32>,
    /// As they were in this version of the calendar; as they are by default.
    #[param(minimum = 1, example = 1)]
    version: Option<i32>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<CalendarDay>,
}

/// As of which version to read a calendar.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct CalendarVersion {
    /// As it was in this version; as it is by default.
    #[param(minimum = 1, example = 1)]
    version: Option<i32>,
}

impl FromQuery for CalendarVersion {
    fn read(q: &mut QueryReader) -> Self {
        CalendarVersion { version: q.parse("version", "Phải là số phiên bản.", "Must be the number of a version.") }
    }
}

/// The date of a path.
fn date(text: &str) -> Result<NaiveDate, ApiError> {
    let wrong = || Fault::new(Code::InvalidParameter, "date", "Phải là ngày như 2022-04-19.", "Must be a date like 2022-04-19.");
    text.parse::<Day>().map(|day| day.0).map_err(|_| ApiError::new(Code::InvalidParameter).faults(vec![wrong()]))
}

impl FromQuery for DayFilter {
    fn read(q: &mut QueryReader) -> Self {
        let (from, to) = (q.day("from"), q.day("to"));
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            q.fault(Fault::new(Code::InvalidParameter, "to", "Phải từ ngày “from” trở đi.", "Must not be earlier than “from”."));
        }
        let year: Option<i32> = q.parse("year", "Phải là năm như 2022.", "Must be a year like 2022.");
        if year.is_some_and(|year| !(1900..=2200).contains(&year)) {
            q.fault(Fault::new(Code::InvalidParameter, "year", "Từ 1900 đến 2200.", "From 1900 to 2200."));
        }
        let version = q.parse("version", "Phải là số phiên bản.", "Must be the number of a version.");
        DayFilter { from, to, year, version, cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

impl DayFilter {
    fn days(&self) -> DaysAsked {
        let day = |month, day| self.year.and_then(|year| NaiveDate::from_ymd_opt(year, month, day));
        let (from, to) = (self.from.max(day(1, 1)), self.to.into_iter().chain(day(12, 31)).min());
        DaysAsked { from, to, version: self.version }
    }
}

async fn view(db: &impl ConnectionTrait, code: &str, version: Option<i32>) -> Result<CalendarView, ApiError> {
    // What cannot be a code is none: it never reaches the database.
    let code = ResourceCode::parse(code).ok_or_else(ApiError::not_found)?;
    store::find(db, code.as_str(), version).await?.ok_or_else(ApiError::not_found)
}

async fn calendars(db: &impl ConnectionTrait, filter: &CalendarFilter) -> Result<(Vec<CalendarView>, PageInfo), ApiError> {
    let rows = store::list(db, filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |calendar| calendar.code.clone()))
}

/// List calendars
///
/// The base `vn` and those of departments, ordered by code.
#[utoipa::path(tag = "calendars", operation_id = "list_calendars", params(CalendarFilter, PageParams, Shape::<CalendarView>), security(("bearer" = [])),
    extensions(("x-permission" = json!("calendar:read"))),
    responses((status = 200, description = "A page of calendars", body = CalendarPage), ReadProblems))]
#[get("/api/v1/calendars")]
async fn list_calendars(permit: Permit<perm::ReadCalendar>, Query(filter): Query<CalendarFilter>, db: Db, req: HttpRequest) -> Answer {
    let (items, page) = calendars(db.get_ref(), &filter).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &CalendarPage { items, page }).await
}

/// Get a calendar
///
/// Office hours, what becomes of receipts outside them, and the years that have data: as it is, or as it was in a version.
#[utoipa::path(tag = "calendars", operation_id = "get_calendar", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code", example = "vn"), With::<CalendarVersion, CalendarView>),
    extensions(("x-permission" = json!("calendar:read"))),
    responses((status = 200, description = "The calendar", body = CalendarView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/calendars/{code}")]
async fn get_calendar(
    permit: Permit<perm::ReadCalendar>,
    code: web::Path<String>,
    Query(With { asked, shape }): Query<With<CalendarVersion, CalendarView>>,
    db: Db,
) -> Answer {
    let view = view(db.get_ref(), &code, asked.version).await?;
    shape.found(db.get_ref(), &permit, view.version, &view).await
}

/// Put a calendar
///
/// Creates the calendar of a department or changes one as a whole, the base included; `Unchanged: true` when it is equal
/// already. Every change makes a version. No dossier moves by it: open ones are moved by a revision, new ones use it.
#[utoipa::path(tag = "calendars", operation_id = "put_calendar", security(("bearer" = [])), request_body = NewCalendar,
    params(("code" = String, Path, description = "Code", example = "dkkd"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("calendar:write"))),
    responses((status = 201, description = "Created", body = CalendarView), (status = 200, description = "Changed, or equal already", body = CalendarView), WriteProblems))]
#[put("/api/v1/calendars/{code}")]
async fn put_calendar(
    permit: Permit<perm::WriteCalendar>,
    code: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewCalendar>,
    db: Db,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::put(tx, &permit, &code, &body.value).await).await
}

async fn days(db: &impl ConnectionTrait, code: &str, filter: &DayFilter) -> Result<(Vec<CalendarDay>, PageInfo), ApiError> {
    view(db, code, filter.version).await?;
    let after = filter.cursor.after::<Day>()?.map(|day| day.0);
    let rows = store::days(db, code, &filter.days(), after, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |day| day.on))
}

/// List the days of a calendar
///
/// Days off and make-up days, ordered by date; every other day works Monday to Friday. Of the calendar of a department
/// only its own days are listed, not those of the base below.
#[utoipa::path(tag = "calendars", operation_id = "list_calendar_days", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code", example = "vn"), DayFilter, PageParams, Shape::<CalendarDay>),
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
    let (items, page) = days(db.get_ref(), &code, &filter).await?;
    let page =
        filter.cursor.counted(db.get_ref(), page, async |db| store::days(db, &code, &filter.days(), None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &CalendarDayPage { items, page }).await
}

/// Get a day of a calendar
///
/// 404 when the day has no row of its own: it works Monday to Friday, or as the base has it. The `ETag` is the calendar's.
#[utoipa::path(tag = "calendars", operation_id = "get_calendar_day", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code", example = "vn"), ("date" = Day, Path, description = "The day", example = "2022-09-02"), Shape::<CalendarDay>),
    extensions(("x-permission" = json!("calendar:read"))),
    responses((status = 200, description = "The day", body = CalendarDay), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/calendars/{code}/days/{date}")]
async fn get_calendar_day(
    permit: Permit<perm::ReadCalendar>,
    path: web::Path<(String, String)>,
    Query(shape): Query<Shape<CalendarDay>>,
    db: Db,
) -> Answer {
    let (code, on) = (&path.0, date(&path.1)?);
    let calendar = view(db.get_ref(), code, None).await?;
    let day = store::day(db.get_ref(), code, on).await?.ok_or_else(ApiError::not_found)?;
    shape.found(db.get_ref(), &permit, calendar.version, &day).await
}

/// Put a day into a calendar
///
/// Makes it a day off or a make-up day by a new version of the calendar; `Unchanged: true` when it is so already. A day that
/// has a row is changed with `If-Match` on the calendar's version. No dossier moves by it: that is a revision.
#[utoipa::path(tag = "calendars", operation_id = "put_calendar_day", security(("bearer" = [])), request_body = NewCalendarDay,
    params(("code" = String, Path, description = "Code", example = "vn"), ("date" = Day, Path, description = "The day", example = "2022-09-05"),
        WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("calendar:write"))),
    responses((status = 201, description = "The calendar has it from this version on", body = CalendarDay),
        (status = 200, description = "Changed, or equal already", body = CalendarDay), WriteProblems))]
#[put("/api/v1/calendars/{code}/days/{date}")]
async fn put_calendar_day(
    permit: Permit<perm::WriteCalendar>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<NewCalendarDay>,
    db: Db,
) -> Answer {
    let (code, on) = (&path.0, date(&path.1)?);
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::put_day(tx, &permit, code, on, &body.value).await).await
}

/// Take a day out of a calendar
///
/// By a new version; the day is like its weekday again, or as the base has it. Older versions keep it.
#[utoipa::path(tag = "calendars", operation_id = "delete_calendar_day", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code", example = "vn"), ("date" = Day, Path, description = "The day", example = "2022-09-05"),
        WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("calendar:write"))),
    responses((status = 200, description = "Taken out; the calendar as it is now", body = CalendarView), WriteProblems))]
#[delete("/api/v1/calendars/{code}/days/{date}")]
async fn delete_calendar_day(
    permit: Permit<perm::WriteCalendar>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    db: Db,
) -> Answer {
    let (code, on) = (&path.0, date(&path.1)?);
    write(db.get_ref(), &permit, &digest(&[]), async |tx| acts::remove_day(tx, &permit, code, on).await).await
}

/// The list of calendars as an export.
pub fn exported() -> Source {
    Source::of::<CalendarFilter, CalendarView>("calendars", Permission::ReadCalendar, |ask| {
        Box::pin(async move { Batch::of(calendars(ask.db, &ask.filter()?).await?) })
    })
}

/// The days of a calendar as an export.
pub fn exported_days() -> Source {
    let source = Source::of::<DayFilter, CalendarDay>("calendar-days", Permission::ReadCalendar, |ask| {
        Box::pin(async move { Batch::of(days(ask.db, ask.key("calendar"), &ask.filter()?).await?) })
    });
    source.keyed(&["calendar"])
}
