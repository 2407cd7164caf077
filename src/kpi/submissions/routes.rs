//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, post, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::model::{KpiSubmissionAct, KpiSubmissionState};
use super::wire::{
    KpiMissingSubmission, KpiMissingSubmissions, KpiSubmissionPage, KpiSubmissionReason, KpiSubmissionRemark, KpiSubmissionSummary,
    KpiSubmissionView, NewKpiSubmission,
};
use super::{acts, figures, store};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::db::Db;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::call::{ChangeHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::table::{Cell, Table};
use crate::http::{
    Answer, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    table, write,
};
use crate::kpi::rules::bad_period;
use crate::kpi::store as definitions;
use crate::reports::period::{Period, PeriodCode};
use crate::text::Text;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_submissions).service(get_missing_submissions).service(get_submission);
    cfg.service(submit_figures).service(withdraw_figures).service(approve_figures).service(return_figures).service(reopen_figures);
}

impl Shaped for KpiSubmissionSummary {
    const RELATIONS: &'static [Relation] = &[Relation::one("department", &["department"], departments::EXPANDED)];
}

impl Shaped for KpiSubmissionView {
    const RELATIONS: &'static [Relation] = &[
        Relation::one("department", &["department"], departments::EXPANDED),
        Relation::many("kpis", &["figures", "kpi"], definitions::EXPANDED),
    ];
}

fn period_of(code: &str) -> Result<Period, ApiError> {
    Period::parse(code).ok_or_else(|| ApiError::new(Code::InvalidParameter).faults(vec![bad_period(Code::InvalidParameter, "period")]))
}

/// Which submissions to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct SubmissionFilter {
    /// Code of the department.
    #[param(example = "DKKD")]
    department: Option<String>,
    /// Code of the period.
    #[param(value_type = Option<PeriodCode>, example = "2022Q2")]
    period: Option<String>,
    /// States, separated by commas; `submitted` are those that await approval.
    #[param(value_type = Option<Vec<KpiSubmissionState>>, style = Form, explode = false, example = json!(["submitted"]))]
    state: Vec<&'static str>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<KpiSubmissionSummary>,
}

impl FromQuery for SubmissionFilter {
    fn read(q: &mut QueryReader) -> Self {
        let (department, period) = (q.text("department"), q.text("period"));
        if period.as_ref().is_some_and(|code| Period::parse(code).is_none()) {
            q.fault(bad_period(Code::InvalidParameter, "period"));
        }
        let state = q.list("state", KpiSubmissionState::NAMES);
        SubmissionFilter { department, period, state, cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

impl SubmissionFilter {
    fn chosen(&self) -> store::Filter<'_> {
        store::Filter { department: self.department.as_deref(), period: self.period.as_deref(), states: &self.state }
    }
}

async fn page(
    db: &impl ConnectionTrait,
    reach: &Reach,
    filter: &SubmissionFilter,
) -> Result<(Vec<KpiSubmissionSummary>, PageInfo), ApiError> {
    let rows = store::list(db, reach, &filter.chosen(), filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |s| (s.period.clone(), s.department.clone())))
}

/// List submissions
///
/// Those of the departments in your sight with which anything was done, by period and department.
#[utoipa::path(tag = "submissions", operation_id = "list_submissions", security(("bearer" = [])),
    params(SubmissionFilter, PageParams, Shape::<KpiSubmissionSummary>),
    extensions(("x-permission" = json!("measurement:read"))),
    responses((status = 200, description = "A page of submissions", body = KpiSubmissionPage), ReadProblems))]
#[get("/api/v1/submissions")]
async fn list_submissions(
    permit: Permit<perm::ReadMeasurement>,
    Query(filter): Query<SubmissionFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let (reach, chosen) = (permit.reach(), filter.chosen());
    let (items, page) = page(db.get_ref(), &reach, &filter).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, &reach, &chosen, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &KpiSubmissionPage { items, page }).await
}

/// For which period, and for whom.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by MissingFilter; named here for the contract")]
struct MissingParams {
    /// Code of the period.
    #[param(value_type = PeriodCode, example = "2022Q2")]
    period: String,
    /// Code of a department; all in your sight when it is left out.
    #[param(example = "DKKD")]
    department: Option<String>,
}

struct MissingFilter {
    period: Option<Period>,
    department: Option<String>,
}

impl IntoParams for MissingFilter {
    fn into_params(place: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        MissingParams::into_params(place)
    }
}

impl FromQuery for MissingFilter {
    fn read(q: &mut QueryReader) -> Self {
        let period = q.text("period").and_then(|code| Period::parse(&code));
        if period.is_none() {
            q.fault(bad_period(Code::InvalidParameter, "period"));
        }
        MissingFilter { period, department: q.text("department") }
    }
}

/// Who has not submitted
///
/// The departments in your sight that owe figures for a period and have not submitted them, or had them returned, with what they have not
/// measured. A department owes a figure of an indicator that is not computed where it has a target for this very period, or measured it for the period
/// of the same kind before. JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "submissions", operation_id = "get_missing_submissions", security(("bearer" = [])), params(MissingFilter),
    extensions(("x-permission" = json!("measurement:read"))),
    responses((status = 200, description = "Who is missing", content(
        (KpiMissingSubmissions = "application/json"),
        (String = "text/csv", example = "Đơn vị,Tên đơn vị,Trạng thái"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/submissions/missing")]
async fn get_missing_submissions(
    permit: Permit<perm::ReadMeasurement>,
    Query(filter): Query<MissingFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let period =
        filter.period.ok_or_else(|| ApiError::new(Code::InvalidParameter).faults(vec![bad_period(Code::InvalidParameter, "period")]))?;
    let reach = match &filter.department {
        None => permit.reach(),
        Some(code) => {
            let found = departments::view_by_code(db.get_ref(), code).await?.filter(|d| permit.reach().covers(d.id));
            Reach::Departments(vec![found.ok_or_else(|| ApiError::broken(vec![Fault::unknown("department", code)]))?.id])
        }
    };
    let items = acts::missing(db.get_ref(), &reach, &period).await?;
    let body = KpiMissingSubmissions { period: period.code().to_owned(), items };
    table::respond(&req, &body, || missing_table(&body.items))
}

fn missing_table(items: &[KpiMissingSubmission]) -> Table {
    let columns = [
        ("Đơn vị", "Department"),
        ("Tên đơn vị", "Name of the department"),
        ("Trạng thái", "State"),
        ("Phải nộp", "Owed"),
        ("Đã có số đo", "Measured"),
        ("Chỉ tiêu còn thiếu", "Missing indicator"),
        ("Tên chỉ tiêu", "Name of the indicator"),
        ("Lĩnh vực", "Field"),
        ("Vì sao phải nộp", "Why it is owed"),
    ];
    let count = |n: usize| Cell::Count(i64::try_from(n).unwrap_or(i64::MAX));
    let row = |item: &KpiMissingSubmission, [kpi, name, field, because]: [Cell; 4]| {
        let (code, department_name) = (Cell::Text(item.department.clone()), Cell::Text(item.department_name.clone()));
        vec![
            code,
            department_name,
            Cell::Text(item.state.name().to_owned()),
            count(item.owed),
            count(item.measured),
            kpi,
            name,
            field,
            because,
        ]
    };
    let rows = items.iter().flat_map(|item| {
        let missing = item.missing.iter().map(|m| {
            let field = m.field.clone().map_or(Cell::Empty, Cell::Text);
            row(item, [Cell::Text(m.kpi.clone()), Cell::Text(m.name.clone()), field, Cell::Text(m.because.name().to_owned())])
        });
        let mut rows: Vec<Vec<Cell>> = missing.collect();
        // Everything is there, only not submitted.
        if rows.is_empty() {
            rows.push(row(item, [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty]));
        }
        rows
    });
    Table { name: "missing-submissions", columns: columns.into_iter().map(|(vi, en)| Text::new(vi, en)).collect(), rows: rows.collect() }
}

/// Get a submission
///
/// The figures of a department for a period: what was measured, what is computed for it with those below it, what is missing; what was done with
/// them, what was approved last, and what is no longer so. Before anything was done it is a draft and its `ETag` `"0"`. Computed figures
/// change by themselves, so the answer is never 304.
#[utoipa::path(tag = "submissions", operation_id = "get_submission", security(("bearer" = [])),
    params(("department" = String, Path, description = "Code of the department", example = "DKKD"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022Q2"),
        Shape::<KpiSubmissionView>),
    extensions(("x-permission" = json!("measurement:read"))),
    responses((status = 200, description = "The figures", body = KpiSubmissionView), ReadProblems))]
#[get("/api/v1/submissions/{department}/{period}")]
async fn get_submission(
    permit: Permit<perm::ReadMeasurement>,
    path: web::Path<(String, String)>,
    Query(shape): Query<Shape<KpiSubmissionView>>,
    db: Db,
) -> Answer {
    let period = period_of(&path.1)?;
    let place = acts::place(db.get_ref(), &permit, &path.0, &period).await?;
    let found = store::find(db.get_ref(), place.id, period.code()).await?;
    let figures = figures::read(db.get_ref(), &permit, (place.id, &place.code), &period).await?;
    let view = acts::view(&permit, &place, found, &figures);
    shape.found_today(db.get_ref(), &permit, view.version, &view).await
}

/// Submit the figures of a department
///
/// By its head, or the office for it. Each figure that it owes must have been measured, or be named in `without` with the reason; otherwise 422 lists
/// what is missing. From then on the measurements are held: they change by corrections of who may approve them.
#[utoipa::path(tag = "submissions", operation_id = "submit_figures", security(("bearer" = [])), request_body = NewKpiSubmission,
    params(("department" = String, Path, description = "Code of the department", example = "DKKD"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022Q2"),
        WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("submission:submit"))),
    responses((status = 200, description = "Submitted", body = KpiSubmissionView), WriteProblems))]
#[post("/api/v1/submissions/{department}/{period}/submission")]
async fn submit_figures(
    permit: Permit<perm::SubmitFigures>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<NewKpiSubmission>,
    db: Db,
) -> Answer {
    let period = period_of(&path.1)?;
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::submit(tx, &permit, (&path.0, &period), &body.value).await).await
}

/// Withdraw the figures of a department
///
/// Taken back by who may submit them, before they are approved; they can be changed again.
#[utoipa::path(tag = "submissions", operation_id = "withdraw_figures", security(("bearer" = [])), request_body = KpiSubmissionRemark,
    params(("department" = String, Path, description = "Code of the department", example = "DKKD"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022Q2"),
        WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("submission:submit"))),
    responses((status = 200, description = "Withdrawn", body = KpiSubmissionView), WriteProblems))]
#[post("/api/v1/submissions/{department}/{period}/withdrawal")]
async fn withdraw_figures(
    permit: Permit<perm::SubmitFigures>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<KpiSubmissionRemark>,
    db: Db,
) -> Answer {
    let (period, remark) = (period_of(&path.1)?, body.value.remark.as_ref().map(|r| r.as_str()));
    let (at, act) = ((path.0.as_str(), &period), KpiSubmissionAct::Withdraw);
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::step(tx, &permit, at, act, remark).await).await
}

/// Approve the figures of a department
///
/// By the office or the director, never by who submitted them. They are locked, and kept as they are at this moment, the computed ones too.
#[utoipa::path(tag = "submissions", operation_id = "approve_figures", security(("bearer" = [])), request_body = KpiSubmissionRemark,
    params(("department" = String, Path, description = "Code of the department", example = "DKKD"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022Q2"),
        WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("submission:approve"))),
    responses((status = 200, description = "Approved", body = KpiSubmissionView), WriteProblems))]
#[post("/api/v1/submissions/{department}/{period}/approval")]
async fn approve_figures(
    permit: Permit<perm::ApproveFigures>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<KpiSubmissionRemark>,
    db: Db,
) -> Answer {
    let (period, remark) = (period_of(&path.1)?, body.value.remark.as_ref().map(|r| r.as_str()));
    let (at, act) = ((path.0.as_str(), &period), KpiSubmissionAct::Approve);
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::step(tx, &permit, at, act, remark).await).await
}

/// Return the figures of a department
///
/// The office or the director says what is wanting; the department changes them and submits them again.
#[utoipa::path(tag = "submissions", operation_id = "return_figures", security(("bearer" = [])), request_body = KpiSubmissionReason,
    params(("department" = String, Path, description = "Code of the department", example = "DKKD"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022Q2"),
        WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("submission:approve"))),
    responses((status = 200, description = "Returned", body = KpiSubmissionView), WriteProblems))]
#[post("/api/v1/submissions/{department}/{period}/return")]
async fn return_figures(
    permit: Permit<perm::ApproveFigures>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<KpiSubmissionReason>,
    db: Db,
) -> Answer {
    let (period, reason) = (period_of(&path.1)?, Some(body.value.reason.as_str()));
    let (at, act) = ((path.0.as_str(), &period), KpiSubmissionAct::Return);
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::step(tx, &permit, at, act, reason).await).await
}

/// Reopen the figures of a department
///
/// The director unlocks approved figures with a reason; the department changes them and submits them again. What was approved stays readable.
#[utoipa::path(tag = "submissions", operation_id = "reopen_figures", security(("bearer" = [])), request_body = KpiSubmissionReason,
    params(("department" = String, Path, description = "Code of the department", example = "DKKD"),
        ("period" = PeriodCode, Path, description = "Code of the period", example = "2022Q2"),
        WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("submission:reopen"))),
    responses((status = 200, description = "Reopened", body = KpiSubmissionView), WriteProblems))]
#[post("/api/v1/submissions/{department}/{period}/reopening")]
async fn reopen_figures(
    permit: Permit<perm::ReopenFigures>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<KpiSubmissionReason>,
    db: Db,
) -> Answer {
    let (period, reason) = (period_of(&path.1)?, Some(body.value.reason.as_str()));
    let (at, act) = ((path.0.as_str(), &period), KpiSubmissionAct::Reopen);
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::step(tx, &permit, at, act, reason).await).await
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<SubmissionFilter, KpiSubmissionSummary>("submissions", Permission::ReadMeasurement, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.reach, &ask.filter()?).await?) })
    })
}
