//! Documents that show work, and their files.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use bytes::BytesMut;

use super::number;
use crate::app::Shared;
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::db::Db;
use crate::error::ApiError;
use crate::http::body::Body;
use crate::http::call::{ChangeHeaders, WriteParams};
use crate::http::gate::take_turn;
use crate::http::json::{check_media_type, digest};
use crate::http::query::NoQuery;
use crate::http::{Answer, Json, Query, ReadProblems, WriteProblems, table, write};
use crate::plans::tasks::rules::work::FileKind;
use crate::plans::tasks::wire::{NewEvidence, TaskView};
use crate::plans::tasks::{acts, store};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(add_evidence).service(put_evidence_content).service(get_evidence_content);
}

/// Add a document to a task
///
/// A department with part in the task shows what it has done: a number, a title or a link at least. A file may follow. Answers the task.
#[utoipa::path(tag = "plans", operation_id = "add_evidence", security(("bearer" = [])), request_body = NewEvidence,
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.II.1-1.1a"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("task:report"))),
    responses((status = 201, description = "The task with the document", body = TaskView), WriteProblems))]
#[post("/api/v1/tasks/{key}/evidence")]
async fn add_evidence(
    permit: Permit<perm::ReportTask>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewEvidence>,
    db: Db,
) -> Answer {
    let key = key.as_str().into();
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::add_evidence(tx, &permit, &key, &body.value).await).await
}

/// Put the file of a document
///
/// PDF, DOCX, XLSX, PNG or JPEG, no larger than `http.max_file_bytes`; what a file is, is told by its first bytes, not by its name.
/// `Unchanged: true` when it is the same already. Answers the task.
#[utoipa::path(tag = "plans", operation_id = "put_evidence_content", security(("bearer" = [])),
    request_body(description = "The file", content((String = "application/pdf", example = "%PDF-1.7 …"), (String = "image/png", example = "\u{89}PNG…"), (String = "image/jpeg", example = "ÿØÿ…"),
        (String = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", example = "PK…"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", example = "PK…"))),
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.II.1-1.1a"),
        ("n" = i32, Path, description = "Number of the document", example = 1), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("task:report"))),
    responses((status = 201, description = "The task with the file", body = TaskView),
        (status = 200, description = "The same file already", body = TaskView), WriteProblems))]
#[put("/api/v1/tasks/{key}/evidence/{n}/content")]
async fn put_evidence_content(
    permit: Permit<perm::ReportTask>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    req: HttpRequest,
    payload: web::Payload,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let (key, n) = path.into_inner();
    let (key, n) = (key.as_str().into(), number(&n)?);
    let offered = FileKind::ALL.map(FileKind::media_type);
    check_media_type(&req, &offered)?;
    let mut body = Body::stream(&req, payload.into_inner(), &shared.settings.http, shared.settings.http.max_file_bytes)?;
    let mut content = BytesMut::new();
    while let Some(piece) = body.next().await? {
        content.extend_from_slice(&piece);
    }
    take_turn(&req).await?;
    let hash = digest(&content);
    let sha256: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let sent = req.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let media_type = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let file = (media_type.as_str(), content.as_ref(), sha256.as_str());
    write(db.get_ref(), &permit, &hash, async |tx| acts::put_evidence_content(tx, &permit, (&key, n), file).await).await
}

/// Get the file of a document
///
/// To be saved, not shown: it comes from others.
#[utoipa::path(tag = "plans", operation_id = "get_evidence_content", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.II.1-1.1a"),
        ("n" = i32, Path, description = "Number of the document", example = 1)),
    extensions(("x-permission" = json!("task:read"))),
    responses((status = 200, description = "The file", headers(("ETag" = String)), content((String = "application/pdf", example = "%PDF-1.7 …"), (String = "image/png", example = "\u{89}PNG…"), (String = "image/jpeg", example = "ÿØÿ…"),
        (String = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", example = "PK…"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", example = "PK…"))), ReadProblems))]
#[get("/api/v1/tasks/{key}/evidence/{n}/content")]
async fn get_evidence_content(permit: Permit<perm::ReadTask>, path: web::Path<(String, String)>, _: Query<NoQuery>, db: Db) -> Answer {
    let (key, n) = path.into_inner();
    let n = number(&n)?;
    let task = store::find(db.get_ref(), &store::Reaches::of(&permit), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let file = store::content(db.get_ref(), task.id, n).await?.ok_or_else(ApiError::not_found)?;
    let extension = FileKind::ALL.into_iter().find(|kind| kind.media_type() == file.media_type).map_or("bin", FileKind::extension);
    Ok(HttpResponse::Ok()
        .content_type(file.media_type)
        .insert_header(table::attachment(&format!("{}-{n}", task.code), extension))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Content-Security-Policy", "sandbox; default-src 'none'"))
        .insert_header(("ETag", format!("\"{}\"", file.sha256)))
        .body(file.content))
}
