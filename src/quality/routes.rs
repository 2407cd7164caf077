//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get};

use super::index;
use super::wire::QualityIndex;
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::calendar::vn_date;
use crate::db::Db;
use crate::http::{Answer, Query, ReadProblems, table};
use crate::reports::filter::WholeFilter;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_quality_index);
}

/// National quality index
///
/// By Decision 766/QĐ-TTg for a period: six groups of components with numerator, denominator, rate and points, as far as dossiers and procedures tell;
/// `reason` says which data are missing. Judged as the index does, not by the statutory clock: a dossier that was asked for papers more
/// than once is late; one that waits for its only supplement ended when that was asked for; waiting is taken off the end, which is held against the
/// first due date. A running period is judged today. A rating needs every component. Without `department`, all in your sight.
/// JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "reports", operation_id = "get_quality_index", security(("bearer" = [])), params(WholeFilter),
    extensions(("x-permission" = json!("report:read"))),
    responses((status = 200, description = "The index", content(
        (QualityIndex = "application/json"),
        (String = "text/csv", example = "Mã,Nội dung,Công thức"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/reports/quality-index")]
async fn get_quality_index(permit: Permit<perm::ReadReport>, Query(filter): Query<WholeFilter>, db: Db, req: HttpRequest) -> Answer {
    let index = index::make(db.get_ref(), &permit.reach(), &filter, vn_date(permit.now)).await?;
    table::respond(&req, &index, || index.table(permit.lang))
}
