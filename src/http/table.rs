//! Reports in three forms: JSON, CSV and XLSX, chosen by `Accept`.

use actix_web::{HttpRequest, HttpResponse};
use rust_xlsxwriter::{Format as CellFormat, Workbook, XlsxError};
use serde::Serialize;

use crate::error::{ApiError, Code};
use crate::http::{Answer, Lang, accept};
use crate::text::Text;

pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// What a table is offered in: JSON, CSV, XLSX.
pub const FORMS: &[&str] = &["application/json", "text/csv", XLSX];

pub enum Cell {
    Text(String),
    Count(i64),
    /// With two decimals.
    Number(f64),
    Empty,
}

/// A report as rows and columns.
pub struct Table {
    /// Also the name of the file.
    pub name: &'static str,
    pub columns: Vec<Text>,
    pub rows: Vec<Vec<Cell>>,
}

/// Answers a report in the form that `Accept` asks for.
///
/// # Errors
/// 406 when none of the forms is accepted.
pub fn respond<T: Serialize>(req: &HttpRequest, body: &T, table: impl FnOnce() -> Table) -> Answer {
    let lang = Lang::of(req.headers());
    match accept::choose(req, FORMS)? {
        0 => Ok(HttpResponse::Ok().json(body)),
        1 => csv(table(), lang),
        _ => xlsx(table(), lang),
    }
}

pub fn attachment(name: &str, extension: &str) -> (&'static str, String) {
    ("Content-Disposition", format!("attachment; filename=\"{name}.{extension}\""))
}

fn csv(table: Table, lang: Lang) -> Answer {
    let broken = |e: csv::Error| ApiError::new(Code::Internal).because(e);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(table.columns.into_iter().map(|c| lang.pick(c))).map_err(broken)?;
    for row in table.rows {
        let cells = row.into_iter().map(|cell| match cell {
            Cell::Text(text) => harmless(text),
            Cell::Count(n) => n.to_string(),
            Cell::Number(x) => format!("{x:.2}"),
            Cell::Empty => String::new(),
        });
        writer.write_record(cells).map_err(broken)?;
    }
    let bytes = writer.into_inner().map_err(|e| ApiError::new(Code::Internal).because(e))?;
    // The mark tells spreadsheets that this is UTF-8.
    let body = [b"\xef\xbb\xbf".as_slice(), &bytes].concat();
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").insert_header(attachment(table.name, "csv")).body(body))
}

/// A text that a spreadsheet would run as a formula is quoted with an apostrophe.
pub fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

fn xlsx(table: Table, lang: Lang) -> Answer {
    let name = table.name;
    let bytes = workbook(table, lang).map_err(|e| ApiError::new(Code::Internal).because(e))?;
    Ok(HttpResponse::Ok().content_type(XLSX).insert_header(attachment(name, "xlsx")).body(bytes))
}

fn workbook(table: Table, lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let head = CellFormat::new().set_bold().set_text_wrap();
    let number = CellFormat::new().set_num_format("0.00");
    sheet.set_freeze_panes(1, 0)?;
    for (column, title) in table.columns.into_iter().enumerate() {
        sheet.write_with_format(0, column as u16, lang.pick(title), &head)?;
    }
    for (row, cells) in table.rows.into_iter().enumerate() {
        for (column, cell) in cells.into_iter().enumerate() {
            let (row, column) = (row as u32 + 1, column as u16);
            match cell {
                Cell::Text(text) => drop(sheet.write(row, column, text)?),
                Cell::Count(n) => drop(sheet.write(row, column, n)?),
                Cell::Number(x) => drop(sheet.write_with_format(row, column, x, &number)?),
                Cell::Empty => {}
            }
        }
    }
    sheet.autofit();
    book.save_to_buffer()
}
