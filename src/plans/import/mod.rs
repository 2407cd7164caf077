//! A plan's tasks read from a table: CSV or a spreadsheet, with the columns that offices use. The head is put before; the table gives
//! headings and tasks. What the table has no column for stays with each task as it was.

mod acts;
pub mod routes;
mod rules;
mod wire;

use crate::http::sheet;
