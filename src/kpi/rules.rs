//! What definitions, targets and measurements have in common: figures of a unit, codes of periods. Pure.

use std::borrow::Cow;

use super::decimal::Decimal;
pub use super::targets::rules::{About, Chain, status, targets};
use super::wire::Unit;
use crate::error::{Code, Fault};

/// What is no code of a period.
pub fn bad_period(code: Code, at: impl Into<Cow<'static, str>>) -> Fault {
    let (vi, en) = ("Mã kỳ như 2022, 2022H1, 2022Q2, 2022-04, 2022-9M.", "A period like 2022, 2022H1, 2022Q2, 2022-04, 2022-9M.");
    Fault::new(code, at, vi, en)
}

/// Whether a figure can be one of this unit.
pub fn fits(value: Decimal, unit: Unit) -> bool {
    match unit {
        Unit::Percent => value.is_at_most(100),
        Unit::Count => value.is_whole(),
        Unit::Point | Unit::Day => true,
    }
}

/// What a figure of this unit is like.
pub fn unit_words(unit: Unit) -> (&'static str, &'static str) {
    match unit {
        Unit::Percent => ("Tỷ lệ phần trăm từ 0 đến 100.", "Per cent, from 0 to 100."),
        Unit::Count => ("Số lượng là số nguyên.", "A count is a whole number."),
        Unit::Point => ("Điểm từ 0 trở lên.", "Points, from 0."),
        Unit::Day => ("Số ngày từ 0 trở lên.", "Days, from 0."),
    }
}
