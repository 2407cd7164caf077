//! The refused rows of a load as CSV: what came in, and two columns that say what is wrong. Mended, the file can be sent as it is.

use std::sync::Arc;

use actix_web::HttpResponse;
use bytes::Bytes;
use futures_util::stream::try_unfold;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::model::{Format, Params};
use super::pack;
use super::store::{self, Kept, Row};
use crate::app::Shared;
use crate::db::Db;
use crate::error::{ApiError, Code};
use crate::http::bulk::split::RawRow;
use crate::http::bulk::{ERROR_COLUMNS, came_back, csv_cells, guarded, unguarded};
use crate::http::table::attachment;

/// Rows read at a time; none holds a connection while the reader takes its time.
const BATCH: i64 = 500;

/// Columns at most: rows may have any members, and those beyond are left out.
const MOST_COLUMNS: usize = 500;

fn broken(error: impl std::fmt::Display) -> ApiError {
    ApiError::new(Code::Internal).because(error)
}

struct Reader {
    db: Db,
    shared: Arc<Shared>,
    job: Uuid,
    params: Params,
    /// Of a CSV file, its columns as they came.
    came: Vec<String>,
    columns: Vec<String>,
    after: i64,
}

/// The file, streamed.
pub async fn file(db: Db, shared: Arc<Shared>, row: Row) -> Result<HttpResponse, ApiError> {
    let params: Params = serde_json::from_value(row.params).map_err(broken)?;
    let came = match &row.header {
        Some(bytes) => csv_cells(&RawRow { bytes, line: 1, offset: 0 })?.into_iter().map(|c| c.trim().to_owned()).collect(),
        None => Vec::new(),
    };
    let mut reader = Reader { db, shared, job: row.id, params, columns: came.clone(), came, after: -1 };
    if reader.params.format != Format::Csv {
        reader.columns = reader.members().await?;
    }
    reader.columns.retain(|c| !ERROR_COLUMNS.contains(&c.as_str()));
    let name = format!("{}-errors", row.resource);
    let body = try_unfold((reader, true), |(mut reader, first)| async move {
        let rows = reader.next().await?;
        if rows.is_empty() && !first {
            return Ok::<_, ApiError>(None);
        }
        Ok(Some((reader.lines(rows, first)?, (reader, false))))
    });
    let mut response = HttpResponse::Ok();
    Ok(response.content_type("text/csv; charset=utf-8").insert_header(attachment(&name, "csv")).streaming(Box::pin(body)))
}

impl Reader {
    async fn next(&mut self) -> Result<Vec<Kept>, ApiError> {
        let rows = store::refused(self.db.get_ref(), self.job, self.after, BATCH).await?;
        self.after = rows.last().map_or(self.after, |r| r.idx);
        Ok(rows)
    }

    fn input(&self, kept: &mut Kept) -> Result<Vec<u8>, ApiError> {
        let sealed = kept.input.take().unwrap_or_default();
        pack::open_row(&self.shared.vault, self.job, kept.idx.unsigned_abs(), sealed)
    }

    /// The members of all rows, in the order they are first met.
    async fn members(&mut self) -> Result<Vec<String>, ApiError> {
        let mut names: Vec<String> = Vec::new();
        loop {
            let rows = self.next().await?;
            if rows.is_empty() {
                self.after = -1;
                return Ok(names);
            }
            for mut kept in rows {
                for (name, _) in members(&self.input(&mut kept)?) {
                    if names.len() < MOST_COLUMNS && !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
        }
    }

    fn lines(&self, rows: Vec<Kept>, first: bool) -> Result<Bytes, ApiError> {
        // The mark tells spreadsheets that this is UTF-8.
        let start = if first { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(start);
        if first {
            let head = self.columns.iter().map(String::as_str).chain(ERROR_COLUMNS);
            writer.write_record(head).map_err(broken)?;
        }
        for mut kept in rows {
            let input = self.input(&mut kept)?;
            let mut cells = self.cells(&input)?;
            let of = |name: &str, faults: &Value, apart: &str| {
                let told = |f: &Value| match name {
                    "code" => f["code"].as_str().unwrap_or_default().to_owned(),
                    _ => format!("{}: {}", f["pointer"].as_str().unwrap_or_default(), f["detail"].as_str().unwrap_or_default()),
                };
                faults.as_array().into_iter().flatten().map(told).collect::<Vec<_>>().join(apart)
            };
            cells.push(of("code", &kept.errors, " "));
            cells.push(of("detail", &kept.errors, " | "));
            writer.write_record(cells.into_iter().map(guarded)).map_err(broken)?;
        }
        Ok(writer.into_inner().map_err(broken)?.into())
    }

    fn cells(&self, input: &[u8]) -> Result<Vec<String>, ApiError> {
        let pairs: Vec<(String, String)> = if self.params.format == Format::Csv {
            let cells = csv_cells(&RawRow { bytes: input, line: 1, offset: 0 })?;
            let back = came_back(&self.came);
            self.came.iter().cloned().zip(cells.into_iter().map(|c| if back { unguarded(c) } else { c })).collect()
        } else {
            members(input).into_iter().map(|(name, value)| (name.clone(), cell(&name, value, &self.params.json_columns))).collect()
        };
        Ok(self.columns.iter().map(|c| pairs.iter().find(|(name, _)| name == c).map(|(_, v)| v.clone()).unwrap_or_default()).collect())
    }
}

/// The members of a row; what is no object has none.
fn members(input: &[u8]) -> Map<String, Value> {
    match serde_json::from_slice(input) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// A value as the reader of CSV takes it: JSON where the column is JSON, otherwise the text itself.
fn cell(column: &str, value: Value, json_columns: &[String]) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if !json_columns.iter().any(|c| c == column) => text,
        other => other.to_string(),
    }
}
