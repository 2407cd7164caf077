//! How `dunghen load` is called.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use crate::client::bulk::{Mode, Strategy};

const MORE: &str = "\
Files are read twice: first all of it is checked, then it is sent. Rows go in chunks; beside the file, in FILE.dunghen-load.json, is kept how far
they were confirmed. After Ctrl-C, a crash or a lost connection the same command goes on there, and nothing is applied twice; a file that changed
meanwhile is noticed and begun anew. Refused rows go into FILE.errors.csv (or .ndjson) with what is wrong with them in the columns refusal_codes
and refusal_detail: mend them there and load that file; these two columns are passed over. Every run replaces that file.

Memory does not grow with the file, but for some twenty bytes a row by which rows of equal code are found; a workbook is read whole (at most 64 MiB).

Exit status:
  0    every row was applied, or equal to what is there already
  1    rows were refused, or the file as a whole
  2    wrong usage, a file that cannot be read, no connection, not signed in, not permitted
  130  interrupted; the same command goes on

Examples:
  export DUNGHEN_PASSWORD=…
  dunghen load dossiers 2022.ndjson.gz --as office
  dunghen load procedures procedures.csv --as admin --dry-run
  dunghen load dossiers so-theo-doi.xlsx --sheet 2022 --header-row 3 --map so-theo-doi.toml --as office
  dunghen load dossiers so-theo-doi.xlsx.errors.csv --map so-theo-doi.toml --as office
  zcat all.csv.gz | dunghen load departments - --format csv --as admin --mode atomic
  DUNGHEN_CLIENT_SECRET=… dunghen load dossiers night.ndjson --client motcua --json

A mapping (--map), all parts optional:
  ignore = [\"STT\"]                        # columns that are passed over
  [columns]                               # column = member, or member of a member
  \"Số hồ sơ\" = \"code\"
  \"Tên người nộp\" = \"applicant.name\"
  [constants]                             # the same in every row
  receiving_department = \"MC\"
  [values.channel]                        # what is written in cells, and what it means
  \"Trực tuyến\" = \"online\"
  [formats]                               # dates and times, in Vietnam time; what is in ISO form already is taken as it is
  accepted_at = \"%d/%m/%Y %H:%M\"";

/// How the rows of a file are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Ndjson,
    Json,
    Csv,
    Xlsx,
}

impl Kind {
    /// Columns under a header, and not objects.
    pub fn is_table(self) -> bool {
        matches!(self, Kind::Csv | Kind::Xlsx)
    }
}

#[derive(Args, Debug)]
#[command(after_help = MORE, group = ArgGroup::new("who").required(true).args(["user", "client"]))]
pub struct LoadArgs {
    /// What the rows are: departments, procedures, users, dossiers, or any other resource with /bulk at the server.
    pub resource: String,
    /// Files of rows, one after the other: .ndjson, .json (an array) or .csv, each also with .gz, or .xlsx; - reads standard input.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The server.
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "DUNGHEN_URL")]
    pub url: String,
    /// The user who signs in; the password is read from DUNGHEN_PASSWORD or, on a terminal, asked for.
    #[arg(long = "as", value_name = "USER")]
    pub user: Option<String>,
    /// The machine that signs in; its secret is read from DUNGHEN_CLIENT_SECRET or, on a terminal, asked for.
    #[arg(long, value_name = "ID")]
    pub client: Option<String>,
    /// The good rows, chunk by chunk; or all rows or none, in one request.
    #[arg(long, value_enum, default_value = "best-effort")]
    pub mode: Mode,
    /// What to do with rows that exist or do not.
    #[arg(long, value_enum, default_value_t)]
    pub strategy: Strategy,
    /// Check everything, write nothing, resume nothing. Rows of one chunk do not see those of another.
    #[arg(long)]
    pub dry_run: bool,
    /// How the rows are written, when the file's name does not say so.
    #[arg(long, value_enum)]
    pub format: Option<Kind>,
    /// Which columns of a table are which members, and what their cells mean: a TOML file, see below. Without it headers are the
    /// names of members: code, applicant.name.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// The sheet of a workbook; the first one by default.
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// The row of a table that holds the headers, from 1; the first one that is not empty by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub header_row: Option<u32>,
    /// Where to write the refused rows, for a single file: .csv for tables only, any other name NDJSON.
    #[arg(long, value_name = "FILE")]
    pub errors: Option<PathBuf>,
    /// Where to keep how far the rows were confirmed, for a single file. Standard input can be resumed with it, too.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Rows of a chunk at most; with --strategy create no more than 1,000.
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub chunk_rows: u32,
    /// MiB of a chunk at most.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub chunk_mib: u32,
    /// Seconds for which a request is tried again when the connection is lost or the server is overloaded.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub retry_for: u64,
    /// The summary as JSON on standard output.
    #[arg(long)]
    pub json: bool,
    /// Language of the summary and of what is said of rows: vi or en.
    #[arg(long, default_value = "en", value_parser = ["vi", "en"])]
    pub lang: String,
}

impl LoadArgs {
    pub fn lang(&self) -> &'static str {
        if self.lang == "vi" { "vi" } else { "en" }
    }

    /// Of the two, the text in the language asked for.
    pub fn say(&self, vi: &'static str, en: &'static str) -> &'static str {
        if self.lang == "vi" { vi } else { en }
    }

    /// What makes chunks what they are: with other options they would be others.
    pub fn fingerprint(&self, mapping: &str) -> String {
        format!(
            "{} {:?} {:?} {:?} {:?} {} {} {mapping} {}",
            env!("CARGO_PKG_VERSION"),
            self.mode,
            self.strategy,
            self.sheet,
            self.header_row,
            self.rows_of_chunk(),
            self.chunk_mib,
            self.format.map_or_else(String::new, |kind| format!("{kind:?}"))
        )
    }

    /// With `create` the answer cannot be asked for again without the rows just created being refused: a chunk is no longer than the list
    /// of refused rows in an answer.
    pub fn rows_of_chunk(&self) -> usize {
        let rows = self.chunk_rows as usize;
        if self.strategy == Strategy::Create { rows.min(1000) } else { rows }
    }
}
