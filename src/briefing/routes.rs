//! HTTP in, HTTP out.

use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::compose::{Asked, compose};
use super::model::BriefingPeriodSet;
use super::wire::{Briefing, DecisionPage, DecisionRevocation, DecisionText, DecisionView, NewDecision};
use super::{acts, book, page, store, view};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::db::Db;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::call::{ChangeHeaders, RetryHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::table::{XLSX, attachment};
use crate::http::values::Key;
use crate::http::{
    Answer, Call, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, ServiceConfig, Shape, Shaped, WriteProblems, accept,
    page::{EVERY, PageParams},
    write,
};
use crate::reports::period::{Period, PeriodSet};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_briefing)
        .service(list_decisions)
        .service(create_decision)
        .service(get_decision)
        .service(put_decision)
        .service(revoke_decision);
}

impl Shaped for DecisionView {
    const RELATIONS: &'static [Relation] = &[
        Relation::one("department", &["department"], departments::EXPANDED),
        Relation::many("lead", &["lead"], departments::EXPANDED),
        Relation::many("coordinate", &["coordinate"], departments::EXPANDED),
    ];
}

/// Which briefing.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by BriefingFilter; named here for the contract")]
struct BriefingParams {
    /// Code of a month.
    #[param(pattern = "^(19(0[1-9]|[1-9][0-9])|2[01][0-9]{2}|2200)-(0[1-9]|1[0-2])$", example = "2022-06")]
    period: String,
    /// How months are cut: `administrative` (default; a month runs from the 15th of the month before to the 14th) or `calendar`.
    #[param(pattern = "^(administrative|calendar)$", example = "administrative")]
    period_set: Option<String>,
    /// Code or id of a department: it and those below it; all in your sight when it is left out.
    #[param(example = "DKKD")]
    department: Option<String>,
}

struct BriefingFilter(Option<Asked>);

impl IntoParams for BriefingFilter {
    fn into_params(place: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        BriefingParams::into_params(place)
    }
}

fn bad_month() -> Fault {
    Fault::new(Code::InvalidParameter, "period", "Phải là một tháng, ví dụ 2022-06.", "Must be a month such as 2022-06.")
}

impl FromQuery for BriefingFilter {
    fn read(q: &mut QueryReader) -> Self {
        let month = q.text("period").and_then(|code| Period::month(&code));
        if month.is_none() {
            q.fault(bad_month());
        }
        let set = q.choice("period_set", PeriodSet::NAMES).map_or(PeriodSet::Administrative, PeriodSet::named);
        let department = q.text("department").map(|text| Key::from(text.as_str()));
        BriefingFilter(month.map(|month| Asked { month, set, department }))
    }
}

/// Forms of a briefing.
const FORMS: &[&str] = &["application/json", XLSX, "text/html"];

/// The briefing of a month
///
/// What a monthly briefing looks at: per department tasks by state, dossiers by outcome with median times, late dossiers with causes and
/// apologies, findings, unmet targets with explanations and remedies, obstacles that await the director's decision, what is due in the
/// month after, and what was decided. Judged by what had happened by the end of the month, or by now while it runs; each part shows what
/// your own requests for it would. JSON, a workbook (`Accept:` the spreadsheet's media type), or, with `Accept: text/html`, a page
/// to print on A4, in Vietnamese, with charts, that needs no script and nothing from elsewhere. A month that has not begun is 422.
#[utoipa::path(tag = "reports", operation_id = "get_briefing", security(("bearer" = [])), params(BriefingFilter),
    extensions(("x-permission" = json!("report:read"))),
    responses((status = 200, description = "The briefing", content(
        (Briefing = "application/json"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/html", example = "<!doctype html><html lang=\"vi\">…</html>"))), ReadProblems))]
#[get("/api/v1/reports/briefing")]
async fn get_briefing(permit: Permit<perm::ReadReport>, Query(filter): Query<BriefingFilter>, db: Db, req: HttpRequest) -> Answer {
    let asked = filter.0.ok_or_else(|| ApiError::new(Code::InvalidParameter).faults(vec![bad_month()]))?;
    let form = accept::choose(&req, FORMS)?;
    let briefing = compose(db.get_ref(), &permit, &asked).await?;
    if form == 0 {
        return Ok(HttpResponse::Ok().json(briefing));
    }
    let broken = |error: &dyn std::fmt::Display| ApiError::new(Code::Internal).because(error);
    if form == 1 {
        let (name, lang) = (format!("briefing-{}", briefing.period), permit.lang);
        // Packing takes long enough to hold up the other requests of this thread.
        let bytes = web::block(move || book::of(&briefing, lang)).await.map_err(|e| broken(&e))?.map_err(|e| broken(&e))?;
        return Ok(HttpResponse::Ok().content_type(XLSX).insert_header(attachment(&name, "xlsx")).body(bytes));
    }
    let page = page::of(&briefing);
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", page.policy))
        .insert_header(("Referrer-Policy", "no-referrer"));
    Ok(response.body(page.html))
}

/// The month that a path names.
fn month(path: &str) -> Result<Period, ApiError> {
    Period::month(path).ok_or_else(ApiError::not_found)
}

/// Which decisions to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct DecisionFilter {
    /// How the month is cut: `administrative` (default) or `calendar`.
    #[param(value_type = Option<String>, pattern = "^(administrative|calendar)$", example = "administrative")]
    period_set: BriefingPeriodSet,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<DecisionView>,
}

impl FromQuery for DecisionFilter {
    fn read(q: &mut QueryReader) -> Self {
        let set = q.choice("period_set", PeriodSet::NAMES).map_or(PeriodSet::Administrative, PeriodSet::named);
        DecisionFilter { period_set: BriefingPeriodSet::of(set), cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

async fn decisions(
    db: &impl ConnectionTrait,
    call: &Call,
    (reach, month): (&Reach, &Period),
    filter: &DecisionFilter,
) -> Result<(Vec<DecisionView>, PageInfo), ApiError> {
    let rows = store::list(db, reach, (month.code(), filter.period_set), filter.cursor.after()?, filter.cursor.limit).await?;
    let (rows, info) = filter.cursor.page(rows, |d| d.code.clone());
    Ok((view::views(db, call, rows).await?, info))
}

/// List the decisions of a briefing
///
/// Those that were given to, or are about, departments in your sight, in the order of their numbers, with where their tasks stand today.
#[utoipa::path(tag = "briefings", operation_id = "list_decisions", security(("bearer" = [])),
    params(("period" = String, Path, description = "Code of the month", example = "2022-06"), DecisionFilter, PageParams, Shape::<DecisionView>),
    extensions(("x-permission" = json!("decision:read"))),
    responses((status = 200, description = "A page of decisions", body = DecisionPage), ReadProblems))]
#[get("/api/v1/briefings/{period}/decisions")]
async fn list_decisions(
    permit: Permit<perm::ReadDecision>,
    period: web::Path<String>,
    Query(filter): Query<DecisionFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let month = month(&period)?;
    let (reach, briefing) = (permit.reach(), (month.code(), filter.period_set));
    let (items, info) = decisions(db.get_ref(), &permit, (&reach, &month), &filter).await?;
    let info = filter.cursor.counted(db.get_ref(), info, async |db| store::list(db, &reach, briefing, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &DecisionPage { items, page: info }).await
}

/// Get a decision
///
/// By id or number, with where its task stands today; so the answer is never 304.
#[utoipa::path(tag = "briefings", operation_id = "get_decision", security(("bearer" = [])),
    params(("period" = String, Path, description = "Code of the month", example = "2022-06"),
        ("key" = String, Path, description = "Id or number", example = "KL-2022-0001"), Shape::<DecisionView>),
    extensions(("x-permission" = json!("decision:read"))),
    responses((status = 200, description = "The decision", body = DecisionView), ReadProblems))]
#[get("/api/v1/briefings/{period}/decisions/{key}")]
async fn get_decision(
    permit: Permit<perm::ReadDecision>,
    path: web::Path<(String, String)>,
    Query(shape): Query<Shape<DecisionView>>,
    db: Db,
) -> Answer {
    let month = month(&path.0)?;
    let found = store::find(db.get_ref(), &permit.reach(), month.code(), &path.1.as_str().into()).await?;
    let view = view::views(db.get_ref(), &permit, found.into_iter().collect()).await?.pop().ok_or_else(ApiError::not_found)?;
    shape.found_today(db.get_ref(), &permit, view.version, &view).await
}

/// Record a decision
///
/// Taken at the briefing of a month, against one of its items (`item`, the key that the briefing gives it). It gets the next number of
/// the year and becomes a task of the departments named, with that number as its code. With `ruling` it decides the obstacle that is the
/// item, too, by the permission that this needs.
#[utoipa::path(tag = "briefings", operation_id = "create_decision", security(("bearer" = [])), request_body = NewDecision,
    params(("period" = String, Path, description = "Code of the month", example = "2022-06"), WriteParams, RetryHeaders),
    extensions(("x-permission" = json!("decision:write"))),
    responses((status = 201, description = "Recorded", body = DecisionView), WriteProblems))]
#[post("/api/v1/briefings/{period}/decisions")]
async fn create_decision(
    permit: Permit<perm::WriteDecision>,
    period: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewDecision>,
    db: Db,
) -> Answer {
    let month = month(&period)?;
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::decide(tx, &permit, &month, &body.value).await).await
}

/// Put a decision
///
/// Its text, departments, due date and notice; its task changes with it. Once there is work on the task, its last day changes by an
/// extension only (422). `Unchanged: true` when it is equal already.
#[utoipa::path(tag = "briefings", operation_id = "put_decision", security(("bearer" = [])), request_body = DecisionText,
    params(("period" = String, Path, description = "Code of the month", example = "2022-06"),
        ("key" = String, Path, description = "Id or number", example = "KL-2022-0001"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("decision:write"))),
    responses((status = 200, description = "Changed, or equal already", body = DecisionView), WriteProblems))]
#[put("/api/v1/briefings/{period}/decisions/{key}")]
async fn put_decision(
    permit: Permit<perm::WriteDecision>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<DecisionText>,
    db: Db,
) -> Answer {
    let (month, key) = (month(&path.0)?, Key::from(path.1.as_str()));
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::change(tx, &permit, &month, &key, &body.value).await).await
}

/// Revoke a decision
///
/// It stays readable with the reason, and its task is cancelled with it. One that was carried out is not revoked any more (409).
#[utoipa::path(tag = "briefings", operation_id = "revoke_decision", security(("bearer" = [])), request_body = DecisionRevocation,
    params(("period" = String, Path, description = "Code of the month", example = "2022-06"),
        ("key" = String, Path, description = "Id or number", example = "KL-2022-0001"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("decision:write"))),
    responses((status = 200, description = "Revoked", body = DecisionView), WriteProblems))]
#[post("/api/v1/briefings/{period}/decisions/{key}/revocation")]
async fn revoke_decision(
    permit: Permit<perm::WriteDecision>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<DecisionRevocation>,
    db: Db,
) -> Answer {
    let (month, key) = (month(&path.0)?, Key::from(path.1.as_str()));
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::revoke(tx, &permit, &month, &key, &body.value).await).await
}

/// The decisions of a briefing as an export.
pub fn exported() -> Source {
    let source = Source::of::<DecisionFilter, DecisionView>("decisions", Permission::ReadDecision, |ask| {
        Box::pin(async move {
            let month = month(ask.key("period"))?;
            Batch::of(decisions(ask.db, ask.call, (&ask.reach, &month), &ask.filter()?).await?)
        })
    });
    source.keyed(&["period"])
}
