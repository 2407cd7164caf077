//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::figures::{self, Asked, Report};
use super::filter::{FindingFilter, JudgedFilter, MonthsFilter, ReportFilter};
use super::wire::{
    DossierOutcomes, DossierResults, FindingReport, HandlingTimes, NewReportSnapshot, OutcomesByMonth, OverdueReasons, ReportName,
    ReportSnapshotDifference, ReportSnapshotPage, ReportSnapshotSummary, ReportSnapshotView,
};
use super::{acts, store};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::calendar::vn_date;
use crate::db::Db;
use crate::error::{ApiError, Code};
use crate::http::call::{RetryHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::query::{FromQuery, NoQuery};
use crate::http::{
    Answer, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems, accept, found,
    page::{EVERY, PageParams},
    table, write,
};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_dossier_results).service(get_dossier_outcomes).service(get_outcomes_by_month);
    cfg.service(get_overdue_reasons).service(get_handling_times).service(get_finding_counts);
    cfg.service(freeze_report).service(list_report_snapshots).service(get_snapshot_difference).service(get_report_snapshot);
}

impl Shaped for ReportSnapshotSummary {}

/// Answers a report in the form and language that the caller asks for.
async fn answer(permit: &Permit<perm::ReadReport>, asked: Asked, db: &Db, req: &HttpRequest) -> Answer {
    let made = figures::make(db.get_ref(), &permit.reach(), &asked, vn_date(permit.now), permit.lang).await?;
    table::respond(req, &made.report, || made.report.table(permit.lang))
}

/// Results of handling dossiers (II.06a)
///
/// For a period, judged by what had happened by its end: nothing later changes the answer. Rows by resolving department, field or
/// procedure; rows of nothing but zeros are left out. Not accepted and voided dossiers are not counted; withdrawn ones are
/// always in `resolved_on_time`. Without `department`, all dossiers in your sight. JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "reports", operation_id = "get_dossier_results", security(("bearer" = [])), params(ReportFilter),
    extensions(("x-permission" = json!("report:read"))),
    responses((status = 200, description = "The report", content(
        (DossierResults = "application/json"),
        (String = "text/csv", example = "Mã,Tên,Tiếp nhận trực tuyến (4)"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/reports/dossier-results")]
async fn get_dossier_results(permit: Permit<perm::ReadReport>, Query(filter): Query<ReportFilter>, db: Db, req: HttpRequest) -> Answer {
    answer(&permit, Asked::Results(filter), &db, &req).await
}

/// Outcomes of dossiers
///
/// The dossiers accepted in a period by outcome and by timeliness, judged by what had happened by the end of `as_of`. Voided
/// ones are left out. Counts of zero are left out too. Without `department`, all dossiers in your sight. JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "reports", operation_id = "get_dossier_outcomes", security(("bearer" = [])), params(JudgedFilter),
    extensions(("x-permission" = json!("report:read"))),
    responses((status = 200, description = "The report", content(
        (DossierOutcomes = "application/json"),
        (String = "text/csv", example = "Mã,Tên,Công dân rút"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/reports/dossier-outcomes")]
async fn get_dossier_outcomes(permit: Permit<perm::ReadReport>, Query(filter): Query<JudgedFilter>, db: Db, req: HttpRequest) -> Answer {
    answer(&permit, Asked::Outcomes(filter), &db, &req).await
}

/// Outcomes of dossiers by month
///
/// The dossiers accepted in each month of a year by outcome and by timeliness; all twelve months, and all judged by what had
/// happened by the end of one day, `as_of`: by default the last of the year, today while it runs. JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "reports", operation_id = "get_outcomes_by_month", security(("bearer" = [])), params(MonthsFilter),
    extensions(("x-permission" = json!("report:read"))),
    responses((status = 200, description = "The report", content(
        (OutcomesByMonth = "application/json"),
        (String = "text/csv", example = "Tháng,Từ ngày,Đến ngày,Công dân rút"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/reports/outcomes-by-month")]
async fn get_outcomes_by_month(permit: Permit<perm::ReadReport>, Query(filter): Query<MonthsFilter>, db: Db, req: HttpRequest) -> Answer {
    answer(&permit, Asked::Months(filter), &db, &req).await
}

/// Why dossiers are late
///
/// In the manner of form II.07: the dossiers of a period that were finished late (withdrawn ones left out) or are open and overdue, each
/// under one cause; judged at the end of the period they are those of columns 10 and 13 of II.06a. `consulted_agency`: an agency consulted by the due date had not answered by then. Otherwise
/// `stated`: the last apology gives a reason; equal reasons are counted together. Otherwise `not_stated`. With an `as_of` after the
/// period, its dossiers are judged by what had happened by then; a period that still runs is judged today. JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "reports", operation_id = "get_overdue_reasons", security(("bearer" = [])), params(JudgedFilter),
    extensions(("x-permission" = json!("report:read"))),
    responses((status = 200, description = "The report", content(
        (OverdueReasons = "application/json"),
        (String = "text/csv", example = "Mã,Tên,Nguyên nhân"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/reports/overdue-reasons")]
async fn get_overdue_reasons(permit: Permit<perm::ReadReport>, Query(filter): Query<JudgedFilter>, db: Db, req: HttpRequest) -> Answer {
    answer(&permit, Asked::Reasons(filter), &db, &req).await
}

/// How long handling takes
///
/// Of the dossiers finished in a period (withdrawn ones left out) the median and the 90th percentile in working days, from the effective
/// day of acceptance, not counted, to the day of the finish, by the calendar of the resolving department: `elapsed_days` with the days
/// spent waiting in pauses, `handling_days` without. Percentiles are by nearest rank: the smallest number of days that at least
/// that share of the dossiers did not exceed. Days are counted by the calendars as they are now: a day put in later changes the times
/// of a past period too, though no due date. A year without a calendar is 422. JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "reports", operation_id = "get_handling_times", security(("bearer" = [])), params(JudgedFilter),
    extensions(("x-permission" = json!("report:read"))),
    responses((status = 200, description = "The report", content(
        (HandlingTimes = "application/json"),
        (String = "text/csv", example = "Mã,Tên,Số hồ sơ"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/reports/handling-times")]
async fn get_handling_times(permit: Permit<perm::ReadReport>, Query(filter): Query<JudgedFilter>, db: Db, req: HttpRequest) -> Answer {
    answer(&permit, Asked::Times(filter), &db, &req).await
}

/// Findings by department and kind
///
/// The findings that arose in a period, by `arose_on`. The two about consultations exist only while something is to be done: they count
/// as of the end of `as_of` (by default of the period, today while it runs), and arose when the omission began: the day after the answer was due;
/// the day of the second reminder, or the day after both the answer and the dossier were due. Voided dossiers have no
/// findings. `GET /api/v1/findings` says what each kind means. JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "reports", operation_id = "get_finding_counts", security(("bearer" = [])), params(FindingFilter),
    extensions(("x-permission" = json!("report:read"))),
    responses((status = 200, description = "The report", content(
        (FindingReport = "application/json"),
        (String = "text/csv", example = "Mã,Tên,Tiếp nhận ngoài Một cửa"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/reports/findings")]
async fn get_finding_counts(permit: Permit<perm::ReadReport>, Query(filter): Query<FindingFilter>, db: Db, req: HttpRequest) -> Answer {
    answer(&permit, Asked::Findings(filter), &db, &req).await
}

/// Freeze a report
///
/// Computes it and keeps it for good under the next number of the year, with its SHA-256: as it was sent. Nobody can change or
/// delete it. Its parameters are those of the report; what is out of your reach is not in it.
#[utoipa::path(tag = "reports", operation_id = "freeze_report", security(("bearer" = [])), request_body = NewReportSnapshot,
    params(WriteParams, RetryHeaders), extensions(("x-permission" = json!("snapshot:freeze"))),
    responses((status = 201, description = "Frozen", body = ReportSnapshotView), WriteProblems))]
#[post("/api/v1/reports/snapshots")]
async fn freeze_report(permit: Permit<perm::FreezeReport>, _: Query<WriteParams>, body: Json<NewReportSnapshot>, db: Db) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::freeze(tx, &permit, &body.value).await).await
}

/// Which frozen reports to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct SnapshotFilter {
    /// Only of this report, such as `dossier-results`.
    #[param(value_type = Option<ReportName>, inline, example = "dossier-results")]
    report: Option<&'static str>,
    /// Only those frozen in this year.
    #[param(example = 2022)]
    year: Option<i32>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<ReportSnapshotSummary>,
}

impl FromQuery for SnapshotFilter {
    fn read(q: &mut QueryReader) -> Self {
        SnapshotFilter {
            report: q.choice("report", ReportName::NAMES),
            year: q.parse("year", "Phải là một năm.", "Must be a year."),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

fn broken(why: String) -> ApiError {
    ApiError::new(Code::Internal).because(why)
}

async fn snapshots(
    db: &impl ConnectionTrait,
    reach: &Reach,
    filter: &SnapshotFilter,
) -> Result<(Vec<ReportSnapshotSummary>, PageInfo), ApiError> {
    let (only, after) = ((filter.report, filter.year), filter.cursor.after()?);
    let rows = store::list_snapshots(db, reach, only, after, filter.cursor.limit).await?;
    let (rows, info) = filter.cursor.page(rows, |s| (s.year, s.n));
    let items = rows.iter().map(ReportSnapshotSummary::of).collect::<Result<_, _>>().map_err(broken)?;
    Ok((items, info))
}

/// List frozen reports
///
/// The newest first, without their figures; those that are about departments in your sight only.
#[utoipa::path(tag = "reports", operation_id = "list_report_snapshots", params(SnapshotFilter, PageParams, Shape::<ReportSnapshotSummary>), security(("bearer" = [])),
    extensions(("x-permission" = json!("snapshot:read"))),
    responses((status = 200, description = "A page of frozen reports", body = ReportSnapshotPage), ReadProblems))]
#[get("/api/v1/reports/snapshots")]
async fn list_report_snapshots(
    permit: Permit<perm::ReadSnapshot>,
    Query(filter): Query<SnapshotFilter>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let (reach, only) = (permit.reach(), (filter.report, filter.year));
    let (items, info) = snapshots(db.get_ref(), &reach, &filter).await?;
    let info =
        filter.cursor.counted(db.get_ref(), info, async |db| store::list_snapshots(db, &reach, only, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &ReportSnapshotPage { items, page: info }).await
}

/// Get a frozen report
///
/// By id or number, with its figures as they were: nothing is computed anew. JSON, CSV or XLSX by `Accept`; the tables hold the figures.
#[utoipa::path(tag = "reports", operation_id = "get_report_snapshot", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or number", example = "2022-3")), extensions(("x-permission" = json!("snapshot:read"))),
    responses((status = 200, description = "The frozen report", content(
        (ReportSnapshotView = "application/json"),
        (String = "text/csv", example = "Mã,Tên,Tiếp nhận trực tuyến (4)"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 304, description = "The caller has it already: it never changes"), ReadProblems))]
#[get("/api/v1/reports/snapshots/{key}")]
async fn get_report_snapshot(
    permit: Permit<perm::ReadSnapshot>,
    key: web::Path<String>,
    _: Query<NoQuery>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let frozen = store::find_snapshot(db.get_ref(), &permit.reach(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let view = ReportSnapshotView::of(&frozen).map_err(broken)?;
    if accept::choose(&req, table::FORMS)? == 0 {
        return Ok(found(&permit, 1, &view));
    }
    let report = Report::read(view.about.report, &view.figures).map_err(|e| broken(format!("snapshot {}: {e}", view.about.number)))?;
    table::respond(&req, &view, || report.table(permit.lang))
}

/// Compare a frozen report with today
///
/// Computes it anew over the departments it was about, and shows every cell that differs: path, frozen, recomputed.
#[utoipa::path(tag = "reports", operation_id = "get_snapshot_difference", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or number", example = "2022-3")), extensions(("x-permission" = json!("snapshot:read"))),
    responses((status = 200, description = "What differs", body = ReportSnapshotDifference), ReadProblems))]
#[get("/api/v1/reports/snapshots/{key}/difference")]
async fn get_snapshot_difference(permit: Permit<perm::ReadSnapshot>, key: web::Path<String>, _: Query<NoQuery>, db: Db) -> Answer {
    Ok(HttpResponse::Ok().json(acts::compare(db.get_ref(), &permit, &key.as_str().into()).await?))
}

/// The list of frozen reports as an export.
pub fn exported_snapshots() -> Source {
    Source::of::<SnapshotFilter, ReportSnapshotSummary>("report-snapshots", Permission::ReadSnapshot, |ask| {
        Box::pin(async move { Batch::of(snapshots(ask.db, &ask.reach, &ask.filter()?).await?) })
    })
}
