//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpResponse, get, web};
use utoipa::IntoParams;

use super::inbox::{self, Asked};
use super::model::ReminderKind;
use super::wire::Inbox;
use crate::app::Shared;
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::calendar::vn_date;
use crate::db::Db;
use crate::error::{Code, Fault};
use crate::http::query::FromQuery;
use crate::http::{Answer, Query, QueryReader, ReadProblems};

/// Reminders of a kind that are told unless the caller says otherwise, and at most.
const TOLD: u32 = 100;
const TOLD_AT_MOST: u32 = 500;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_my_reminders);
}

/// Which reminders, and how far ahead.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct ReminderFilter {
    /// Only these kinds, separated by commas.
    #[param(value_type = Option<Vec<ReminderKind>>, style = Form, explode = false, example = json!(["task_overdue", "task_due_soon"]))]
    kind: Vec<&'static str>,
    /// Working days ahead that count as soon, by the base calendar; 3 unless the server is set otherwise.
    #[param(minimum = 1, maximum = 30, example = 5)]
    days: Option<u32>,
    /// Items of each kind, 100 by default; the counts are always whole.
    #[param(minimum = 1, maximum = 500, example = 100)]
    limit: Option<u32>,
}

impl FromQuery for ReminderFilter {
    fn read(q: &mut QueryReader) -> Self {
        let mut number = |name: &'static str, most: u32| {
            let (vi, en) = (format!("Phải là số từ 1 đến {most}."), format!("Must be a number from 1 to {most}."));
            let given = q.parse::<u32>(name, &vi, &en);
            if given.is_some_and(|n| !(1..=most).contains(&n)) {
                q.fault(Fault::new(Code::InvalidParameter, name, vi, en));
            }
            given
        };
        let (days, limit) = (number("days", 30), number("limit", TOLD_AT_MOST));
        ReminderFilter { kind: q.list("kind", ReminderKind::NAMES), days, limit }
    }
}

/// Get my reminders
///
/// What the caller has to see to now, the most urgent first: tasks and reports overdue or due soon, silent consulted agencies,
/// explanations owed for the last month, obstacles, extensions and handed-in tasks that wait for a decision. It follows from what is
/// there: a reminder goes when the thing is done.
#[utoipa::path(tag = "auth", operation_id = "get_my_reminders", params(ReminderFilter), security(("bearer" = [])),
    extensions(("x-permission" = json!("self:read"))),
    responses((status = 200, description = "What there is to see to", body = Inbox), ReadProblems))]
#[get("/api/v1/me/reminders")]
async fn get_my_reminders(
    permit: Permit<perm::ReadSelf>,
    Query(filter): Query<ReminderFilter>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let kinds = match filter.kind.as_slice() {
        [] => ReminderKind::ALL.to_vec(),
        names => names.iter().filter_map(|name| ReminderKind::named(name)).collect(),
    };
    let mut asked = Asked::of(db.get_ref(), vn_date(permit.now), &shared.settings, filter.days).await?;
    asked.limit = filter.limit.unwrap_or(TOLD);
    asked.kinds = kinds;
    let found = inbox::read(db.get_ref(), &permit.actor, &asked, permit.lang).await?;
    Ok(HttpResponse::Ok().json(found.view(&asked, permit.lang)))
}
