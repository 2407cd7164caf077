//! What a measurement must fulfil, and when it needs a reason. Pure.

use chrono::NaiveDate;

use super::model::MeasurementState;
use super::wire::{MeasurementView, NewMeasurement};
use crate::error::{Code, Fault};
use crate::kpi::definitions::rules as definitions;
use crate::kpi::rules::{fits, unit_words};
use crate::kpi::wire::{KpiView, Unit};
use crate::reports::period::{Period, PeriodSet};

/// Every fault of a measurement of an indicator for a period.
pub fn faults(row: &NewMeasurement, kpi: &KpiView, period: &Period, today: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    let bad = |at: &'static str, vi: &str, en: &str| Fault::new(Code::BadMeasurement, at, vi, en);
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
    if row.correction_reason.as_ref().is_some_and(|reason| reason.is_blank()) {
        faults.push(Fault::missing("/correction_reason"));
    }
    faults
}

/// What stands is final or held by a submission: it changes only with a reason. What is new needs one where figures are held.
pub fn reason_fault(row: &NewMeasurement, old: Option<&MeasurementView>, held: bool) -> Option<Fault> {
    let corrects = held || old.is_some_and(|old| old.state == MeasurementState::Final);
    let (vi, en) = (
        "Số liệu chính thức hoặc đã nộp chỉ sửa khi nêu lý do đính chính.",
        "A final or a submitted figure is changed only with the reason of the correction.",
    );
    (corrects && row.correction_reason.is_none()).then(|| Fault::new(Code::Missing, "/correction_reason", vi, en))
}

/// Whether putting the measurement would change nothing. A reason alone changes nothing.
pub fn same(row: &NewMeasurement, old: &MeasurementView) -> bool {
    old.value == row.value
        && old.numerator == row.numerator
        && old.denominator == row.denominator
        && old.evidence == row.evidence
        && old.note.as_deref() == row.note.as_ref().map(|n| n.as_str())
        && old.state == row.state
}

#[cfg(test)]
mod tests;
