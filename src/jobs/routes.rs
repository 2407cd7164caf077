//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use utoipa::IntoParams;
use uuid::Uuid;

use super::model::{Kind, State};
use super::wire::{JobPage, JobResultPage, JobView, result, retry_after};
use super::{acts, errors, store};
use crate::app::Shared;
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::db::Db;
use crate::error::ApiError;
use crate::http::bulk::RowStatus;
use crate::http::call::{RetryHeaders, WriteParams};
use crate::http::query::{FromQuery, NoQuery};
use crate::http::{
    Answer, Cursor, Line, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems, page,
    page::{EVERY, PageParams},
    write,
};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_jobs).service(list_job_results).service(get_job_errors).service(cancel_job).service(get_job);
}

impl Shaped for JobView {}

/// Which jobs to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct JobFilter {
    /// `load` or `export`.
    #[param(value_type = Option<Kind>, example = "load")]
    kind: Option<&'static str>,
    /// What it is done to.
    #[param(value_type = Option<String>, example = "dossiers")]
    resource: Option<Line>,
    /// States, separated by commas.
    #[param(value_type = Option<Vec<State>>, style = Form, explode = false, example = json!(["queued", "running"]))]
    state: Vec<&'static str>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<JobView>,
}

impl FromQuery for JobFilter {
    fn read(q: &mut QueryReader) -> Self {
        JobFilter {
            kind: q.choice("kind", &["load", "export"]),
            resource: q.text("resource").and_then(|text| serde_json::from_value(text.into()).ok()),
            state: q.list("state", State::NAMES),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

/// List jobs
///
/// Your own, newest first; administrators, the office and auditors see all of them.
#[utoipa::path(tag = "jobs", operation_id = "list_jobs", params(JobFilter, PageParams, Shape::<JobView>), security(("bearer" = [])),
    extensions(("x-permission" = json!("job:read"))),
    responses((status = 200, description = "A page of jobs", body = JobPage), ReadProblems))]
#[get("/api/v1/jobs")]
async fn list_jobs(permit: Permit<perm::ReadJob>, Query(asked): Query<JobFilter>, db: Db, req: HttpRequest) -> Answer {
    let only = acts::whose(&permit, Permission::ReadJob);
    let chosen = store::Filter { only, kind: asked.kind, resource: asked.resource, states: asked.state };
    let rows = store::list(db.get_ref(), &chosen, asked.cursor.after()?, asked.cursor.limit).await?;
    let (rows, info) = asked.cursor.page(rows, |r| r.id);
    let info = asked.cursor.counted(db.get_ref(), info, async |db| store::list(db, &chosen, None, EVERY).await.map(drop)).await?;
    let items = rows.iter().map(JobView::of).collect();
    asked.shape.page(&req, db.get_ref(), &permit, &JobPage { items, page: info }).await
}

fn id_of(text: &str) -> Result<Uuid, ApiError> {
    Uuid::parse_str(text).map_err(|_| ApiError::not_found())
}

/// Get a job
///
/// How far it is and what has come of it. While it has not ended, `Retry-After` says when it is worth asking again.
#[utoipa::path(tag = "jobs", operation_id = "get_job", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id", example = "0198c5a0-0000-7000-8000-00000000000a")),
    extensions(("x-permission" = json!("job:read"))),
    responses((status = 200, description = "The job", body = JobView), ReadProblems))]
#[get("/api/v1/jobs/{id}")]
async fn get_job(permit: Permit<perm::ReadJob>, id: web::Path<String>, _: Query<NoQuery>, db: Db) -> Answer {
    let only = acts::whose(&permit, Permission::ReadJob);
    let row = store::find(db.get_ref(), id_of(&id)?, only).await?.ok_or_else(ApiError::not_found)?;
    let mut response = HttpResponse::Ok();
    if let Some(seconds) = retry_after(&row) {
        response.insert_header(("Retry-After", seconds.to_string()));
    }
    Ok(response.json(JobView::of(&row)))
}

/// Which of its rows to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct ResultFilter {
    /// Only rows of which this has become.
    #[param(value_type = Option<RowStatus>)]
    status: Option<&'static str>,
    #[param(ignore)]
    cursor: Cursor,
}

impl FromQuery for ResultFilter {
    fn read(q: &mut QueryReader) -> Self {
        ResultFilter { status: q.choice("status", &["created", "updated", "unchanged", "rejected"]), cursor: Cursor::read(q) }
    }
}

/// List the rows a load tells of
///
/// In the order of the input: those refused, with what is wrong with them, and those warned about; all of them with `return=all`. Only
/// for who sent them.
#[utoipa::path(tag = "jobs", operation_id = "list_job_results", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id", example = "0198c5a0-0000-7000-8000-00000000000a"), ResultFilter, PageParams),
    extensions(("x-permission" = json!("job:read"))),
    responses((status = 200, description = "A page of rows", body = JobResultPage), ReadProblems))]
#[get("/api/v1/jobs/{id}/results")]
async fn list_job_results(
    permit: Permit<perm::ReadJob>,
    id: web::Path<String>,
    Query(asked): Query<ResultFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let job = store::find(db.get_ref(), id_of(&id)?, Some(permit.actor.user_id)).await?.ok_or_else(ApiError::not_found)?.id;
    let rows = store::results(db.get_ref(), job, asked.status, asked.cursor.after()?, asked.cursor.limit).await?;
    let (rows, info) = asked.cursor.page(rows, |r| r.idx);
    let info =
        asked.cursor.counted(db.get_ref(), info, async |db| store::results(db, job, asked.status, None, EVERY).await.map(drop)).await?;
    Ok(page::respond(&req, &info, &JobResultPage { items: rows.into_iter().map(result).collect(), page: info.clone() }))
}

/// Get the refused rows as a file to mend
///
/// CSV: the rows as they came, in the columns of the file that was sent (of JSON, a column for each member, lists and objects as JSON in a
/// cell), and two more, `error_codes` and `error_detail`. Mended, it can be sent again as it is: those two columns are read over. A
/// cell that a spreadsheet would run stands behind an apostrophe, which is taken off when the file comes back. Only for who sent them.
#[utoipa::path(tag = "jobs", operation_id = "get_job_errors", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id", example = "0198c5a0-0000-7000-8000-00000000000a")),
    extensions(("x-permission" = json!("job:read"))),
    responses((status = 200, description = "The refused rows", content_type = "text/csv", body = String,
        example = "code,name,kind,error_codes,error_detail\nX,,unit,missing,/name: This must be given."), ReadProblems))]
#[get("/api/v1/jobs/{id}/errors")]
async fn get_job_errors(
    permit: Permit<perm::ReadJob>,
    id: web::Path<String>,
    _: Query<NoQuery>,
    db: Db,
    shared: web::Data<Shared>,
    req: HttpRequest,
) -> Answer {
    crate::http::accept::choose(&req, &["text/csv"])?;
    let row = store::find(db.get_ref(), id_of(&id)?, Some(permit.actor.user_id)).await?.ok_or_else(ApiError::not_found)?;
    if row.kind != "load" {
        return Err(ApiError::not_found());
    }
    errors::file(db, shared.into_inner(), row).await
}

/// Cancel a job
///
/// One that waits ends at once. One at work ends after its current chunk: in best effort what was applied until then stays, and
/// `summary` counts it; otherwise nothing is applied. One that has ended is left as it is (409).
#[utoipa::path(tag = "jobs", operation_id = "cancel_job", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id", example = "0198c5a0-0000-7000-8000-00000000000a"), WriteParams, RetryHeaders),
    extensions(("x-permission" = json!("job:cancel"))),
    responses((status = 200, description = "Cancelled, or about to be", body = JobView), WriteProblems))]
#[post("/api/v1/jobs/{id}/cancellation")]
async fn cancel_job(permit: Permit<perm::CancelJob>, id: web::Path<String>, _: Query<WriteParams>, req: HttpRequest, db: Db) -> Answer {
    crate::http::gate::take_turn(&req).await?;
    let id = id_of(&id)?;
    write(db.get_ref(), &permit, &crate::http::json::digest(b""), async |tx| acts::cancel(tx, &permit, id).await).await
}
