//! A cell of a table, and the value that a member gets from it.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde_json::Value;

use super::contract::Holds;
use crate::http::values::nfc;

#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Empty,
    Text(String),
    /// A number, and the digits that its format shows behind and before the point where it fixes them: `(before, behind)`.
    Number(f64, Option<(usize, usize)>),
    Truth(bool),
    Moment(NaiveDateTime),
    /// `#REF!` and the like.
    Broken(String),
}

impl Cell {
    /// As a reader sees it; dates in ISO form.
    pub fn shown(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) | Cell::Broken(text) => text.clone(),
            Cell::Number(number, Some((before, behind))) => {
                let width = if *behind > 0 { before + 1 + behind } else { *before };
                format!("{number:0width$.behind$}")
            }
            Cell::Number(number, None) => number.to_string(),
            Cell::Truth(truth) => truth.to_string(),
            Cell::Moment(at) if at.time() == NaiveTime::MIN => at.date().to_string(),
            Cell::Moment(at) => instant(*at),
        }
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Cell::Empty) || matches!(self, Cell::Text(text) if text.trim().is_empty())
    }
}

/// What a member of text may not get: a number whose written form is not known.
#[derive(Debug, PartialEq, Eq)]
pub struct Doubtful(pub String);

/// How the cells of a column become values.
#[derive(Debug)]
pub struct Reading {
    pub holds: Holds,
    /// What cells mean, by their text.
    pub values: HashMap<String, Value>,
    /// How dates are written.
    pub format: Option<String>,
}

impl Reading {
    /// The value of a cell; none for an empty one.
    ///
    /// # Errors
    /// A number that may have lost digits on its way into the sheet.
    pub fn value(&self, cell: &Cell) -> Result<Option<Value>, Doubtful> {
        if cell.is_empty() {
            return Ok(None);
        }
        if let Some(value) = self.values.get(&nfc(cell.shown().trim())) {
            return Ok(Some(value.clone()));
        }
        let text = match (cell, self.holds) {
            (Cell::Number(number, _), Holds::Json) => {
                let written = number.to_string();
                return Ok(Some(serde_json::from_str(&written).unwrap_or(Value::String(written))));
            }
            (Cell::Truth(truth), Holds::Json) => return Ok(Some(Value::Bool(*truth))),
            (Cell::Text(text), Holds::Json) => {
                let text = text.trim();
                return Ok(Some(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))));
            }
            (Cell::Number(number, None), _) if number.fract() != 0.0 || number.abs() >= 1e15 => return Err(Doubtful(number.to_string())),
            (Cell::Moment(at), Holds::Instant) => instant(*at),
            (Cell::Text(text), Holds::Day | Holds::Instant) => self.date(text.trim()).unwrap_or_else(|| text.trim().to_owned()),
            (cell, _) => cell.shown(),
        };
        Ok(Some(Value::String(text)))
    }

    /// None for a text that is not in the format: the server says what is wrong with it, or it is in ISO form.
    fn date(&self, text: &str) -> Option<String> {
        let format = self.format.as_deref()?;
        let at = NaiveDateTime::parse_from_str(text, format)
            .or_else(|_| NaiveDate::parse_from_str(text, format).map(|day| day.and_time(NaiveTime::MIN)))
            .ok()?;
        Some(if self.holds == Holds::Day { at.date().to_string() } else { instant(at) })
    }
}

/// In Vietnam time.
fn instant(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%dT%H:%M:%S+07:00").to_string()
}

/// The digits that a number format fixes: `000` or `0.000000`.
pub fn fixed_digits(format: &str) -> Option<(usize, usize)> {
    let (before, behind) = format.split_once('.').unwrap_or((format, ""));
    let zeros = |text: &str| text.bytes().all(|b| b == b'0');
    // `0` alone fixes nothing but hides what is behind the point.
    let any = before.len() > 1 || !behind.is_empty();
    (any && !before.is_empty() && zeros(before) && zeros(behind) && format.len() <= 30).then_some((before.len(), behind.len()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> Cell {
        Cell::Moment(text.parse().unwrap())
    }

    #[test]
    fn cells_become_what_the_member_holds() {
        let t = |text: &str| Cell::Text(text.to_owned());
        let cases = [
            (Holds::Text, t("00123"), json!("00123")),
            (Holds::Text, t("2.001610"), json!("2.001610")),
            (Holds::Text, Cell::Number(2.00161, fixed_digits("0.000000")), json!("2.001610")),
            (Holds::Text, Cell::Number(42.0, None), json!("42")),
            (Holds::Text, Cell::Number(42.0, fixed_digits("00000")), json!("00042")),
            (Holds::Text, at("2022-04-19T00:00:00"), json!("2022-04-19")),
            (Holds::Text, Cell::Truth(true), json!("true")),
            (Holds::Json, Cell::Number(3.0, None), json!(3)),
            (Holds::Json, Cell::Number(2.5, None), json!(2.5)),
            (Holds::Json, Cell::Truth(false), json!(false)),
            (Holds::Json, t(" [{\"a\": 1}] "), json!([{"a": 1}])),
            (Holds::Json, t("ba"), json!("ba")),
            (Holds::Day, at("2022-04-19T00:00:00"), json!("2022-04-19")),
            (Holds::Instant, at("2022-04-19T00:00:00"), json!("2022-04-19T00:00:00+07:00")),
            (Holds::Instant, at("2022-04-19T08:30:00"), json!("2022-04-19T08:30:00+07:00")),
            (Holds::Instant, t("19/04/2022 8:30"), json!("2022-04-19T08:30:00+07:00")),
            (Holds::Day, t("19/04/2022 8:30"), json!("2022-04-19")),
            (Holds::Instant, t("2022-04-19T08:30:00Z"), json!("2022-04-19T08:30:00Z")),
            (Holds::Instant, t("không rõ"), json!("không rõ")),
            (Holds::Text, t(" Tru\u{31b}\u{323}c tuyến "), json!("online")),
        ];
        for (holds, cell, expected) in cases {
            let values = HashMap::from([(nfc("Trực tuyến"), json!("online"))]);
            let reading = Reading { holds, values, format: Some("%d/%m/%Y %H:%M".to_owned()) };
            assert_eq!(reading.value(&cell), Ok(Some(expected)), "{holds:?} {cell:?}");
        }
        let plain = |holds, format: Option<&str>| Reading { holds, values: HashMap::new(), format: format.map(str::to_owned) };
        assert_eq!(plain(Holds::Text, None).value(&t("  ")), Ok(None));
        assert_eq!(plain(Holds::Text, None).value(&Cell::Number(2.00161, None)), Err(Doubtful("2.00161".to_owned())));
        assert!(plain(Holds::Text, None).value(&Cell::Number(1e17, None)).is_err());
        let day = plain(Holds::Instant, Some("%d/%m/%Y")).value(&t("19/04/2022"));
        assert_eq!(day, Ok(Some(json!("2022-04-19T00:00:00+07:00"))));
    }

    #[test]
    fn only_zeros_fix_digits() {
        assert_eq!(fixed_digits("0.000000"), Some((1, 6)));
        assert_eq!(fixed_digits("000"), Some((3, 0)));
        for format in ["General", "0", "#,##0", "0.0%", "", "@"] {
            assert_eq!(fixed_digits(format), None, "{format}");
        }
    }
}
