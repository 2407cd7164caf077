//! The report on how far plans are.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use utoipa::IntoParams;

use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::calendar::vn_date;
use crate::db::Db;
use crate::error::{ApiError, Fault};
use crate::http::query::FromQuery;
use crate::http::{Answer, Day, Query, QueryReader, ReadProblems, table};
use crate::plans::tasks::store::{self, Rows, Scope};
use crate::plans::tasks::wire::{PlanProgress, TaskOrigin};
use crate::text::Text;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_plan_progress);
}

/// What the report is about.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct ProgressFilter {
    /// Code of the plan; all tasks in sight when none is given.
    #[param(example = "kh-1186-skhdt-2022")]
    plan: Option<String>,
    /// Where the tasks come from: `plan` or `assigned`.
    #[param(value_type = Option<TaskOrigin>, example = "assigned")]
    origin: Option<&'static str>,
    /// Judged at the end of this day; today when none is given.
    #[param(value_type = Option<Day>)]
    as_of: Option<NaiveDate>,
    /// Rows by `department` that leads, by `group` of the plan, or the total alone (`none`, default).
    #[param(value_type = Option<String>, pattern = "^(none|department|group)$", example = "department")]
    group_by: Option<&'static str>,
}

impl FromQuery for ProgressFilter {
    fn read(q: &mut QueryReader) -> Self {
        ProgressFilter {
            plan: q.text("plan"),
            origin: q.choice("origin", TaskOrigin::NAMES),
            as_of: q.day("as_of"),
            group_by: q.choice("group_by", &["none", "department", "group"]),
        }
    }
}

/// How far the tasks of a plan are
///
/// Counted by their occurrences, those led by a department in sight: where they stood at the end of `as_of`, with the due dates in force
/// then; what is late, and what was given more time. By department, a task counts under each that leads it, and once in the total.
/// JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "reports", operation_id = "get_plan_progress", security(("bearer" = [])), params(ProgressFilter),
    extensions(("x-permission" = json!("task:read"))),
    responses((status = 200, description = "The report", content(
        (PlanProgress = "application/json"),
        (String = "text/csv", example = "Mã,Tên,Chưa thực hiện"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/reports/plan-progress")]
async fn get_plan_progress(permit: Permit<perm::ReadTask>, Query(filter): Query<ProgressFilter>, db: Db, req: HttpRequest) -> Answer {
    let db = db.get_ref();
    if let Some(plan) = filter.plan.as_deref().filter(|plan| !plan.is_empty())
        && !store::plan_exists(db, plan).await?
    {
        return Err(ApiError::broken(vec![Fault::unknown("plan", plan)]));
    }
    let as_of = filter.as_of.unwrap_or_else(|| vn_date(permit.now));
    let reach = permit.reach();
    let scope = Scope { reach: &reach, departments: None, plan: filter.plan.as_deref(), origin: filter.origin, as_of };
    let rows = match filter.group_by {
        Some("department") => store::progress(db, &scope, Rows::Department).await?,
        Some("group") => store::progress(db, &scope, Rows::Group).await?,
        _ => Vec::new(),
    };
    let report = PlanProgress {
        plan: filter.plan.clone(),
        as_of: Day(as_of),
        rows,
        total: store::progress_in_all(db, &scope).await?,
        late: store::issues(db, &scope).await?,
    };
    let lang = permit.lang;
    table::respond(&req, &report, || report.table(&lang.pick(Text::new("Tổng cộng", "Total"))))
}
