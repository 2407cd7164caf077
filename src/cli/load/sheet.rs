//! The records of a sheet of a workbook.

use std::io::{BufRead, Cursor, Read};

use calamine::{Data, Reader, Xlsx};

use super::cell::{Cell, fixed_digits};
use super::read::Records;

/// A workbook is read whole.
const LARGEST: u64 = 64 << 20;

/// # Errors
/// What is no workbook, is too large, or has no such sheet.
pub fn records(source: Box<dyn BufRead>, sheet: Option<&str>) -> Result<Records, String> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| format!("reading: {e}"))?;
    if bytes.len() as u64 > LARGEST {
        return Err("a workbook may have 64 MiB at most: save it as CSV".to_owned());
    }
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| format!("this is no workbook (.xlsx): {e}"))?;
    let names = book.sheet_names();
    let name = match sheet {
        None => names.first().cloned().ok_or("the workbook has no sheets")?,
        Some(name) if names.iter().any(|n| n == name) => name.to_owned(),
        Some(name) => return Err(format!("there is no sheet “{name}”: {}", names.join(", "))),
    };
    let range = book.worksheet_range(&name).map_err(|e| format!("sheet “{name}”: {e}"))?;
    let styles = book.worksheet_style(&name).map_err(|e| format!("sheet “{name}”: {e}"))?;
    let (top, left) = range.start().unwrap_or_default();
    let mut at = 0;
    Ok(Box::new(std::iter::from_fn(move || {
        if at >= range.height() {
            return None;
        }
        let row = top + u32::try_from(at).ok()?;
        let digits = |column: u32| {
            let style = styles.get((row, column))?;
            fixed_digits(&style.number_format.as_ref()?.format_code)
        };
        let cells = (left..).zip(range[at].iter()).map(|(column, data)| cell(data, || digits(column)));
        let cells = cells.collect();
        at += 1;
        Some(Ok((u64::from(row) + 1, cells)))
    })))
}

fn cell(data: &Data, digits: impl FnOnce() -> Option<(usize, usize)>) -> Cell {
    match data {
        Data::Empty => Cell::Empty,
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::Text(text.clone()),
        #[allow(clippy::cast_precision_loss)] // A workbook has no other numbers.
        Data::Int(number) => Cell::Number(*number as f64, digits()),
        Data::Float(number) => Cell::Number(*number, digits()),
        Data::Bool(truth) => Cell::Truth(*truth),
        Data::DateTime(at) => match at.as_datetime().filter(|_| at.is_datetime()) {
            Some(at) => Cell::Moment(at),
            None => Cell::Number(at.as_f64(), None),
        },
        Data::Error(error) => Cell::Broken(error.to_string()),
    }
}
