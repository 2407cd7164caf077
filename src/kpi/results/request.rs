//! What results are asked for.

use std::collections::HashSet;

use chrono::NaiveDate;
use utoipa::IntoParams;

use crate::error::{Code, Fault};
use crate::http::QueryReader;
use crate::http::query::FromQuery;
use crate::reports::Census;
use crate::reports::filter::{GroupBy, Slice};
use crate::reports::period::{PeriodSet, Span};
use crate::reports::wanted::{self, Wanted};

/// What is asked for, with the periods as they are today.
pub struct Request {
    /// Codes of indicators; all when empty.
    pub kpis: Vec<String>,
    pub spans: Vec<Span>,
    pub group_by: GroupBy,
    /// A row for each department right below the one asked for, with all below it.
    pub children: bool,
    /// Whether figures are set against those of earlier periods.
    pub trend: bool,
    /// Whether all periods are cut as was asked; otherwise each indicator cuts them its own way.
    pub cut_named: bool,
    pub slice: Slice,
    /// What was counted already, of these periods among others.
    pub census: Option<Census>,
}

impl Request {
    /// One figure for each indicator and period.
    pub fn plain(kpis: Vec<String>, spans: Vec<Span>, slice: Slice) -> Request {
        Request { kpis, spans, group_by: GroupBy::None, children: false, trend: false, cut_named: false, slice, census: None }
    }
}

/// Which indicators, and how they are cut.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by ResultFilter; named here for the contract")]
struct ResultParams {
    /// Codes of indicators, separated by commas; all when it is left out.
    #[param(example = "on_time_rate,online_rate")]
    kpi: Option<String>,
    /// Rows by `department`, `field` or `procedure`; `none` (default) gives one figure.
    #[param(pattern = "^(none|department|field|procedure)$", example = "department")]
    group_by: Option<String>,
    /// Also tell `previous` and `year_before`: how each figure stands against the period before, and a year before.
    #[param(example = true)]
    trend: Option<bool>,
}

/// The periods, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by wanted; named here for the contract")]
struct ResultPeriods {
    /// Codes of periods, separated by commas, or what they are today: `this_month`, `last_month`, `this_quarter`, `last_quarter`, `this_half`,
    /// `last_half`, `this_year`, `last_year`, `last_12_months` (the twelve months that are over, each by itself) and `same_period_last_year`
    /// (each of the others in the list, a year before). At most 24; the answer names their codes. Either this, or `from` and `to`.
    #[param(
        pattern = "^((19(0[1-9]|[1-9][0-9])|2[01][0-9]{2}|2200)(H[12]|Q[1-4]|-9M|-(0[1-9]|1[0-2]))?|this_month|last_month|this_quarter|last_quarter|this_half|last_half|this_year|last_year|last_12_months|same_period_last_year)(,((19(0[1-9]|[1-9][0-9])|2[01][0-9]{2}|2200)(H[12]|Q[1-4]|-9M|-(0[1-9]|1[0-2]))?|this_month|last_month|this_quarter|last_quarter|this_half|last_half|this_year|last_year|last_12_months|same_period_last_year)){0,23}$",
        example = "2022"
    )]
    period: Option<String>,
    /// How periods are cut: `calendar`, or `administrative` (a month runs from the 15th of the month before to the 14th). By default as the
    /// indicator says, which is `calendar` unless it was defined otherwise.
    #[param(pattern = "^(administrative|calendar)$", example = "calendar")]
    period_set: Option<String>,
    /// First day.
    from: Option<crate::http::Day>,
    /// Last day.
    to: Option<crate::http::Day>,
}

/// Which dossiers count, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by Slice; named here for the contract")]
struct ResultSlice {
    /// Code or id of the department; everything in your sight when it is left out.
    #[param(example = "DKKD")]
    department: Option<String>,
    /// `self` (default): the department's own figures. `subtree`: with the departments below it. `children`: one row for each department right
    /// below it, each with those below that one.
    #[param(pattern = "^(self|children|subtree)$", example = "self")]
    scope: Option<String>,
    /// Code or id of a procedure.
    #[param(example = "2.001610")]
    procedure: Option<String>,
    /// Code of a field of procedures.
    #[param(example = "DN")]
    field: Option<String>,
}

/// What is asked for, as it was written.
pub struct ResultFilter {
    kpis: Vec<String>,
    wanted: Wanted,
    group_by: GroupBy,
    children: bool,
    trend: bool,
    slice: Slice,
}

impl IntoParams for ResultFilter {
    fn into_params(place: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        let mut params = ResultParams::into_params(&place);
        params.extend(ResultPeriods::into_params(&place));
        params.extend(ResultSlice::into_params(&place));
        params
    }
}

impl FromQuery for ResultFilter {
    fn read(q: &mut QueryReader) -> Self {
        let mut kpis = q.codes("kpi");
        let mut seen = HashSet::new();
        kpis.retain(|code| seen.insert(code.clone()));
        let wanted = wanted::wanted(q, PeriodSet::Calendar, true);
        let group_by = GroupBy::read(q);
        let trend = q.flag("trend").unwrap_or(false);
        let (slice, scope) = Slice::read_scoped(q, &["self", "children", "subtree"]);
        let children = scope == Some("children");
        if children && group_by != GroupBy::None {
            let (vi, en) = ("“scope=children” đã chia theo phòng, ban trực thuộc.", "“scope=children” gives the rows already.");
            q.fault(Fault::new(Code::InvalidParameter, "group_by", vi, en));
        }
        ResultFilter { kpis, wanted, group_by, children, trend, slice }
    }
}

impl ResultFilter {
    pub fn on(self, today: NaiveDate) -> Request {
        let ResultFilter { kpis, wanted, group_by, children, trend, slice } = self;
        Request { kpis, spans: wanted.on(today), group_by, children, trend, cut_named: wanted.cut_named, slice, census: None }
    }
}

/// Which part of a figure its contributors are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigurePart {
    Numerator,
    Denominator,
}

/// Of which figure the contributors are asked.
pub struct FigureFilter {
    wanted: Wanted,
    pub part: Option<FigurePart>,
    pub slice: Slice,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by FigureFilter; named here for the contract")]
struct FigureParams {
    /// Code of a period, or what it is today: `this_month`, `last_month`, `this_quarter`, `last_quarter`, `this_half`, `last_half`, `this_year`,
    /// `last_year`. Either this, or `from` and `to`.
    #[param(
        pattern = "^((19(0[1-9]|[1-9][0-9])|2[01][0-9]{2}|2200)(H[12]|Q[1-4]|-9M|-(0[1-9]|1[0-2]))?|this_month|last_month|this_quarter|last_quarter|this_half|last_half|this_year|last_year)$",
        example = "2022"
    )]
    period: Option<String>,
    /// How periods are cut: `calendar`, or `administrative` (a month runs from the 15th of the month before to the 14th). By default as the
    /// indicator says, which is `calendar` unless it was defined otherwise.
    #[param(pattern = "^(administrative|calendar)$", example = "calendar")]
    period_set: Option<String>,
    /// First day.
    from: Option<crate::http::Day>,
    /// Last day.
    to: Option<crate::http::Day>,
    /// `denominator`: all that the figure is about; `numerator`: those of them that it counts. Without it, all; of an indicator that is a plain
    /// count, what it counts, which is its numerator. Makes no difference for measurements and expressions.
    #[param(pattern = "^(numerator|denominator)$", example = "numerator")]
    part: Option<String>,
}

impl IntoParams for FigureFilter {
    fn into_params(place: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        let mut params = FigureParams::into_params(&place);
        params.extend(Slice::into_params(&place));
        params
    }
}

impl FromQuery for FigureFilter {
    fn read(q: &mut QueryReader) -> Self {
        let wanted = wanted::wanted(q, PeriodSet::Calendar, false);
        let part = q.choice("part", &["numerator", "denominator"]).map(|name| match name {
            "numerator" => FigurePart::Numerator,
            _ => FigurePart::Denominator,
        });
        FigureFilter { wanted, part, slice: Slice::read(q) }
    }
}

impl FigureFilter {
    /// The figure of one indicator.
    pub fn on(&self, kpi: &str, today: NaiveDate) -> Request {
        let plain = Request::plain(vec![kpi.to_owned()], self.wanted.on(today), self.slice.clone());
        Request { cut_named: self.wanted.cut_named, ..plain }
    }
}
