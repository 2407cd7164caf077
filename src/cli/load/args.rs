//! How `dunghen load` is called.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, ValueEnum};

use crate::client::bulk::{Mode, Strategy};
use crate::http::Lang;

const MORE: &str = "\
The file is read and checked first, then its rows are sent in chunks. Beside it, in FILE.dunghen-load.json, is kept how far they were
confirmed: after Ctrl-C, a crash or a lost connection the same command goes on there, and nothing is applied twice. A file that changed
meanwhile is noticed and begun anew. With --errors refused rows are written down as they came, with what is wrong with them in the columns
error_codes and error_detail: mend them there and load that file; these two columns are passed over.

Rows of the same code or username are refused wherever they stand in the file; of other resources only those within one chunk are.
Memory does not grow with the file but for some sixteen bytes a row; a workbook is read whole (at most 64 MiB).

Exit status:
  0    every row was applied, or equal to what is there already
  1    rows were refused, or the file as a whole
  2    wrong usage, a file that cannot be read, no connection, not signed in, not permitted
  130  interrupted; the same command goes on

Examples:
  export DUNGHEN_PASSWORD=…
  dunghen load dossiers 2022.ndjson.gz --as office
  dunghen load procedures procedures.csv --as admin --dry-run
  dunghen load dossiers so-theo-doi.xlsx --sheet 2022 --header-row 3 --map so-theo-doi.toml --as office --errors refused.csv
  dunghen load dossiers refused.csv --map so-theo-doi.toml --as office
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
    /// By the name of a file: `.ndjson`, `.jsonl`, `.json`, `.csv`, `.xlsx`, each also with `.gz`.
    pub fn of(file: &Path) -> Option<Kind> {
        let name = file.file_name()?.to_str()?.to_ascii_lowercase();
        Some(match name.strip_suffix(".gz").unwrap_or(&name).rsplit_once('.')?.1 {
            "ndjson" | "jsonl" => Kind::Ndjson,
            "json" => Kind::Json,
            "csv" => Kind::Csv,
            "xlsx" => Kind::Xlsx,
            _ => return None,
        })
    }

    /// Columns under a header, and not objects.
    pub fn is_table(self) -> bool {
        matches!(self, Kind::Csv | Kind::Xlsx)
    }
}

#[derive(Args, Clone, Debug)]
#[command(after_help = MORE, group = ArgGroup::new("who").required(true).args(["user", "client"]))]
pub struct LoadArgs {
    /// What the rows are: departments, procedures, users, dossiers, or any other resource with /bulk at the server.
    pub resource: String,
    /// File of rows: .ndjson, .json (an array) or .csv, each also with .gz, or .xlsx; - reads standard input.
    pub file: PathBuf,
    /// The server.
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "DUNGHEN_URL")]
    pub url: String,
    /// The user who signs in; the password is read from DUNGHEN_PASSWORD.
    #[arg(long = "as", value_name = "USER")]
    pub user: Option<String>,
    /// The machine that signs in; its secret is read from DUNGHEN_CLIENT_SECRET.
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
    /// Where to write the refused rows: .csv for tables only, any other name NDJSON.
    #[arg(long, value_name = "FILE")]
    pub errors: Option<PathBuf>,
    /// Where to keep how far the rows were confirmed. Standard input can be resumed with it, too.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Rows of a chunk at most; with --strategy create no more than 1,000.
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
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
    pub fn lang(&self) -> Lang {
        if self.lang == "vi" { Lang::Vi } else { Lang::En }
    }

    /// Standard input in place of a file.
    pub fn piped(&self) -> bool {
        self.file == Path::new("-")
    }

    /// Whether the refused rows are written as records.
    pub fn errors_as_csv(&self) -> bool {
        self.errors.as_ref().is_some_and(|path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")))
    }

    /// What makes chunks what they are, beside the rows: with other options they would be others.
    pub fn fingerprint(&self) -> String {
        format!("{:?} {:?} {} {}", self.mode, self.strategy, self.rows_of_chunk(), self.chunk_mib)
    }

    /// With `create` the answer cannot be asked for again without the rows just created being refused: a chunk is no longer than the list
    /// of refused rows in an answer.
    pub fn rows_of_chunk(&self) -> u64 {
        let rows = u64::from(self.chunk_rows);
        if self.strategy == Strategy::Create { rows.min(1000) } else { rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_follows_from_the_name() {
        let of = |name: &str| Kind::of(Path::new(name));
        assert_eq!(of("a/b.ndjson.gz"), Some(Kind::Ndjson));
        assert_eq!(of("X.CSV"), Some(Kind::Csv));
        assert_eq!(of("x.json"), Some(Kind::Json));
        assert_eq!(of("số.xlsx"), Some(Kind::Xlsx));
        assert_eq!(of("x.txt"), None);
        assert_eq!(of("gz"), None);
    }
}
