//! What a department owes for a period, what may be done with its figures, and what has changed since they were approved. Pure.

use super::model::{KpiOwedBecause, KpiSubmissionAct, KpiSubmissionState};
use super::wire::{KpiApproval, KpiSubmissionComputed, KpiSubmissionDifference, KpiSubmissionFigure, KpiWithout, NewKpiSubmission};
use crate::error::{Code, Fault};
use crate::kpi::decimal::Exact;
use crate::kpi::definitions::rules::place_faults;
use crate::kpi::measurements::MeasurementView;
use crate::kpi::wire::{KpiView, Source};
use crate::reports::period::Period;

/// Where an act leads from a state; `None` where the state does not allow it.
pub fn after(state: KpiSubmissionState, act: KpiSubmissionAct) -> Option<KpiSubmissionState> {
    use KpiSubmissionAct::{Approve, Reopen, Return, Submit, Withdraw};
    use KpiSubmissionState::{Approved, Draft, Returned, Submitted};
    match (state, act) {
        (Draft | Returned, Submit) => Some(Submitted),
        (Submitted, Withdraw) => Some(Draft),
        (Submitted, Approve) => Some(Approved),
        (Submitted, Return) | (Approved, Reopen) => Some(Returned),
        _ => None,
    }
}

/// What may be done now by someone of whom `may` says what he may do at all.
pub fn allowed(state: KpiSubmissionState, may: impl Fn(KpiSubmissionAct) -> bool) -> Vec<KpiSubmissionAct> {
    KpiSubmissionAct::OWN.iter().copied().filter(|act| after(state, *act).is_some() && may(*act)).collect()
}

/// A figure that a department owes for a period.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owed {
    /// Code of the department.
    pub department: String,
    /// Code of the indicator.
    pub kpi: String,
    /// Code of the field of procedures.
    pub field: Option<String>,
    pub because: KpiOwedBecause,
    /// Name of the indicator.
    pub name: String,
}

/// What is owed for a period: figures of indicators that are not computed, by a department that has a target for this very period (one of the
/// whole organisation is the root agencies'), or that measured the indicator for the period before. A target of a department above, or
/// of a longer period, obliges nobody: figures against it may be measured once, for all. Nor is anything owed of an indicator that has no figures
/// for such a period, or that has ended.
pub fn owed(kpis: &[KpiView], roots: &[String], period: &Period, before: &[MeasurementView]) -> Vec<Owed> {
    let mut all = Vec::new();
    for kpi in kpis.iter().filter(|kpi| kpi.source != Source::Computed) {
        let mut owe = |department: &str, field: Option<&str>, because| {
            if !place_faults(kpi, period, field).is_empty() {
                return;
            }
            all.push(Owed {
                department: department.to_owned(),
                kpi: kpi.code.clone(),
                field: field.map(str::to_owned),
                because,
                name: kpi.name.clone(),
            });
        };
        for target in kpi.targets.iter().filter(|target| target.period.as_str() == period.code() && target.procedure.is_none()) {
            let field = target.field.as_ref().map(|f| f.as_str());
            match &target.department {
                Some(department) => owe(department.as_str(), field, KpiOwedBecause::Target),
                None => roots.iter().for_each(|root| owe(root, field, KpiOwedBecause::Target)),
            }
        }
        for measured in before.iter().filter(|m| m.kpi == kpi.code) {
            owe(&measured.department, measured.field.as_deref(), KpiOwedBecause::MeasuredBefore);
        }
    }
    all.sort_unstable();
    all.dedup_by(|b, a| (&a.department, &a.kpi, &a.field) == (&b.department, &b.kpi, &b.field));
    all
}

/// Whether what is owed was measured. What is owed for all fields is measured by any of them, too: the figure may exist for one alone.
pub fn is_measured(owed: &Owed, now: &[MeasurementView]) -> bool {
    let field = |m: &MeasurementView| owed.field.is_none() || owed.field == m.field;
    now.iter().any(|m| m.department == owed.department && m.kpi == owed.kpi && field(m))
}

/// The code of the period of the same kind before.
pub fn period_before(period: &Period) -> String {
    let code = period.code();
    let (year, part) = code.split_at(code.len().min(4));
    let last_year = year.parse::<i32>().unwrap_or_default() - 1;
    match part.as_bytes() {
        [b'H' | b'Q', b'2'..=b'4'] => format!("{year}{}{}", &part[..1], part[1..].parse::<u32>().unwrap_or_default() - 1),
        b"H1" => format!("{last_year:04}H2"),
        b"Q1" => format!("{last_year:04}Q4"),
        b"-01" => format!("{last_year:04}-12"),
        [b'-', b'0'..=b'1', b'0'..=b'9'] => format!("{year}-{:02}", part[1..].parse::<u32>().unwrap_or_default() - 1),
        _ => format!("{last_year:04}{part}"),
    }
}

/// Every fault of a submission, given what is missing, whether anything was measured, and whether the period has begun.
pub fn submit_faults(new: &NewKpiSubmission, missing: &[Owed], measured: bool, begun: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !begun {
        faults.push(Fault::new(Code::DateInFuture, "", "Kỳ này chưa bắt đầu.", "The period has not begun."));
    } else if !measured && missing.is_empty() {
        let (vi, en) = ("Kỳ này không có số liệu nào để nộp.", "There are no figures for this period to submit.");
        faults.push(Fault::new(Code::Missing, "", vi, en));
    }
    let names = |without: &KpiWithout, owed: &Owed| {
        without.kpi.as_str() == owed.kpi && without.field.as_ref().map(|f| f.as_str()) == owed.field.as_deref()
    };
    for (i, without) in new.without.iter().enumerate() {
        if !missing.iter().any(|owed| names(without, owed)) {
            let code = without.kpi.as_str();
            let vi = format!("Chỉ tiêu “{code}” không thiếu: không phải nộp, hoặc đã có số đo.");
            let en = format!("“{code}” is not missing: it is not owed, or was measured.");
            faults.push(Fault::new(Code::UnknownCode, format!("/without/{i}/kpi"), vi, en));
        } else if new.without[..i].iter().any(|other| other.kpi == without.kpi && other.field == without.field) {
            faults.push(Fault::plain(Code::DuplicateInPayload, format!("/without/{i}")));
        }
        if without.reason.is_blank() {
            faults.push(Fault::missing(format!("/without/{i}/reason")));
        }
    }
    for owed in missing.iter().filter(|owed| !new.without.iter().any(|without| names(without, owed))) {
        let key = owed.field.as_ref().map_or_else(|| owed.kpi.clone(), |field| format!("{}/{field}", owed.kpi));
        let vi = format!("Chưa có số đo “{key}” ({}): nhập số đo, hoặc nêu lý do.", owed.name);
        let en = format!("“{key}” ({}) was not measured: record it, or say why.", owed.name);
        faults.push(Fault::new(Code::Missing, "/without", vi, en));
    }
    faults
}

fn shown(figure: &KpiSubmissionFigure) -> Option<f64> {
    let ratio = || figure.numerator.zip(figure.denominator).and_then(|(n, d)| Exact::per_cent_of(n, d));
    figure.value.map(Exact::of).or_else(ratio).map(Exact::rounded)
}

/// What is no longer as it was approved, measured figures first.
pub fn differences(
    approval: &KpiApproval,
    figures: &[KpiSubmissionFigure],
    computed: &[KpiSubmissionComputed],
) -> Vec<KpiSubmissionDifference> {
    let exact = |f: &KpiSubmissionFigure| (f.value, f.numerator, f.denominator);
    let key = |f: &KpiSubmissionFigure| (f.kpi.clone(), f.field.clone());
    let measured = compared(&approval.figures, figures, key, |a, b| exact(a) == exact(b));
    let mut found: Vec<KpiSubmissionDifference> = measured
        .into_iter()
        .map(|((kpi, field), then, now)| KpiSubmissionDifference {
            kpi,
            field,
            computed: false,
            approved: then.and_then(shown),
            now: now.and_then(shown),
        })
        .collect();
    let same = |a: &KpiSubmissionComputed, b: &KpiSubmissionComputed| {
        (a.numerator, a.denominator, a.value) == (b.numerator, b.denominator, b.value)
    };
    let computed = compared(&approval.computed, computed, |c| c.kpi.clone(), same);
    found.extend(computed.into_iter().map(|(kpi, then, now)| KpiSubmissionDifference {
        kpi,
        field: None,
        computed: true,
        approved: then.and_then(|c| c.value),
        now: now.and_then(|c| c.value),
    }));
    found
}

/// What differs between two lists, by a key: what was there first, then what came.
fn compared<'a, T, K: PartialEq>(
    then: &'a [T],
    now: &'a [T],
    key: impl Fn(&T) -> K,
    same: impl Fn(&T, &T) -> bool,
) -> Vec<(K, Option<&'a T>, Option<&'a T>)> {
    let find = |all: &'a [T], wanted: &K| all.iter().find(|t| key(t) == *wanted);
    let mut found = Vec::new();
    for old in then {
        let wanted = key(old);
        let new = find(now, &wanted);
        if !new.is_some_and(|new| same(old, new)) {
            found.push((wanted, Some(old), new));
        }
    }
    let came = now.iter().map(|new| (key(new), new)).filter(|(wanted, _)| find(then, wanted).is_none());
    found.extend(came.map(|(wanted, new)| (wanted, None, Some(new))));
    found
}

#[cfg(test)]
mod tests;
