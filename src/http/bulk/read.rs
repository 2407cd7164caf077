//! Rows out of bodies: each is parsed for itself, so that one bad row does not hide the others.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::MOST_AT_ONCE;
use super::split::{Format, RawRow, Splitter, malformed};
use crate::app::Shared;
use crate::error::{ApiError, Code, Fault};
use crate::http::body::Body;
use crate::http::gate::take_turn;
use crate::http::json::{check_media_type, in_place, read_again};
use crate::http::nesting::{misplaced, misplaced_in};
use crate::http::values::nfc;

/// A body row that may also come as a CSV record.
pub trait BulkRow: DeserializeOwned + ToSchema {
    /// Columns whose cells are JSON (numbers, booleans, lists, objects) and not text.
    const JSON_COLUMNS: &'static [&'static str];
    /// Name of the member that is the row's key.
    const KEY: &'static str = "code";

    /// The row's key; where it has several parts, all of them: `kpi/department/period`.
    fn code(&self) -> Cow<'_, str>;

    /// The same of a row whose shape is wrong, as far as it can be read.
    fn code_of(row: &Value) -> Option<String> {
        row.get(Self::KEY).and_then(Value::as_str).map(nfc)
    }
}

/// A row, or what is wrong with its shape.
#[derive(Debug)]
pub struct Parsed<T> {
    pub index: u64,
    /// The row's key, where it could be read.
    pub code: Option<String>,
    pub row: Result<T, Vec<Fault>>,
}

/// 415 unless the body is JSON, NDJSON or CSV.
pub fn media_format(req: &HttpRequest) -> Result<Format, ApiError> {
    check_media_type(req, &["application/json", "application/x-ndjson", "text/csv"])?;
    let sent = req.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
    Ok(match sent.split(';').next().unwrap_or_default().trim() {
        t if t.eq_ignore_ascii_case("text/csv") => Format::Csv,
        t if t.eq_ignore_ascii_case("application/x-ndjson") => Format::Ndjson,
        _ => Format::Json,
    })
}

/// The columns that a file of refused rows has besides those that came: they are read over.
pub const ERROR_COLUMNS: [&str; 2] = ["error_codes", "error_detail"];

/// Turns raw rows into values, counting them.
pub struct RowParser {
    format: Format,
    header: Option<Vec<String>>,
    next: u64,
}

impl RowParser {
    pub fn new(format: Format) -> Self {
        RowParser { format, header: None, next: 0 }
    }

    /// Goes on at a later row of a body whose head is known.
    ///
    /// # Errors
    /// The header cannot be read, which it could before.
    pub fn resume(format: Format, header: Option<&[u8]>, next: u64) -> Result<Self, ApiError> {
        let header = header.map(|bytes| csv_cells(&RawRow { bytes, line: 1, offset: 0 }).map(trimmed)).transpose()?;
        Ok(RowParser { format, header, next })
    }

    /// None for the header of a CSV file.
    ///
    /// # Errors
    /// 400 for a row that is no JSON or CSV at all.
    pub fn parse<T: BulkRow>(&mut self, raw: &RawRow<'_>) -> Result<Option<Parsed<T>>, ApiError> {
        let parsed = match self.format {
            Format::Csv => match self.record(raw)? {
                None => return Ok(None),
                Some(cells) => self.typed(cells_to_value::<T>(cells)),
            },
            _ => match serde_json::from_slice::<T>(raw.bytes) {
                Ok(row) => Parsed { index: self.next, code: Some(nfc(&row.code())), row: in_place(row, misplaced::<T>(raw.bytes)) },
                Err(error) if error.is_data() && error.to_string().starts_with("duplicate field") => {
                    // A value would keep the last of them, and nobody would know.
                    let (vi, en) = ("Một trường có hai lần trong cùng một đối tượng.", "A member stands twice in one object.");
                    Parsed { index: self.next, code: None, row: Err(vec![Fault::new(Code::WrongFormat, "", vi, en)]) }
                }
                Err(error) if error.is_data() => {
                    let value = serde_json::from_slice(raw.bytes).map_err(|e| broken(raw, &e))?;
                    self.typed(Ok(value))
                }
                Err(error) => return Err(broken(raw, &error)),
            },
        };
        self.next += 1;
        Ok(Some(parsed))
    }

    fn typed<T: BulkRow>(&self, value: Result<Value, Vec<Fault>>) -> Parsed<T> {
        let value = match value {
            Ok(value) => value,
            Err(faults) => return Parsed { index: self.next, code: None, row: Err(faults) },
        };
        let code = T::code_of(&value);
        let row = match T::deserialize(&value) {
            Ok(row) => in_place(row, misplaced_in::<T>(&value)),
            Err(error) => read_again(value, &error),
        };
        Parsed { index: self.next, code, row }
    }

    fn record(&mut self, raw: &RawRow<'_>) -> Result<Option<Vec<(String, String)>>, ApiError> {
        let cells = csv_cells(raw)?;
        let Some(header) = &self.header else {
            if cells.iter().any(|name| name.contains('\0')) {
                return Err(malformed(raw.line, raw.offset, "tên cột chứa ký tự không được phép", "a column's name is no text"));
            }
            let names = trimmed(cells);
            if let Some(twice) = names.iter().enumerate().find_map(|(i, name)| names[..i].contains(name).then_some(name)) {
                let (vi, en) = (format!("cột “{twice}” có hai lần"), format!("column “{twice}” stands twice"));
                return Err(malformed(raw.line, raw.offset, &vi, &en));
            }
            self.header = Some(names);
            return Ok(None);
        };
        if cells.len() != header.len() {
            let (want, got) = (header.len(), cells.len());
            return Err(malformed(raw.line, raw.offset, &format!("có {got} ô, cần {want}"), &format!("{got} cells, {want} expected")));
        }
        let pairs = header.iter().cloned().zip(cells);
        Ok(Some(if came_back(header) {
            pairs.filter(|(column, _)| !ERROR_COLUMNS.contains(&column.as_str())).map(|(column, cell)| (column, unguarded(cell))).collect()
        } else {
            pairs.collect()
        }))
    }
}

fn trimmed(cells: Vec<String>) -> Vec<String> {
    cells.into_iter().map(|c| c.trim().to_owned()).collect()
}

/// The cells of one CSV record.
///
/// # Errors
/// 400 for what is no CSV in UTF-8.
pub fn csv_cells(raw: &RawRow<'_>) -> Result<Vec<String>, ApiError> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(raw.bytes);
    let mut record = csv::StringRecord::new();
    reader
        .read_record(&mut record)
        .map_err(|_| malformed(raw.line, raw.offset, "không phải CSV mã hóa UTF-8", "this is no CSV in UTF-8"))?;
    Ok(record.iter().map(|c| c.trim_end_matches('\r').to_owned()).collect())
}

/// Whether a file of refused rows comes back, by its header.
pub fn came_back(header: &[String]) -> bool {
    ERROR_COLUMNS.iter().all(|column| header.iter().any(|h| h == column))
}

fn runs(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A cell of a file of refused rows: what a spreadsheet would run stands behind an apostrophe, which [`unguarded`] takes off again.
pub fn guarded(cell: String) -> String {
    if runs(&cell) { format!("'{cell}") } else { cell }
}

/// A cell of such a file as it was.
pub fn unguarded(cell: String) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if runs(rest) => rest.to_owned(),
        _ => cell,
    }
}

fn broken(raw: &RawRow<'_>, error: &serde_json::Error) -> ApiError {
    let text = error.to_string();
    malformed(raw.line, raw.offset, &format!("không phải JSON ({text})"), &format!("this is no JSON ({text})"))
}

/// An empty cell is an absent field; `applicant.name` is `name` inside `applicant`.
fn cells_to_value<T: BulkRow>(cells: Vec<(String, String)>) -> Result<Value, Vec<Fault>> {
    let mut row = Map::new();
    let mut faults = Vec::new();
    for (column, cell) in cells {
        if cell.is_empty() {
            continue;
        }
        let value = if T::JSON_COLUMNS.contains(&column.as_str()) {
            match serde_json::from_str(&cell) {
                Ok(value) => value,
                Err(_) => {
                    faults.push(Fault::new(Code::WrongFormat, format!("/{column}"), "Ô này phải là JSON.", "This cell must be JSON."));
                    continue;
                }
            }
        } else {
            Value::String(cell)
        };
        match column.split_once('.') {
            Some((outer, inner)) => {
                if let Value::Object(object) = row.entry(outer).or_insert_with(|| Value::Object(Map::new())) {
                    object.insert(inner.to_owned(), value);
                }
            }
            None => {
                row.insert(column, value);
            }
        }
    }
    if faults.is_empty() { Ok(Value::Object(row)) } else { Err(faults) }
}

/// All rows of a body, in input order.
pub struct Rows<T> {
    pub rows: Vec<Parsed<T>>,
    /// SHA-256 of the body, for safe retries.
    pub hash: [u8; 32],
}

impl<T> Rows<T> {
    pub fn iter(&self) -> impl Iterator<Item = &Parsed<T>> {
        self.rows.iter()
    }
}

/// Reads a whole body of rows into memory: for resources that come by the thousand, not by the million.
///
/// # Errors
/// 400, 408, 413, 415 of the body as a whole.
pub async fn read_all<T: BulkRow>(req: &HttpRequest, payload: Payload, shared: &Shared) -> Result<Rows<T>, ApiError> {
    let http = &shared.settings.http;
    let format = media_format(req)?;
    let mut body = Body::stream(req, payload, http, http.max_bulk_bytes.min(MOST_AT_ONCE))?;
    let (mut splitter, mut parser, mut rows) = (Splitter::new(format), RowParser::new(format), Vec::new());
    let mut sink = |raw: RawRow<'_>| {
        rows.extend(parser.parse(&raw)?);
        Ok(())
    };
    while let Some(chunk) = body.next().await? {
        splitter.push(&chunk, &mut sink)?;
    }
    splitter.finish(&mut sink)?;
    take_turn(req).await?;
    Ok(Rows { rows, hash: body.hash() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guarded_comes_back_as_it_was() {
        for cell in ["", "a", "=1+1", "'=1", "''@x", "'tis", "-5", "\tx", "it's"] {
            assert_eq!(unguarded(guarded(cell.into())), cell);
            assert!(!guarded(cell.into()).starts_with(['=', '+', '-', '@', '\t']), "{cell}");
        }
    }

    #[test]
    fn only_both_error_columns_together_are_read_over() {
        let header = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert!(came_back(&header(&["code", "error_codes", "error_detail"])));
        assert!(!came_back(&header(&["code", "error_codes"])));
    }
}
