//! `dunghen load`: a file of rows into a bulk endpoint.

mod contract;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{ArgGroup, Args};
use futures_util::TryStreamExt;
use serde_json::Value;
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;

use self::contract::Resource;
use super::Failure;
use super::progress::Progress;
use crate::client::bulk::{Form, Format, Mode, Options, Outcome, Strategy};
use crate::client::{Client, ClientError, Credentials, faults};

const STATUS: &str = "\
Exit status:
  0  every row was applied, or equal to what is there already
  1  rows were refused, or the file as a whole: what was written is in the summary
  2  wrong usage, no connection, not signed in, not permitted

Examples:
  export DUNGHEN_PASSWORD=…
  dunghen load dossiers 2022.ndjson.gz --as office
  dunghen load procedures procedures.csv --as admin --dry-run
  DUNGHEN_CLIENT_SECRET=… dunghen load dossiers night.ndjson --client motcua
  dunghen load dossiers 2022.csv --as office --mode best-effort --errors refused.csv";

#[derive(Args, Debug)]
#[command(after_help = STATUS, group = ArgGroup::new("who").required(true).args(["user", "client"]))]
pub struct LoadArgs {
    /// What the rows are: departments, procedures, users, dossiers, or any other resource with /bulk.
    resource: String,
    /// File of rows, one object or record each: .ndjson, .json (an array) or .csv, each also with .gz; - reads standard input.
    file: PathBuf,
    /// The server.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The user who signs in; the password is read from DUNGHEN_PASSWORD.
    #[arg(long = "as", value_name = "USER")]
    user: Option<String>,
    /// The machine that signs in; its secret is read from DUNGHEN_CLIENT_SECRET.
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// All rows or none, or the good ones.
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// What to do with rows that exist or do not.
    #[arg(long, value_enum, default_value_t)]
    strategy: Strategy,
    /// Check everything, write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Where to write the refused rows: index in the file from 0, code, and what is wrong with them. A name in .csv gives one record for
    /// each fault, any other NDJSON.
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// How the rows are written, when the file's name does not say so.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Language of the server's words: vi or en.
    #[arg(long, default_value = "en", value_parser = ["vi", "en"])]
    lang: String,
}

/// Which status ends the program.
enum Verdict {
    Applied,
    Refused,
}

pub async fn load(args: &LoadArgs) -> ExitCode {
    match run(args).await {
        Ok(Verdict::Applied) => ExitCode::SUCCESS,
        Ok(Verdict::Refused) => ExitCode::from(1),
        Err(error) => {
            eprintln!("dunghen: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(args: &LoadArgs) -> Result<Verdict, Failure> {
    let credentials = credentials(args)?;
    let form = form(args)?;
    let (source, size) = open(&args.file).await?;
    let mut refused_file = match &args.errors {
        Some(path) => Some((std::fs::File::create(path).map_err(|e| format!("{}: {e}", path.display()))?, path)),
        None => None,
    };
    let lang = if args.lang == "vi" { "vi" } else { "en" };
    let mut client = Client::at(&args.url, lang)?;
    client.enter(credentials).await?;
    let resource = Resource::find(&client.get("/openapi.json").await?, &args.resource)?;

    let options = Options { mode: args.mode, strategy: args.strategy, dry_run: args.dry_run };
    let progress = Progress::bytes(size);
    progress.now("sending");
    let started = Instant::now();
    let answer = client.bulk(&resource.name, &options, form, counted(source, &progress, size)).await;
    progress.end();
    let outcome = match answer {
        Ok(outcome) => outcome,
        Err(ClientError::Refused(refused)) if matches!(refused.status, 400 | 409 | 413 | 422) => {
            eprintln!("dunghen: the file was refused, nothing was written\n{refused}");
            return Ok(Verdict::Refused);
        }
        Err(error) => return Err(error.into()),
    };
    summarise(&outcome, started.elapsed(), args.dry_run);
    match &mut refused_file {
        Some((file, path)) => keep(&outcome, file, path)?,
        None => show(&outcome),
    }
    Ok(if outcome.summary.rejected == 0 { Verdict::Applied } else { Verdict::Refused })
}

fn credentials(args: &LoadArgs) -> Result<Credentials, Failure> {
    let secret = |name: &str, who: &str| std::env::var(name).map_err(|_| format!("set {name} to the secret of {who}"));
    match (&args.user, &args.client) {
        (Some(user), _) => Ok(Credentials::user(user, &secret("DUNGHEN_PASSWORD", user)?)),
        (None, Some(client)) => Ok(Credentials::machine(client, &secret("DUNGHEN_CLIENT_SECRET", client)?)),
        (None, None) => Err("--as USER or --client ID".into()),
    }
}

fn form(args: &LoadArgs) -> Result<Form, Failure> {
    let by_name = Form::of(&args.file);
    match (args.format, by_name) {
        (Some(format), known) => {
            let gzip = known.map_or_else(|| args.file.extension().is_some_and(|e| e == "gz"), |form| form.gzip);
            Ok(Form { format, gzip })
        }
        (None, Some(form)) => Ok(form),
        (None, None) => Err(format!("{}: name it .ndjson, .json or .csv (each also .gz), or say --format", args.file.display()).into()),
    }
}

type Source = Pin<Box<dyn AsyncRead + Send>>;

async fn open(path: &Path) -> Result<(Source, Option<u64>), Failure> {
    if path == Path::new("-") {
        return Ok((Box::pin(tokio::io::stdin()), None));
    }
    let told = |e: std::io::Error| format!("{}: {e}", path.display());
    let file = tokio::fs::File::open(path).await.map_err(told)?;
    let about = file.metadata().await.map_err(told)?;
    if about.is_dir() {
        return Err(format!("{} is a folder", path.display()).into());
    }
    Ok((Box::pin(file), about.is_file().then_some(about.len())))
}

/// The file as a body that moves the bar, which turns into a clock when the last byte is out.
fn counted(source: Source, progress: &Progress, size: Option<u64>) -> reqwest::Body {
    let bar = progress.counter();
    let stream = ReaderStream::with_capacity(source, 128 << 10).inspect_ok(move |piece| {
        bar.inc(piece.len() as u64);
        if size.is_some_and(|size| bar.position() >= size) {
            bar.set_message("sent; the server is checking and writing");
        }
    });
    reqwest::Body::wrap_stream(stream)
}

fn summarise(outcome: &Outcome, took: Duration, dry_run: bool) {
    let s = outcome.summary;
    let seconds = took.as_secs_f64();
    println!("{:>12}  rows", s.received);
    for (count, word) in [(s.created, "created"), (s.updated, "updated"), (s.unchanged, "unchanged"), (s.rejected, "refused")] {
        println!("{count:>12}  {word}");
    }
    if outcome.warned() > 0 {
        println!("{:>12}  with a warning", outcome.warned());
    }
    println!("{seconds:>12.1}  seconds, {:.0} rows/s", s.received as f64 / seconds.max(0.001));
    if dry_run {
        println!("A dry run: nothing was written.");
    } else if outcome.nothing_written {
        println!("Nothing was written: one refused row refuses all (--mode best-effort takes the good ones).");
    }
}

/// The first refused rows, on standard error.
fn show(outcome: &Outcome) {
    const SHOWN: usize = 10;
    for row in outcome.refused().take(SHOWN) {
        for fault in faults(&row["errors"]) {
            eprintln!("row {} {}: {fault}", row["index"], code(row));
        }
    }
    if outcome.summary.rejected > SHOWN as u64 {
        eprintln!("… {} refused in all; --errors FILE writes them down", outcome.summary.rejected);
    }
}

fn code(row: &Value) -> &str {
    row["code"].as_str().unwrap_or_default()
}

/// Writes the refused rows into a file; it is empty when there are none.
fn keep(outcome: &Outcome, file: &mut std::fs::File, path: &Path) -> Result<(), Failure> {
    let mut listed = 0;
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) {
        let mut out = csv::Writer::from_writer(file);
        out.write_record(["index", "code", "error", "pointer", "detail"])?;
        for row in outcome.refused() {
            listed += 1;
            for fault in row["errors"].as_array().into_iter().flatten() {
                let text = |name: &str| fault[name].as_str().unwrap_or_default();
                out.write_record([&row["index"].to_string(), code(row), text("code"), text("pointer"), text("detail")])?;
            }
        }
        out.flush()?;
    } else {
        let mut out = std::io::BufWriter::new(file);
        for row in outcome.refused() {
            listed += 1;
            let kept = serde_json::json!({"index": row["index"], "code": row["code"], "errors": row["errors"]});
            writeln!(out, "{kept}")?;
        }
        out.flush()?;
    }
    if outcome.summary.rejected > 0 {
        println!("{listed} refused rows are in {}", path.display());
    }
    if outcome.summary.rejected > listed {
        println!("{} more were refused; the server lists the first {listed}", outcome.summary.rejected - listed);
    }
    Ok(())
}
