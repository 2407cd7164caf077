//! HTTP in, HTTP out.

use actix_web::{HttpRequest, get, post, web};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::wire::{CalendarRevisionPage, NewRevision, RevisionReport, RevisionView};
use super::{acts, store};
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::db::Db;
use crate::error::ApiError;
use crate::http::call::{ChangeHeaders, WriteParams};
use crate::http::query::{FromQuery, NoQuery};
use crate::http::{
    Answer, Cursor, Json, Query, QueryReader, ReadProblems, ResourceCode, WriteProblems, found, page, page::PageParams, write,
};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(create_calendar_revision).service(list_calendar_revisions).service(get_calendar_revision);
}

/// Revise open dossiers
///
/// Recomputes the open dossiers of the departments that this calendar holds for, as far as they were counted with another
/// version of it. With `dry_run` it says which would move, from which due date to which and because of which days, and moves
/// none. The first due date stays; closed dossiers never move. `If-Match` names the version of the calendar that was previewed;
/// `Unchanged: true` when every open dossier is counted with it already. A change of the base does not revise the dossiers of
/// departments with a calendar of their own: revise that one too.
#[utoipa::path(tag = "calendars", operation_id = "create_calendar_revision", security(("bearer" = [])), request_body = NewRevision,
    params(("code" = String, Path, description = "Code", example = "vn"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("dossier:revise"))),
    responses((status = 201, description = "Revised", body = RevisionReport),
        (status = 200, description = "There was nothing to revise", body = RevisionReport), WriteProblems))]
#[post("/api/v1/calendars/{code}/revisions")]
async fn create_calendar_revision(
    permit: Permit<perm::ReviseDossiers>,
    code: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewRevision>,
    db: Db,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::revise(tx, &permit, &code, &body.value).await).await
}

/// Which revisions to list: all of the calendar.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct RevisionFilter {
    #[param(ignore)]
    cursor: Cursor,
}

impl FromQuery for RevisionFilter {
    fn read(q: &mut QueryReader) -> Self {
        RevisionFilter { cursor: Cursor::read(q) }
    }
}

/// List the revisions of a calendar
///
/// Oldest first: when, by whom, and how many dossiers moved.
#[utoipa::path(tag = "calendars", operation_id = "list_calendar_revisions", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code", example = "vn"), RevisionFilter, PageParams),
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
    let _ = permit;
    let code = ResourceCode::parse(&code).ok_or_else(ApiError::not_found)?;
    let rows = store::list(db.get_ref(), code.as_str(), filter.cursor.after()?, filter.cursor.limit).await?;
    if rows.is_empty() && !store::calendar_exists(db.get_ref(), code.as_str()).await? {
        return Err(ApiError::not_found());
    }
    let (items, page) = filter.cursor.page(rows, |row| row.number);
    Ok(page::respond(&req, &page, &CalendarRevisionPage { items, page: page.clone() }))
}

/// Get a revision of a calendar
///
/// When, by whom, and how many dossiers moved. Which ones is in the timeline of each dossier.
#[utoipa::path(tag = "calendars", operation_id = "get_calendar_revision", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code", example = "vn"), ("number" = i32, Path, description = "Number of the revision, from 1", minimum = 1)),
    extensions(("x-permission" = json!("calendar:read"))),
    responses((status = 200, description = "The revision", body = RevisionView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/calendars/{code}/revisions/{number}")]
async fn get_calendar_revision(permit: Permit<perm::ReadCalendar>, path: web::Path<(String, String)>, _: Query<NoQuery>, db: Db) -> Answer {
    let code = ResourceCode::parse(&path.0).ok_or_else(ApiError::not_found)?;
    let number = path.1.parse().map_err(|_| ApiError::not_found())?;
    let view = store::find(db.get_ref(), code.as_str(), number).await?.ok_or_else(ApiError::not_found)?;
    // It never changes.
    Ok(found(&permit, 1, &view))
}
