//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use chrono::{Days, NaiveDate};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::model::DutyState;
use super::occurrences::{self, Window};
use super::wire::{
    DutyImport, DutyOccurrenceSummary, DutyOccurrenceView, DutyOccurrences, DutyPage, DutyView, HandInView, HandIns, NewConsolidation,
    NewDispatch, NewDuty, NewDutyDates, NewDutyImport, NewHandIn,
};
use super::{acts, store};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::calendar::vn_date;
use crate::db::Db;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::call::{ChangeHeaders, RetryHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::query::{FromQuery, NoQuery};
use crate::http::shape::Relation;
use crate::http::{
    Answer, Cursor, Day, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems, found_today,
    page::{EVERY, PageParams},
    write,
};
use crate::plans;
use crate::reports::period::PeriodCode;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_duties).service(import_duties).service(get_duty).service(put_duty).service(list_duty_occurrences);
    cfg.service(get_duty_occurrence).service(put_duty_dates).service(list_hand_ins).service(hand_in_report);
    cfg.service(consolidate_report).service(dispatch_report);
}

impl Shaped for DutyView {
    const RELATIONS: &'static [Relation] = &[
        Relation::one("plan", &["plan"], plans::EXPANDED),
        Relation::many("from", &["from"], departments::EXPANDED),
        Relation::many("via", &["via"], departments::EXPANDED),
        Relation::many("to", &["to"], departments::EXPANDED),
    ];
}

/// Which duties to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct DutyFilter {
    /// Code of the plan that sets it.
    #[param(example = "kh-1186-skhdt-2022")]
    plan: Option<String>,
    /// Code of a department that hands in.
    #[param(example = "DKKD")]
    department: Option<String>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<DutyView>,
}

impl FromQuery for DutyFilter {
    fn read(q: &mut QueryReader) -> Self {
        DutyFilter { plan: q.text("plan"), department: q.text("department"), cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

impl DutyFilter {
    fn chosen(&self) -> store::Filter<'_> {
        store::Filter { plan: self.plan.as_deref(), reporter: self.department.as_deref() }
    }
}

async fn page(db: &impl ConnectionTrait, filter: &DutyFilter) -> Result<(Vec<DutyView>, PageInfo), ApiError> {
    let rows = store::list(db, &filter.chosen(), filter.cursor.after()?, filter.cursor.limit).await?;
    let (rows, page) = filter.cursor.page(rows, |d| d.code.clone());
    Ok((rows.into_iter().map(store::Stored::view).collect(), page))
}

/// List reporting duties
///
/// Ordered by code.
#[utoipa::path(tag = "duties", operation_id = "list_duties", params(DutyFilter, PageParams, Shape::<DutyView>), security(("bearer" = [])),
    extensions(("x-permission" = json!("duty:read"))),
    responses((status = 200, description = "A page of duties", body = DutyPage), ReadProblems))]
#[get("/api/v1/duties")]
async fn list_duties(permit: Permit<perm::ReadDuty>, Query(filter): Query<DutyFilter>, db: Db, req: HttpRequest) -> Answer {
    let (items, page) = page(db.get_ref(), &filter).await?;
    let chosen = filter.chosen();
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, &chosen, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &DutyPage { items, page }).await
}

/// Get a reporting duty
///
/// By id or code.
#[utoipa::path(tag = "duties", operation_id = "get_duty", security(("bearer" = [])),
    params(("code" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.discipline_half_year"), Shape::<DutyView>),
    extensions(("x-permission" = json!("duty:read"))),
    responses((status = 200, description = "The duty", body = DutyView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/duties/{code}")]
async fn get_duty(permit: Permit<perm::ReadDuty>, code: web::Path<String>, Query(shape): Query<Shape<DutyView>>, db: Db) -> Answer {
    let view = store::find(db.get_ref(), &code.as_str().into()).await?.ok_or_else(ApiError::not_found)?.view();
    shape.found(db.get_ref(), &permit, view.version, &view).await
}

/// Put a reporting duty
///
/// Creates it or changes it as a whole; `Unchanged: true` when it is equal already. Reports about which something was done keep their dates.
#[utoipa::path(tag = "duties", operation_id = "put_duty", security(("bearer" = [])), request_body = NewDuty,
    params(("code" = String, Path, description = "Code", example = "kh-1186-skhdt-2022.discipline_half_year"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("duty:write"))),
    responses((status = 201, description = "Created", body = DutyView), (status = 200, description = "Changed, or equal already", body = DutyView), WriteProblems))]
#[put("/api/v1/duties/{code}")]
async fn put_duty(permit: Permit<perm::WriteDuty>, code: web::Path<String>, _: Query<WriteParams>, body: Json<NewDuty>, db: Db) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::put(tx, &permit, &code, &body.value).await).await
}

/// Take over the duties of a plan
///
/// Makes a duty of each that the plan sets, with the dates that its words give; the last day of the month where they name none. Those that
/// are there already stay as they are, so that it can be done again after the plan was changed.
#[utoipa::path(tag = "duties", operation_id = "import_duties", security(("bearer" = [])), request_body = NewDutyImport,
    params(WriteParams, RetryHeaders), extensions(("x-permission" = json!("duty:write"))),
    responses((status = 200, description = "What was taken over", body = DutyImport), WriteProblems))]
#[post("/api/v1/duties/imports")]
async fn import_duties(permit: Permit<perm::WriteDuty>, _: Query<WriteParams>, body: Json<NewDutyImport>, db: Db) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::import(tx, &permit, body.value.plan.as_str()).await).await
}

/// Days that a window may span.
const LONGEST: u64 = 400;

/// Which reports to look for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct OccurrenceFilter {
    /// Due, inside or outside, on this day or later; by default 31 days ago.
    #[param(value_type = Option<crate::http::Day>)]
    due_from: Option<NaiveDate>,
    /// Due, inside or outside, on this day or earlier; by default 92 days after `due_from`. At most 400 days.
    #[param(value_type = Option<crate::http::Day>)]
    due_to: Option<NaiveDate>,
    /// States, separated by commas.
    #[param(value_type = Option<Vec<DutyState>>, style = Form, explode = false, example = json!(["due_soon", "overdue_internally"]))]
    state: Vec<&'static str>,
    /// Code of a department that hands in.
    #[param(example = "DKKD")]
    department: Option<String>,
    /// Code of the plan.
    #[param(example = "kh-1186-skhdt-2022")]
    plan: Option<String>,
}

impl FromQuery for OccurrenceFilter {
    fn read(q: &mut QueryReader) -> Self {
        let (due_from, due_to) = (q.day("due_from"), q.day("due_to"));
        if let (Some(from), Some(to)) = (due_from, due_to) {
            let mut wrong = |vi: &str, en: &str| q.fault(Fault::new(Code::InvalidParameter, "due_to", vi, en));
            if to < from {
                wrong("“due_to” trước “due_from”.", "“due_to” is before “due_from”.");
            } else if to > later(from, LONGEST) {
                wrong("Nhiều nhất 400 ngày.", "At most 400 days.");
            }
        }
        OccurrenceFilter {
            due_from,
            due_to,
            state: q.list("state", DutyState::NAMES),
            department: q.text("department"),
            plan: q.text("plan"),
        }
    }
}

impl OccurrenceFilter {
    /// The days asked for, with what is usual in place of one that was left out.
    fn days(&self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        let back = |day: NaiveDate, days: u64| day.checked_sub_days(Days::new(days)).unwrap_or(day);
        let from = self.due_from.unwrap_or_else(|| self.due_to.map_or(back(today, 31), |to| back(to, 92)));
        (from, self.due_to.unwrap_or_else(|| later(from, 92)))
    }
}

fn later(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

async fn due(db: &impl ConnectionTrait, filter: &OccurrenceFilter, today: NaiveDate) -> Result<Vec<DutyOccurrenceSummary>, ApiError> {
    let (from, to) = filter.days(today);
    let window = Window { from, to, plan: filter.plan.as_deref(), department: filter.department.as_deref(), states: &filter.state };
    occurrences::due(db, &window, today).await
}

/// What reports are due
///
/// The reports of all duties that are due between two days, by the day for the departments or the day for the outside, as they stand today; the
/// most urgent first.
#[utoipa::path(tag = "duties", operation_id = "list_duty_occurrences", params(OccurrenceFilter), security(("bearer" = [])),
    extensions(("x-permission" = json!("duty:read"))),
    responses((status = 200, description = "The reports", body = DutyOccurrences), ReadProblems))]
#[get("/api/v1/duty-occurrences")]
async fn list_duty_occurrences(permit: Permit<perm::ReadDuty>, Query(filter): Query<OccurrenceFilter>, db: Db) -> Answer {
    let today = vn_date(permit.now);
    let items = due(db.get_ref(), &filter, today).await?;
    let (from, to) = filter.days(today);
    Ok(HttpResponse::Ok().json(DutyOccurrences { due_from: Day(from), due_to: Day(to), items }))
}

/// Get a report of one period
///
/// With the parts in your sight, those that are missing too, what the office made of them, and the proof that it was sent. `ETag` is `"0"` before
/// anything was done; the state changes by the day, so the answer is never 304.
#[utoipa::path(tag = "duties", operation_id = "get_duty_occurrence", security(("bearer" = [])),
    params(("code" = String, Path, description = "Id or code of the duty", example = "kh-1186-skhdt-2022.discipline_half_year"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022H1")),
    extensions(("x-permission" = json!("duty:read"))),
    responses((status = 200, description = "The report", body = DutyOccurrenceView, headers(("ETag" = String))), ReadProblems))]
#[get("/api/v1/duties/{code}/occurrences/{period}")]
async fn get_duty_occurrence(permit: Permit<perm::ReadDuty>, path: web::Path<(String, String)>, _: Query<NoQuery>, db: Db) -> Answer {
    let (duty, occurrence) = acts::find(db.get_ref(), &path.0, &path.1).await?;
    let view = acts::view(db.get_ref(), &permit, &duty, &occurrence).await?;
    Ok(found_today(occurrence.version(), &view))
}

/// Put the dates of one report
///
/// Where they are not those of the duty, or the duty gives none; with the reason. A report that follows from its duty has the version 0
/// before anything was done. `Unchanged: true` when they are equal already.
#[utoipa::path(tag = "duties", operation_id = "put_duty_dates", security(("bearer" = [])), request_body = NewDutyDates,
    params(("code" = String, Path, description = "Id or code of the duty", example = "kh-1186-skhdt-2022.monthly_briefing"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022-06"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("duty:write"))),
    responses((status = 201, description = "Made, of a duty that gives no dates", body = DutyOccurrenceView), (status = 200, description = "Changed, or equal already", body = DutyOccurrenceView), WriteProblems))]
#[put("/api/v1/duties/{code}/occurrences/{period}")]
async fn put_duty_dates(
    permit: Permit<perm::WriteDuty>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<NewDutyDates>,
    db: Db,
) -> Answer {
    let at = (path.0.as_str(), path.1.as_str());
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::set_dates(tx, &permit, at, &body.value).await).await
}

async fn parts(
    db: &impl ConnectionTrait,
    (duty, period): (&str, &str),
    reach: &Reach,
    today: NaiveDate,
) -> Result<(i32, Vec<HandInView>), ApiError> {
    let (duty, occurrence) = acts::find(db, duty, period).await?;
    Ok((occurrence.version(), occurrence.parts(&duty, reach, today)))
}

/// List the parts of a report
///
/// Of the departments in your sight, those that are missing too.
#[utoipa::path(tag = "duties", operation_id = "list_hand_ins", security(("bearer" = [])),
    params(("code" = String, Path, description = "Id or code of the duty", example = "kh-1186-skhdt-2022.discipline_half_year"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022H1")),
    extensions(("x-permission" = json!("duty:read_hand_ins"))),
    responses((status = 200, description = "The parts", body = HandIns, headers(("ETag" = String))), ReadProblems))]
#[get("/api/v1/duties/{code}/occurrences/{period}/hand-ins")]
async fn list_hand_ins(permit: Permit<perm::ReadHandIn>, path: web::Path<(String, String)>, _: Query<NoQuery>, db: Db) -> Answer {
    let (version, items) = parts(db.get_ref(), (&path.0, &path.1), &permit.reach(), vn_date(permit.now)).await?;
    Ok(found_today(version, &HandIns { items }))
}

/// Hand in the part of a department
///
/// Late or on time by the day for the departments. Until the report is sent it may be handed in anew; the day on which it first came stays. Answers the
/// report.
#[utoipa::path(tag = "duties", operation_id = "hand_in_report", security(("bearer" = [])), request_body = NewHandIn,
    params(("code" = String, Path, description = "Id or code of the duty", example = "kh-1186-skhdt-2022.discipline_half_year"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022H1"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("duty:hand_in"))),
    responses((status = 201, description = "Handed in", body = DutyOccurrenceView), WriteProblems))]
#[post("/api/v1/duties/{code}/occurrences/{period}/hand-ins")]
async fn hand_in_report(
    permit: Permit<perm::HandIn>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<NewHandIn>,
    db: Db,
) -> Answer {
    let at = (path.0.as_str(), path.1.as_str());
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::hand_in(tx, &permit, at, &body.value).await).await
}

/// Consolidate a report
///
/// The office puts the parts together; who had not handed in by then is written down with it. May be done anew until the report is sent.
#[utoipa::path(tag = "duties", operation_id = "consolidate_report", security(("bearer" = [])), request_body = NewConsolidation,
    params(("code" = String, Path, description = "Id or code of the duty", example = "kh-1186-skhdt-2022.discipline_half_year"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022H1"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("duty:consolidate"))),
    responses((status = 200, description = "Consolidated", body = DutyOccurrenceView), WriteProblems))]
#[post("/api/v1/duties/{code}/occurrences/{period}/consolidation")]
async fn consolidate_report(
    permit: Permit<perm::ConsolidateDuty>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<NewConsolidation>,
    db: Db,
) -> Answer {
    let at = (path.0.as_str(), path.1.as_str());
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::consolidate(tx, &permit, at, &body.value).await).await
}

/// Record that a report was sent
///
/// With its number, the day, to whom and how, and what proves it; on time or late by the day for the outside. Afterwards it stays as it is.
#[utoipa::path(tag = "duties", operation_id = "dispatch_report", security(("bearer" = [])), request_body = NewDispatch,
    params(("code" = String, Path, description = "Id or code of the duty", example = "kh-1186-skhdt-2022.discipline_half_year"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022H1"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("duty:dispatch"))),
    responses((status = 200, description = "Sent", body = DutyOccurrenceView), WriteProblems))]
#[post("/api/v1/duties/{code}/occurrences/{period}/dispatch")]
async fn dispatch_report(
    permit: Permit<perm::DispatchDuty>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<NewDispatch>,
    db: Db,
) -> Answer {
    let at = (path.0.as_str(), path.1.as_str());
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::dispatch(tx, &permit, at, &body.value).await).await
}

/// The list of duties as an export.
pub fn exported() -> Source {
    Source::of::<DutyFilter, DutyView>("duties", Permission::ReadDuty, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.filter()?).await?) })
    })
}

/// The reports that are due as an export.
pub fn exported_occurrences() -> Source {
    let source = Source::of::<OccurrenceFilter, DutyOccurrenceSummary>("duty-occurrences", Permission::ReadDuty, |ask| {
        Box::pin(async move { Batch::whole(due(ask.db, &ask.filter()?, vn_date(ask.call.now)).await?) })
    });
    source.at_once()
}

/// The parts of a report as an export.
pub fn exported_hand_ins() -> Source {
    let source = Source::of::<NoQuery, HandInView>("hand-ins", Permission::ReadHandIn, |ask| {
        Box::pin(async move {
            let (_, items) = parts(ask.db, (ask.key("duty"), ask.key("period")), &ask.reach, vn_date(ask.call.now)).await?;
            Batch::whole(items)
        })
    });
    source.keyed(&["duty", "period"]).at_once()
}
