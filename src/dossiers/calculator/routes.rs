//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpResponse, post, web};

use super::rules;
use super::wire::{Calculation, ClockView};
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::calendar;
use crate::db::Db;
use crate::error::ApiError;
use crate::http::query::NoQuery;
use crate::http::{Answer, Json, Query, WriteProblems};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(calculate_due_date);
}

/// Calculate a due date
///
/// The statutory clock for the facts sent: when it is due, and why, step by step. Stateless; nothing is stored. With the
/// code of a department's calendar its local closures count too. A refusal has the code of the first fault:
/// `limit_out_of_range`, `dates_backwards`, `overlapping_pauses` or `calendar_missing`.
#[utoipa::path(tag = "calendars", operation_id = "calculate_due_date", security(("bearer" = [])), request_body = Calculation,
    params(("code" = String, Path, description = "Code of the calendar", example = "vn")),
    extensions(("x-permission" = json!("calendar:read"))),
    responses((status = 200, description = "What the clock shows", body = ClockView), WriteProblems))]
#[post("/api/v1/calendars/{code}/calculations")]
async fn calculate_due_date(
    permit: Permit<perm::ReadCalendar>,
    code: web::Path<String>,
    _: Query<NoQuery>,
    body: Json<Calculation>,
    db: Db,
) -> Answer {
    let calendar = calendar::load_all(db.get_ref()).await?.by_code(&code).ok_or_else(ApiError::not_found)?;
    let (reading, steps) = rules::calculate(&calendar, &body.value)?;
    Ok(HttpResponse::Ok().json(ClockView::new(&reading, steps, permit.lang)))
}
