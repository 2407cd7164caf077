//! What a report is asked for: the period, the departments and procedures, and the rows.

use chrono::NaiveDate;
use utoipa::IntoParams;

use super::period::{Period, PeriodCode, PeriodSet, Span};
use super::wanted::spans;
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
        GroupBy::named(q.choice("group_by", &["none", "department", "field", "procedure"]))
    }

    fn named(name: Option<&str>) -> GroupBy {
        match name {
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
    #[param(value_type = Option<String>, rename = "scope", pattern = "^(self|subtree)$", example = "self")]
    pub subtree: bool,
    /// Code or id of a procedure.
    #[param(value_type = Option<String>, example = "2.001610")]
    pub procedure: Option<Key>,
    /// Code of a field of procedures.
    #[param(example = "DN")]
    pub field: Option<String>,
}

impl Slice {
    pub fn read(q: &mut QueryReader) -> Slice {
        Slice::read_scoped(q, &["self", "subtree"]).0
    }

    /// With whatever else `scope` may be, and which it is.
    pub fn read_scoped(q: &mut QueryReader, scopes: &[&'static str]) -> (Slice, Option<&'static str>) {
        let department = q.text("department").map(|text| Key::from(text.as_str()));
        let scope = q.choice("scope", scopes);
        if scope.is_some() && department.is_none() {
            q.fault(Fault::new(
                Code::InvalidParameter,
                "scope",
                "Chỉ dùng cùng với “department”.",
                "Means something only beside “department”.",
            ));
        }
        let slice = Slice {
            department,
            subtree: scope.is_some_and(|scope| scope != "self"),
            procedure: q.text("procedure").map(|text| Key::from(text.as_str())),
            field: q.text("field"),
        };
        (slice, scope)
    }
}

/// The period of a report, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by spans; named here for the contract")]
struct ReportPeriod {
    /// Code of a period: `2022`, `2022H1`, `2022Q2`, `2022-04`, `2022-9M`. Either this, or `from` and `to`.
    #[param(value_type = Option<PeriodCode>, example = "2022-04")]
    period: Option<String>,
    /// How periods are cut: `administrative` (default; a month runs from the 15th of the month before to the 14th) or `calendar`.
    #[param(pattern = "^(administrative|calendar)$", example = "administrative")]
    period_set: Option<String>,
    /// First day.
    from: Option<crate::http::Day>,
    /// Last day.
    to: Option<crate::http::Day>,
}

/// The rows of a report, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by GroupBy; named here for the contract")]
struct ReportRows {
    /// Rows by `department`, `field` or `procedure`; `none` (default) gives the total alone.
    #[param(pattern = "^(none|department|field|procedure)$", example = "department")]
    group_by: Option<String>,
}

/// The rows of the report on findings, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by FindingFilter; named here for the contract")]
struct FindingRows {
    /// Rows by `department`, `field`, `procedure` or `kind`; `none` (default) gives the total alone.
    #[param(pattern = "^(none|department|field|procedure|kind)$", example = "department")]
    group_by: Option<String>,
}

/// The year of a report by month, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by MonthsFilter; named here for the contract")]
struct ReportYear {
    /// The year.
    #[param(example = "2022", pattern = "^(19(0[1-9]|[1-9][0-9])|2[01][0-9]{2}|2200)$")]
    year: String,
    /// How months are cut: `administrative` (default; from the 15th of the month before to the 14th) or `calendar`.
    #[param(pattern = "^(administrative|calendar)$", example = "administrative")]
    period_set: Option<String>,
}

/// The day of judgement, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the filters; named here for the contract")]
struct AsOf {
    /// Judge by what had happened by the end of this day; by default the end of the period. Reasons of delay, outcomes by month and
    /// findings of a period that still runs are judged today.
    #[param(example = "2022-12-31")]
    as_of: Option<crate::http::Day>,
}

/// Declares that a filter is made of these parameters.
macro_rules! made_of {
    ($filter:ident: $($part:ident),+) => {
        impl IntoParams for $filter {
            fn into_params(place: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
                let mut params = Vec::new();
                $(params.extend($part::into_params(&place));)+
                params
            }
        }
    };
}

// Without a span a fault has been noted, and this one is never seen.
fn nothing() -> Span {
    Span::between(NaiveDate::default(), NaiveDate::default(), PeriodSet::Administrative)
}

/// What every report on a period is asked for.
pub struct ReportFilter {
    pub span: Span,
    pub group_by: GroupBy,
    pub slice: Slice,
}

made_of!(ReportFilter: ReportPeriod, ReportRows, Slice);

impl FromQuery for ReportFilter {
    fn read(q: &mut QueryReader) -> Self {
        ReportFilter {
            span: spans(q, PeriodSet::Administrative, false).into_iter().next().unwrap_or_else(nothing),
            group_by: GroupBy::read(q),
            slice: Slice::read(q),
        }
    }
}

/// A report without rows of its own to choose.
pub struct WholeFilter {
    pub span: Span,
    pub slice: Slice,
}

made_of!(WholeFilter: ReportPeriod, Slice);

impl FromQuery for WholeFilter {
    fn read(q: &mut QueryReader) -> Self {
        WholeFilter { span: spans(q, PeriodSet::Administrative, false).into_iter().next().unwrap_or_else(nothing), slice: Slice::read(q) }
    }
}

/// A report that may be judged on another day than the last of its period.
pub struct JudgedFilter {
    pub report: ReportFilter,
    pub as_of: Option<NaiveDate>,
}

made_of!(JudgedFilter: ReportFilter, AsOf);

impl FromQuery for JudgedFilter {
    fn read(q: &mut QueryReader) -> Self {
        JudgedFilter { report: ReportFilter::read(q), as_of: q.day("as_of") }
    }
}

/// What the outcomes by month are asked for.
pub struct MonthsFilter {
    pub year: i32,
    pub set: PeriodSet,
    pub slice: Slice,
    pub as_of: Option<NaiveDate>,
}

made_of!(MonthsFilter: ReportYear, Slice, AsOf);

impl FromQuery for MonthsFilter {
    fn read(q: &mut QueryReader) -> Self {
        let year = q.text("year").and_then(|text| Period::year(&text));
        if year.is_none() {
            q.fault(Fault::new(Code::InvalidParameter, "year", "Phải là một năm, ví dụ 2022.", "Must be a year such as 2022."));
        }
        let set = q.choice("period_set", PeriodSet::NAMES).map_or(PeriodSet::Administrative, PeriodSet::named);
        MonthsFilter { year: year.unwrap_or_default(), set, slice: Slice::read(q), as_of: q.day("as_of") }
    }
}

/// What the report on findings is asked for.
pub struct FindingFilter {
    pub span: Span,
    /// Rows by kind; otherwise as `group_by` says.
    pub by_kind: bool,
    pub group_by: GroupBy,
    pub slice: Slice,
    pub as_of: Option<NaiveDate>,
}

made_of!(FindingFilter: ReportPeriod, FindingRows, Slice, AsOf);

impl FromQuery for FindingFilter {
    fn read(q: &mut QueryReader) -> Self {
        let span = spans(q, PeriodSet::Administrative, false).into_iter().next().unwrap_or_else(nothing);
        let rows = q.choice("group_by", &["none", "department", "field", "procedure", "kind"]);
        let group_by = GroupBy::named(rows);
        FindingFilter { span, by_kind: rows == Some("kind"), group_by, slice: Slice::read(q), as_of: q.day("as_of") }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_needs_a_department() {
        assert!(QueryReader::new("scope=subtree").finish_with(Slice::read).is_err());
        assert!(QueryReader::new("scope=subtree&department=DKKD").finish_with(Slice::read).unwrap().subtree);
    }
}
