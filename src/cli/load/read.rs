//! Reads a file of rows, whatever its form, and checks it as far as it can be without the server.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::args::{Kind, LoadArgs};
use super::cell::Cell;
use super::contract::Resource;
use super::mapping::{Columns, Mapping};
use super::sheet;
use super::spool::{Spool, Writer};
use crate::client::bulk::Mode;
use crate::error::{ApiError, Code};
use crate::http::bulk::ERROR_COLUMNS;
use crate::http::bulk::split::{Format, RawRow, Splitter, malformed};

/// Why a file is not sent.
#[derive(Debug)]
pub enum Stopped {
    /// It cannot be read at all, or not by these options.
    Usage(String),
    /// What it holds is wrong.
    Refused(Vec<String>),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Stopped {
        Stopped::Usage(format!("reading: {error}"))
    }
}

/// Faults of a file that are told at most.
const TOLD: usize = 20;

struct Loading<'a> {
    args: &'a LoadArgs,
    resource: &'a Resource,
    out: Writer,
    faults: Vec<String>,
}

/// # Errors
/// A file that cannot be read, or whose form or columns are wrong.
pub fn read(args: &LoadArgs, mapping: Mapping, resource: &Resource) -> Result<Spool, Stopped> {
    let name = args.file.display();
    let kind = args
        .format
        .or_else(|| Kind::of(&args.file))
        .ok_or_else(|| Stopped::Usage(format!("{name}: name it .ndjson, .json, .csv (each also .gz) or .xlsx, or say --format")))?;
    if !kind.is_table() && (args.map.is_some() || args.errors_as_csv() || args.header_row.is_some()) {
        return Err(Stopped::Usage("--map, --header-row and --errors FILE.csv are for tables: .csv and .xlsx".to_owned()));
    }
    if kind != Kind::Xlsx && args.sheet.is_some() {
        return Err(Stopped::Usage("--sheet is for workbooks: .xlsx".to_owned()));
    }
    let source: Box<dyn Read> = if args.piped() {
        Box::new(io::stdin())
    } else {
        let file = File::open(&args.file).map_err(|e| Stopped::Usage(format!("{name}: {e}")))?;
        if file.metadata()?.is_dir() {
            return Err(Stopped::Usage(format!("{name} is a folder")));
        }
        Box::new(file)
    };
    let mut source = BufReader::with_capacity(128 << 10, source);
    let packed = source.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let source: Box<dyn BufRead> =
        if packed { Box::new(BufReader::with_capacity(128 << 10, MultiGzDecoder::new(source))) } else { Box::new(source) };
    // A file is told to be empty by having no rows, and not by having no chunks.
    let most = (args.mode == Mode::BestEffort).then(|| (args.rows_of_chunk(), u64::from(args.chunk_mib) << 20));
    let out = Writer::new(most, args.errors_as_csv())?;
    let mut loading = Loading { args, resource, out, faults: Vec::new() };
    let headers = match kind {
        Kind::Ndjson | Kind::Json => loading.objects(source, kind).map(|()| None)?,
        Kind::Csv => loading.table(records(source)?, mapping)?,
        Kind::Xlsx => loading.table(sheet::records(source, args.sheet.as_deref()).map_err(Stopped::Usage)?, mapping)?,
    };
    if !loading.faults.is_empty() {
        return Err(Stopped::Refused(loading.faults));
    }
    let pointer = resource.key().map(|key| format!("/{key}")).unwrap_or_default();
    Ok(loading.out.end(&pointer, headers, args.lang())?)
}

#[derive(Deserialize)]
struct Keys {
    code: Option<Value>,
    username: Option<Value>,
}

impl Loading<'_> {
    fn objects(&mut self, mut source: Box<dyn BufRead>, kind: Kind) -> Result<(), Stopped> {
        let mut splitter = Splitter::new(if kind == Kind::Json { Format::Json } else { Format::Ndjson });
        let mut failed = None;
        let mut sink = |raw: RawRow<'_>| {
            self.object(&raw).map_err(|error| {
                failed = Some(error);
                ApiError::new(Code::MalformedBody)
            })
        };
        let result = loop {
            let bytes = source.fill_buf()?;
            if bytes.is_empty() {
                break splitter.finish(&mut sink);
            }
            let read = bytes.len();
            if let Err(error) = splitter.push(bytes, &mut sink) {
                break Err(error);
            }
            source.consume(read);
        };
        match (failed, result) {
            (Some(error), _) => Err(error.into()),
            (None, Ok(())) => Ok(()),
            (None, Err(error)) => {
                self.fault(&error);
                Ok(())
            }
        }
    }

    fn fault(&mut self, error: &ApiError) {
        if self.faults.len() < TOLD {
            self.faults.push(format!("{}: {}", error.code().name(), self.args.lang().pick(error.detail())));
        }
    }

    fn object(&mut self, raw: &RawRow<'_>) -> io::Result<()> {
        let keys = match serde_json::from_slice::<Keys>(raw.bytes) {
            Ok(keys) => Ok(Some(keys)),
            // JSON, but not what it should be: the server says what is wrong with it.
            Err(error) if error.is_data() => serde_json::from_slice::<IgnoredAny>(raw.bytes).map(|_| None),
            Err(error) => Err(error),
        };
        let keys = match keys {
            Ok(keys) => keys,
            Err(error) => {
                let text = error.to_string();
                let (vi, en) = (format!("không phải JSON ({text})"), format!("this is no JSON ({text})"));
                self.fault(&malformed(raw.line, raw.offset, &vi, &en));
                return Ok(());
            }
        };
        let mut json = raw.bytes.trim_ascii().to_vec();
        if let Ok(Value::Object(mut row)) = told_before(&json) {
            ERROR_COLUMNS.iter().for_each(|name| {
                row.shift_remove(*name);
            });
            json = serde_json::to_vec(&row)?;
        }
        // Within strings these are escaped.
        json.iter_mut().filter(|b| matches!(b, b'\n' | b'\r')).for_each(|b| *b = b' ');
        let key = keys.and_then(|keys| if self.resource.key() == Some("username") { keys.username } else { keys.code });
        let key = key.as_ref().and_then(Value::as_str).filter(|_| self.resource.key().is_some());
        self.out.push(&json, key, None, Vec::new())
    }

    fn table(&mut self, records: Records, mapping: Mapping) -> Result<Option<Vec<String>>, Stopped> {
        let mut mapping = Some(mapping);
        let mut columns: Option<Columns> = None;
        for record in records {
            let (line, cells) = match record {
                Ok(record) => record,
                Err(error) => {
                    self.fault(&error);
                    break;
                }
            };
            if cells.iter().all(Cell::is_empty) {
                continue;
            }
            let Some(columns) = &columns else {
                if self.args.header_row.is_some_and(|row| line < u64::from(row)) {
                    continue;
                }
                let headers: Vec<String> = cells.iter().map(Cell::shown).collect();
                columns = Some(Columns::plan(&headers, mapping.take().unwrap_or_default(), self.resource).map_err(Stopped::Refused)?);
                continue;
            };
            let (count, expected) = (cells.len(), columns.width());
            if count > expected && cells[expected..].iter().any(|cell| !cell.is_empty()) || (count < expected && !self.is_sheet()) {
                let (vi, en) = (format!("có {count} ô, cần {expected}"), format!("{count} cells, {expected} expected"));
                self.fault(&ApiError::new(Code::MalformedBody).say(format!("Dòng {line}: {vi}."), format!("Line {line}: {en}.")));
                continue;
            }
            let cells = columns.take(cells);
            let (row, faults) = columns.row(&cells, self.args.lang());
            let key = self.resource.key().and_then(|key| row.get(key)).and_then(Value::as_str).map(str::to_owned);
            let shown = self.args.errors_as_csv().then(|| columns.shown(&cells));
            self.out.push(&serde_json::to_vec(&row).map_err(io::Error::from)?, key.as_deref(), shown.as_deref(), faults)?;
        }
        if columns.is_none() && self.faults.is_empty() {
            self.faults.push("there is no row of headers".to_owned());
        }
        Ok(columns.map(|columns| columns.headers))
    }

    fn is_sheet(&self) -> bool {
        self.args.format.or_else(|| Kind::of(&self.args.file)) == Some(Kind::Xlsx)
    }
}

/// The row, when it comes from a file of refused rows.
fn told_before(json: &[u8]) -> serde_json::Result<Value> {
    const MARK: &[u8] = b"\"error_codes\"";
    if json.windows(MARK.len()).any(|part| part == MARK) { serde_json::from_slice(json) } else { Ok(Value::Null) }
}

/// Records with the numbers of their lines.
pub type Records = Box<dyn Iterator<Item = Result<(u64, Vec<Cell>), ApiError>>>;

fn records(mut source: Box<dyn BufRead>) -> Result<Records, Stopped> {
    let start = source.fill_buf()?;
    let mark = if start.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    // Spreadsheets in Vietnamese separate by semicolons.
    let first = start[mark..].split(|b| *b == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let count = |wanted: u8| first.iter().filter(|b| **b == wanted).count();
    let delimiter = [b',', b';', b'\t'].into_iter().rev().max_by_key(|b| count(*b)).unwrap_or(b',');
    source.consume(mark);
    let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(source);
    Ok(Box::new(reader.into_records().map(|record| {
        let record = record.map_err(|e| {
            let (line, offset) = e.position().map_or((0, 0), |at| (at.line(), at.byte()));
            malformed(line, offset, "không phải CSV mã hóa UTF-8", "this is no CSV in UTF-8")
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        Ok((line, record.iter().map(|cell| Cell::Text(cell.to_owned())).collect()))
    })))
}
