//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, post, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;
use uuid::Uuid;

use super::wire::{CalendarRevisionMovePage, CalendarRevisionPage, NewRevision, RevisionMove, RevisionReport, RevisionView};
use super::{acts, store};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::calendar;
use crate::db::Db;
use crate::departments;
use crate::error::ApiError;
use crate::http::call::{ChangeHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::{
    Answer, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, ResourceCode, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    write,
};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(create_calendar_revision)
        .service(list_calendar_revisions)
        .service(get_calendar_revision)
        .service(list_calendar_revision_moves);
}

impl Shaped for RevisionView {
    const RELATIONS: &'static [Relation] = &[Relation::one("calendar", &["calendar"], calendar::EXPANDED)];
}

impl Shaped for RevisionMove {
    const RELATIONS: &'static [Relation] = &[Relation::one("resolving_department", &["resolving_department"], departments::EXPANDED)];
}

/// Where the list of a revision begins.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct RevisionParams {
    /// List the dossiers that come after this one: `next_after` of the answer before. What moves is the same.
    after: Option<Uuid>,
}

impl FromQuery for RevisionParams {
    fn read(q: &mut QueryReader) -> Self {
        let _ = WriteParams::read(q);
        RevisionParams { after: q.parse("after", "Phải là id của hồ sơ.", "Must be the id of a dossier.") }
    }
}

/// Revise open dossiers
///
/// Recomputes the open dossiers of the departments that this calendar holds for, as far as they were counted with another
/// version of it. With `dry_run` it says which would move, from which due date to which and because of which days, and moves
/// none; `next_after` goes on where it lists no more. The first due date stays; closed dossiers never move. `If-Match` names the
/// version of the calendar that was previewed, `calendar_base_version` that of the base under it; `Unchanged: true` when every open dossier is counted with it already. A change of the base does not revise the dossiers of
/// departments with a calendar of their own: revise that one too.
#[utoipa::path(tag = "calendars", operation_id = "create_calendar_revision", security(("bearer" = [])), request_body = NewRevision,
    params(("code" = String, Path, description = "Code", example = "vn"), WriteParams, RevisionParams, ChangeHeaders),
    extensions(("x-permission" = json!("dossier:revise"))),
    responses((status = 201, description = "Revised", body = RevisionReport),
        (status = 200, description = "There was nothing to revise", body = RevisionReport), WriteProblems))]
#[post("/api/v1/calendars/{code}/revisions")]
async fn create_calendar_revision(
    permit: Permit<perm::ReviseDossiers>,
    code: web::Path<String>,
    Query(params): Query<RevisionParams>,
    body: Json<NewRevision>,
    db: Db,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::revise(tx, &permit, &code, &body.value, params.after).await).await
}

/// Which revisions to list: all of the calendar.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct RevisionFilter {
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<RevisionView>,
}

impl FromQuery for RevisionFilter {
    fn read(q: &mut QueryReader) -> Self {
        RevisionFilter { cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

fn named(code: &str) -> Result<ResourceCode, ApiError> {
    ResourceCode::parse(code).ok_or_else(ApiError::not_found)
}

fn numbered(text: &str) -> Result<i32, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}

async fn revisions(
    db: &impl ConnectionTrait,
    code: &ResourceCode,
    filter: &RevisionFilter,
) -> Result<(Vec<RevisionView>, PageInfo), ApiError> {
    let rows = store::list(db, code.as_str(), filter.cursor.after()?, filter.cursor.limit).await?;
    if rows.is_empty() && !store::calendar_exists(db, code.as_str()).await? {
        return Err(ApiError::not_found());
    }
    Ok(filter.cursor.page(rows, |row| row.number))
}

/// List the revisions of a calendar
///
/// Oldest first: when, by whom, and how many dossiers moved.
#[utoipa::path(tag = "calendars", operation_id = "list_calendar_revisions", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code", example = "vn"), RevisionFilter, PageParams, Shape::<RevisionView>),
    extensions(("x-permission" = json!("calendar:read"))),
    responses((status = 200, description = "A page of revisions", body = CalendarRevisionPage), ReadProblems))]
#[get("/api/v1/calendars/{code}/revisions")]
async fn list_calendar_revisions(
    permit: Permit<perm::ReadCalendar>,
    code: web::Path<String>,
    Query(filter): Query<RevisionFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let code = named(&code)?;
    let (items, page) = revisions(db.get_ref(), &code, &filter).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, code.as_str(), None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &CalendarRevisionPage { items, page }).await
}

/// Get a revision of a calendar
///
/// When, by whom, and how many dossiers moved.
#[utoipa::path(tag = "calendars", operation_id = "get_calendar_revision", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code", example = "vn"), ("number" = i32, Path, description = "Number of the revision, from 1", minimum = 1), Shape::<RevisionView>),
    extensions(("x-permission" = json!("calendar:read"))),
    responses((status = 200, description = "The revision", body = RevisionView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/calendars/{code}/revisions/{number}")]
async fn get_calendar_revision(
    permit: Permit<perm::ReadCalendar>,
    path: web::Path<(String, String)>,
    Query(shape): Query<Shape<RevisionView>>,
    db: Db,
) -> Answer {
    let (code, number) = (named(&path.0)?, numbered(&path.1)?);
    let view = store::find(db.get_ref(), code.as_str(), number).await?.ok_or_else(ApiError::not_found)?;
    // It never changes.
    shape.found(db.get_ref(), &permit, 1, &view).await
}

/// Which moves to list: all that the caller may see.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct MoveFilter {
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<RevisionMove>,
}

impl FromQuery for MoveFilter {
    fn read(q: &mut QueryReader) -> Self {
        MoveFilter { cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

async fn moves(
    db: &impl ConnectionTrait,
    (code, number): (&str, i32),
    reach: &Reach,
    cursor: &Cursor,
) -> Result<(Vec<RevisionMove>, PageInfo), ApiError> {
    let rows = store::moves(db, (code, number), reach, cursor.after()?, cursor.limit).await?;
    if rows.is_empty() && store::find(db, code, number).await?.is_none() {
        return Err(ApiError::not_found());
    }
    Ok(cursor.page(rows, |row| row.id))
}

/// List the dossiers that a revision moved
///
/// Those that the caller may see, each with its due date before and after.
#[utoipa::path(tag = "calendars", operation_id = "list_calendar_revision_moves", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code", example = "vn"), ("number" = i32, Path, description = "Number of the revision, from 1", minimum = 1),
        MoveFilter, PageParams, Shape::<RevisionMove>),
    extensions(("x-permission" = json!("dossier:read"))),
    responses((status = 200, description = "A page of moved dossiers", body = CalendarRevisionMovePage), ReadProblems))]
#[get("/api/v1/calendars/{code}/revisions/{number}/moves")]
async fn list_calendar_revision_moves(
    permit: Permit<perm::ReadDossier>,
    path: web::Path<(String, String)>,
    Query(filter): Query<MoveFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let code = named(&path.0)?;
    let (revision, reach) = ((code.as_str(), numbered(&path.1)?), permit.reach());
    let (items, page) = moves(db.get_ref(), revision, &reach, &filter.cursor).await?;
    let page =
        filter.cursor.counted(db.get_ref(), page, async |db| store::moves(db, revision, &reach, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &CalendarRevisionMovePage { items, page }).await
}

/// The revisions of a calendar as an export.
pub fn exported() -> Source {
    let source = Source::of::<RevisionFilter, RevisionView>("calendar-revisions", Permission::ReadCalendar, |ask| {
        Box::pin(async move { Batch::of(revisions(ask.db, &named(ask.key("calendar"))?, &ask.filter()?).await?) })
    });
    source.keyed(&["calendar"])
}

/// The dossiers that a revision moved as an export.
pub fn exported_moves() -> Source {
    let source = Source::of::<MoveFilter, RevisionMove>("calendar-revision-moves", Permission::ReadDossier, |ask| {
        Box::pin(async move {
            let filter: MoveFilter = ask.filter()?;
            let (code, number) = (named(ask.key("calendar"))?, numbered(ask.key("revision"))?);
            Batch::of(moves(ask.db, (code.as_str(), number), &ask.reach, &filter.cursor).await?)
        })
    });
    source.keyed(&["calendar", "revision"])
}
