//! Bytes of a table become cells. A spreadsheet is measured unpacked before it is read, and never laid out as its dimensions say.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, Xlsx};

use crate::error::{ApiError, Code, Fault};

/// What a table may have at most.
const MOST_UNPACKED: u64 = 48 << 20;
const MOST_PARTS: usize = 500;
const MOST_ROWS: u32 = 5_000;
const MOST_COLUMNS: u32 = 60;
const MOST_CELLS: usize = 100_000;
const MOST_MERGED: usize = 20_000;

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// As the spreadsheet counts, from 1.
    pub number: u32,
    pub cells: Vec<String>,
    /// One cell spans three columns or more: a heading.
    pub wide: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Name of the sheet, where the table is one of a spreadsheet.
    pub name: Option<String>,
    pub rows: Vec<Row>,
    /// Cells with a formula.
    pub formulas: Vec<(u32, u32)>,
}

fn unreadable(cause: impl std::fmt::Display) -> ApiError {
    ApiError::new(Code::MalformedBody).say("Không đọc được bảng tính này.", "This spreadsheet cannot be read.").because(cause)
}

fn too_large(vi: &str, en: &str) -> ApiError {
    ApiError::new(Code::BodyTooLarge).say(vi, en)
}

/// Reads a CSV file in UTF-8, parted by commas or semicolons.
///
/// # Errors
/// 400 for what is no CSV, 413 for what is too large.
pub fn csv(bytes: &[u8]) -> Result<Sheet, ApiError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let count = |mark: u8| bytes.iter().take_while(|b| **b != b'\n').filter(|b| **b == mark).count();
    let delimiter = [b';', b'\t'].into_iter().find(|mark| count(*mark) > count(b',')).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
    let mut sheet = Sheet::default();
    let (mut record, mut number) = (csv::StringRecord::new(), 0);
    while reader
        .read_record(&mut record)
        .map_err(|e| ApiError::new(Code::MalformedBody).say("Không phải CSV mã hóa UTF-8.", "This is no CSV in UTF-8.").because(e))?
    {
        number += 1;
        if number > MOST_ROWS || record.len() > MOST_COLUMNS as usize {
            return Err(too_large("Tối đa 5.000 dòng và 60 cột.", "At most 5,000 rows and 60 columns."));
        }
        let cells: Vec<String> = record.iter().map(clean).collect();
        for (column, _) in cells.iter().enumerate().filter(|(_, cell)| cell.starts_with('=')) {
            sheet.formulas.push((number, u32::try_from(column).unwrap_or_default()));
        }
        sheet.rows.push(Row { number, cells, wide: false });
    }
    Ok(sheet)
}

fn clean(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\0', "").trim().to_owned()
}

/// Reads one sheet of a spreadsheet, the first one by default.
///
/// # Errors
/// 400 for what is no spreadsheet or has no such sheet, 413 for what is too large.
pub fn xlsx(bytes: &[u8], wanted: Option<&str>) -> Result<Sheet, ApiError> {
    measure(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let names = book.sheet_names();
    let name = match wanted {
        Some(wanted) => names.iter().find(|name| *name == wanted),
        None => names.first(),
    };
    let Some(name) = name.cloned() else {
        let list = names.join(", ");
        let fault = Fault::new(
            Code::InvalidParameter,
            "sheet",
            format!("Bảng tính có các trang: {list}."),
            format!("There are the sheets: {list}."),
        );
        return Err(ApiError::new(Code::InvalidParameter).faults(vec![fault]));
    };
    let merged = book.merge_cells_by_sheet_name(&name).map_err(unreadable)?;
    let mut sheet = Sheet { name: Some(name.clone()), ..Sheet::default() };
    let mut reader = book.worksheet_cells_reader(&name).map_err(unreadable)?;
    let mut cells = 0;
    while let Some(cell) = reader.next_cell_with_formula().map_err(unreadable)? {
        let (row, column) = cell.pos;
        if cell.formula.is_some() {
            sheet.formulas.push((row.saturating_add(1), column));
        }
        let text = text(&cell.value);
        if text.is_empty() {
            continue;
        }
        cells += 1;
        if row >= MOST_ROWS || column >= MOST_COLUMNS || cells > MOST_CELLS || sheet.formulas.len() > MOST_CELLS {
            return Err(too_large("Tối đa 5.000 dòng và 60 cột.", "At most 5,000 rows and 60 columns."));
        }
        put(&mut sheet.rows, row, column, text);
    }
    sheet.rows.sort_by_key(|row| row.number);
    for area in merged.iter().take(MOST_MERGED) {
        let ((top, left), (bottom, right)) = (area.start, area.end);
        let row = sheet.rows.iter_mut().find(|row| row.number == top + 1);
        let Some(row) = row.filter(|_| bottom < MOST_ROWS && right < MOST_COLUMNS) else { continue };
        if right.saturating_sub(left) >= 2 {
            row.wide = true;
        } else if let Some(text) = row.cells.get(left as usize).filter(|text| !text.is_empty()).cloned() {
            // What spans rows is said of each of them.
            for below in top + 1..=bottom {
                if let Some(row) = sheet.rows.iter_mut().find(|row| row.number == below + 1) {
                    fill(row, left, text.clone());
                }
            }
        }
    }
    Ok(sheet)
}

fn put(rows: &mut Vec<Row>, row: u32, column: u32, text: String) {
    let number = row + 1;
    // Cells come in order; one that does not is found all the same.
    if rows.last().is_none_or(|last| last.number != number) && !rows.iter().any(|r| r.number == number) {
        rows.push(Row { number, ..Row::default() });
    }
    if let Some(row) = rows.iter_mut().rev().find(|r| r.number == number) {
        fill(row, column, text);
    }
}

fn fill(row: &mut Row, column: u32, text: String) {
    let column = column as usize;
    if row.cells.len() <= column {
        row.cells.resize(column + 1, String::new());
    }
    if let Some(cell) = row.cells.get_mut(column) {
        *cell = text;
    }
}

/// Unpacks everything to nowhere: what the archive says of its sizes need not be true.
fn measure(bytes: &[u8]) -> Result<(), ApiError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    let huge = || too_large("Bảng tính giải nén quá lớn.", "The spreadsheet is too large unpacked.");
    if archive.len() > MOST_PARTS {
        return Err(huge());
    }
    let mut left = MOST_UNPACKED;
    for i in 0..archive.len() {
        let part = archive.by_index(i).map_err(unreadable)?;
        let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(unreadable)?;
        left = left.checked_sub(read).ok_or_else(huge)?;
    }
    Ok(())
}

fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::String(text) => clean(text),
        DataRef::SharedString(text) => clean(text),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::DateTime(date) => {
            let (year, month, day, ..) = date.to_ymd_hms_milli();
            format!("{day:02}/{month:02}/{year}")
        }
        DataRef::DateTimeIso(text) => text.split('T').next().unwrap_or_default().to_owned(),
        DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => format!("{error}"),
        DataRef::Empty => String::new(),
    }
}
