//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, post, web};
use utoipa::IntoParams;

use super::acts::{self, Names};
use super::rules::columns::fields;
use super::sheet;
use super::wire::{ColumnNames, DepartmentNames, PlanImport};
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::db::Db;
use crate::error::{ApiError, Code, Fault};
use crate::http::json::{check_media_type, read_body};
use crate::http::query::FromQuery;
use crate::http::table::XLSX;
use crate::http::{Answer, Query, QueryReader, WriteProblems, write};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(import_plan_tasks);
}

/// How to read a table.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportParams {
    /// Name of the sheet; the first one by default.
    #[param(example = "Phụ lục")]
    sheet: Option<String>,
    /// Headers that are not known, and the member each is, `-` to pass it over: `Tiêu chí=notes;Mã TC=-`.
    #[param(inline, value_type = Option<ColumnNames>, example = "Tiêu chí=notes;Mã TC=-")]
    columns: Vec<(String, String)>,
    /// What the table calls departments, and their codes: `Sở KH&ĐT=SKHDT;Các phòng=CPTT`.
    #[param(inline, value_type = Option<DepartmentNames>, example = "Sở KH&ĐT=SKHDT;Các phòng=CPTT")]
    departments: Vec<(String, String)>,
    /// Same checks, status and body, but nothing is stored: what was read can be looked at.
    #[allow(dead_code, reason = "read by Call::of; named here for the contract")]
    dry_run: Option<bool>,
}

fn pairs(q: &mut QueryReader, name: &'static str) -> Vec<(String, String)> {
    let Some(text) = q.text(name) else { return Vec::new() };
    let parts = text.strip_suffix(';').unwrap_or(&text).split(';');
    let code = |text: &str| text.trim_matches(' ').to_owned();
    let pairs: Vec<Option<(String, String)>> =
        parts.map(|part| part.rsplit_once('=').map(|(a, b)| (a.trim().to_owned(), code(b)))).collect();
    let wrong = |pair: &Option<(String, String)>| match pair {
        None => true,
        Some((_, field)) => name == "columns" && field != "-" && !fields().any(|known| known == field),
    };
    if pairs.iter().any(wrong) {
        let (vi, en) = ("Có dạng “tên=mã;tên=mã”.", "Looks like “name=code;name=code”, with members of a task.");
        q.fault(Fault::new(Code::InvalidParameter, name, vi, en));
    }
    pairs.into_iter().flatten().collect()
}

impl FromQuery for ImportParams {
    fn read(q: &mut QueryReader) -> Self {
        ImportParams {
            sheet: q.text("sheet"),
            columns: pairs(q, "columns"),
            departments: pairs(q, "departments"),
            dry_run: q.flag("dry_run"),
        }
    }
}

/// Import the tasks of a plan
///
/// From CSV or a spreadsheet, whose rows become the headings and tasks of a plan that has been put. Columns are known by their headers, in
/// Vietnamese or by the names of members; headings by their numbers and merged cells; departments by code or name; schedules by their
/// words. A task keeps its code, and what the table has no column for, by its `local_code`, else by its heading and title. Try it with
/// `dry_run=true` first: the answer shows each row as it was read. Faults come all at once, by row and column.
#[utoipa::path(tag = "plans", operation_id = "import_plan_tasks", security(("bearer" = [])),
    request_body(content(
        (String = "text/csv", example = "STT,Nhiệm vụ,Sản phẩm,Thời gian hoàn thành,Chủ trì,Phối hợp\nI,CẢI CÁCH THỂ CHẾ,,,,\n1,Rà soát văn bản,Báo cáo,Quý II/2022,VP,"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", example = "PK…"))),
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022"), ImportParams, crate::http::call::ChangeHeaders),
    extensions(("x-permission" = json!("plan:write"))),
    responses((status = 200, description = "Read, or equal already", body = PlanImport), WriteProblems))]
#[post("/api/v1/plans/{key}/imports")]
async fn import_plan_tasks(
    permit: Permit<perm::WritePlan>,
    key: web::Path<String>,
    Query(params): Query<ImportParams>,
    req: HttpRequest,
    payload: web::Payload,
    db: Db,
) -> Answer {
    check_media_type(&req, &["text/csv", XLSX])?;
    let is_csv = check_media_type(&req, &["text/csv"]).is_ok();
    let (bytes, hash) = read_body(&req, payload.into_inner()).await?;
    let (names, wanted) = (Names { columns: params.columns, departments: params.departments }, params.sheet);
    // Unpacking takes its time, and a reader of strangers' files may fail in ways of its own.
    let read = web::block(move || if is_csv { sheet::csv(&bytes) } else { sheet::xlsx(&bytes, wanted.as_deref()) });
    let sheet = read.await.map_err(|e| ApiError::new(Code::MalformedBody).because(e))??;
    write(db.get_ref(), &permit, &hash, async |tx| acts::import(tx, &permit, &key.as_str().into(), &sheet, &names).await).await
}
