//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, post, put, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::acts::Word;
use super::rules::sheet::YEARS;
use super::wire::{
    CriteriaChanges, CriteriaImport, CriteriaSheetPage, CriteriaSheetSummary, CriteriaSheetView, CriterionScoreView, NewCriteriaSheet,
    NewCriterionAppraisal, NewCriterionScore,
};
use super::{acts, moved, store};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::db::Db;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::call::{ChangeHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::json::{check_media_type, read_body};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::table::XLSX;
use crate::http::values;
use crate::http::{
    Answer, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    sheet, table, write,
};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_criteria_sheets).service(get_criteria_sheet).service(put_criteria_sheet).service(import_criteria);
    cfg.service(get_criteria_changes).service(get_criterion_score).service(put_criterion_score).service(put_criterion_appraisal);
}

impl Shaped for CriteriaSheetSummary {
    const RELATIONS: &'static [Relation] = &[Relation::one("department", &["department"], departments::EXPANDED)];
}

impl Shaped for CriteriaSheetView {
    const RELATIONS: &'static [Relation] = &[Relation::one("department", &["department"], departments::EXPANDED)];
}

impl Shaped for CriterionScoreView {
    const RELATIONS: &'static [Relation] = &[Relation::one("department", &["department"], departments::EXPANDED)];
}

/// Which sheets to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct CriteriaSheetFilter {
    /// The year that is scored.
    #[param(minimum = 1990, maximum = 2200, example = 2022)]
    year: Option<i32>,
    /// Code of the department that is scored.
    #[param(example = "SKHDT")]
    department: Option<String>,
    /// Words of the code or name, with or without accents.
    #[param(value_type = Option<String>, example = "cai cach")]
    q: Vec<String>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<CriteriaSheetSummary>,
}

impl FromQuery for CriteriaSheetFilter {
    fn read(q: &mut QueryReader) -> Self {
        let year = q.parse("year", "Phải là một năm, ví dụ 2022.", "Must be a year such as 2022.");
        if year.is_some_and(|year| !YEARS.contains(&year)) {
            q.fault(Fault::new(Code::InvalidParameter, "year", "Năm từ 1990 đến 2200.", "A year from 1990 to 2200."));
        }
        CriteriaSheetFilter {
            year,
            department: q.text("department"),
            q: values::words([q.text("q").as_deref()]),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

impl CriteriaSheetFilter {
    fn chosen(&self) -> store::Filter<'_> {
        store::Filter { year: self.year, department: self.department.as_deref(), words: &self.q }
    }
}

async fn page(db: &impl ConnectionTrait, filter: &CriteriaSheetFilter) -> Result<(Vec<CriteriaSheetSummary>, PageInfo), ApiError> {
    let rows = store::list(db, &filter.chosen(), filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |s| s.code.clone()))
}

/// List sheets of index criteria
///
/// Ordered by code.
#[utoipa::path(tag = "criteria", operation_id = "list_criteria_sheets", params(CriteriaSheetFilter, PageParams, Shape::<CriteriaSheetSummary>),
    security(("bearer" = [])), extensions(("x-permission" = json!("criteria:read"))),
    responses((status = 200, description = "A page of sheets", body = CriteriaSheetPage), ReadProblems))]
#[get("/api/v1/criteria-sheets")]
async fn list_criteria_sheets(
    permit: Permit<perm::ReadCriteria>,
    Query(filter): Query<CriteriaSheetFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let (items, page) = page(db.get_ref(), &filter).await?;
    let chosen = filter.chosen();
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, &chosen, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &CriteriaSheetPage { items, page }).await
}

/// Get a sheet of index criteria
///
/// By id or code: the tree with every score, what counts, sums up the tree, the index in per cent, and the points of the year before. The
/// appraised score counts, else what a survey or a figure gives, else the department's own. `ETag` is the version of the
/// sheet; scores change without it, so the answer is never 304.
#[utoipa::path(tag = "criteria", operation_id = "get_criteria_sheet", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "par-index-2022"), Shape::<CriteriaSheetView>),
    extensions(("x-permission" = json!("criteria:read"))),
    responses((status = 200, description = "The sheet", body = CriteriaSheetView), ReadProblems))]
#[get("/api/v1/criteria-sheets/{key}")]
async fn get_criteria_sheet(
    permit: Permit<perm::ReadCriteria>,
    key: web::Path<String>,
    Query(shape): Query<Shape<CriteriaSheetView>>,
    db: Db,
) -> Answer {
    let stored = store::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let view = acts::read(db.get_ref(), &stored).await?;
    shape.found_today(db.get_ref(), &permit, view.version, &view).await
}

/// Put a sheet of index criteria
///
/// The head and the whole tree. Creates it or changes it as a whole; `Unchanged: true` when it is equal already. Criteria are known by their
/// numbers and keep their scores; one that was scored must stay, with its kind. The maxima of the parts are not more together than that
/// of the whole.
#[utoipa::path(tag = "criteria", operation_id = "put_criteria_sheet", security(("bearer" = [])), request_body = NewCriteriaSheet,
    params(("key" = String, Path, description = "Code", example = "par-index-2022"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("criteria:write"))),
    responses((status = 201, description = "Created", body = CriteriaSheetView), (status = 200, description = "Changed, or equal already", body = CriteriaSheetView), WriteProblems))]
#[put("/api/v1/criteria-sheets/{key}")]
async fn put_criteria_sheet(
    permit: Permit<perm::WriteCriteria>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewCriteriaSheet>,
    db: Db,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::put(tx, &permit, &key, &body.value).await).await
}

/// How to read a table.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct CriteriaImportParams {
    /// Name of the sheet of the spreadsheet; the first one by default.
    #[param(example = "Phụ lục")]
    sheet: Option<String>,
    /// Same checks, status and body, but nothing is stored: what was read can be looked at.
    #[allow(dead_code, reason = "read by Call::of; named here for the contract")]
    dry_run: Option<bool>,
}

impl FromQuery for CriteriaImportParams {
    fn read(q: &mut QueryReader) -> Self {
        CriteriaImportParams { sheet: q.text("sheet"), dry_run: q.flag("dry_run") }
    }
}

/// Import the criteria of a sheet
///
/// From CSV or a spreadsheet, in place of those that a sheet has whose head has been put. Columns are known by their headers, in Vietnamese or by
/// the names of members: `code`, `parent`, `name`, `max_points`, `kind`, `full_at`, `bands`, `kpi`, `department`, `follows`, `last_year_score`, `note`. Numbers are
/// text; without `parent`, `1.2.3` is a part of `1.2`. Bands look like `100: 2; 85: /100; 50: 50%`. Without `kind` a criterion without parts
/// is scored by points. Faults come all at once, by row and column. Try it with `dry_run=true` first.
#[utoipa::path(tag = "criteria", operation_id = "import_criteria", security(("bearer" = [])),
    request_body(content(
        (String = "text/csv", example = "STT,Tiêu chí,Điểm tối đa,Cách chấm\n1,Chỉ đạo điều hành,10,\n1.1,Mức độ hoàn thành kế hoạch,2,Điểm"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", example = "PK…"))),
    params(("key" = String, Path, description = "Id or code", example = "par-index-2022"), CriteriaImportParams, ChangeHeaders),
    extensions(("x-permission" = json!("criteria:write"))),
    responses((status = 200, description = "Read, or equal already", body = CriteriaImport), WriteProblems))]
#[post("/api/v1/criteria-sheets/{key}/imports")]
async fn import_criteria(
    permit: Permit<perm::WriteCriteria>,
    key: web::Path<String>,
    Query(params): Query<CriteriaImportParams>,
    req: HttpRequest,
    payload: web::Payload,
    db: Db,
) -> Answer {
    check_media_type(&req, &["text/csv", XLSX])?;
    let is_csv = check_media_type(&req, &["text/csv"]).is_ok();
    let (bytes, hash) = read_body(&req, payload.into_inner()).await?;
    let wanted = params.sheet;
    // Unpacking takes its time, and a reader of strangers' files may fail in ways of its own.
    let read = web::block(move || if is_csv { sheet::csv(&bytes) } else { sheet::xlsx(&bytes, wanted.as_deref()) });
    let table = read.await.map_err(|e| ApiError::new(Code::MalformedBody).because(e))??;
    write(db.get_ref(), &permit, &hash, async |tx| acts::import(tx, &permit, &key.as_str().into(), &table).await).await
}

/// Whose criteria to look at.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct CriteriaChangesFilter {
    /// Code of a department: only criteria in its charge, or of those below it.
    #[param(example = "DKKD")]
    department: Option<String>,
}

impl FromQuery for CriteriaChangesFilter {
    fn read(q: &mut QueryReader) -> Self {
        CriteriaChangesFilter { department: q.text("department") }
    }
}

/// What rose and fell against the year before
///
/// The criteria without parts of a sheet against the sheet that it follows, or the points of the year before that are given with them: up, down,
/// same, new, gone, or not scored in one of both years. Where the maximum is another, parts of the maximum are compared. JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "criteria", operation_id = "get_criteria_changes", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "par-index-2022"), CriteriaChangesFilter),
    extensions(("x-permission" = json!("criteria:read"))),
    responses((status = 200, description = "The changes", content(
        (CriteriaChanges = "application/json"),
        (String = "text/csv", example = "Số,Tiêu chí,Đơn vị phụ trách"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/criteria-sheets/{key}/changes")]
async fn get_criteria_changes(
    permit: Permit<perm::ReadCriteria>,
    key: web::Path<String>,
    Query(filter): Query<CriteriaChangesFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let stored = store::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let changes = moved::of_sheet(db.get_ref(), &permit.reach(), &stored, filter.department.as_deref()).await?;
    table::respond(&req, &changes, || changes.table())
}

/// Get the score of a criterion
///
/// 404 while nobody has scored it.
#[utoipa::path(tag = "criteria", operation_id = "get_criterion_score", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code of the sheet", example = "par-index-2022"),
        ("criterion" = String, Path, description = "Number of the criterion", example = "1.1"), Shape::<CriterionScoreView>),
    extensions(("x-permission" = json!("criteria:read"))),
    responses((status = 200, description = "The score", body = CriterionScoreView), ReadProblems))]
#[get("/api/v1/criteria-sheets/{key}/scores/{criterion}")]
async fn get_criterion_score(
    permit: Permit<perm::ReadCriteria>,
    path: web::Path<(String, String)>,
    Query(shape): Query<Shape<CriterionScoreView>>,
    db: Db,
) -> Answer {
    let stored = store::find(db.get_ref(), &path.0.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let view = acts::scored(&stored, &path.1)?;
    // What is in the sheet changes it without a new version.
    shape.found_today(db.get_ref(), &permit, view.version, &view).await
}

/// Score a criterion
///
/// By the department in charge, or the office for it: its own points, the figure that points follow from, and the evidence. Puts all of that anew; the
/// appraisal stays. `Unchanged: true` when it is equal already.
#[utoipa::path(tag = "criteria", operation_id = "put_criterion_score", security(("bearer" = [])), request_body = NewCriterionScore,
    params(("key" = String, Path, description = "Id or code of the sheet", example = "par-index-2022"),
        ("criterion" = String, Path, description = "Number of the criterion", example = "1.1"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("criteria:score"))),
    responses((status = 201, description = "Scored", body = CriterionScoreView), (status = 200, description = "Changed, or equal already", body = CriterionScoreView), WriteProblems))]
#[put("/api/v1/criteria-sheets/{key}/scores/{criterion}")]
async fn put_criterion_score(
    permit: Permit<perm::ScoreCriterion>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<NewCriterionScore>,
    db: Db,
) -> Answer {
    let at = (&path.0.as_str().into(), path.1.as_str());
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::score(tx, &permit, at, &Word::Own(&body.value)).await).await
}

/// Appraise a criterion
///
/// By the office or the director: the points after the appraisal, which count before every other, or those of a survey. The version is that of the
/// score; what the department said stays. Null takes an appraised score back.
#[utoipa::path(tag = "criteria", operation_id = "put_criterion_appraisal", security(("bearer" = [])), request_body = NewCriterionAppraisal,
    params(("key" = String, Path, description = "Id or code of the sheet", example = "par-index-2022"),
        ("criterion" = String, Path, description = "Number of the criterion", example = "1.1"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("criteria:appraise"))),
    responses((status = 201, description = "Appraised before the department scored it", body = CriterionScoreView), (status = 200, description = "Appraised, or equal already", body = CriterionScoreView), WriteProblems))]
#[put("/api/v1/criteria-sheets/{key}/scores/{criterion}/appraisal")]
async fn put_criterion_appraisal(
    permit: Permit<perm::AppraiseCriterion>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<NewCriterionAppraisal>,
    db: Db,
) -> Answer {
    let at = (&path.0.as_str().into(), path.1.as_str());
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::score(tx, &permit, at, &Word::Appraisal(&body.value)).await).await
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<CriteriaSheetFilter, CriteriaSheetSummary>("criteria-sheets", Permission::ReadCriteria, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.filter()?).await?) })
    })
}
