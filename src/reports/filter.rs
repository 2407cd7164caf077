//! What a report is asked for: the period, the departments and procedures, and the rows.

use chrono::NaiveDate;
use utoipa::IntoParams;

use super::period::{Period, PeriodSet, Span};
use crate::error::{Code, Fault};
use crate::http::QueryReader;
use crate::http::query::FromQuery;
use crate::http::values::Key;

/// Rows of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// A total alone.
    None,
    Department,
    Field,
    Procedure,
}

impl GroupBy {
    pub fn read(q: &mut QueryReader) -> GroupBy {
        match q.choice("group_by", &["none", "department", "field", "procedure"]) {
            Some("department") => GroupBy::Department,
            Some("field") => GroupBy::Field,
            Some("procedure") => GroupBy::Procedure,
            _ => GroupBy::None,
        }
    }
}

/// Which dossiers count.
#[derive(Clone, Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Slice {
    /// Code or id of the resolving department; everything in your sight when it is left out.
    #[param(value_type = Option<String>, example = "DKKD")]
    pub department: Option<Key>,
    /// `self` (default): the department's own dossiers. `subtree`: with those of the departments below it.
    #[param(value_type = Option<String>, rename = "scope", example = "self")]
    pub subtree: bool,
    /// Code or id of a procedure.
    #[param(value_type = Option<String>, example = "2.001199")]
    pub procedure: Option<Key>,
    /// Code of a field of procedures.
    #[param(example = "DKDN")]
    pub field: Option<String>,
}

impl Slice {
    pub fn read(q: &mut QueryReader) -> Slice {
        let department = q.text("department").map(|text| Key::from(text.as_str()));
        let scope = q.choice("scope", &["self", "subtree"]);
        if scope.is_some() && department.is_none() {
            q.fault(Fault::new(
                Code::InvalidParameter,
                "scope",
                "Chỉ dùng cùng với “department”.",
                "Means something only beside “department”.",
            ));
        }
        Slice {
            department,
            subtree: scope == Some("subtree"),
            procedure: q.text("procedure").map(|text| Key::from(text.as_str())),
            field: q.text("field"),
        }
    }
}

/// Periods one request may ask for.
const MAX_PERIODS: usize = 24;

/// Reads `period`, `period_set`, `from` and `to`; with faults noted, the answer is empty.
pub fn spans(q: &mut QueryReader, default: PeriodSet, several: bool) -> Vec<Span> {
    let set = q.choice("period_set", PeriodSet::NAMES).map_or(default, PeriodSet::named);
    let given = q.text("period");
    let (from, to) = (q.day("from"), q.day("to"));
    let asked_by_dates = ["from", "to"].map(|name| q.raw.split('&').any(|pair| pair.split('=').next() == Some(name)));
    let mut fault = |code: Code, name: &'static str, vi: String, en: String| q.fault(Fault::new(code, name, vi, en));
    let invalid = Code::InvalidParameter;
    match (given, asked_by_dates) {
        (Some(text), [false, false]) => {
            let codes: Vec<&str> = text.split(',').map(str::trim).collect();
            let most = if several { MAX_PERIODS } else { 1 };
            if codes.len() > most {
                fault(invalid, "period", format!("Nhiều nhất {most} kỳ."), format!("At most {most}."));
            }
            let mut spans: Vec<Span> = Vec::new();
            for code in codes.into_iter().take(most) {
                match Period::parse(code) {
                    Some(period) if spans.iter().all(|s| s.name != code) => spans.push(Span::of(&period, set)),
                    Some(_) => {}
                    None => fault(
                        invalid,
                        "period",
                        format!("“{code}” không phải kỳ báo cáo; ví dụ: 2022, 2022H1, 2022Q2, 2022-04, 2022-9M."),
                        format!("“{code}” is no period; examples: 2022, 2022H1, 2022Q2, 2022-04, 2022-9M."),
                    ),
                }
            }
            spans
        }
        (Some(_), _) => {
            fault(invalid, "period", "Chọn “period”, hoặc “from” và “to”.".into(), "Give “period”, or “from” and “to”.".into());
            Vec::new()
        }
        (None, [false, false]) => {
            fault(invalid, "period", "Phải có “period”, hoặc “from” và “to”.".into(), "Give “period”, or “from” and “to”.".into());
            Vec::new()
        }
        (None, [has_from, has_to]) => {
            if !has_from || !has_to {
                let name = if has_from { "to" } else { "from" };
                fault(invalid, name, "Phải có cả “from” và “to”.".into(), "“from” and “to” go together.".into());
            }
            match (from, to) {
                (Some(from), Some(to)) if from > to => {
                    fault(invalid, "to", "“to” trước “from”.".into(), "“to” is before “from”.".into());
                    Vec::new()
                }
                (Some(from), Some(to)) => vec![Span::between(from, to, set)],
                _ => Vec::new(),
            }
        }
    }
}

/// The period of a report, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by ReportFilter; named here for the contract")]
pub struct ReportPeriod {
    /// Code of a period: `2022`, `2022H1`, `2022Q2`, `2022-04`, `2022-9M`. Either this, or `from` and `to`.
    #[param(example = "2022-04")]
    period: Option<String>,
    /// How periods are cut: `administrative` (default; a month runs from the 15th of the month before to the 14th) or `calendar`.
    #[param(example = "administrative")]
    period_set: Option<String>,
    /// First day.
    from: Option<crate::http::Day>,
    /// Last day.
    to: Option<crate::http::Day>,
    /// Rows by `department`, `field` or `procedure`; `none` (default) gives the total alone.
    #[param(example = "department")]
    group_by: Option<String>,
}

/// What both reports on dossiers are asked for.
pub struct ReportFilter {
    pub span: Span,
    pub group_by: GroupBy,
    pub slice: Slice,
}

impl ReportFilter {
    pub fn read_from(q: &mut QueryReader) -> ReportFilter {
        // Without a span a fault has been noted, and this one is never seen.
        let nothing = || Span::between(NaiveDate::default(), NaiveDate::default(), PeriodSet::Administrative);
        ReportFilter {
            span: spans(q, PeriodSet::Administrative, false).into_iter().next().unwrap_or_else(nothing),
            group_by: GroupBy::read(q),
            slice: Slice::read(q),
        }
    }
}

impl IntoParams for ReportFilter {
    fn into_params(place: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        let mut params = ReportPeriod::into_params(&place);
        params.extend(Slice::into_params(&place));
        params
    }
}

impl FromQuery for ReportFilter {
    fn read(q: &mut QueryReader) -> Self {
        ReportFilter::read_from(q)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn faults(query: &str) -> Vec<String> {
        let read = QueryReader::new(query).finish_with(|q| spans(q, PeriodSet::Administrative, true));
        read.map_or_else(|e| e.fault_list().iter().map(|f| f.pointer.to_string()).collect(), |_| Vec::new())
    }

    #[test]
    fn a_period_or_two_dates() {
        assert!(faults("period=2022").is_empty());
        assert!(faults("period=2022,2022H1,2022-04&period_set=calendar").is_empty());
        assert!(faults("from=2022-01-01&to=2022-01-01").is_empty());
        assert_eq!(faults(""), ["period"]);
        assert_eq!(faults("period=2022X,2022Q9"), ["period", "period"]);
        assert_eq!(faults("period=2022&from=2022-01-01"), ["period"]);
        assert_eq!(faults("from=2022-01-01"), ["to"]);
        assert_eq!(faults("to=2022-01-01"), ["from"]);
        assert_eq!(faults("from=2022-02-01&to=2022-01-01"), ["to"]);
        assert_eq!(faults("from=x&to=2022-01-01"), ["from"]);
        assert_eq!(faults("period=2022&period_set=lunar"), ["period_set"]);
    }

    #[test]
    fn a_scope_needs_a_department() {
        assert!(QueryReader::new("scope=subtree").finish_with(Slice::read).is_err());
        assert!(QueryReader::new("scope=subtree&department=DKKD").finish_with(Slice::read).unwrap().subtree);
    }
}
