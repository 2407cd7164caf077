//! The file of an export, written as its rows come: lines, or a spreadsheet on disk.

use std::io::{Read, Seek, SeekFrom};

use rust_xlsxwriter::{Format as CellFormat, Workbook};
use serde_json::Value;

use super::wire::Format;
use crate::error::{ApiError, Code};
use crate::http::table::harmless;

/// Rows below the headings that a sheet holds.
const MOST_ROWS: u32 = 1_048_575;

/// Characters that a cell holds.
const MOST_IN_A_CELL: usize = 32_767;

fn broken(error: impl std::fmt::Display) -> ApiError {
    ApiError::new(Code::Internal).because(error)
}

pub enum File {
    Lines { format: Format, columns: Vec<String>, bytes: Vec<u8> },
    Sheet { book: Box<Workbook>, columns: Vec<String>, rows: u32 },
}

/// A value in a cell: text as it is, numbers and words as they are in JSON, lists and objects as JSON.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl File {
    pub fn begin(format: Format, columns: Vec<String>) -> Result<File, ApiError> {
        if format != Format::Xlsx {
            let mut bytes = Vec::new();
            if format == Format::Csv {
                // The mark tells spreadsheets that this is UTF-8.
                bytes.extend_from_slice(b"\xef\xbb\xbf");
                record(&mut bytes, columns.iter().cloned())?;
            }
            return Ok(File::Lines { format, columns, bytes });
        }
        let mut book = Workbook::new();
        let sheet = book.add_worksheet_with_constant_memory().map_err(broken)?;
        sheet.set_freeze_panes(1, 0).map_err(broken)?;
        let head = CellFormat::new().set_bold();
        for (at, column) in columns.iter().enumerate() {
            sheet.write_string_with_format(0, at as u16, column, &head).map_err(broken)?;
        }
        Ok(File::Sheet { book: Box::new(book), columns, rows: 0 })
    }

    /// # Errors
    /// 422 for more rows than a sheet has.
    pub fn row(&mut self, item: &Value) -> Result<(), ApiError> {
        match self {
            File::Lines { format: Format::Csv, columns, bytes } => record(
                bytes,
                columns.iter().map(|c| match &item[c] {
                    // A number is no formula, whatever its sign.
                    Value::Number(n) => n.to_string(),
                    other => harmless(cell(other)),
                }),
            ),
            File::Lines { columns, bytes, .. } => {
                let chosen: serde_json::Map<String, Value> =
                    columns.iter().filter_map(|c| Some((c.clone(), item.get(c)?.clone()))).collect();
                serde_json::to_writer(&mut *bytes, &chosen).map_err(broken)?;
                bytes.push(b'\n');
                Ok(())
            }
            File::Sheet { book, columns, rows } => {
                if *rows >= MOST_ROWS {
                    let (vi, en) = (
                        "Bảng tính có nhiều nhất 1.048.575 dòng: hãy lọc bớt, hoặc lấy CSV.",
                        "A sheet has at most 1,048,575 rows: choose fewer, or CSV.",
                    );
                    return Err(ApiError::new(Code::TooManyRows).say(vi, en));
                }
                *rows += 1;
                let sheet = book.worksheet_from_index(0).map_err(broken)?;
                for (at, column) in columns.iter().enumerate() {
                    let at = at as u16;
                    match &item[column] {
                        Value::Null => {}
                        Value::Number(n) if n.as_f64().is_some() => {
                            sheet.write_number(*rows, at, n.as_f64().unwrap_or_default()).map_err(broken)?;
                        }
                        Value::Bool(b) => {
                            sheet.write_boolean(*rows, at, *b).map_err(broken)?;
                        }
                        other => {
                            let text: String = cell(other).chars().take(MOST_IN_A_CELL).collect();
                            sheet.write_string(*rows, at, text).map_err(broken)?;
                        }
                    }
                }
                Ok(())
            }
        }
    }

    /// What may be sent on already, once it is worth it.
    pub fn take(&mut self, least: usize) -> Option<Vec<u8>> {
        match self {
            File::Lines { bytes, .. } if bytes.len() >= least.max(1) => Some(std::mem::take(bytes)),
            _ => None,
        }
    }

    /// The rest of the file: bytes, or a spreadsheet packed on disk.
    pub async fn finish(self) -> Result<Rest, ApiError> {
        match self {
            File::Lines { bytes, .. } => Ok(Rest::Bytes(bytes)),
            File::Sheet { mut book, .. } => {
                let packed = tokio::task::spawn_blocking(move || {
                    let mut disk = tempfile::tempfile().map_err(broken)?;
                    book.save_to_writer(&mut disk).map_err(broken)?;
                    disk.seek(SeekFrom::Start(0)).map_err(broken)?;
                    Ok::<_, ApiError>(disk)
                });
                Ok(Rest::Disk(packed.await.map_err(broken)??))
            }
        }
    }
}

pub enum Rest {
    Bytes(Vec<u8>),
    Disk(std::fs::File),
}

impl Rest {
    /// The next bytes, at most so many; none at the end.
    pub fn next(&mut self, most: usize) -> Result<Option<Vec<u8>>, ApiError> {
        let piece = match self {
            Rest::Bytes(bytes) => std::mem::take(bytes),
            Rest::Disk(disk) => {
                let mut piece = Vec::new();
                disk.take(most as u64).read_to_end(&mut piece).map_err(broken)?;
                piece
            }
        };
        Ok((!piece.is_empty()).then_some(piece))
    }
}

fn record(bytes: &mut Vec<u8>, cells: impl Iterator<Item = String>) -> Result<(), ApiError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(bytes);
    writer.write_record(cells).map_err(broken)?;
    writer.flush().map_err(broken)
}
