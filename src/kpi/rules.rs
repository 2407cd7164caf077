//! What a measurement must fulfil. Pure. Definitions and targets have rules of their own.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::decimal::Decimal;
use super::definitions::rules as definitions;
pub use super::targets::rules::{About, Chain, status, target};
use super::wire::{KpiView, MeasurementView, NewMeasurement, Source, Unit};
use crate::error::{Code, Fault};
use crate::reports::period::{Period, PeriodSet};

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

/// Every fault of a measurement of an indicator for a period.
pub fn measurement_faults(row: &NewMeasurement, kpi: &KpiView, period: &Period, today: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    let bad = |at: &'static str, vi: &str, en: &str| Fault::new(Code::BadMeasurement, at, vi, en);
    if kpi.source == Source::Computed {
        let (vi, en) = ("Chỉ tiêu này do hệ thống tính, không nhập số đo.", "This indicator is computed; it takes no measurements.");
        return vec![bad("", vi, en)];
    }
    match (row.value, row.numerator, row.denominator) {
        (Some(value), None, None) if fits(value, kpi.unit) => {}
        (Some(_), None, None) => faults.push(bad("/value", unit_words(kpi.unit).0, unit_words(kpi.unit).1)),
        (None, Some(_), Some(_)) if kpi.unit != Unit::Percent => {
            faults.push(bad(
                "/numerator",
                "Chỉ tỷ lệ phần trăm có tử số và mẫu số; hãy nhập value.",
                "Only per cent has a numerator and a denominator; give value.",
            ));
        }
        (None, Some(_), Some(denominator)) if denominator.is_zero() => {
            faults.push(bad("/denominator", "Mẫu số phải lớn hơn 0.", "The denominator must be greater than 0."));
        }
        (None, Some(numerator), Some(denominator)) if numerator > denominator => {
            faults.push(bad("/numerator", "Tử số lớn hơn mẫu số.", "The numerator is greater than the denominator."));
        }
        (None, Some(_), Some(_)) => {}
        _ => faults.push(bad(
            "/value",
            "Nhập value, hoặc cả numerator và denominator.",
            "Give value, or both numerator and denominator, and not all of them.",
        )),
    }
    faults.extend(definitions::place_faults(kpi, period, row.field.as_ref().map(|f| f.as_str())));
    if period.days(PeriodSet::Administrative).from > today {
        faults.push(Fault::new(Code::DateInFuture, "", "Kỳ này chưa bắt đầu.", "The period has not begun."));
    }
    if row.evidence.is_empty() {
        faults.push(Fault::missing("/evidence"));
    }
    for (i, evidence) in row.evidence.iter().enumerate() {
        let at = |member: &str| format!("/evidence/{i}/{member}");
        let blank = [("document_number", evidence.document_number.is_blank()), ("title", evidence.title.is_blank())];
        faults.extend(blank.into_iter().filter(|(_, blank)| *blank).map(|(member, _)| Fault::missing(at(member))));
        if evidence.issued_on.0 > today {
            faults.push(Fault::plain(Code::DateInFuture, at("issued_on")));
        }
        let link = evidence.link.as_ref().map_or("https://", |link| link.as_str());
        if !(link.starts_with("https://") || link.starts_with("http://")) {
            let (vi, en) = ("Đường dẫn bắt đầu bằng https:// hoặc http://.", "A link begins with https:// or http://.");
            faults.push(Fault::new(Code::WrongFormat, at("link"), vi, en));
        }
    }
    faults
}

/// Whether putting the measurement would change nothing.
pub fn same_measurement(row: &NewMeasurement, old: &MeasurementView) -> bool {
    old.value == row.value
        && old.numerator == row.numerator
        && old.denominator == row.denominator
        && old.evidence == row.evidence
        && old.note.as_deref() == row.note.as_ref().map(|n| n.as_str())
}

#[cfg(test)]
mod tests;
