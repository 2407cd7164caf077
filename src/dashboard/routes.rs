//! HTTP in, HTTP out.

use actix_web::{HttpResponse, get, web};
use chrono::NaiveDate;
use utoipa::IntoParams;

use super::contents::{self, Asked};
use super::rules;
use super::wire::DashboardView;
use crate::app::Shared;
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::calendar::vn_date;
use crate::db::Db;
use crate::error::{ApiError, Code, Fault};
use crate::http::query::FromQuery;
use crate::http::values::Key;
use crate::http::{Answer, Query, QueryReader, ReadProblems, ServiceConfig};
use crate::reports::filter::Slice;
use crate::reports::period::{Period, PeriodCode, PeriodSet};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_dashboard);
}

/// What a dashboard is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by DashboardFilter; named here for the contract")]
struct DashboardParams {
    /// Code of a period: `2022`, `2022H1`, `2022Q2`, `2022-04`, `2022-9M`; by default the running year.
    #[param(value_type = Option<PeriodCode>, example = "2022")]
    period: Option<String>,
    /// How periods are cut: `calendar` (default) or `administrative` (a month runs from the 15th of the month before to the 14th).
    #[param(pattern = "^(administrative|calendar)$", example = "calendar")]
    period_set: Option<String>,
    /// Code or id of a department; everything in your sight when it is left out.
    #[param(value_type = Option<String>, example = "DKKD")]
    department: Option<Key>,
    /// `subtree` (default): the department with those below it. `self`: its own alone.
    #[param(pattern = "^(self|subtree)$", example = "subtree")]
    scope: Option<String>,
}

struct DashboardFilter {
    period: Option<Period>,
    set: PeriodSet,
    slice: Slice,
}

impl IntoParams for DashboardFilter {
    fn into_params(place: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        DashboardParams::into_params(place)
    }
}

impl FromQuery for DashboardFilter {
    fn read(q: &mut QueryReader) -> Self {
        let given = q.text("period");
        let period = given.as_deref().and_then(Period::parse);
        if given.is_some() && period.is_none() {
            let (vi, en) = (
                "Không phải kỳ báo cáo; ví dụ: 2022, 2022H1, 2022Q2, 2022-04, 2022-9M.",
                "No period; examples: 2022, 2022H1, 2022Q2, 2022-04, 2022-9M.",
            );
            q.fault(Fault::new(Code::InvalidParameter, "period", vi, en));
        }
        let set = q.choice("period_set", PeriodSet::NAMES).map_or(PeriodSet::Calendar, PeriodSet::named);
        let department = q.text("department").map(|text| Key::from(text.as_str()));
        let scope = q.choice("scope", &["self", "subtree"]);
        if scope.is_some() && department.is_none() {
            q.fault(Fault::new(
                Code::InvalidParameter,
                "scope",
                "Chỉ dùng cùng với “department”.",
                "Means something only beside “department”.",
            ));
        }
        let subtree = department.is_some() && scope != Some("self");
        DashboardFilter { period, set, slice: Slice { department, subtree, ..Slice::default() } }
    }
}

impl DashboardFilter {
    fn asked(self, today: NaiveDate) -> Result<Asked, ApiError> {
        let period = self.period.or_else(|| Period::parse(&rules::running_year(today, self.set)));
        let spans = period.and_then(|period| rules::spans(&period, self.set)).ok_or_else(|| ApiError::new(Code::InvalidParameter))?;
        Ok(Asked { spans, slice: self.slice })
    }
}

/// Everything for a landing page
///
/// Indicators with target, status, trend and course; dossiers by result, outcome, month and department; findings, tasks, outgoing documents; and what
/// waits for someone now. All of it is counted when it is asked for, as of one moment, over what is in the caller's sight, and agrees with the
/// reports and indicators that its `href`s lead to. A period that still runs is judged today. The page at `/dashboard` shows it.
#[utoipa::path(tag = "reports", operation_id = "get_dashboard", security(("bearer" = [])), params(DashboardFilter),
    extensions(("x-permission" = json!("report:read"))),
    responses((status = 200, description = "The dashboard", body = DashboardView), ReadProblems))]
#[get("/api/v1/dashboard")]
async fn get_dashboard(
    permit: Permit<perm::ReadReport>,
    Query(filter): Query<DashboardFilter>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let asked = filter.asked(vn_date(permit.now))?;
    Ok(HttpResponse::Ok().json(contents::make(db.get_ref(), &permit, &asked, &shared.settings).await?))
}
