//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, post, put, web};
use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;
use uuid::Uuid;

use super::acts;
use super::store::{self, Sight};
use super::wire::{Direction, DocumentKind, DocumentKindPage, DocumentPage, DocumentView, NewDocument, Secrecy, Urgency, VoidDocument};
use crate::app::Shared;
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::db::Db;
use crate::departments;
use crate::error::ApiError;
use crate::http::bulk::{self, BulkAnswer, BulkHeaders, BulkParams};
use crate::http::call::{ChangeHeaders, RetryHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::{
    Answer, Cursor, Day, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    write,
};
use crate::jobs::{self, Intake, JobView};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_document_kinds).service(load_documents).service(list_documents);
    cfg.service(get_document).service(put_document).service(void_document);
}

impl Shaped for DocumentView {
    const RELATIONS: &'static [Relation] =
        &[Relation::one("agency", &["agency"], departments::EXPANDED), Relation::one("department", &["department"], departments::EXPANDED)];
}

impl Shaped for DocumentKind {}

/// Which documents to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct DocumentFilter {
    /// `outgoing` or `incoming`.
    #[param(value_type = Option<Direction>, example = "outgoing")]
    direction: Option<&'static str>,
    /// Code of the agency whose register it is.
    #[param(example = "SKHDT")]
    agency: Option<String>,
    /// Code of the book.
    #[param(example = "KH")]
    book: Option<String>,
    /// Year of the book.
    #[param(example = 2022)]
    year: Option<i32>,
    /// Codes of kinds, separated by commas.
    #[param(value_type = Option<String>, example = "ke-hoach,quyet-dinh")]
    kind: Vec<String>,
    /// Codes of departments that drafted or handle, separated by commas.
    #[param(value_type = Option<String>, example = "VP")]
    department: Vec<String>,
    /// Grades of secrecy, separated by commas; what you may not see is left out.
    #[param(value_type = Option<Vec<Secrecy>>, style = Form, explode = false, example = json!(["normal"]))]
    secrecy: Vec<&'static str>,
    /// Grades of urgency, separated by commas.
    #[param(value_type = Option<Vec<Urgency>>, style = Form, explode = false, example = json!(["urgent", "flash"]))]
    urgency: Vec<&'static str>,
    /// Bearing this date or a later one.
    #[param(value_type = Option<Day>)]
    issued_from: Option<NaiveDate>,
    /// Bearing this date or an earlier one.
    #[param(value_type = Option<Day>)]
    issued_to: Option<NaiveDate>,
    /// Arrived on this day or later; incoming ones only.
    #[param(value_type = Option<Day>)]
    arrived_from: Option<NaiveDate>,
    /// Arrived on this day or earlier; incoming ones only.
    #[param(value_type = Option<Day>)]
    arrived_to: Option<NaiveDate>,
    /// Only those drafted in E-Office, or only the others.
    drafted_in_e_office: Option<bool>,
    /// Only those approved in E-Office, or only the others.
    approved_in_e_office: Option<bool>,
    /// Only those sent electronically, or only the others.
    sent_electronically: Option<bool>,
    /// Only voided entries, or only the others.
    voided: Option<bool>,
    /// Code of the task that they concern: what its page may propose to close it with.
    #[param(example = "kh-1186-skhdt-2022.II.1-1.1a")]
    task: Option<String>,
    /// Code of the dossier that they concern.
    #[param(example = "H32.05-220419-0001")]
    dossier: Option<String>,
    /// Code of the document that they answer.
    #[param(example = "SKHDT-incoming-DEN-2022-15")]
    replies_to: Option<String>,
    /// Beginnings of words in number, summary, sender, recipients or signer; accents do not matter.
    #[param(example = "cai cach hanh chinh")]
    q: Option<String>,
    /// `-registered_on` (newest first, default) or `registered_on`: by the day of issue, or of arrival, then by number.
    #[param(value_type = Option<String>, pattern = "^-?registered_on$", example = "-registered_on")]
    sort: Option<&'static str>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<DocumentView>,
}

impl FromQuery for DocumentFilter {
    fn read(q: &mut QueryReader) -> Self {
        DocumentFilter {
            direction: q.choice("direction", Direction::NAMES),
            agency: q.text("agency"),
            book: q.text("book"),
            year: q.parse("year", "Phải là một năm, ví dụ 2022.", "Must be a year such as 2022."),
            kind: q.codes("kind"),
            department: q.codes("department"),
            secrecy: q.list("secrecy", Secrecy::NAMES),
            urgency: q.list("urgency", Urgency::NAMES),
            issued_from: q.day("issued_from"),
            issued_to: q.day("issued_to"),
            arrived_from: q.day("arrived_from"),
            arrived_to: q.day("arrived_to"),
            drafted_in_e_office: q.flag("drafted_in_e_office"),
            approved_in_e_office: q.flag("approved_in_e_office"),
            sent_electronically: q.flag("sent_electronically"),
            voided: q.flag("voided"),
            task: q.text("task"),
            dossier: q.text("dossier"),
            replies_to: q.text("replies_to"),
            q: q.text("q"),
            sort: q.choice("sort", &["-registered_on", "registered_on"]),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

fn chosen(asked: &DocumentFilter) -> store::Filter {
    store::Filter {
        direction: asked.direction,
        agency: asked.agency.clone(),
        book: asked.book.clone(),
        year: asked.year,
        kinds: asked.kind.clone(),
        departments: asked.department.clone(),
        secrecy: asked.secrecy.clone(),
        urgency: asked.urgency.clone(),
        issued: (asked.issued_from, asked.issued_to),
        arrived: (asked.arrived_from, asked.arrived_to),
        drafted: asked.drafted_in_e_office,
        approved: asked.approved_in_e_office,
        sent: asked.sent_electronically,
        voided: asked.voided,
        task: asked.task.clone(),
        dossier: asked.dossier.clone(),
        replies_to: asked.replies_to.clone(),
        text: asked.q.clone(),
        oldest_first: asked.sort == Some("registered_on"),
    }
}

/// Where a document stands in the list.
fn place(document: &DocumentView) -> (NaiveDate, i64, Uuid) {
    (document.arrived_on.unwrap_or(document.issued_on).0, document.sequence.unwrap_or(0), document.id)
}

async fn page(db: &impl ConnectionTrait, sight: &Sight, filter: &DocumentFilter) -> Result<(Vec<DocumentView>, PageInfo), ApiError> {
    let rows = store::list(db, sight, &chosen(filter), filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, place))
}

/// List documents
///
/// The register, of the departments in your sight, by day and number. What is secret is listed and counted only for its department, the
/// clerk, the office and the director.
#[utoipa::path(tag = "documents", operation_id = "list_documents", params(DocumentFilter, PageParams, Shape::<DocumentView>), security(("bearer" = [])),
    extensions(("x-permission" = json!("document:read"))),
    responses((status = 200, description = "A page of documents", body = DocumentPage), ReadProblems))]
#[get("/api/v1/documents")]
async fn list_documents(permit: Permit<perm::ReadDocument>, Query(filter): Query<DocumentFilter>, db: Db, req: HttpRequest) -> Answer {
    let (sight, chosen) = (Sight::of(&permit.actor), chosen(&filter));
    let (items, page) = page(db.get_ref(), &sight, &filter).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, &sight, &chosen, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &DocumentPage { items, page }).await
}

async fn kinds(db: &impl ConnectionTrait, filter: &KindFilter) -> Result<(Vec<DocumentKind>, PageInfo), ApiError> {
    let rows = store::kinds(db, filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |kind| kind.code.clone()))
}

/// List the kinds of documents
///
/// Those of decree 30/2020 and a few more, by code.
#[utoipa::path(tag = "documents", operation_id = "list_document_kinds", params(PageParams, Shape::<DocumentKind>), security(("bearer" = [])),
    extensions(("x-permission" = json!("document:read"))),
    responses((status = 200, description = "A page of kinds", body = DocumentKindPage), ReadProblems))]
#[get("/api/v1/document-kinds")]
async fn list_document_kinds(permit: Permit<perm::ReadDocument>, Query(filter): Query<KindFilter>, db: Db, req: HttpRequest) -> Answer {
    let (items, page) = kinds(db.get_ref(), &filter).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::kinds(db, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &DocumentKindPage { items, page }).await
}

/// Which kinds to list: all.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct KindFilter {
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<DocumentKind>,
}

impl FromQuery for KindFilter {
    fn read(q: &mut QueryReader) -> Self {
        KindFilter { cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

/// Get a document
///
/// By id or code.
#[utoipa::path(tag = "documents", operation_id = "get_document", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "SKHDT-outgoing-KH-2022-1186"), Shape::<DocumentView>),
    extensions(("x-permission" = json!("document:read"))),
    responses((status = 200, description = "The document", body = DocumentView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/documents/{key}")]
async fn get_document(
    permit: Permit<perm::ReadDocument>,
    key: web::Path<String>,
    Query(shape): Query<Shape<DocumentView>>,
    db: Db,
) -> Answer {
    let view = store::find(db.get_ref(), &Sight::of(&permit.actor), &key.as_str().into(), false).await?;
    let view = view.ok_or_else(ApiError::not_found)?;
    shape.found(db.get_ref(), &permit, view.version, &view).await
}

/// Put a document
///
/// Registers it or changes its entry as a whole; `Unchanged: true` when it is equal already. Its number is unique for agency, direction, book
/// and year, voided entries included. A document that names a task closes nothing.
#[utoipa::path(tag = "documents", operation_id = "put_document", security(("bearer" = [])), request_body = NewDocument,
    params(("key" = String, Path, description = "Code", example = "SKHDT-outgoing-KH-2022-1186"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("document:write"))),
    responses((status = 201, description = "Registered", body = DocumentView), (status = 200, description = "Changed, or equal already", body = DocumentView), WriteProblems))]
#[put("/api/v1/documents/{key}")]
async fn put_document(
    permit: Permit<perm::WriteDocument>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewDocument>,
    db: Db,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::put(tx, &permit, &key, &body.value).await).await
}

/// Void a document
///
/// For a number that was given by mistake: the entry stays with its reason, and the number stays taken.
#[utoipa::path(tag = "documents", operation_id = "void_document", security(("bearer" = [])), request_body = VoidDocument,
    params(("key" = String, Path, description = "Id or code", example = "SKHDT-outgoing-KH-2022-1186"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("document:void"))),
    responses((status = 200, description = "The voided entry", body = DocumentView), WriteProblems))]
#[post("/api/v1/documents/{key}/void")]
async fn void_document(
    permit: Permit<perm::VoidDocument>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<VoidDocument>,
    db: Db,
) -> Answer {
    let key = key.as_str().into();
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::void(tx, &permit, &key, &body.value).await).await
}

/// Load documents
///
/// JSON array, NDJSON or CSV (recipients as a JSON list in a cell). A row without a code is known by its number; equal rows write nothing.
#[utoipa::path(tag = "documents", operation_id = "load_documents", security(("bearer" = [])), params(BulkParams, BulkHeaders, RetryHeaders),
    request_body(content((Vec<NewDocument> = "application/json"),
        (String = "application/x-ndjson", example = "{\"direction\":\"outgoing\",\"book\":\"KH\",\"number\":\"1186\",\"symbol\":\"KH-SKHĐT\",\"kind\":\"ke-hoach\",\"issued_on\":\"2022-05-19\",\"summary\":\"Kế hoạch cải cách hành chính năm 2022\",\"department\":\"VP\"}"),
        (String = "text/csv", example = "direction,book,number,symbol,kind,issued_on,summary,department\noutgoing,KH,1186,KH-SKHĐT,ke-hoach,2022-05-19,Kế hoạch cải cách hành chính năm 2022,VP"))),
    extensions(("x-permission" = json!("document:write"))),
    responses((status = 200, description = "Every row applied or unchanged", body = BulkAnswer),
        (status = 207, description = "Best effort: some rows were refused", body = BulkAnswer),
        (status = 202, description = "With `Prefer: respond-async`: taken in; the job is at `Location`", body = JobView), WriteProblems))]
#[post("/api/v1/documents/bulk")]
async fn load_documents(
    permit: Permit<perm::WriteDocument>,
    Query(params): Query<BulkParams>,
    req: HttpRequest,
    payload: web::Payload,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    if jobs::wanted(&req) {
        let intake = Intake { call: &permit, params, req: &req, db: &db, shared: &shared, resource: "documents", together: true };
        return jobs::take_in::<NewDocument>(intake, payload).await;
    }
    let rows = bulk::read_all::<NewDocument>(&req, payload.into_inner(), &shared).await?;
    bulk::apply(db.get_ref(), &permit, params, rows, async |tx, rows| acts::load(tx, &permit, rows, params.strategy).await).await
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<DocumentFilter, DocumentView>("documents", Permission::ReadDocument, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &Sight::of(&ask.call.actor), &ask.filter()?).await?) })
    })
}

/// The list of kinds as an export.
pub fn exported_kinds() -> Source {
    Source::of::<KindFilter, DocumentKind>("document-kinds", Permission::ReadDocument, |ask| {
        Box::pin(async move { Batch::of(kinds(ask.db, &ask.filter()?).await?) })
    })
}
