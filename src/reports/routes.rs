//! HTTP in, HTTP out.

use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::filter::ReportFilter;
use super::store::{self, Question};
use super::wire::{DossierOutcomes, DossierResults};
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::db::Db;
use crate::http::query::FromQuery;
use crate::http::{Answer, Day, Lang, Query, QueryReader, ReadProblems, table};
use crate::text::Text;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_dossier_results).service(get_dossier_outcomes);
}

fn total_in(req: &HttpRequest) -> String {
    Lang::of(req.headers()).pick(Text::new("Tổng cộng", "Total"))
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
    let reach = permit.reach();
    let chosen = store::choose(db.get_ref(), &reach, &filter.slice).await?;
    let days = filter.span.days;
    let question = Question { reach: &reach, chosen: &chosen, days, as_of: days.to, group_by: filter.group_by };
    let report = DossierResults::of(days, &store::handling(db.get_ref(), &question).await?);
    table::respond(&req, &report, || report.table(total_in(&req)))
}

/// What the outcomes are asked for.
struct OutcomeFilter {
    report: ReportFilter,
    as_of: Option<NaiveDate>,
}

/// The day of judgement, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by OutcomeFilter; named here for the contract")]
struct AsOf {
    /// Judge by what had happened by the end of this day; the end of the period by default.
    #[param(example = "2022-12-31")]
    as_of: Option<Day>,
}

impl IntoParams for OutcomeFilter {
    fn into_params(place: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        let mut params = ReportFilter::into_params(&place);
        params.extend(AsOf::into_params(&place));
        params
    }
}

impl FromQuery for OutcomeFilter {
    fn read(q: &mut QueryReader) -> Self {
        OutcomeFilter { report: ReportFilter::read(q), as_of: q.day("as_of") }
    }
}

/// Outcomes of dossiers
///
/// The dossiers accepted in a period by outcome and by timeliness, judged by what had happened by the end of `as_of`. Voided
/// ones are left out. Counts of zero are left out too. Without `department`, all dossiers in your sight. JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "reports", operation_id = "get_dossier_outcomes", security(("bearer" = [])), params(OutcomeFilter),
    extensions(("x-permission" = json!("report:read"))),
    responses((status = 200, description = "The report", content(
        (DossierOutcomes = "application/json"),
        (String = "text/csv", example = "Mã,Tên,Công dân rút"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/reports/dossier-outcomes")]
async fn get_dossier_outcomes(permit: Permit<perm::ReadReport>, Query(filter): Query<OutcomeFilter>, db: Db, req: HttpRequest) -> Answer {
    let reach = permit.reach();
    let chosen = store::choose(db.get_ref(), &reach, &filter.report.slice).await?;
    let days = filter.report.span.days;
    let as_of = filter.as_of.unwrap_or(days.to);
    let question = Question { reach: &reach, chosen: &chosen, days, as_of, group_by: filter.report.group_by };
    let report = DossierOutcomes::of(days, Day(as_of), &store::verdicts(db.get_ref(), &question).await?);
    table::respond(&req, &report, || report.table(total_in(&req)))
}
