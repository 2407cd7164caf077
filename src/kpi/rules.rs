//! What an indicator and a measurement must fulfil, and which target holds. Pure.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::decimal::{Decimal, Exact};
use super::wire::{Comparator, KpiView, NewKpi, Source, Status, Target, Unit};
use crate::error::{Code, Fault};
use crate::http::ResourceCode;
use crate::reports::period::{Period, PeriodSet, Range};

/// What a definition may refer to.
pub struct Known {
    pub departments: HashSet<String>,
    pub fields: HashSet<String>,
    /// Every indicator with the one that it is a part of, as they will be.
    pub components: HashMap<String, Option<String>>,
}

/// Every fault of a definition.
pub fn kpi_faults(row: &NewKpi, old: Option<&KpiView>, measured: bool, known: &Known) -> Vec<Fault> {
    let mut faults = Vec::new();
    let bad = |at: &'static str, vi: &str, en: &str| Fault::new(Code::BadIndicator, at, vi, en);
    if row.name.is_blank() {
        faults.push(Fault::missing("/name"));
    }
    match (row.source, row.formula) {
        (Source::Computed, None) => faults.push(Fault::missing("/formula")),
        (Source::Computed, Some(formula)) if formula.unit() != row.unit => {
            faults.push(bad("/unit", "Công thức này cho đơn vị tính khác.", "The formula gives another unit."));
        }
        (Source::Computed, Some(_)) | (_, None) => {}
        (_, Some(_)) => {
            faults.push(bad("/formula", "Chỉ chỉ tiêu được tính mới có công thức.", "Only a computed indicator has a formula."))
        }
    }
    if let Some(old) = old {
        if old.formula.is_some() && old.formula != row.formula {
            faults.push(bad("/formula", "Chỉ tiêu được tính giữ nguyên công thức.", "A computed indicator keeps its formula."));
        }
        let turned = (row.source == Source::Computed) != (old.source == Source::Computed);
        if measured && (turned || row.unit != old.unit) {
            let at = if row.unit == old.unit { "/source" } else { "/unit" };
            faults.push(Fault::new(Code::InUse, at, "Chỉ tiêu đã có số đo.", "There are measurements of this indicator."));
        }
    }
    if let Some(whole) = &row.component_of {
        if !known.components.contains_key(whole.as_str()) {
            faults.push(Fault::unknown("/component_of", whole.as_str()));
        } else if circular(&row.code, &known.components) {
            faults.push(Fault::plain(Code::CircularParent, "/component_of"));
        }
    }
    for (i, target) in row.targets.iter().enumerate() {
        faults.extend(target_faults(target, i, row.unit, known));
        if row.targets[..i].iter().any(|before| same_place(before, target)) {
            faults.push(Fault::plain(Code::DuplicateInPayload, format!("/targets/{i}")));
        }
    }
    faults
}

fn circular(code: &ResourceCode, components: &HashMap<String, Option<String>>) -> bool {
    let mut at = code.as_str();
    for _ in 0..=components.len() {
        match components.get(at).and_then(Option::as_deref) {
            None => return false,
            Some(whole) => at = whole,
        }
    }
    true
}

fn same_place(a: &Target, b: &Target) -> bool {
    a.authority == b.authority && a.department == b.department && a.field == b.field && a.period == b.period
}

fn target_faults(target: &Target, i: usize, unit: Unit, known: &Known) -> Vec<Fault> {
    let mut faults = Vec::new();
    let at = |member: &str| format!("/targets/{i}/{member}");
    if target.authority.is_blank() {
        faults.push(Fault::missing(at("authority")));
    }
    if let Some(code) = target.department.as_ref().filter(|code| !known.departments.contains(code.as_str())) {
        faults.push(Fault::unknown(at("department"), code.as_str()));
    }
    if let Some(code) = target.field.as_ref().filter(|code| !known.fields.contains(code.as_str())) {
        faults.push(Fault::unknown(at("field"), code.as_str()));
    }
    if Period::parse(target.period.as_str()).is_none() {
        faults.push(bad_period(Code::WrongFormat, at("period")));
    }
    if target.value.is_some_and(|value| !fits(value, unit)) {
        faults.push(Fault::new(Code::BadIndicator, at("value"), unit_words(unit).0, unit_words(unit).1));
    }
    faults
}

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
    }
}

/// What a figure of a unit looks like.
pub fn unit_words(unit: Unit) -> (&'static str, &'static str) {
    match unit {
        Unit::Percent => ("Tỷ lệ phần trăm từ 0 đến 100.", "Per cent, from 0 to 100."),
        Unit::Count => ("Số lượng là số nguyên.", "A count is a whole number."),
    }
}

/// Whether putting the definition would change nothing.
pub fn same_kpi(row: &NewKpi, old: &KpiView) -> bool {
    old.name == row.name.as_str()
        && old.unit == row.unit
        && old.direction == row.direction
        && old.source == row.source
        && old.formula == row.formula
        && old.component_of.as_deref() == row.component_of.as_ref().map(|c| c.as_str())
        && old.note.as_deref() == row.note.as_ref().map(|n| n.as_str())
        && old.targets == row.targets
}

/// Whom a figure is about, to find its target: codes of the department and those above it, nearest first, then of the root agency.
pub type Chain = Vec<String>;

/// The target that holds: one for the field before one for all; then that of the department, of the nearest above it, of
/// the root agency, of the whole organisation; then that of the shortest period around; then the first in the list.
/// Targets without a figure hold nothing.
pub fn target<'a>(targets: &'a [Target], chain: &Chain, field: Option<&str>, days: Range, set: PeriodSet) -> Option<&'a Target> {
    let rank = |target: &Target| {
        target.value?;
        let around = Period::parse(target.period.as_str())?.days(set);
        let of_field = target.field.as_ref().map(|f| f.as_str());
        if !around.holds(days) || (of_field.is_some() && of_field != field) {
            return None;
        }
        let place = match &target.department {
            Some(code) => chain.iter().position(|c| c == code.as_str())?,
            None => chain.len(),
        };
        Some((of_field.is_none(), place, around.length()))
    };
    let ranked = targets.iter().enumerate().filter_map(|(i, target)| Some((rank(target)?, i, target)));
    ranked.min_by_key(|(rank, i, _)| (*rank, *i)).map(|(_, _, target)| target)
}

/// Whether a figure meets a target, unrounded.
pub fn meets(figure: Exact, comparator: Comparator, target: Decimal) -> bool {
    match figure.compare(target) {
        Ordering::Equal => true,
        Ordering::Greater => comparator == Comparator::AtLeast,
        Ordering::Less => comparator == Comparator::AtMost,
    }
}

/// How a figure stands against its target.
pub fn status(figure: Option<Exact>, target: Option<&Target>) -> (Option<bool>, Status) {
    let wanted = target.and_then(|t| Some((t.comparator, t.value?)));
    match (figure, wanted) {
        (None, _) => (None, Status::NoData),
        (Some(_), None) => (None, Status::NoTarget),
        (Some(figure), Some((comparator, value))) => {
            let met = meets(figure, comparator, value);
            (Some(met), if met { Status::Met } else { Status::NotMet })
        }
    }
}

#[cfg(test)]
mod tests;
