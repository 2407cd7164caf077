//! A report by what it is asked for: the same whether it is read, frozen or computed anew.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use super::filter::{FindingFilter, GroupBy, JudgedFilter, MonthsFilter, ReportFilter, Slice};
use super::period::{Period, PeriodSet, Range};
use super::store::{self, Chosen, Ordinals, Question};
use super::wire::{DossierOutcomes, DossierResults, FindingReport, HandlingTimes, OutcomesByMonth, OverdueReasons, ReportName};
use crate::auth::Reach;
use crate::calendar::{self, Calendar, CalendarMissing, Calendars, OffHoursReceipt, is_working};
use crate::error::{ApiError, Code, Fault};
use crate::http::query::{FromQuery, encode};
use crate::http::table::Table;
use crate::http::{Day, Lang, QueryReader};
use crate::text::Text;

/// A report with what it is asked for.
pub enum Asked {
    Results(ReportFilter),
    Outcomes(JudgedFilter),
    Months(MonthsFilter),
    Reasons(JudgedFilter),
    Times(JudgedFilter),
    Findings(FindingFilter),
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum Report {
    Results(DossierResults),
    Outcomes(DossierOutcomes),
    Months(OutcomesByMonth),
    Reasons(OverdueReasons),
    Times(HandlingTimes),
    Findings(FindingReport),
}

/// A report with whose dossiers it is about.
pub struct Made {
    pub report: Report,
    pub scope: Reach,
}

impl Asked {
    /// Reads the parameters of a report as the report itself reads them.
    ///
    /// # Errors
    /// 400 with every fault, each pointing into `parameters`.
    pub fn read(report: ReportName, parameters: &BTreeMap<String, String>) -> Result<Asked, ApiError> {
        let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let read = QueryReader::new(&pairs.join("&")).finish_with(|q| match report {
            ReportName::DossierResults => Asked::Results(FromQuery::read(q)),
            ReportName::DossierOutcomes => Asked::Outcomes(FromQuery::read(q)),
            ReportName::OutcomesByMonth => Asked::Months(FromQuery::read(q)),
            ReportName::OverdueReasons => Asked::Reasons(FromQuery::read(q)),
            ReportName::HandlingTimes => Asked::Times(FromQuery::read(q)),
            ReportName::Findings => Asked::Findings(FromQuery::read(q)),
        });
        read.map_err(|error| within_parameters(&error))
    }

    fn slice(&self) -> &Slice {
        match self {
            Asked::Results(filter) => &filter.slice,
            Asked::Outcomes(filter) | Asked::Reasons(filter) | Asked::Times(filter) => &filter.report.slice,
            Asked::Months(filter) => &filter.slice,
            Asked::Findings(filter) => &filter.slice,
        }
    }

    /// The days it is about, the day of judgement, and the rows. What a running period still brings is not known: reports on what is
    /// to be done are judged today then. The results of handling and the outcomes speak of the end of the period.
    fn question(&self, today: NaiveDate) -> Result<(Range, NaiveDate, GroupBy), ApiError> {
        let judged = |days: Range, as_of: Option<NaiveDate>| as_of.unwrap_or(days.to);
        let by_today = |days: Range, as_of: Option<NaiveDate>| as_of.unwrap_or(days.to.min(today));
        Ok(match self {
            Asked::Results(filter) => (filter.span.days, filter.span.days.to, filter.group_by),
            Asked::Outcomes(filter) | Asked::Times(filter) => {
                let days = filter.report.span.days;
                (days, judged(days, filter.as_of), filter.report.group_by)
            }
            Asked::Reasons(filter) => {
                let days = filter.report.span.days;
                (days, by_today(days, filter.as_of), filter.report.group_by)
            }
            Asked::Months(filter) => {
                let year = Period::parse(&format!("{:04}", filter.year)).ok_or_else(|| ApiError::new(Code::InvalidParameter))?;
                let days = year.days(filter.set);
                (days, by_today(days, filter.as_of), GroupBy::None)
            }
            Asked::Findings(filter) => {
                let group_by = if filter.by_kind { GroupBy::None } else { filter.group_by };
                (filter.span.days, by_today(filter.span.days, filter.as_of), group_by)
            }
        })
    }
}

/// Makes a report on what is within reach, as it is asked for today.
///
/// # Errors
/// 422 with every code that does not exist or is out of reach, and for a year without a calendar.
pub async fn make(db: &impl ConnectionTrait, reach: &Reach, asked: &Asked, today: NaiveDate, lang: Lang) -> Result<Made, ApiError> {
    let chosen = store::choose(db, reach, asked.slice()).await?;
    let (days, as_of, group_by) = asked.question(today)?;
    let question = Question { reach, chosen: &chosen, days, as_of, group_by };
    let day = Day(as_of);
    let report = match asked {
        Asked::Results(_) => Report::Results(DossierResults::of(days, &store::handling(db, &question).await?)),
        Asked::Outcomes(_) => Report::Outcomes(DossierOutcomes::of(days, day, &store::verdicts(db, &question).await?)),
        Asked::Months(filter) => {
            let found = store::daily(db, &question).await?;
            Report::Months(OutcomesByMonth::of((filter.year, filter.set), days, day, &found))
        }
        Asked::Reasons(_) => Report::Reasons(OverdueReasons::of(days, day, &store::reasons(db, &question).await?)),
        Asked::Times(_) => Report::Times(times(db, &question).await?),
        Asked::Findings(filter) => {
            let report = FindingReport::of(days, day, &store::findings(db, &question).await?);
            Report::Findings(if filter.by_kind { report.by_kind(lang) } else { report })
        }
    };
    Ok(Made { report, scope: scope(reach, &chosen) })
}

/// The departments that a report is about: those asked for, as far as they are within reach.
fn scope(reach: &Reach, chosen: &Chosen) -> Reach {
    match &chosen.departments {
        None => reach.clone(),
        Some(ids) => Reach::Departments(ids.iter().copied().filter(|id| reach.covers(*id)).collect()),
    }
}

async fn times(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<HandlingTimes, ApiError> {
    let calendars = calendar::load_all(db).await?;
    let (first, ordinals) = ordinals(&calendars)?;
    let found = store::times(db, question, first, &ordinals).await?;
    if let Some(year) = found.iter().filter_map(|row| row.missing_year).min() {
        return Err(missing(CalendarMissing { year }));
    }
    Ok(HandlingTimes::of(question.days, Day(question.as_of), &found))
}

fn missing(error: CalendarMissing) -> ApiError {
    ApiError::broken(vec![Fault { code: Code::CalendarMissing, pointer: "".into(), detail: error.text() }])
}

/// The calendars as numbers from one first date on: the base, then each that departments have of their own. Only the last years
/// without a gap between them are numbered: over a gap nothing can be counted.
fn ordinals(calendars: &Calendars) -> Result<(NaiveDate, Vec<Ordinals>), ApiError> {
    let base = calendars.base();
    let years: Vec<i32> = base.years().collect();
    let last = years.last().copied().ok_or_else(|| missing(CalendarMissing { year: 0 }))?;
    let first = years.iter().rev().zip(0..).take_while(|(year, back)| **year == last - back).map(|(year, _)| *year).last().unwrap_or(last);
    let start = NaiveDate::from_ymd_opt(first, 1, 1).unwrap_or_default();
    let number = |departments, calendar: &Calendar| -> Result<Ordinals, ApiError> {
        let mut numbers = Vec::new();
        let mut so_far = 0;
        for day in start.iter_days().take_while(|day| day.year() <= last) {
            so_far += i32::from(is_working(calendar, day).map_err(missing)?);
            numbers.push(so_far);
        }
        let closing = (calendar.off_hours_receipt() == OffHoursReceipt::NextWorkingDay).then(|| calendar.office_hours().closing());
        Ok(Ordinals { departments, numbers, closing })
    };
    let mut all = vec![number(Vec::new(), &base)?];
    for (calendar, departments) in calendars.of_departments() {
        all.push(number(departments, &calendar)?);
    }
    Ok((start, all))
}

/// The same error of a report whose parameters stand in a body; what is no fault of a parameter stays as it is.
pub fn within_parameters(error: &ApiError) -> ApiError {
    let inside = |fault: &Fault| match fault.pointer.as_ref() {
        "" => fault.clone(),
        name => Fault { pointer: format!("/parameters/{}", name.replace('~', "~0").replace('/', "~1")).into(), ..fault.clone() },
    };
    ApiError::new(error.code()).faults(error.fault_list().iter().map(inside).collect())
}

impl Report {
    /// Reads figures as they were frozen.
    ///
    /// # Errors
    /// When they are not those of such a report.
    pub fn read(report: ReportName, figures: &serde_json::Value) -> Result<Report, serde_json::Error> {
        Ok(match report {
            ReportName::DossierResults => Report::Results(DossierResults::deserialize(figures)?),
            ReportName::DossierOutcomes => Report::Outcomes(DossierOutcomes::deserialize(figures)?),
            ReportName::OutcomesByMonth => Report::Months(OutcomesByMonth::deserialize(figures)?),
            ReportName::OverdueReasons => Report::Reasons(OverdueReasons::deserialize(figures)?),
            ReportName::HandlingTimes => Report::Times(HandlingTimes::deserialize(figures)?),
            ReportName::Findings => Report::Findings(FindingReport::deserialize(figures)?),
        })
    }

    pub fn table(&self, lang: Lang) -> Table {
        let total = lang.pick(Text::new("Tổng cộng", "Total"));
        match self {
            Report::Results(report) => report.table(total),
            Report::Outcomes(report) => report.table(total),
            Report::Months(report) => report.table(total),
            Report::Reasons(report) => report.table(total, lang),
            Report::Times(report) => report.table(total),
            Report::Findings(report) => report.table(total),
        }
    }
}

/// The statement behind the results of handling by department: what a benchmark holds against one over all dossiers.
pub fn results_statement(period: &str, set: PeriodSet) -> Option<String> {
    let days = Period::parse(period)?.days(set);
    let chosen = Chosen::default();
    let question = Question { reach: &Reach::All, chosen: &chosen, days, as_of: days.to, group_by: GroupBy::Department };
    Some(store::handling_statement(&question))
}
