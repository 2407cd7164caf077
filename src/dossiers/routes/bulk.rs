//! The load of history: the body is handed to the background piece by piece, and the answer comes back the same way.

use std::time::Duration;

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, post, web};
use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::app::Shared;
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::db::Db;
use crate::dossiers::history::{HistoryRow, Load, Loaded, Outcome, Piece, load};
use crate::error::{ApiError, Code};
use crate::http::body::Body;
use crate::http::bulk::{BulkAnswer, BulkHeaders, BulkParams, media_format, respond_with, summary_problem};
use crate::http::call::RetryHeaders;
use crate::http::retry::Retry;
use crate::http::{Answer, Query, WriteProblems};
use crate::jobs::{self, Intake, JobView};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(load_dossiers);
}

/// Load dossier histories
///
/// JSON array, NDJSON or CSV (nested lists as JSON in a cell), gzip if said so. Due dates, outcomes and findings are
/// computed by the rules. A million rows in one request work; the order of the answer is the order of the input. A new dossier
/// may have any code but a number that is reserved for another counter; numbers allotted later follow those of its own agency.
#[utoipa::path(tag = "dossiers", operation_id = "load_dossiers", security(("bearer" = [])), params(BulkParams, BulkHeaders, RetryHeaders),
    request_body(content((Vec<HistoryRow> = "application/json"),
        (String = "application/x-ndjson", example = "{\"code\":\"H32.05-220419-0001\",\"procedure\":\"2.001610\",\"receiving_department\":\"MC\",\"channel\":\"online\",\"accepted_at\":\"2022-04-19T08:30:00+07:00\"}"),
        (String = "text/csv", example = "code,procedure,receiving_department,channel,accepted_at\nH32.05-220419-0001,2.001610,MC,online,2022-04-19T08:30:00+07:00"))),
    extensions(("x-permission" = json!("dossier:load"))),
    responses((status = 200, description = "Every row applied or unchanged", body = BulkAnswer),
        (status = 207, description = "Best effort: some rows were refused", body = BulkAnswer),
        (status = 202, description = "With `Prefer: respond-async`: taken in; the job is at `Location`", body = JobView), WriteProblems))]
#[post("/api/v1/dossiers/bulk")]
async fn load_dossiers(
    permit: Permit<perm::LoadDossier>,
    Query(params): Query<BulkParams>,
    req: HttpRequest,
    payload: web::Payload,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    if jobs::wanted(&req) {
        let intake = Intake { call: &permit, params, req: &req, db: &db, shared: &shared, resource: "dossiers", together: false };
        return jobs::take_in::<HistoryRow>(intake, payload).await;
    }
    let format = media_format(&req)?;
    let job = Load {
        actor: permit.actor.clone(),
        reach: permit.reach(),
        now: permit.now,
        lang: permit.lang,
        request_id: permit.request_id.clone(),
        params,
        format,
        retry: Retry::of(&permit),
    };
    let Ok(turn) = shared.load_gate.clone().try_acquire_owned() else {
        return Err(ApiError::new(Code::Unavailable).say("Đang có lần nạp khác.", "Other loads are under way."));
    };
    let http = &shared.settings.http;
    let body = Body::stream(&req, payload.into_inner(), http, http.max_bulk_bytes)?;
    let (send, pieces) = mpsc::channel(16);
    let task = shared.runtime.spawn({
        let shared = shared.clone();
        // The place goes along with the connection, whatever becomes of the request.
        async move { load(&shared, job, pieces).await.map(|outcome| (outcome, turn)) }
    });
    feed(body, send).await;
    let (outcome, turn) = task.await.map_err(|e| ApiError::new(Code::Internal).because(e))??;
    match outcome {
        Outcome::Loaded(loaded) => answer(loaded, turn, params, &shared).await,
        Outcome::Kept(reply, summary) => Ok(respond_with(reply, summary.unwrap_or_default())),
    }
}

/// Hands the body over; a fault of the body goes the same way and ends the load.
async fn feed(mut body: Body, send: mpsc::Sender<Piece>) {
    loop {
        let piece = match body.next().await {
            Ok(Some(bytes)) => Piece::Bytes(bytes),
            Ok(None) => break,
            Err(error) => {
                // The load may have ended already; its own answer says why.
                let _ = send.send(Piece::Broken(error)).await;
                return;
            }
        };
        if send.send(piece).await.is_err() {
            return;
        }
    }
    let _ = send.send(Piece::End(body.hash())).await;
}

async fn answer(loaded: Loaded, turn: OwnedSemaphorePermit, params: BulkParams, shared: &web::Data<Shared>) -> Answer {
    let (summary, refused) = (loaded.summary, loaded.refused);
    let (send, mut rows) = mpsc::channel::<Bytes>(4);
    let patience = Duration::from_secs(shared.settings.http.body_timeout_s);
    let reading = shared.runtime.spawn(async move {
        let _turn = turn;
        loaded.results(send, patience).await
    });
    if refused {
        let mut list = b"[".to_vec();
        while let Some(block) = rows.recv().await {
            list.extend_from_slice(&block);
        }
        list.push(b']');
        reading.await.map_err(|e| ApiError::new(Code::Internal).because(e))??;
        let list: Vec<Value> = serde_json::from_slice(&list).map_err(|e| ApiError::new(Code::Internal).because(e))?;
        return Err(summary_problem(summary, list));
    }
    let mut response = if summary.rejected > 0 { HttpResponse::MultiStatus() } else { HttpResponse::Ok() };
    if params.dry_run {
        response.insert_header(("Dry-Run", "true"));
    }
    let head = serde_json::to_string(&summary).map_err(|e| ApiError::new(Code::Internal).because(e))?;
    let head = Bytes::from(format!("{{\"summary\":{head},\"results\":["));
    let rows = futures_util::stream::unfold(rows, |mut rows| async move { rows.recv().await.map(|block| (block, rows)) });
    // What could not be read to its end breaks off, so that nobody takes it for the whole.
    let end = async move {
        match reading.await {
            Ok(Ok(())) => Ok(Bytes::from_static(b"]}")),
            Ok(Err(error)) => Err(error),
            Err(error) => Err(ApiError::new(Code::Internal).because(error)),
        }
    };
    let body = futures_util::stream::once(async move { head }).chain(rows).map(Ok::<_, ApiError>).chain(futures_util::stream::once(end));
    let mut response = response.content_type("application/json").streaming(body);
    response.extensions_mut().insert(summary);
    Ok(response)
}
