//! Nouns of jobs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::Lang;
pub use crate::http::bulk::split::Format;
use crate::http::bulk::{BulkParams, Mode, Return, RowStatus, Summary, Verdict};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobKind)]
pub enum Kind {
    Load,
    Export,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Load => "load",
            Kind::Export => "export",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobState)]
pub enum State {
    /// Its rows are on their way in.
    Receiving,
    Queued,
    Running,
    Succeeded,
    /// In best effort: some rows were refused, the others are applied.
    SucceededWithRefusals,
    Failed,
    Cancelled,
}

impl State {
    pub const ALL: [State; 7] =
        [State::Receiving, State::Queued, State::Running, State::Succeeded, State::SucceededWithRefusals, State::Failed, State::Cancelled];
    pub const NAMES: &[&str] = &["receiving", "queued", "running", "succeeded", "succeeded_with_refusals", "failed", "cancelled"];

    pub fn name(self) -> &'static str {
        State::NAMES[self as usize]
    }

    pub fn parse(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|s| s.name() == name)
    }

    pub fn ended(self) -> bool {
        !matches!(self, State::Receiving | State::Queued | State::Running)
    }
}

/// How a load is to be done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Params {
    #[serde(flatten)]
    pub bulk: BulkParams,
    pub format: Format,
    /// Columns of CSV whose cells are JSON.
    pub json_columns: Vec<String>,
}

impl Params {
    pub fn atomic(&self) -> bool {
        self.bulk.mode == Mode::Atomic
    }

    /// Whether a row is told of one by one.
    /// Of a load that wrote nothing, what would have been written is not told where all rows are.
    pub fn lists(&self, outcome: &Outcome, nothing: bool) -> bool {
        // Refused rows are needed for the file to mend, whatever else is asked for.
        outcome.status == RowStatus::Rejected
            || match self.bulk.listing {
                Return::All => !nothing,
                Return::Errors => !outcome.warnings.is_empty(),
                Return::Summary => false,
            }
    }
}

/// A job as the one who does it sees it.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: Uuid,
    pub kind: Kind,
    pub resource: String,
    pub creator_id: Uuid,
    pub creator: String,
    pub scope: Option<Vec<String>>,
    pub request_id: String,
    pub lang: Lang,
    pub params: Value,
    pub header: Option<Vec<u8>>,
    pub rows_total: Option<i64>,
    pub rows_done: i64,
    pub rejected: i64,
    pub cancelled: bool,
    pub attempts: i32,
}

/// What became of a row, in words.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    pub index: u64,
    pub code: Option<String>,
    pub status: RowStatus,
    pub errors: Vec<Value>,
    pub warnings: Vec<Value>,
    /// A refused row as it came, sealed, in base64.
    pub input: Option<String>,
}

impl Outcome {
    pub fn of(verdict: Verdict, lang: Lang) -> Outcome {
        let words = |faults: &[crate::error::Fault]| faults.iter().map(|f| crate::http::problem::fault_json(f, lang)).collect();
        Outcome {
            index: verdict.index,
            status: verdict.status,
            errors: words(&verdict.errors),
            warnings: words(&verdict.warnings),
            code: verdict.code,
            input: None,
        }
    }
}

/// How far a load has come.
#[derive(Clone, Debug, Serialize)]
pub struct Mark {
    pub rows_done: u64,
    /// What came of the rows since the mark before.
    #[serde(flatten)]
    pub counts: Summary,
    #[serde(skip)]
    pub outcomes: Vec<Outcome>,
}

/// How a job ended.
#[derive(Clone, Debug)]
pub struct End {
    pub state: State,
    pub problem: Option<Value>,
    pub at: DateTime<Utc>,
}
