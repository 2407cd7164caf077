//! Tasks from above, one by one and in loads.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, post, put, web};

use crate::app::Shared;
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::db::Db;
use crate::http::bulk::{self, BulkAnswer, BulkHeaders, BulkParams};
use crate::http::call::{ChangeHeaders, RetryHeaders, WriteParams};
use crate::http::{Answer, Json, Query, WriteProblems, write};
use crate::jobs::{self, Intake, JobView};
use crate::plans::tasks::acts;
use crate::plans::tasks::wire::{AssignedTask, TaskView};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(put_task).service(load_tasks);
}

/// Put a task from above
///
/// One that a document of its own assigns, without a plan; `Unchanged: true` when it is equal already. It lives as tasks of plans do.
/// Once there is work on it, its last day changes by an extension only.
#[utoipa::path(tag = "plans", operation_id = "put_task", security(("bearer" = [])), request_body = AssignedTask,
    params(("key" = String, Path, description = "Code", example = "gv-4521-2022"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("task:write"))),
    responses((status = 201, description = "Created", body = TaskView), (status = 200, description = "Changed, or equal already", body = TaskView), WriteProblems))]
#[put("/api/v1/tasks/{key}")]
async fn put_task(
    permit: Permit<perm::WriteTask>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<AssignedTask>,
    db: Db,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::put_assigned(tx, &permit, &key, &body.value).await).await
}

/// Load tasks from above
///
/// JSON array, NDJSON or CSV; a row may be a part of another. Tasks of a plan change with their plan: a row with the code of one is
/// refused.
#[utoipa::path(tag = "plans", operation_id = "load_tasks", security(("bearer" = [])), params(BulkParams, BulkHeaders, RetryHeaders),
    request_body(content((Vec<AssignedTask> = "application/json"),
        (String = "application/x-ndjson", example = "{\"code\":\"gv-4521-2022\",\"document_number\":\"4521/UBND-KT\",\"document_on\":\"2022-05-10\",\"issuer\":\"UBND\",\"title\":\"Báo cáo giải ngân\",\"lead\":[\"VP\"],\"due_on\":\"2022-06-20\"}"),
        (String = "text/csv", example = "code,document_number,document_on,issuer,title,lead,due_on\ngv-4521-2022,4521/UBND-KT,2022-05-10,UBND,Báo cáo giải ngân,\"[\"\"VP\"\"]\",2022-06-20"))),
    extensions(("x-permission" = json!("task:write"))),
    responses((status = 200, description = "Every row applied or unchanged", body = BulkAnswer),
        (status = 207, description = "Best effort: some rows were refused", body = BulkAnswer),
        (status = 202, description = "With `Prefer: respond-async`: taken in; the job is at `Location`", body = JobView), WriteProblems))]
#[post("/api/v1/tasks/bulk")]
async fn load_tasks(
    permit: Permit<perm::WriteTask>,
    Query(params): Query<BulkParams>,
    req: HttpRequest,
    payload: web::Payload,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    if jobs::wanted(&req) {
        let intake = Intake { call: &permit, params, req: &req, db: &db, shared: &shared, resource: "tasks", together: true };
        return jobs::take_in::<AssignedTask>(intake, payload).await;
    }
    let rows = bulk::read_all::<AssignedTask>(&req, payload.into_inner(), &shared).await?;
    bulk::apply(db.get_ref(), &permit, params, rows, async |tx, rows| acts::load_assigned(tx, &permit, rows, params.strategy).await).await
}
