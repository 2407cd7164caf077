//! Bulk loads as a client sees them: how rows are sent, and what comes back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ClientError;

/// How rows are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Ndjson,
    Json,
}

impl Format {
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Ndjson => "application/x-ndjson",
            Format::Json => "application/json",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// All rows or none.
    #[default]
    Atomic,
    /// The good rows; the refused ones are listed.
    BestEffort,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Strategy {
    /// Create what is new, change what exists.
    #[default]
    Upsert,
    /// Refuse rows that exist.
    Create,
    /// Refuse rows that do not exist.
    Update,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub mode: Mode,
    pub strategy: Strategy,
    pub dry_run: bool,
    /// Every row in the answer, and not the refused and warned ones only.
    pub list_all: bool,
}

impl Options {
    /// As the query of the request; what is the default anyway is left out.
    pub fn query(&self) -> String {
        let mut parts = Vec::new();
        if self.mode == Mode::BestEffort {
            parts.push("mode=best_effort");
        }
        match self.strategy {
            Strategy::Upsert => {}
            Strategy::Create => parts.push("strategy=create"),
            Strategy::Update => parts.push("strategy=update"),
        }
        if self.dry_run {
            parts.push("dry_run=true");
        }
        if self.list_all {
            parts.push("return=all");
        }
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }
}

/// Counts of rows by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub received: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub rejected: u64,
}

impl std::ops::AddAssign for Summary {
    fn add_assign(&mut self, other: Summary) {
        self.received += other.received;
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.rejected += other.rejected;
    }
}

/// The answer to a load.
#[derive(Debug, Default)]
pub struct Outcome {
    pub summary: Summary,
    /// Refused and warned rows, the first thousand: `{index, code, status, errors[], warnings[]}`.
    pub results: Vec<Value>,
    /// A row was refused in atomic mode, or it was a dry run.
    pub nothing_written: bool,
}

impl Outcome {
    pub(super) fn read(body: &Value, dry_run: bool) -> Result<Outcome, ClientError> {
        let summary =
            Summary::deserialize(&body["summary"]).map_err(|e| ClientError::Unexpected(format!("the answer has no summary: {e}")))?;
        Ok(Outcome { summary, results: body["results"].as_array().cloned().unwrap_or_default(), nothing_written: dry_run })
    }

    /// The refused rows among those listed.
    pub fn refused(&self) -> impl Iterator<Item = &Value> {
        self.results.iter().filter(|row| row["status"] == "rejected")
    }

    /// How many of the listed rows carry a warning.
    pub fn warned(&self) -> usize {
        self.results.iter().filter(|row| row["warnings"].as_array().is_some_and(|w| !w.is_empty())).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_from_the_default_is_asked_for() {
        assert_eq!(Options::default().query(), "");
        let all = Options { mode: Mode::BestEffort, strategy: Strategy::Create, dry_run: true, list_all: true };
        assert_eq!(all.query(), "?mode=best_effort&strategy=create&dry_run=true&return=all");
    }
}
