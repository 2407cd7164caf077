//! Reports put together: what follows from the duty, what was done, and how it looks today.

use chrono::{Datelike, NaiveDate};
use sea_orm::ConnectionTrait;

use super::model::DutyState;
use super::rules::{self, Facts, Planned};
use super::store::{self, Report, Stored};
use super::wire::{DutyOccurrenceSummary, HandInView};
use crate::auth::Reach;
use crate::calendar::{self, Calendar};
use crate::error::ApiError;
use crate::http::Day;
use crate::http::page::EVERY;
use crate::reports::period::Period;

/// A report, whether anything was done about it or not.
#[derive(Clone, Debug)]
pub struct Occurrence {
    pub planned: Planned,
    pub report: Option<Report>,
}

impl Occurrence {
    pub fn version(&self) -> i32 {
        self.report.as_ref().map_or(0, |r| r.version)
    }

    pub fn facts(&self, duty: &Stored) -> Facts {
        Facts {
            due_on: self.planned.due_on,
            internal_due_on: self.planned.internal_due_on,
            reporters: duty.reporters.len(),
            missing: self.missing(duty).len(),
            consolidated: self.report.as_ref().is_some_and(|r| r.consolidation.is_some()),
            sent_on: self.report.as_ref().and_then(|r| r.sent_on).map(|d| d.0),
        }
    }

    pub fn missing(&self, duty: &Stored) -> Vec<String> {
        let parts = self.report.as_ref().map_or(&[][..], |r| &r.hand_ins);
        let missing = duty.reporters.iter().filter(|reporter| parts.iter().all(|part| part.department_id != reporter.id));
        missing.map(|reporter| reporter.code.clone()).collect()
    }

    pub fn summary(&self, duty: &Stored, today: NaiveDate) -> DutyOccurrenceSummary {
        DutyOccurrenceSummary {
            duty: duty.code.clone(),
            plan: duty.plan.clone(),
            what: duty.what.clone(),
            period: self.planned.period.clone(),
            label: self.report.as_ref().and_then(|r| r.label.clone()),
            internal_due_on: self.planned.internal_due_on.map(Day),
            due_on: Day(self.planned.due_on),
            state: rules::state(&self.facts(duty), today),
            reporters: duty.reporters.iter().map(|r| r.code.clone()).collect(),
            missing: self.missing(duty),
            to: duty.to.clone(),
            sent_on: self.report.as_ref().and_then(|r| r.sent_on),
            version: self.version(),
        }
    }

    /// The parts of the departments in reach, those that are missing too.
    pub fn parts(&self, duty: &Stored, reach: &Reach, today: NaiveDate) -> Vec<HandInView> {
        let facts = self.facts(duty);
        let parts = self.report.as_ref().map_or(&[][..], |r| &r.hand_ins);
        let missing = duty.reporters.iter().filter(|reporter| parts.iter().all(|part| part.department_id != reporter.id));
        let mut views: Vec<HandInView> = missing
            .filter(|reporter| reach.covers(reporter.id))
            .map(|reporter| HandInView {
                department: reporter.code.clone(),
                state: rules::hand_in_state(None, &facts, today),
                content: None,
                figures: Vec::new(),
                documents: Vec::new(),
                handed_in_on: None,
                handed_in_by: None,
                handed_in_at: None,
                revised_at: None,
            })
            .collect();
        views.extend(parts.iter().filter(|part| reach.covers(part.department_id)).map(|part| HandInView {
            department: part.department.clone(),
            state: rules::hand_in_state(Some(part.handed_in_on.0), &facts, today),
            content: Some(part.content.clone()),
            figures: part.figures.clone(),
            documents: part.documents.clone(),
            handed_in_on: Some(part.handed_in_on),
            handed_in_by: Some(part.handed_in_by.clone()),
            handed_in_at: Some(part.handed_in_at),
            revised_at: part.revised_at,
        }));
        views.sort_by(|a, b| a.department.cmp(&b.department));
        views
    }
}

fn planned(duty: &Stored, year: i32, calendar: &Calendar) -> Vec<Planned> {
    let valid = (duty.valid_from.0, duty.valid_to.map(|d| d.0));
    rules::planned(&duty.schedule, year, valid, &|date| calendar::is_working(calendar, date).ok())
}

/// A stored report keeps the dates that it had when something was first done about it, or that were set for it.
fn kept(report: Report) -> Option<Occurrence> {
    let (due_on, internal_due_on) = (report.due_on?.0, report.internal_due_on.map(|d| d.0));
    Some(Occurrence { planned: Planned { period: report.period.clone(), due_on, internal_due_on }, report: Some(report) })
}

/// The report of a duty for a period, if there is one.
///
/// # Errors
/// The database's.
pub async fn find(db: &impl ConnectionTrait, duty: &Stored, period: &str) -> Result<Option<Occurrence>, ApiError> {
    if let Some(report) = store::report(db, duty.id, period).await? {
        return Ok(kept(report));
    }
    if Period::parse(period).is_none() {
        return Ok(None);
    }
    let year = period.get(..4).and_then(|year| year.parse().ok()).unwrap_or_default();
    let calendars = calendar::load_all(db).await?;
    let planned = planned(duty, year, &calendars.base()).into_iter().find(|p| p.period == period);
    Ok(planned.map(|planned| Occurrence { planned, report: None }))
}

/// Which reports to look for.
#[derive(Clone, Debug)]
pub struct Window<'a> {
    /// Due between these days, inside or outside.
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Code of the plan.
    pub plan: Option<&'a str>,
    /// Code of a department that hands in.
    pub department: Option<&'a str>,
    /// Any of these states; all when empty.
    pub states: &'a [&'static str],
}

/// Reports that are due in a window as they stand today, the most urgent first: by the next day that counts.
///
/// # Errors
/// The database's.
pub async fn due(db: &impl ConnectionTrait, window: &Window<'_>, today: NaiveDate) -> Result<Vec<DutyOccurrenceSummary>, ApiError> {
    let filter = store::Filter { plan: window.plan, reporter: window.department };
    let duties = store::list(db, &filter, None, EVERY).await?;
    let reports = store::reports(db, window.from, window.to).await?;
    let calendars = calendar::load_all(db).await?;
    let base = calendars.base();
    let mut found = Vec::new();
    for duty in &duties {
        let stored: Vec<&Report> = reports.iter().filter(|r| r.duty_id == duty.id).collect();
        let years = window.from.year() - 1..=window.to.year() + 1;
        let planned = years.flat_map(|year| planned(duty, year, &base)).filter(|p| stored.iter().all(|r| r.period != p.period));
        let open = planned.map(|planned| Occurrence { planned, report: None });
        let all = open.chain(stored.iter().filter_map(|r| kept((*r).clone())));
        let inside = |day: NaiveDate| (window.from..=window.to).contains(&day);
        let due = all.filter(|o| inside(o.planned.due_on) || o.planned.internal_due_on.is_some_and(inside));
        found.extend(due.map(|o| o.summary(duty, today)).filter(|s| window.states.is_empty() || window.states.contains(&s.state.name())));
    }
    let next = |s: &DutyOccurrenceSummary| {
        let inside = s.internal_due_on.filter(|_| !s.missing.is_empty() && s.state != DutyState::Consolidated && s.sent_on.is_none());
        inside.unwrap_or(s.due_on)
    };
    found.sort_by(|a, b| (next(a), &a.duty, &a.period).cmp(&(next(b), &b.duty, &b.period)));
    Ok(found)
}
