//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{post, web};

use super::acts;
use super::wire::NewAmendment;
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::db::Db;
use crate::http::call::WriteParams;
use crate::http::{Answer, Json, Query, WriteProblems, write};
use crate::plans::wire::PlanView;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(amend_plan);
}

/// Amend a plan
///
/// By a later document, which makes a new version of the plan's text. A task keeps its lineage by its `local_code`; one that was split or
/// merged is named in `replaces` of those that follow it. A task that is dropped stays on record: it is cancelled unless it says
/// otherwise, and one with work on it (reports, a completion) must say what becomes of it.
#[utoipa::path(tag = "plans", operation_id = "amend_plan", security(("bearer" = [])), request_body = NewAmendment,
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022"), WriteParams, crate::http::call::ChangeHeaders),
    extensions(("x-permission" = json!("plan:write"))),
    responses((status = 201, description = "The plan as amended", body = PlanView), WriteProblems))]
#[post("/api/v1/plans/{key}/amendments")]
async fn amend_plan(
    permit: Permit<perm::WritePlan>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewAmendment>,
    db: Db,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::amend(tx, &permit, &key.as_str().into(), &body.value).await).await
}
