//! When reports are due, where one stands, and what must be said. Pure.

use std::collections::HashMap;

use chrono::{Datelike, Days, NaiveDate};

use super::model::{DutyAct, DutyDate, DutyDayOff, DutyMonthDay, DutyMonthly, DutyPart, DutySchedule, DutyState, DutyYearDay, HandInState};
use super::wire::{DutyDocument, NewDispatch, NewDuty, NewDutyDates, NewHandIn};
use crate::error::{Code, Fault};
use crate::http::ResourceCode;
use crate::plans::{Frequency, NewPlan, ReportingDuty, ScheduleKind};

/// A report comes due within so many days: it is due soon.
const SOON_DAYS: u64 = 7;

/// A report as it follows from its duty.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub period: String,
    pub due_on: NaiveDate,
    pub internal_due_on: Option<NaiveDate>,
}

fn on(year: i32, month: u32, day: Option<u8>, before: bool) -> Option<NaiveDate> {
    let next = if month == 12 { NaiveDate::from_ymd_opt(year + 1, 1, 1) } else { NaiveDate::from_ymd_opt(year, month + 1, 1) };
    let last = next?.pred_opt()?;
    let date = day.and_then(|day| NaiveDate::from_ymd_opt(year, month, u32::from(day))).unwrap_or(last);
    if before { date.pred_opt() } else { Some(date) }
}

fn month_day(year: i32, month: u32, at: DutyMonthDay) -> Option<NaiveDate> {
    let (year, month) = match (at.next_month, month) {
        (true, 12) => (year + 1, 1),
        (true, month) => (year, month + 1),
        (false, month) => (year, month),
    };
    on(year, month, at.day, at.before)
}

fn year_day(year: i32, at: DutyYearDay) -> Option<NaiveDate> {
    on(year + i32::from(at.next_year), u32::from(at.month), at.day, at.before)
}

/// The due day where nobody works on `date`. A year without a calendar keeps its days.
pub fn settle(date: NaiveDate, day_off: DutyDayOff, works: &dyn Fn(NaiveDate) -> Option<bool>) -> NaiveDate {
    let mut day = date;
    // No stretch of days off is longer than Tết with its week-ends.
    for _ in 0..30 {
        let next = match (works(day), day_off) {
            (Some(false), DutyDayOff::Earlier) => day.checked_sub_days(Days::new(1)),
            (Some(false), DutyDayOff::Later) => day.checked_add_days(Days::new(1)),
            _ => return day,
        };
        day = next.unwrap_or(date);
    }
    date
}

/// The reports about a year, in the order of their due days.
pub fn planned(
    schedule: &DutySchedule,
    year: i32,
    valid: (NaiveDate, Option<NaiveDate>),
    works: &dyn Fn(NaiveDate) -> Option<bool>,
) -> Vec<Planned> {
    let settled = |date| settle(date, schedule.day_off, works);
    let mut all = Vec::new();
    let mut add = |period: String, due: Option<NaiveDate>, internal: Option<NaiveDate>| {
        let Some(due) = due.filter(|due| valid.0 <= *due && valid.1.is_none_or(|to| *due <= to)) else { return };
        let due_on = settled(due);
        all.push(Planned { period, due_on, internal_due_on: internal.map(|day| settled(day).min(due_on)) });
    };
    if let Some(monthly) = schedule.monthly {
        for month in 1..=12 {
            let internal = monthly.internal.and_then(|at| month_day(year, month, at));
            add(format!("{year}-{month:02}"), month_day(year, month, monthly.due), internal);
        }
    }
    for date in &schedule.dates {
        add(format!("{year}{}", date.part.suffix()), year_day(year, date.due), date.internal.and_then(|at| year_day(year, at)));
    }
    all.sort_by(|a, b| (a.due_on, &a.period).cmp(&(b.due_on, &b.period)));
    all
}

/// What the state of a report follows from.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub due_on: NaiveDate,
    pub internal_due_on: Option<NaiveDate>,
    /// How many departments hand in, and how many of them have not.
    pub reporters: usize,
    pub missing: usize,
    pub consolidated: bool,
    pub sent_on: Option<NaiveDate>,
}

/// Where a report stands today.
pub fn state(facts: &Facts, today: NaiveDate) -> DutyState {
    if let Some(sent_on) = facts.sent_on {
        return if sent_on <= facts.due_on { DutyState::SentOnTime } else { DutyState::SentLate };
    }
    if facts.due_on < today {
        return DutyState::Overdue;
    }
    if facts.consolidated {
        return DutyState::Consolidated;
    }
    if facts.reporters > 0 && facts.missing == 0 {
        return DutyState::HandedIn;
    }
    if facts.missing > 0 && facts.internal_due_on.is_some_and(|on| on < today) {
        return DutyState::OverdueInternally;
    }
    let next = facts.internal_due_on.filter(|_| facts.missing > 0).unwrap_or(facts.due_on);
    if today.checked_add_days(Days::new(SOON_DAYS)).is_some_and(|soon| next <= soon) { DutyState::DueSoon } else { DutyState::Upcoming }
}

/// How a department stands with its part, which is due on the day for departments, else on the day for the outside.
pub fn hand_in_state(handed_in_on: Option<NaiveDate>, facts: &Facts, today: NaiveDate) -> HandInState {
    let due = facts.internal_due_on.unwrap_or(facts.due_on);
    match handed_in_on {
        Some(on) if on <= due => HandInState::OnTime,
        Some(_) => HandInState::Late,
        None if due < today => HandInState::Overdue,
        None => HandInState::Missing,
    }
}

/// Whether what was done so far allows an act: once sent, a report stays as it is; what is sent was consolidated.
pub fn allows(act: DutyAct, facts: &Facts) -> bool {
    facts.sent_on.is_none() && (act != DutyAct::Dispatch || facts.consolidated)
}

/// What a duty is judged against.
pub struct Ground<'a> {
    pub department: &'a dyn Fn(&str) -> bool,
    /// Whether the plan exists, where one is named.
    pub plan: bool,
}

/// Every fault of a duty.
pub fn duty_faults(duty: &NewDuty, ground: &Ground<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(duty.what.is_blank().then(|| Fault::missing("/what")));
    if let Some(plan) = duty.plan.as_ref().filter(|_| !ground.plan) {
        faults.push(Fault::unknown("/plan", plan.as_str()));
    }
    for (role, codes) in [("from", &duty.from), ("via", &duty.via), ("to", &duty.to)] {
        for (i, code) in codes.iter().enumerate() {
            if !(ground.department)(code.as_str()) {
                faults.push(Fault::unknown(format!("/{role}/{i}"), code.as_str()));
            } else if codes[..i].contains(code) {
                faults.push(Fault::plain(Code::DuplicateInPayload, format!("/{role}/{i}")));
            }
        }
    }
    faults.extend(schedule_faults(&duty.schedule));
    if duty.valid_to.is_some_and(|to| to < duty.valid_from) {
        faults.push(Fault::plain(Code::DatesBackwards, "/valid_to"));
    }
    faults
}

fn schedule_faults(schedule: &DutySchedule) -> Vec<Fault> {
    let mut faults = Vec::new();
    let bad = |at: String| Fault::new(Code::BadSchedule, at, "Ngày hoặc tháng không hợp lệ.", "There is no such day or month.");
    let late = |at: String| {
        Fault::new(Code::DatesBackwards, at, "Hạn nội bộ sau hạn gửi.", "The day for the departments is after the day for the outside.")
    };
    // A year that is no leap year, and whose Februaries are short.
    const YEAR: i32 = 2022;
    let good = |day: Option<u8>| day.is_none_or(|d| (1..=31).contains(&d));
    if let Some(monthly) = schedule.monthly {
        let days = [("due", Some(monthly.due)), ("internal", monthly.internal)];
        let wrong: Vec<_> = days.iter().filter(|(_, at)| at.is_some_and(|at| !good(at.day))).map(|(name, _)| *name).collect();
        faults.extend(wrong.iter().map(|name| bad(format!("/schedule/monthly/{name}/day"))));
        let internal = monthly.internal.and_then(|at| month_day(YEAR, 1, at));
        if wrong.is_empty() && internal > month_day(YEAR, 1, monthly.due) {
            faults.push(late("/schedule/monthly/internal".to_owned()));
        }
    }
    for (i, date) in schedule.dates.iter().enumerate() {
        let days = [("due", Some(date.due)), ("internal", date.internal)];
        let exists = |at: DutyYearDay| {
            let month = u32::from(at.month);
            // 2024 has a 29 February.
            (1..=12).contains(&month) && at.day.is_none_or(|day| NaiveDate::from_ymd_opt(2024, month, u32::from(day)).is_some())
        };
        let wrong: Vec<_> = days.iter().filter(|(_, at)| at.is_some_and(|at| !exists(at))).map(|(name, _)| *name).collect();
        faults.extend(wrong.iter().map(|name| bad(format!("/schedule/dates/{i}/{name}"))));
        if wrong.is_empty() && date.internal.and_then(|at| year_day(YEAR, at)) > year_day(YEAR, date.due) {
            faults.push(late(format!("/schedule/dates/{i}/internal")));
        }
        if schedule.dates[..i].iter().any(|before| before.part == date.part) {
            faults.push(Fault::plain(Code::DuplicateInPayload, format!("/schedule/dates/{i}/part")));
        }
    }
    faults
}

/// Every fault of the dates of one report.
pub fn dates_faults(dates: &NewDutyDates) -> Vec<Fault> {
    let mut faults = Vec::new();
    if dates.internal_due_on.is_some_and(|on| on > dates.due_on) {
        faults.push(Fault::plain(Code::DatesBackwards, "/internal_due_on"));
    }
    faults.extend(dates.reason.is_blank().then(|| Fault::missing("/reason")));
    faults
}

/// Every fault of what a department hands in, but for which department it is.
pub fn hand_in_faults(part: &NewHandIn, today: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(part.content.is_blank().then(|| Fault::missing("/content")));
    for (i, figure) in part.figures.iter().enumerate() {
        faults.extend(figure.name.is_blank().then(|| Fault::missing(format!("/figures/{i}/name"))));
    }
    faults.extend(document_faults("documents", &part.documents, today));
    if part.handed_in_on.is_some_and(|on| on.0 > today) {
        faults.push(Fault::plain(Code::DateInFuture, "/handed_in_on"));
    }
    faults
}

/// Every fault of the proof that a report was sent. `must` are those who must receive it.
pub fn dispatch_faults(sent: &NewDispatch, must: &[String], department: &dyn Fn(&str) -> bool, today: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(sent.document_no.is_blank().then(|| Fault::missing("/document_no")));
    if sent.sent_on.0 > today {
        faults.push(Fault::plain(Code::DateInFuture, "/sent_on"));
    }
    for (i, code) in sent.to.iter().enumerate() {
        if !department(code.as_str()) {
            faults.push(Fault::unknown(format!("/to/{i}"), code.as_str()));
        }
    }
    let left: Vec<&str> = must.iter().map(String::as_str).filter(|code| !sent.to.iter().any(|to| to.as_str() == *code)).collect();
    if !sent.to.is_empty() && !left.is_empty() {
        let list = left.join(", ");
        faults.push(Fault::new(Code::Missing, "/to", format!("Chưa gửi cho: {list}."), format!("Not sent to: {list}.")));
    }
    faults.extend(document_faults("evidence", &sent.evidence, today));
    faults
}

fn document_faults(member: &str, documents: &[DutyDocument], today: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (i, document) in documents.iter().enumerate() {
        let said = [&document.document_no, &document.title, &document.link];
        if said.iter().all(|text| text.as_ref().is_none_or(|t| t.is_blank())) {
            let (vi, en) = ("Cần số văn bản, tên hoặc liên kết.", "A document number, a title or a link is needed.");
            faults.push(Fault::new(Code::Missing, format!("/{member}/{i}"), vi, en));
        }
        if document.issued_on.is_some_and(|on| on.0 > today) {
            faults.push(Fault::plain(Code::DateInFuture, format!("/{member}/{i}/issued_on")));
        }
        let is_link = |link: &str| link.starts_with("https://") || link.starts_with("http://");
        if document.link.as_ref().is_some_and(|link| !is_link(link.as_str())) {
            let (vi, en) = ("Liên kết bắt đầu bằng https://.", "A link begins with https://.");
            faults.push(Fault::new(Code::WrongFormat, format!("/{member}/{i}/link"), vi, en));
        }
    }
    faults
}

/// The duty that a plan sets, with the dates that its words give. What they leave open, the day of the month of a briefing above all,
/// is for the office to put. None where its code would be too long.
pub fn from_plan(duty: &ReportingDuty, plan: &NewPlan) -> Option<NewDuty> {
    let mut dates: Vec<DutyDate> = Vec::new();
    let mut monthly = None;
    let day_of = |day: NaiveDate, before: bool| {
        let number = |n: u32| u8::try_from(n).unwrap_or_default();
        DutyYearDay { month: number(day.month()), day: Some(number(day.day())), before, next_year: false }
    };
    let internal = duty.internal_due.as_ref().and_then(|due| match (due.before_on, due.end_on) {
        (Some(before), _) => Some(day_of(before.0, true)),
        (None, end) => end.map(|end| day_of(end.0, false)),
    });
    let last_of = |part, month| DutyDate { part, due: DutyYearDay { month, day: None, before: false, next_year: false }, internal };
    let schedule = &duty.schedule;
    match (schedule.kind, schedule.recurrence.as_ref()) {
        (ScheduleKind::Recurring, Some(recurrence)) => match recurrence.frequency {
            Frequency::Monthly => {
                let due = DutyMonthDay { day: None, before: false, next_month: false };
                monthly = Some(DutyMonthly { due, internal: None });
            }
            Frequency::Quarterly => {
                dates.extend([(DutyPart::Q1, 3), (DutyPart::Q2, 6), (DutyPart::Q3, 9), (DutyPart::Q4, 12)].map(|(p, m)| last_of(p, m)))
            }
            Frequency::HalfYearly => dates.extend([(DutyPart::H1, 6), (DutyPart::Year, 12)].map(|(p, m)| last_of(p, m))),
            Frequency::Yearly => {
                let months: HashMap<u8, DutyPart> =
                    HashMap::from([(3, DutyPart::Q1), (6, DutyPart::H1), (9, DutyPart::NineMonths), (12, DutyPart::Year)]);
                let named = recurrence.months.iter().flatten();
                dates.extend(named.map(|month| last_of(months.get(month).copied().unwrap_or(DutyPart::Year), *month)));
            }
            Frequency::Weekly | Frequency::Unspecified => {}
        },
        (ScheduleKind::Before | ScheduleKind::In, None) => {
            let due = schedule.before_on.map(|day| day_of(day.0, true)).or_else(|| schedule.end_on.map(|day| day_of(day.0, false)));
            dates.extend(due.map(|due| DutyDate { part: DutyPart::Year, due, internal }));
        }
        _ => {}
    }
    Some(NewDuty {
        code: ResourceCode::parse(&format!("{}.{}", plan.code, duty.code))?,
        plan: Some(plan.code.clone()),
        what: duty.what.clone(),
        source: duty.source.clone(),
        from: duty.from.clone(),
        via: duty.via.clone(),
        to: duty.to.clone(),
        schedule: DutySchedule { text: schedule.text.clone(), day_off: DutyDayOff::Earlier, monthly, dates },
        valid_from: plan.period.from,
        valid_to: Some(plan.period.to),
        notes: duty.notes.clone(),
    })
}

#[cfg(test)]
mod tests;
