//! Bulk loads: three media types in, one verdict a row out, in input order.

mod read;
mod respond;
pub mod split;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Code, Fault};
use crate::http::query::FromQuery;
use crate::http::{Lang, QueryReader};

pub use read::{BulkRow, ERROR_COLUMNS, Parsed, RowParser, Rows, came_back, csv_cells, guarded, media_format, read_all, unguarded};
pub use respond::{apply, respond_with, sort_out, summary_problem};

/// The largest body of rows that is read into memory as a whole.
pub const MOST_AT_ONCE: u64 = 64 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BulkMode)]
pub enum Mode {
    /// All rows or none.
    Atomic,
    /// The good rows.
    BestEffort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BulkStrategy)]
pub enum Strategy {
    Upsert,
    Create,
    Update,
}

impl Strategy {
    /// `create` refuses what exists already, `update` what does not exist yet.
    pub fn fault(self, exists: bool) -> Option<Fault> {
        match (self, exists) {
            (Strategy::Create, true) => Some(Fault::plain(Code::Exists, "/code")),
            (Strategy::Update, false) => Some(Fault::plain(Code::DoesNotExist, "/code")),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BulkReturn)]
pub enum Return {
    Summary,
    Errors,
    All,
}

/// How a bulk load is carried out.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BulkParams {
    /// `atomic` (default): all rows or none. `best_effort`: the good ones.
    #[param(value_type = Option<String>, pattern = "^(atomic|best_effort)$", example = "atomic")]
    pub mode: Mode,
    /// `upsert` (default), `create` (a row that exists is refused) or `update` (a row that does not exist is refused).
    #[param(value_type = Option<String>, pattern = "^(upsert|create|update)$", example = "upsert")]
    pub strategy: Strategy,
    /// Same checks, status and body, but nothing is stored.
    #[param(value_type = Option<bool>)]
    pub dry_run: bool,
    /// Which rows the answer lists: none (`summary`), the refused and warned ones (`errors`, default), or `all`. Where
    /// nothing was written the first 1,000 refused rows are listed. With an `Idempotency-Key` the answer is kept and lists at most 1,000 rows
    /// and 1 MiB; `truncated` tells that there are more.
    #[param(value_type = Option<String>, rename = "return", pattern = "^(summary|errors|all)$", example = "errors")]
    pub listing: Return,
}

/// Headers of a bulk load, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "read by jobs::wanted; named here for the contract")]
pub struct BulkHeaders {
    /// `respond-async`: the rows are taken in and applied in the background; 202 with the job.
    #[param(rename = "Prefer", example = "respond-async")]
    pub prefer: Option<String>,
}

impl FromQuery for BulkParams {
    fn read(q: &mut QueryReader) -> Self {
        BulkParams {
            mode: match q.choice("mode", &["atomic", "best_effort"]) {
                Some("best_effort") => Mode::BestEffort,
                _ => Mode::Atomic,
            },
            strategy: match q.choice("strategy", &["upsert", "create", "update"]) {
                Some("create") => Strategy::Create,
                Some("update") => Strategy::Update,
                _ => Strategy::Upsert,
            },
            dry_run: q.flag("dry_run").unwrap_or(false),
            listing: match q.choice("return", &["summary", "errors", "all"]) {
                Some("summary") => Return::Summary,
                Some("all") => Return::All,
                _ => Return::Errors,
            },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    Created,
    Updated,
    Unchanged,
    Rejected,
}

/// What became of one row, before it is put into words.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub index: u64,
    pub code: Option<String>,
    pub status: RowStatus,
    pub errors: Vec<Fault>,
    pub warnings: Vec<Fault>,
}

impl Verdict {
    pub fn rejected(index: u64, code: Option<String>, errors: Vec<Fault>) -> Self {
        Verdict { index, code, status: RowStatus::Rejected, errors, warnings: Vec::new() }
    }

    pub fn of(index: u64, code: &str, status: RowStatus) -> Self {
        Verdict { index, code: Some(code.to_owned()), status, errors: Vec::new(), warnings: Vec::new() }
    }

    pub fn json(&self, lang: Lang) -> Value {
        let list = |faults: &[Fault]| -> Vec<Value> { faults.iter().map(|f| crate::http::problem::fault_json(f, lang)).collect() };
        serde_json::json!({
            "index": self.index, "code": self.code, "status": self.status,
            "errors": list(&self.errors), "warnings": list(&self.warnings),
        })
    }
}

/// Counts of rows by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Summary {
    pub received: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub rejected: u64,
}

impl Summary {
    /// Each count with the word for it.
    pub fn counts(&self) -> [(&'static str, u64); 4] {
        [("created", self.created), ("updated", self.updated), ("unchanged", self.unchanged), ("rejected", self.rejected)]
    }

    pub fn count(&mut self, status: RowStatus) {
        self.received += 1;
        match status {
            RowStatus::Created => self.created += 1,
            RowStatus::Updated => self.updated += 1,
            RowStatus::Unchanged => self.unchanged += 1,
            RowStatus::Rejected => self.rejected += 1,
        }
    }
}

/// The answer to a bulk load.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "summary": {"received": 2, "created": 1, "updated": 0, "unchanged": 0, "rejected": 1},
    "results": [{"index": 1, "code": "X", "status": "rejected",
        "errors": [{"code": "unknown_code", "pointer": "/procedure", "detail": "…"}], "warnings": []}]
}))]
pub struct BulkAnswer {
    pub summary: Summary,
    pub results: Vec<BulkResult>,
    /// There are more rows to list than `results` has: an answer kept for its `Idempotency-Key` is bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated: Option<bool>,
}

/// One row of the answer.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"index": 1, "code": "X", "status": "rejected",
    "errors": [{"code": "unknown_code", "pointer": "/procedure", "detail": "…"}], "warnings": []}))]
pub struct BulkResult {
    /// Position in the input, from 0.
    pub index: u64,
    pub code: Option<String>,
    pub status: RowStatus,
    pub errors: Vec<crate::http::problem::ProblemError>,
    pub warnings: Vec<crate::http::problem::ProblemError>,
}

/// Rows listed at most where nothing was written, and in an answer that is kept for its `Idempotency-Key`; the summary has the total.
pub const LISTED: usize = 1000;
