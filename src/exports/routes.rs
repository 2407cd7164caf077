//! HTTP in, HTTP out.

use std::collections::BTreeMap;

use crate::http::ServiceConfig;
use actix_web::{HttpResponse, get, post, web};
use bytes::Bytes;
use futures_util::stream::try_unfold;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::sources::source;
use super::wire::{ExportView, NewExport, Params};
use crate::app::Shared;
use crate::auth::permissions::perm;
use crate::auth::{Permit, still_holds};
use crate::db::Db;
use crate::error::{ApiError, Code, Fault};
use crate::http::call::{RetryHeaders, WriteParams};
use crate::http::query::{NoQuery, encode};
use crate::http::table::attachment;
use crate::http::{Answer, Json, Query, ReadProblems, Reply, WriteProblems, write};
use crate::jobs::{self, Kind, Row, retry_after};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(create_export).service(get_export_content).service(get_export);
}

/// Export a list
///
/// As NDJSON, CSV or a spreadsheet, all of it, as of one moment, which is told. It holds exactly the items that the list shows you, with the
/// list's own filter; of a list of something, such as the measurements of an indicator, the filter also names that. Texts are in the
/// language of this request. In CSV and spreadsheets a column is a member of the item, lists and objects as JSON in the cell; in CSV a text that
/// a spreadsheet would run stands behind an apostrophe. A spreadsheet holds at most 1,048,575 rows.
///
/// Every list is exported but these: jobs and the rows that one tells of (they are about the server's own work; refused rows have a file of
/// their own), and the catalogue of findings and the pages of problem codes (texts that are the same for all, no data).
#[utoipa::path(tag = "jobs", operation_id = "create_export", security(("bearer" = [])), request_body = NewExport, params(WriteParams, RetryHeaders),
    extensions(("x-permission" = json!("export:make"))),
    responses((status = 202, description = "It will be made", body = ExportView), WriteProblems))]
#[post("/api/v1/exports")]
async fn create_export(
    permit: Permit<perm::MakeExport>,
    _: Query<WriteParams>,
    body: Json<NewExport>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let new = &body.value;
    let params = decide(new, &permit, &shared)?;
    let most = shared.settings.jobs.open_per_caller;
    let answer = write(db.get_ref(), &permit, &body.hash, async |tx| {
        let kept = serde_json::to_value(&params).map_err(|e| ApiError::new(Code::Internal).because(e))?;
        let id = jobs::ask(tx, &permit, Kind::Export, new.resource.0, kept, most).await?;
        let row = jobs::find(tx, id, None).await?.ok_or_else(ApiError::not_found)?;
        let reply = Reply::json(202, &ExportView::of(&row, params.clone()))?;
        Ok(reply.header("Location", format!("/api/v1/exports/{id}")).header("Retry-After", "1"))
    })
    .await;
    shared.jobs.ring();
    answer
}

/// What is to be made, with every fault of what was asked for.
fn decide(new: &NewExport, permit: &Permit<perm::MakeExport>, shared: &Shared) -> Result<Params, ApiError> {
    let source = source(new.resource.0).ok_or_else(|| ApiError::new(Code::Internal).because("a list that is not known"))?;
    if !permit.actor.has(source.permission) {
        return Err(crate::auth::permit::forbidden());
    }
    let mut faults = Vec::new();
    let mut filter = new.filter.clone();
    filter.retain(|_, value| !value.is_null());
    let mut keys = BTreeMap::new();
    for name in source.keys {
        match filter.remove(*name).map(|value| word(&value)) {
            Some(Some(text)) => drop(keys.insert((*name).to_owned(), text)),
            Some(None) => faults.push(Fault::plain(Code::WrongType, format!("/filter/{name}"))),
            None if source.of_all => {}
            None => faults.push(Fault::missing(format!("/filter/{name}"))),
        }
    }
    let (whole, members) =
        (("Tệp luôn gồm cả danh sách.", "An export is the whole list."), ("Hãy chọn bằng “columns”.", "Choose by “columns”."));
    for (name, (vi, en)) in [("limit", whole), ("cursor", whole), ("count", whole), ("fields", members), ("expand", members)] {
        if filter.remove(name).is_some() {
            faults.push(Fault::new(Code::UnknownParameter, format!("/filter/{name}"), vi, en));
        }
    }
    let query = query(&filter, &mut faults);
    if let Err(error) = source.check(shared, &query) {
        let below = |f: &Fault| Fault { pointer: format!("/filter/{}", f.pointer).into(), ..f.clone() };
        faults.extend(error.fault_list().iter().map(below));
    }
    let known = source.columns()?;
    let columns = match &new.columns {
        None => known,
        Some(wanted) => {
            for (i, column) in wanted.iter().enumerate() {
                let twice = wanted[..i].iter().any(|c| c == column);
                if twice || !known.iter().any(|k| k == column.as_str()) {
                    let list = known.join(", ");
                    let (vi, en) = (format!("Mỗi cột một lần, thuộc: {list}."), format!("Each column once, out of: {list}."));
                    faults.push(Fault::new(Code::NotInList, format!("/columns/{i}"), vi, en));
                }
            }
            if wanted.is_empty() {
                faults.push(Fault::missing("/columns"));
            }
            wanted.iter().map(|c| c.as_str().to_owned()).collect()
        }
    };
    if faults.is_empty() {
        Ok(Params { format: new.format, query, keys, columns })
    } else {
        Err(ApiError::new(Code::InvalidBody).faults(faults))
    }
}

/// One value of a filter as a parameter has it.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The filter as the list's query: a list of values stands behind one name with commas.
fn query(filter: &Map<String, Value>, faults: &mut Vec<Fault>) -> String {
    let mut parts = Vec::new();
    for (name, value) in filter {
        let text = match value {
            Value::Array(list) => list.iter().map(word).collect::<Option<Vec<_>>>().map(|list| list.join(",")),
            other => word(other),
        };
        match text {
            Some(text) => parts.push(format!("{}={}", encode(name), encode(&text))),
            None => faults.push(Fault::plain(Code::WrongType, format!("/filter/{name}"))),
        }
    }
    parts.join("&")
}

/// An export of one's own.
async fn own(permit: &Permit<perm::ReadJob>, id: &str, db: &Db) -> Result<(Row, Params), ApiError> {
    let id = Uuid::parse_str(id).map_err(|_| ApiError::not_found())?;
    let row = jobs::find(db.get_ref(), id, Some(permit.actor.user_id)).await?.filter(|r| r.kind == Kind::Export.name());
    let row = row.ok_or_else(ApiError::not_found)?;
    let params = serde_json::from_value(row.params.clone()).map_err(|e| ApiError::new(Code::Internal).because(e))?;
    Ok((row, params))
}

/// Get an export
///
/// How far it is, of which moment it is, and where its file is. Only for who asked for it.
#[utoipa::path(tag = "jobs", operation_id = "get_export", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id", example = "0198c5a0-0000-7000-8000-00000000000b")),
    extensions(("x-permission" = json!("job:read"))),
    responses((status = 200, description = "The export", body = ExportView), ReadProblems))]
#[get("/api/v1/exports/{id}")]
async fn get_export(permit: Permit<perm::ReadJob>, id: web::Path<String>, _: Query<NoQuery>, db: Db) -> Answer {
    let (row, params) = own(&permit, &id, &db).await?;
    let mut response = HttpResponse::Ok();
    if let Some(seconds) = retry_after(&row) {
        response.insert_header(("Retry-After", seconds.to_string()));
    }
    Ok(response.json(ExportView::of(&row, params)))
}

/// Get the file of an export
///
/// For who asked for it and still sees all that it shows: who has lost a right since is refused (403).
#[utoipa::path(tag = "jobs", operation_id = "get_export_content", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id", example = "0198c5a0-0000-7000-8000-00000000000b")),
    extensions(("x-permission" = json!("job:read"))),
    responses((status = 200, description = "The file", content((String = "application/x-ndjson", example = "{\"code\":\"DKKD\"}\n"),
        (String = "text/csv", example = "code\r\nDKKD\r\n"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/exports/{id}/content")]
async fn get_export_content(permit: Permit<perm::ReadJob>, id: web::Path<String>, _: Query<NoQuery>, db: Db) -> Answer {
    let (row, params) = own(&permit, &id, &db).await?;
    let made = ExportView::of(&row, params.clone()).content.is_some();
    let authority = row.authority.as_ref().filter(|_| made).ok_or_else(|| {
        ApiError::not_found().say(
            "Chưa có tệp, hoặc không còn: xem trạng thái của lần xuất dữ liệu này.",
            "There is no file yet, or none any more: the export itself tells its state.",
        )
    })?;
    // What the token says, and what holds now: whichever is less.
    let now = crate::auth::actor_now(db.get_ref(), permit.actor.user_id, permit.actor.scope_names().as_deref()).await?;
    let holds = |actor: &crate::auth::Actor| still_holds(&actor.authority(), authority);
    if !holds(&permit.actor) || !now.as_ref().is_some_and(holds) {
        return Err(ApiError::new(Code::Forbidden).say(
            "Quyền của bạn đã thay đổi từ khi tạo tệp này; hãy tạo tệp mới.",
            "Your rights have changed since this file was made; ask for a new one.",
        ));
    }
    let day = crate::http::Day(row.moment.unwrap_or(row.created_at).with_timezone(&crate::http::values::vietnam()).date_naive()).0;
    let name = format!("{}-{day}", row.resource);
    let body = try_unfold((db, 0), move |(db, n)| async move {
        let piece = jobs::export_piece(db.get_ref(), row.id, n).await?;
        Ok::<_, ApiError>(piece.map(|piece| (Bytes::from(piece), (db, n + 1))))
    });
    let mut response = HttpResponse::Ok();
    response.content_type(params.format.media()).insert_header(attachment(&name, params.format.extension()));
    Ok(response.streaming(Box::pin(body)))
}
