//! Sends the rows of a file chunk by chunk, and keeps account.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Body;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use super::args::LoadArgs;
use super::refused::RefusedFile;
use super::send::Sender;
use super::spool::{Chunk, Spool};
use super::state::{Found, State};
use super::summary::Report;
use super::{Failure, Verdict};
use crate::cli::progress::Progress;
use crate::client::bulk::{Mode, Options, Outcome, Summary};
use crate::client::{ClientError, faults};
use crate::http::Lang;

/// Refused rows shown when they are not written down.
const SHOWN: usize = 10;
/// Between two lines of progress where there is no terminal.
const PACE: Duration = Duration::from_secs(5);

struct Run<'a> {
    args: &'a LoadArgs,
    spool: &'a Spool,
    sender: Sender,
    progress: Progress,
    state: State,
    file: Option<RefusedFile>,
    shown: Vec<String>,
    unlisted: u64,
    nothing_written: bool,
}

/// A row that was refused, with why.
struct Refused {
    row: u64,
    code: String,
    faults: Vec<Value>,
}

pub async fn run(args: &LoadArgs, spool: &Spool, sender: Sender) -> Result<Verdict, Failure> {
    let (mut state, found) = State::of(args, spool)?;
    let say = |vi: &'static str, en: &'static str| if args.lang() == Lang::Vi { vi } else { en };
    match found {
        Found::Another => eprintln!(
            "dunghen: {}",
            say(
                "tệp hoặc tùy chọn đã thay đổi từ lần nạp dở trước; nạp lại từ đầu",
                "the file or the options changed since a load that was broken off: beginning anew"
            )
        ),
        // What was refused so far is told again, from the answers that the server keeps.
        Found::Same if args.errors.as_ref().is_some_and(|path| lacks(path, &state)) => state.rewind(),
        _ => {}
    }
    let file = match &args.errors {
        None => None,
        Some(path) => {
            let go_on_at = (state.confirmed > 0 && state.refused_bytes > 0).then_some(state.refused_bytes);
            let opened = RefusedFile::open(path, go_on_at, spool.headers.as_deref().filter(|_| args.errors_as_csv()));
            Some(opened.map_err(|e| format!("{}: {e}", path.display()))?)
        }
    };
    let before = state.summary.received;
    if before > 0 {
        eprintln!("dunghen: {} {}", say("nạp tiếp từ dòng", "going on at row"), before + 1);
    }
    let progress = Progress::rows(spool.count());
    progress.now("sending");
    progress.begin_at(before);
    let mut run = Run { args, spool, sender, progress, state, file, shown: Vec::new(), unlisted: 0, nothing_written: false };
    let began = Instant::now();
    let sent = run.chunks(before).await;
    run.progress.end();
    if let Err(error) = sent {
        return run.failed(error);
    }
    let report = Report {
        summary: run.state.summary,
        warned: run.state.warned,
        took: began.elapsed(),
        rows_now: run.state.summary.received - before,
        dry_run: args.dry_run,
        nothing_written: run.nothing_written,
        errors: args.errors.as_deref(),
        unlisted: if run.file.is_some() { run.unlisted } else { 0 },
    };
    run.shown.iter().for_each(|line| eprintln!("{line}"));
    let refused = run.state.summary.rejected;
    if args.errors.is_none() && refused > SHOWN as u64 {
        eprintln!("… {refused} {}", say("dòng bị từ chối; --errors FILE ghi lại tất cả", "refused in all; --errors FILE writes them down"));
    }
    println!("{}", if args.json { report.json() } else { report.text(args.lang()) });
    run.state.remove()?;
    Ok(if refused == 0 { Verdict::Applied } else { Verdict::Refused })
}

/// Whether the file does not hold what was refused so far.
fn lacks(path: &Path, state: &State) -> bool {
    let length = path.metadata().map_or(0, |about| about.len());
    length < state.refused_bytes || (state.summary.rejected > 0 && state.refused_bytes == 0)
}

impl Run<'_> {
    async fn chunks(&mut self, before: u64) -> Result<(), Failure> {
        // What was sent must be known to have been sent under these keys.
        self.keep()?;
        let (began, mut told) = (Instant::now(), Instant::now());
        for n in self.state.confirmed..self.spool.chunks() {
            let outcome = if self.args.mode == Mode::Atomic { self.whole().await? } else { self.part(n).await? };
            let (from, to) = self.spool.rows_of(n);
            self.state.confirmed = n + 1;
            self.state.summary += outcome;
            self.keep()?;
            self.progress.advance(to - from);
            if told.elapsed() >= PACE {
                told = Instant::now();
                self.progress.line(&pace(to, self.spool.count(), to - before, began.elapsed()));
            }
        }
        Ok(())
    }

    fn keep(&mut self) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            self.state.refused_bytes = file.keep()?;
        }
        self.state.keep()
    }

    fn options(&self) -> Options {
        Options { mode: self.args.mode, strategy: self.args.strategy, dry_run: self.args.dry_run, list_all: false }
    }

    /// All rows in one request; when some are known to be bad, only to learn what else is.
    async fn whole(&mut self) -> Result<Summary, Failure> {
        let mut options = self.options();
        options.dry_run |= !self.spool.withheld.is_empty();
        let spool = self.spool;
        let body = || {
            let (file, length) = spool.all()?;
            Ok(Body::wrap_stream(ReaderStream::with_capacity(tokio::fs::File::from_std(file).take(length), 128 << 10)))
        };
        let key = self.state.key(0);
        let outcome = self.sender.send(&options, Some(&key).filter(|_| !options.dry_run).map(String::as_str), &self.progress, body).await?;
        let rows: Vec<u64> = (0..spool.count()).collect();
        let listed = if self.is_short(&outcome) {
            let options = Options { mode: Mode::BestEffort, dry_run: true, list_all: true, ..options };
            self.sender.send(&options, None, &self.progress, body).await?
        } else {
            outcome
        };
        let warned = listed.warned() as u64;
        let mut refused = refused(&listed, &rows);
        refused.retain(|r| !spool.withheld.contains_key(&r.row));
        let rejected = listed.summary.rejected.max((refused.len() + spool.withheld.len()) as u64);
        self.state.warned += warned;
        self.write(0, rejected, refused)?;
        let mut summary = listed.summary;
        summary.received = spool.count();
        summary.rejected = rejected;
        if rejected > 0 {
            self.nothing_written = true;
            (summary.created, summary.updated, summary.unchanged) = (0, 0, 0);
        }
        Ok(summary)
    }

    async fn part(&mut self, n: usize) -> Result<Summary, Failure> {
        let Chunk { body, rows } = self.spool.chunk(n)?;
        let (from, to) = self.spool.rows_of(n);
        let mut outcome = Outcome::default();
        if !rows.is_empty() {
            let body = bytes::Bytes::from(body);
            let again = || Ok(Body::from(body.clone()));
            let key = self.state.key(n);
            let options = self.options();
            let key = Some(key.as_str()).filter(|_| !options.dry_run);
            outcome = self.sender.send(&options, key, &self.progress, again).await?;
            if self.is_short(&outcome) {
                // The same rows are refused once more, and all of them are listed when nothing is kept.
                let options = Options { dry_run: true, list_all: true, ..options };
                let listed = self.sender.send(&options, None, &self.progress, again).await?;
                if listed.summary.rejected == outcome.summary.rejected {
                    outcome.results = listed.results;
                }
            }
        }
        let withheld = (to - from) - rows.len() as u64;
        let mut summary = outcome.summary;
        summary.received += withheld;
        summary.rejected += withheld;
        self.state.warned += outcome.warned() as u64;
        self.write(n, summary.rejected, refused(&outcome, &rows))?;
        Ok(summary)
    }

    /// Whether the answer lists fewer refused rows than are to be written down.
    fn is_short(&self, outcome: &Outcome) -> bool {
        self.file.is_some() && (outcome.refused().count() as u64) < outcome.summary.rejected
    }

    /// Writes down what was refused of a chunk, with what was withheld of it; or shows the first ones.
    fn write(&mut self, n: usize, rejected: u64, mut refused: Vec<Refused>) -> Result<(), Failure> {
        let (from, to) = self.spool.rows_of(n);
        let withheld = self.spool.withheld.range(from..to);
        refused.extend(withheld.map(|(row, faults)| Refused { row: *row, code: String::new(), faults: faults.clone() }));
        refused.sort_by_key(|r| r.row);
        self.unlisted += rejected.saturating_sub(refused.len() as u64);
        if let Some(file) = &mut self.file {
            let wanted: Vec<u64> = refused.iter().map(|r| r.row).collect();
            for (input, refused) in self.spool.inputs(n, &wanted)?.into_iter().zip(&refused) {
                file.write(input, &refused.faults)?;
            }
            return Ok(());
        }
        for r in refused {
            let room = SHOWN.saturating_sub(self.shown.len());
            let lines = faults(&Value::Array(r.faults)).into_iter();
            self.shown.extend(lines.map(|fault| format!("row {} {}: {fault}", r.row + 1, r.code)).take(room));
        }
        Ok(())
    }

    /// A chunk as a whole was refused, or nobody answered.
    fn failed(&self, error: Failure) -> Result<Verdict, Failure> {
        let at = self.state.confirmed;
        let (from, to) = if at < self.spool.chunks() { self.spool.rows_of(at) } else { (self.spool.count(), self.spool.count()) };
        let refused = match error.downcast_ref::<ClientError>() {
            Some(ClientError::Refused(refused)) => Some(refused),
            _ => None,
        };
        if refused.is_some() && self.state.confirmed == 0 {
            self.state.remove()?;
        } else if let Some(path) = self.state.path() {
            eprintln!("dunghen: {from} rows are confirmed, and kept in {}; the same command goes on", path.display());
        }
        match refused.filter(|r| matches!(r.status, 400 | 409 | 413 | 422)) {
            Some(refused) => {
                eprintln!("dunghen: rows {} to {to} were refused as a whole, nothing of them was written\n{refused}", from + 1);
                Ok(Verdict::Refused)
            }
            None => Err(error),
        }
    }
}

/// The refused rows of an answer, `rows` being those that were sent.
fn refused(outcome: &Outcome, rows: &[u64]) -> Vec<Refused> {
    let one = |result: &Value| {
        let index = usize::try_from(result["index"].as_u64()?).ok()?;
        Some(Refused {
            row: *rows.get(index)?,
            code: result["code"].as_str().unwrap_or_default().to_owned(),
            faults: result["errors"].as_array().cloned().unwrap_or_default(),
        })
    };
    outcome.refused().filter_map(one).collect()
}

/// A line of progress: how many, how fast, how long still.
fn pace(done: u64, all: u64, now: u64, took: Duration) -> String {
    #[allow(clippy::cast_precision_loss)] // Nobody sends so many.
    let (now, left) = (now as f64, (all - done) as f64);
    let rate = now / took.as_secs_f64().max(0.001);
    format!("{done} of {all} rows, {rate:.0} rows/s, {:.0} s left", left / rate.max(0.001))
}
