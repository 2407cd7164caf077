//! Jobs as they are told of.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{Job, Kind, Params, State};
use super::store::{Kept, Row};
use crate::error::ApiError;
use crate::http::At;
use crate::http::bulk::{BulkResult, Mode, RowStatus, Strategy, Summary};
use crate::http::problem::{ProblemError, fault_json};

/// A load or an export in the background.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-00000000000a", "kind": "load", "resource": "dossiers", "state": "running",
    "mode": "best_effort", "strategy": "upsert", "dry_run": false, "rows_done": 8000, "rows_total": 20000,
    "summary": {"received": 8000, "created": 7990, "updated": 0, "unchanged": 0, "rejected": 10}, "problem": null,
    "created_by": "office", "created_at": "2022-06-15T09:00:00+07:00", "started_at": "2022-06-15T09:00:01+07:00", "finished_at": null,
    "cancel_requested_at": null, "links": {"self": "/api/v1/jobs/0198c5a0-0000-7000-8000-00000000000a",
        "results": "/api/v1/jobs/0198c5a0-0000-7000-8000-00000000000a/results", "errors": "/api/v1/jobs/0198c5a0-0000-7000-8000-00000000000a/errors", "export": null}}))]
pub struct JobView {
    pub id: Uuid,
    #[schema(value_type = Kind)]
    pub kind: String,
    /// To what: `dossiers`, `departments`.
    pub resource: String,
    #[schema(value_type = State)]
    pub state: String,
    /// Of a load.
    pub mode: Option<Mode>,
    /// Of a load.
    pub strategy: Option<Strategy>,
    /// The rows are only tried.
    pub dry_run: bool,
    /// Rows done; of a load in best effort these are committed, whatever becomes of the job.
    pub rows_done: i64,
    /// Null while it is not known.
    pub rows_total: Option<i64>,
    /// What has come of the rows so far, of a load.
    pub summary: Option<Summary>,
    /// Why it failed, as a problem document.
    #[schema(value_type = Option<JobProblem>)]
    pub problem: Option<Value>,
    pub created_by: String,
    pub created_at: At,
    pub started_at: Option<At>,
    pub finished_at: Option<At>,
    /// When its end was asked for.
    pub cancel_requested_at: Option<At>,
    pub links: JobLinks,
}

/// Where to go from a job.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JobLinks {
    #[serde(rename = "self")]
    pub this: String,
    /// The rows it tells of, of a load.
    pub results: Option<String>,
    /// The refused rows as a file to mend, of a load that refused any.
    pub errors: Option<String>,
    /// The export it makes.
    pub export: Option<String>,
}

/// Why a job failed.
#[derive(Serialize, ToSchema)]
pub struct JobProblem {
    pub r#type: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    pub code: String,
    pub errors: Vec<ProblemError>,
}

fn count(n: i64) -> u64 {
    n.unsigned_abs()
}

impl JobView {
    pub fn of(row: &Row) -> JobView {
        let id = row.id;
        let load = row.kind == Kind::Load.name();
        let bulk = serde_json::from_value::<Params>(row.params.clone()).ok().filter(|_| load).map(|p| p.bulk);
        let summary = Summary {
            // Of rows that count for nothing since others were refused nothing else is told.
            received: if bulk.is_some_and(|b| b.mode == Mode::Atomic) && row.rejected > 0 {
                count(row.rows_done)
            } else {
                count(row.created + row.updated + row.unchanged + row.rejected)
            },
            created: count(row.created),
            updated: count(row.updated),
            unchanged: count(row.unchanged),
            rejected: count(row.rejected),
        };
        let path = format!("/api/v1/jobs/{id}");
        JobView {
            id,
            kind: row.kind.clone(),
            resource: row.resource.clone(),
            state: row.state.clone(),
            mode: bulk.map(|b| b.mode),
            strategy: bulk.map(|b| b.strategy),
            dry_run: bulk.is_some_and(|b| b.dry_run),
            rows_done: row.rows_done,
            rows_total: row.rows_total,
            summary: load.then_some(summary),
            problem: row.problem.clone(),
            created_by: row.creator.clone(),
            created_at: At(row.created_at),
            started_at: row.started_at.map(At),
            finished_at: row.finished_at.map(At),
            cancel_requested_at: row.cancel_requested_at.map(At),
            links: JobLinks {
                results: load.then(|| format!("{path}/results")),
                errors: (load && row.rejected > 0).then(|| format!("{path}/errors")),
                export: (!load).then(|| format!("/api/v1/exports/{id}")),
                this: path,
            },
        }
    }
}

/// Seconds after which it is worth asking again; none for a job that has ended.
pub fn retry_after(row: &Row) -> Option<u32> {
    let state = State::parse(&row.state)?;
    (!state.ended()).then_some(if state == State::Running { 1 } else { 2 })
}

crate::page_of!(
    /// A page of jobs.
    JobPage, JobView);

crate::page_of!(
    /// A page of the rows a load tells of.
    JobResultPage, BulkResult);

/// What was kept of a row, as in the answer of a direct load.
pub fn result(kept: Kept) -> BulkResult {
    let list = |faults: Value| -> Vec<ProblemError> {
        let text = |fault: &Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
        let one = |f: &Value| ProblemError { code: text(f, "code"), pointer: text(f, "pointer"), detail: text(f, "detail") };
        faults.as_array().map(|list| list.iter().map(one).collect()).unwrap_or_default()
    };
    let status = match kept.status.as_str() {
        "created" => RowStatus::Created,
        "updated" => RowStatus::Updated,
        "unchanged" => RowStatus::Unchanged,
        _ => RowStatus::Rejected,
    };
    BulkResult { index: count(kept.idx), code: kept.code, status, errors: list(kept.errors), warnings: list(kept.warnings) }
}

/// A problem as it is kept with its job, in the language of its creator.
pub fn problem(error: &ApiError, job: &Job) -> Value {
    let code = error.code();
    json!({
        "type": format!("/docs/problems/{}", code.name()),
        "title": job.lang.pick(code.title()),
        "status": code.status().as_u16(),
        "detail": job.lang.pick(error.detail()),
        "code": code.name(),
        "errors": error.fault_list().iter().map(|f| fault_json(f, job.lang)).collect::<Vec<_>>(),
    })
}
