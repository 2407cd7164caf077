//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::purge::{BATCH, purge, until};
use crate::app::Shared;
use crate::audit::Teller;
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::db::Db;
use crate::error::{ApiError, Code, Fault};
use crate::http::call::{RetryHeaders, WriteParams};
use crate::http::{Answer, Day, Json, Query, Reply, WriteProblems, write};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(purge_personal_data);
}

/// How much to do at once.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"most": 1000}))]
pub struct Purge {
    /// Dossiers at most, 1 to 1000; 1000 by default.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub most: Option<u32>,
}

/// What a purge did.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"ended_until": "2019-06-14", "purged": 12, "more": false}))]
pub struct Purged {
    /// Dossiers that ended on this day or earlier lose their applicant's name and numbers.
    pub ended_until: Day,
    /// How many did, in this call.
    pub purged: u32,
    /// There may be more: call again.
    pub more: bool,
}

/// Purge personal data
///
/// Takes name, identity number and telephone number out of dossiers that ended longer ago than the server is set to keep them;
/// what is counted stays. The servers do this by themselves; a call does at most a thousand at once.
#[utoipa::path(tag = "dossiers", operation_id = "purge_personal_data", security(("bearer" = [])), request_body = Purge,
    params(WriteParams, RetryHeaders), extensions(("x-permission" = json!("dossier:purge_personal_data"))),
    responses((status = 200, description = "Done", body = Purged), WriteProblems))]
#[post("/api/v1/personal-data/purges")]
async fn purge_personal_data(
    permit: Permit<perm::PurgePersonalData>,
    _: Query<WriteParams>,
    body: Json<Purge>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let until = until(permit.now, shared.settings.personal_data.keep_days);
    let most = body.value.most.unwrap_or(BATCH);
    if !(1..=BATCH).contains(&most) {
        let fault = Fault::new(Code::OutOfRange, "/most", format!("Từ 1 đến {BATCH}."), format!("From 1 to {BATCH}."));
        return Err(ApiError::new(Code::InvalidBody).faults(vec![fault]));
    }
    write(db.get_ref(), &permit, &body.hash, async |tx| {
        let purged = purge(tx, &Teller::of(&permit), until, most).await?;
        Reply::plain(&Purged { ended_until: Day(until), purged, more: purged == most })
    })
    .await
}
