//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, post, put, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;
use uuid::Uuid;

use super::model::{ExplanationAct, ExplanationPeriodSet, ExplanationState};
use super::wire::{
    ExplanationAcceptance, ExplanationPage, ExplanationReturn, ExplanationSubmission, ExplanationSummary, ExplanationText, ExplanationView,
    NewExplanation, OwedExplanations, OwedItem,
};
use super::{acts, owed, rules, store};
use crate::app::Shared;
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::calendar::vn_date;
use crate::db::Db;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::call::{ChangeHeaders, RetryHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::table::{Cell, Table};
use crate::http::values::Key;
use crate::http::{
    Answer, Cursor, Day, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    table, write,
};
use crate::reports;
use crate::reports::filter::Slice;
use crate::reports::period::{Period, PeriodCode, PeriodSet, Span};
use crate::text::Text;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_owed_explanations).service(list_explanations).service(create_explanation).service(get_explanation);
    cfg.service(put_explanation).service(submit_explanation).service(accept_explanation).service(return_explanation);
}

impl Shaped for ExplanationSummary {
    const RELATIONS: &'static [Relation] = &[Relation::one("department", &["department"], departments::EXPANDED)];
}

impl Shaped for ExplanationView {
    const RELATIONS: &'static [Relation] = &[Relation::one("department", &["department"], departments::EXPANDED)];
}

fn id(text: &str) -> Result<Uuid, ApiError> {
    Uuid::parse_str(text).map_err(|_| ApiError::not_found())
}

fn bad_period() -> Fault {
    let (vi, en) = ("Mã kỳ như 2022, 2022H1, 2022Q2, 2022-04, 2022-9M.", "A period like 2022, 2022H1, 2022Q2, 2022-04, 2022-9M.");
    Fault::new(Code::InvalidParameter, "period", vi, en)
}

/// What is owed for which period, by whom.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by OwedFilter; named here for the contract")]
struct OwedParams {
    /// Code of the period.
    #[param(value_type = PeriodCode, example = "2022-06")]
    period: String,
    /// How periods are cut: `administrative` (default; a month runs from the 15th of the month before to the 14th) or `calendar`.
    #[param(value_type = Option<ExplanationPeriodSet>, example = "administrative")]
    period_set: Option<String>,
    /// Code or id of a department; all in your sight when it is left out.
    #[param(example = "DKKD")]
    department: Option<String>,
}

struct OwedFilter {
    span: Option<Span>,
    department: Option<Key>,
}

impl IntoParams for OwedFilter {
    fn into_params(place: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        OwedParams::into_params(place)
    }
}

impl FromQuery for OwedFilter {
    fn read(q: &mut QueryReader) -> Self {
        let period = q.text("period").and_then(|code| Period::parse(&code));
        if period.is_none() {
            q.fault(bad_period());
        }
        let set = q.choice("period_set", PeriodSet::NAMES).map_or(PeriodSet::Administrative, PeriodSet::named);
        let department = q.text("department").map(|text| Key::from(text.as_str()));
        OwedFilter { span: period.map(|period| Span::of(&period, set)), department }
    }
}

/// Who owes which explanations
///
/// What follows from the figures of a period: indicators that do not meet their targets; tasks done late in it or overdue at its end, for
/// each department that leads; the dossiers that were finished late or are overdue, together; the findings, by kind. A period that still runs
/// is judged today. Each with how far its explanation is. What was explained and is no longer owed stays, marked so.
///
/// A department answers for its own figure, whatever that is made of: dossiers, documents, tasks, measurements, surveys, or an expression over
/// them; the members of a collective answer for what they lead together. Criteria that rose or fell are counted for a department with all
/// below it, so who has a target of its own answers for them; likewise for an expression of recorded and counted figures of which the
/// department has not all by itself.
///
/// JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "explanations", operation_id = "get_owed_explanations", security(("bearer" = [])), params(OwedFilter),
    extensions(("x-permission" = json!("explanation:read"))),
    responses((status = 200, description = "What is owed", content(
        (OwedExplanations = "application/json"),
        (String = "text/csv", example = "Đơn vị,Tên đơn vị,Loại"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/explanations/owed")]
async fn get_owed_explanations(
    permit: Permit<perm::ReadExplanation>,
    Query(filter): Query<OwedFilter>,
    db: Db,
    shared: web::Data<Shared>,
    req: HttpRequest,
) -> Answer {
    let span = filter.span.ok_or_else(|| ApiError::new(Code::InvalidParameter).faults(vec![bad_period()]))?;
    let slice = Slice { department: filter.department, ..Slice::default() };
    let chosen = reports::choose(db.get_ref(), &permit.reach(), &slice).await?;
    let reach = chosen.departments.map_or_else(|| permit.reach(), Reach::Departments);
    let today = vn_date(permit.now);
    let due_on = owed::due_on(db.get_ref(), &span, shared.settings.explanations.due_working_days).await?;
    let late = due_on.is_some_and(|on| on.0 < today);
    let items = owed::owed(db.get_ref(), &reach, &span, today, late, permit.lang).await?;
    let set = if span.set == PeriodSet::Calendar { ExplanationPeriodSet::Calendar } else { ExplanationPeriodSet::Administrative };
    let body = OwedExplanations {
        departments: rules::by_department(&items),
        period: span.name,
        period_set: set,
        from: Day(span.days.from),
        to: Day(span.days.to),
        due_on,
        items,
    };
    table::respond(&req, &body, || owed_table(&body.items))
}

fn owed_table(items: &[OwedItem]) -> Table {
    let columns = [
        ("Đơn vị", "Department"),
        ("Tên đơn vị", "Name of the department"),
        ("Loại", "Kind"),
        ("Mã", "Code"),
        ("Lĩnh vực", "Field"),
        ("Nội dung", "What"),
        ("Giá trị", "Value"),
        ("Mục tiêu", "Target"),
        ("Hạn", "Due"),
        ("Ngày hoàn thành", "Done"),
        ("Số lượng", "Number"),
        ("Trạng thái", "State"),
        ("Còn phải giải trình", "Still owed"),
        ("Quá hạn giải trình", "Overdue"),
    ];
    let number = |value: Option<f64>| value.map_or(Cell::Empty, Cell::Number);
    let day = |value: Option<Day>| value.map_or(Cell::Empty, |d| Cell::Text(d.0.to_string()));
    let flag = |value: bool| if value { Cell::Text("x".into()) } else { Cell::Empty };
    let rows = items.iter().map(|i| {
        vec![
            Cell::Text(i.department.clone()),
            Cell::Text(i.department_name.clone()),
            Cell::Text(i.kind.name().to_owned()),
            Cell::Text(i.code.clone()),
            i.field.clone().map_or(Cell::Empty, Cell::Text),
            Cell::Text(i.facts.title.clone()),
            number(i.facts.value),
            number(i.facts.target),
            day(i.facts.due_on),
            day(i.facts.done_on),
            i.facts.count.map_or(Cell::Empty, Cell::Count),
            Cell::Text(i.state.name().to_owned()),
            flag(i.still_owed),
            flag(i.overdue),
        ]
    });
    let rows = rows.collect();
    Table { name: "explanations-owed", columns: columns.into_iter().map(|(vi, en)| Text::new(vi, en)).collect(), rows }
}

/// Which explanations to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct ExplanationFilter {
    /// Code of the department.
    #[param(example = "DKKD")]
    department: Option<String>,
    /// Code of the period.
    #[param(value_type = Option<PeriodCode>, example = "2022-06")]
    period: Option<String>,
    /// How the period is cut.
    #[param(value_type = Option<ExplanationPeriodSet>, example = "administrative")]
    period_set: Option<&'static str>,
    /// States, separated by commas.
    #[param(value_type = Option<Vec<ExplanationState>>, style = Form, explode = false, example = json!(["handed_in", "returned"]))]
    state: Vec<&'static str>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<ExplanationSummary>,
}

impl FromQuery for ExplanationFilter {
    fn read(q: &mut QueryReader) -> Self {
        let (department, period) = (q.text("department"), q.text("period"));
        if period.as_ref().is_some_and(|code| Period::parse(code).is_none()) {
            q.fault(bad_period());
        }
        let period_set = q.choice("period_set", PeriodSet::NAMES);
        ExplanationFilter {
            department,
            period,
            period_set,
            state: q.list("state", ExplanationState::NAMES),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

fn chosen(asked: &ExplanationFilter) -> store::Filter<'_> {
    store::Filter {
        department: asked.department.as_deref(),
        period: asked.period.as_deref(),
        period_set: asked.period_set,
        states: &asked.state,
    }
}

async fn page(
    db: &impl ConnectionTrait,
    reach: &Reach,
    filter: &ExplanationFilter,
) -> Result<(Vec<ExplanationSummary>, PageInfo), ApiError> {
    let rows = store::list(db, reach, &chosen(filter), filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |e| e.id))
}

/// List explanations
///
/// Those of the departments in your sight, in the order in which they were begun.
#[utoipa::path(tag = "explanations", operation_id = "list_explanations", params(ExplanationFilter, PageParams, Shape::<ExplanationSummary>), security(("bearer" = [])),
    extensions(("x-permission" = json!("explanation:read"))),
    responses((status = 200, description = "A page of explanations", body = ExplanationPage), ReadProblems))]
#[get("/api/v1/explanations")]
async fn list_explanations(
    permit: Permit<perm::ReadExplanation>,
    Query(filter): Query<ExplanationFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let (reach, chosen) = (permit.reach(), chosen(&filter));
    let (items, page) = page(db.get_ref(), &reach, &filter).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, &reach, &chosen, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &ExplanationPage { items, page }).await
}

/// Get an explanation
///
/// With its history, and with each thing it explains as it was then and as it is now; so the answer is never 304.
#[utoipa::path(tag = "explanations", operation_id = "get_explanation", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id", example = "0198c5a0-0000-7000-8000-000000000041"), Shape::<ExplanationView>),
    extensions(("x-permission" = json!("explanation:read"))),
    responses((status = 200, description = "The explanation", body = ExplanationView), ReadProblems))]
#[get("/api/v1/explanations/{id}")]
async fn get_explanation(
    permit: Permit<perm::ReadExplanation>,
    key: web::Path<String>,
    Query(shape): Query<Shape<ExplanationView>>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let stored = store::find(db.get_ref(), &permit.reach(), id(&key)?).await?.ok_or_else(ApiError::not_found)?;
    let view = acts::view(db.get_ref(), &permit, stored, shared.settings.explanations.due_working_days).await?;
    shape.found_today(db.get_ref(), &permit, view.version, &view).await
}

/// Write an explanation
///
/// The head of a department, or the office for it, gives the cause of one or several things that it owes for a period, and the remedy. It
/// is a draft until it is handed in. What each thing was then is kept with it.
#[utoipa::path(tag = "explanations", operation_id = "create_explanation", security(("bearer" = [])), request_body = NewExplanation,
    params(WriteParams, RetryHeaders), extensions(("x-permission" = json!("explanation:write"))),
    responses((status = 201, description = "Written", body = ExplanationView), WriteProblems))]
#[post("/api/v1/explanations")]
async fn create_explanation(
    permit: Permit<perm::WriteExplanation>,
    _: Query<WriteParams>,
    body: Json<NewExplanation>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let days = shared.settings.explanations.due_working_days;
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::create(tx, &permit, &body.value, days).await).await
}

/// Put the text of an explanation
///
/// While it is a draft or was returned; `Unchanged: true` when it is equal already.
#[utoipa::path(tag = "explanations", operation_id = "put_explanation", security(("bearer" = [])), request_body = ExplanationText,
    params(("id" = String, Path, description = "Id", example = "0198c5a0-0000-7000-8000-000000000041"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("explanation:write"))),
    responses((status = 200, description = "Changed, or equal already", body = ExplanationView), WriteProblems))]
#[put("/api/v1/explanations/{id}")]
async fn put_explanation(
    permit: Permit<perm::WriteExplanation>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<ExplanationText>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let (id, days) = (id(&key)?, shared.settings.explanations.due_working_days);
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::change(tx, &permit, id, &body.value, days).await).await
}

/// Hand in an explanation
///
/// Again, too, after it was returned.
#[utoipa::path(tag = "explanations", operation_id = "submit_explanation", security(("bearer" = [])), request_body = ExplanationSubmission,
    params(("id" = String, Path, description = "Id", example = "0198c5a0-0000-7000-8000-000000000041"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("explanation:write"))),
    responses((status = 200, description = "Handed in", body = ExplanationView), WriteProblems))]
#[post("/api/v1/explanations/{id}/submission")]
async fn submit_explanation(
    permit: Permit<perm::WriteExplanation>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<ExplanationSubmission>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let (id, days) = (id(&key)?, shared.settings.explanations.due_working_days);
    let note = body.value.note.as_ref().map(|n| n.as_str());
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::step(tx, &permit, id, ExplanationAct::Submit, note, days).await).await
}

/// Accept an explanation
///
/// The office is content with it.
#[utoipa::path(tag = "explanations", operation_id = "accept_explanation", security(("bearer" = [])), request_body = ExplanationAcceptance,
    params(("id" = String, Path, description = "Id", example = "0198c5a0-0000-7000-8000-000000000041"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("explanation:review"))),
    responses((status = 200, description = "Accepted", body = ExplanationView), WriteProblems))]
#[post("/api/v1/explanations/{id}/acceptance")]
async fn accept_explanation(
    permit: Permit<perm::ReviewExplanation>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<ExplanationAcceptance>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let (id, days) = (id(&key)?, shared.settings.explanations.due_working_days);
    let remark = body.value.remark.as_ref().map(|r| r.as_str());
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::step(tx, &permit, id, ExplanationAct::Accept, remark, days).await).await
}

/// Return an explanation
///
/// The office says what is wanting; the department changes it and hands it in again.
#[utoipa::path(tag = "explanations", operation_id = "return_explanation", security(("bearer" = [])), request_body = ExplanationReturn,
    params(("id" = String, Path, description = "Id", example = "0198c5a0-0000-7000-8000-000000000041"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("explanation:review"))),
    responses((status = 200, description = "Returned", body = ExplanationView), WriteProblems))]
#[post("/api/v1/explanations/{id}/return")]
async fn return_explanation(
    permit: Permit<perm::ReviewExplanation>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<ExplanationReturn>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let (id, days) = (id(&key)?, shared.settings.explanations.due_working_days);
    let reason = Some(body.value.reason.as_str());
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::step(tx, &permit, id, ExplanationAct::Return, reason, days).await).await
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<ExplanationFilter, ExplanationSummary>("explanations", Permission::ReadExplanation, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.reach, &ask.filter()?).await?) })
    })
}
