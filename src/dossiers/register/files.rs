//! The register whole: CSV as it is read, XLSX through a file of its own on disk.

use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, HttpResponseBuilder};
use chrono::NaiveDate;
use futures_util::stream::{Stream, try_unfold};

use super::sheet::Sheet;
use super::store::{self, Place};
use super::wire::{COLUMNS, Cell, RegisterForm, RegisterRow};
use crate::auth::Reach;
use crate::db::Db;
use crate::dossiers::store::Filter;
use crate::error::{ApiError, Code};
use crate::http::table::{XLSX, attachment, harmless};
use crate::http::{Answer, Lang};

/// Rows read at a time.
const BATCH: u32 = 1000;

/// Rows that a spreadsheet may have; a CSV may have any number.
pub const MOST_IN_A_SHEET: u32 = 100_000;

const NAME: &str = "dossier-register";

/// What is left to read of a register.
pub struct Reader {
    pub db: Db,
    pub reach: Reach,
    pub filter: Filter,
    pub today: NaiveDate,
    pub n: u64,
    pub after: Option<Place>,
    pub done: bool,
}

impl Reader {
    /// The next rows; none at the end. Every batch is a query of its own: a reader that is slow holds no connection.
    async fn next(&mut self) -> Result<Option<Vec<RegisterRow>>, ApiError> {
        if self.done {
            return Ok(None);
        }
        let mut rows = store::page(self.db.get_ref(), &self.reach, &self.filter, self.after, BATCH, self.today).await?;
        self.done = rows.len() <= BATCH as usize;
        rows.truncate(BATCH as usize);
        self.after = rows.last().map(|r| (r.received_at, r.id));
        let mut batch = Vec::with_capacity(rows.len());
        for row in rows {
            self.n += 1;
            batch.push(RegisterRow::of(self.n, row, self.today)?);
        }
        Ok(Some(batch))
    }
}

fn broken(error: impl std::fmt::Display) -> ApiError {
    ApiError::new(Code::Internal).because(error)
}

fn file(media: &'static str, extension: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.content_type(media).insert_header(attachment(NAME, extension));
    response
}

/// Lines of CSV; what is filled in by hand is left out.
fn lines(head: bool, rows: Vec<RegisterRow>, lang: Lang) -> Result<Bytes, ApiError> {
    // The mark tells spreadsheets that this is UTF-8.
    let start = if head { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(start);
    let kept = || COLUMNS.iter().map(|c| !c.by_hand);
    if head {
        let titles = COLUMNS.iter().filter(|c| !c.by_hand).map(|c| if lang == Lang::En { c.en } else { c.vi });
        writer.write_record(titles).map_err(broken)?;
    }
    for row in rows {
        let cells = row.cells().into_iter().zip(kept()).filter(|(_, kept)| *kept).map(|(cell, _)| match cell {
            Cell::Count(n) => n.to_string(),
            Cell::Text(text) => harmless(text),
            Cell::Word(text) => lang.pick(text),
            Cell::Day(day) => day.to_string(),
            Cell::Empty => String::new(),
        });
        writer.write_record(cells).map_err(broken)?;
    }
    Ok(writer.into_inner().map_err(broken)?.into())
}

fn csv_stream(reader: Reader, lang: Lang) -> impl Stream<Item = Result<Bytes, ApiError>> {
    try_unfold((reader, true), move |(mut reader, first)| async move {
        let Some(rows) = reader.next().await? else { return Ok(None) };
        Ok(Some((lines(first, rows, lang)?, (reader, false))))
    })
}

/// Streamed: the answer begins before the last row is read, so a fault on the way breaks it off.
pub fn csv(reader: Reader, lang: Lang) -> HttpResponse {
    file("text/csv; charset=utf-8", "csv").streaming(Box::pin(csv_stream(reader, lang)))
}

/// # Errors
/// 422 when there are more rows than a spreadsheet may have.
pub async fn xlsx(mut reader: Reader, form: &RegisterForm, span: (NaiveDate, NaiveDate), lang: Lang) -> Answer {
    let rows = store::count(reader.db.get_ref(), &reader.reach, &reader.filter, MOST_IN_A_SHEET, reader.today).await?;
    if rows > i64::from(MOST_IN_A_SHEET) {
        return Err(ApiError::new(Code::TooManyRows).member("limit", MOST_IN_A_SHEET).say(
            format!("Bảng tính có nhiều nhất {MOST_IN_A_SHEET} dòng: hãy chọn kỳ ngắn hơn, hoặc lấy CSV."),
            format!("A spreadsheet has at most {MOST_IN_A_SHEET} rows: ask for a shorter period, or for CSV."),
        ));
    }
    let mut sheet = Sheet::new(form, span, lang).map_err(broken)?;
    while let Some(rows) = reader.next().await? {
        for row in rows {
            sheet.row(row.cells()).map_err(broken)?;
        }
    }
    // Packing takes long enough to hold up the other requests of this thread.
    let bytes = web::block(move || sheet.finish()).await.map_err(broken)?.map_err(broken)?;
    Ok(file(XLSX, "xlsx").body(bytes))
}
