//! The inbox of one person on one day, put together from what is stored and from what is owed.

use chrono::{Datelike, Months, NaiveDate};
use sea_orm::ConnectionTrait;

use super::model::ReminderKind;
use super::store::{self, Found};
use super::wire::{Inbox, Reminder, ReminderCount, ReminderSubject, ReminderSubjectKind};
use crate::auth::{Actor, Permission};
use crate::calendar::{self, Calendar, rules::add_wd, rules::count_wd};
use crate::config::Settings;
use crate::departments;
use crate::duties::{self, Window};
use crate::error::ApiError;
use crate::explanations::{self, OwedState};
use crate::http::{Day, Lang};
use crate::reports::period::{Period, PeriodSet, Span};
use crate::text::Text;

/// What is asked for, and the calendar it is counted by.
pub struct Asked {
    pub today: NaiveDate,
    pub kinds: Vec<ReminderKind>,
    /// Items of each kind.
    pub limit: u32,
    /// The last day that is soon; none where the calendar of the year is missing.
    soon: Option<NaiveDate>,
    explain_within: u32,
    calendar: std::sync::Arc<Calendar>,
}

impl Asked {
    /// Everything, `days` working days ahead or as the server is set.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(db: &impl ConnectionTrait, today: NaiveDate, settings: &Settings, days: Option<u32>) -> Result<Asked, ApiError> {
        let calendar = calendar::load_all(db).await?.base();
        Ok(Asked {
            today,
            kinds: ReminderKind::ALL.to_vec(),
            limit: 100,
            soon: add_wd(&calendar, today, days.unwrap_or(settings.reminders.days_ahead)).ok(),
            explain_within: settings.explanations.due_working_days,
            calendar,
        })
    }

    fn days_late(&self, day: NaiveDate) -> Option<u32> {
        if day >= self.today { Some(0) } else { count_wd(&self.calendar, day, self.today).ok() }
    }
}

/// What was found, the most urgent first.
pub struct Contents {
    pub rows: Vec<Found>,
}

impl Contents {
    /// How many there are of each kind of which there is something.
    pub fn counts(&self) -> Vec<(ReminderKind, i64)> {
        let mut counts: Vec<(ReminderKind, i64)> = Vec::new();
        for row in &self.rows {
            if let Some(kind) = ReminderKind::ranked(row.rank)
                && counts.last().is_none_or(|(last, _)| *last != kind)
            {
                counts.push((kind, row.of_kind));
            }
        }
        counts
    }

    pub fn view(&self, asked: &Asked, lang: Lang) -> Inbox {
        let counts = self.counts().into_iter();
        Inbox {
            on: Day(asked.today),
            counts: counts.map(|(kind, count)| ReminderCount { kind, heading: lang.pick(kind.heading()), count }).collect(),
            items: self.rows.iter().filter_map(|row| reminder(row, asked, lang)).collect(),
        }
    }
}

/// Reads the inbox of `actor`.
///
/// # Errors
/// The database's.
pub async fn read(db: &impl ConnectionTrait, actor: &Actor, asked: &Asked, lang: Lang) -> Result<Contents, ApiError> {
    // Without a calendar nothing is known to be soon; what is overdue is told all the same.
    let days = (asked.today, asked.soon.unwrap_or(asked.today));
    let mut rows = store::found(db, actor, &asked.kinds, days, asked.limit).await?;
    rows.extend(explanations_due(db, actor, asked, lang).await?);
    rows.extend(reports_due(db, actor, asked).await?);
    rows.sort_by(|a, b| (a.rank, a.day, &a.code, &a.department).cmp(&(b.rank, b.day, &b.code, &b.department)));
    Ok(Contents { rows })
}

/// Reports that departments in reach have not handed in, by the day for the inside; and those not yet sent, by the day for the outside,
/// for whoever sends them. What was missed more than a year ago is not brought up again.
async fn reports_due(db: &impl ConnectionTrait, actor: &Actor, asked: &Asked) -> Result<Vec<Found>, ApiError> {
    let hands_in = actor.reach(Permission::HandIn);
    let sends = !actor.reach(Permission::DispatchDuty).is_nowhere();
    let wanted = asked.kinds.iter().any(|k| matches!(k, ReminderKind::ReportOverdue | ReminderKind::ReportDueSoon));
    let Some(from) = asked.today.checked_sub_months(Months::new(12)).filter(|_| wanted && (sends || !hands_in.is_nowhere())) else {
        return Ok(Vec::new());
    };
    let soon = asked.soon.unwrap_or(asked.today);
    let window = Window { from, to: soon, plan: None, department: None, states: &[] };
    let departments = departments::known(db).await?;
    let in_reach = |code: &String| departments.get(code).is_some_and(|d| hands_in.covers(d.id));
    let mut rows = Vec::new();
    for report in duties::due(db, &window, asked.today).await?.into_iter().filter(|r| r.sent_on.is_none()) {
        let missing = report.missing.iter().find(|code| in_reach(code));
        let inside = report.internal_due_on.map(|d| d.0).zip(missing.cloned());
        let outside = sends.then(|| (report.due_on.0, report.reporters.first().cloned().unwrap_or_default()));
        let next = inside.or(outside).or_else(|| Some(report.due_on.0).zip(missing.cloned()));
        let Some((day, department)) = next.filter(|(day, _)| *day <= soon) else { continue };
        let kind = if day < asked.today { ReminderKind::ReportOverdue } else { ReminderKind::ReportDueSoon };
        rows.push(Found {
            rank: kind.rank(),
            day,
            subject_kind: "report".to_owned(),
            id: None,
            code: report.duty,
            title: format!("{} ({})", report.what, report.period),
            department: Some(department).filter(|code| !code.is_empty()),
            of_kind: 0,
        });
    }
    rows.retain(|row| asked.kinds.iter().any(|kind| kind.rank() == row.rank));
    rows.sort_by(|a, b| (a.rank, a.day, &a.code).cmp(&(b.rank, b.day, &b.code)));
    let mut cut = Vec::new();
    for kind in [ReminderKind::ReportOverdue, ReminderKind::ReportDueSoon] {
        let own: Vec<Found> = rows.iter().filter(|row| row.rank == kind.rank()).cloned().collect();
        let all = i64::try_from(own.len()).unwrap_or(i64::MAX);
        cut.extend(own.into_iter().take(asked.limit as usize).map(|row| Found { of_kind: all, ..row }));
    }
    Ok(cut)
}

/// The administrative month that ended last before `today`.
pub fn last_month(today: NaiveDate) -> Option<Span> {
    // It ends on the 14th of the month that names it.
    let named = if today.day() > 14 { today } else { today.checked_sub_months(Months::new(1))? };
    Some(Span::of(&Period::parse(&named.format("%Y-%m").to_string())?, PeriodSet::Administrative))
}

/// One reminder for each department that has not explained everything of the last month.
async fn explanations_due(db: &impl ConnectionTrait, actor: &Actor, asked: &Asked, lang: Lang) -> Result<Vec<Found>, ApiError> {
    let wanted = asked.kinds.iter().any(|k| matches!(k, ReminderKind::ExplanationOwed | ReminderKind::ExplanationOverdue));
    let reach = actor.reach(Permission::WriteExplanation);
    let (true, false, Some(span)) = (wanted, reach.is_nowhere(), last_month(asked.today)) else { return Ok(Vec::new()) };
    let Some(due) = explanations::due_on(db, &span, asked.explain_within).await? else { return Ok(Vec::new()) };
    let kind = if due.0 < asked.today { ReminderKind::ExplanationOverdue } else { ReminderKind::ExplanationOwed };
    if !asked.kinds.contains(&kind) {
        return Ok(Vec::new());
    }
    let owed = explanations::owed(db, &reach, &span, asked.today, due.0 < asked.today, lang).await?;
    let mut by_department: std::collections::BTreeMap<(String, String), i64> = Default::default();
    for item in owed.into_iter().filter(|o| o.still_owed && matches!(o.state, OwedState::Owed | OwedState::Returned)) {
        *by_department.entry((item.department, item.department_name)).or_default() += 1;
    }
    let all = i64::try_from(by_department.len()).unwrap_or(i64::MAX);
    let row = |((department, name), things): ((String, String), i64)| Found {
        rank: kind.rank(),
        day: due.0,
        subject_kind: "period".to_owned(),
        id: None,
        code: span.name.clone(),
        title: lang.pick(Text::new(
            format!("{name} còn {things} nội dung phải giải trình của kỳ {}", span.name),
            format!("{name} has {things} things to explain for {}", span.name),
        )),
        department: Some(department),
        of_kind: all,
    };
    Ok(by_department.into_iter().map(row).take(asked.limit as usize).collect())
}

fn reminder(row: &Found, asked: &Asked, lang: Lang) -> Option<Reminder> {
    let kind = ReminderKind::ranked(row.rank)?;
    let by_code = |resource: &str| format!("/api/v1/{resource}/{}", row.code);
    let (subject, href) = match row.subject_kind.as_str() {
        "task" => (ReminderSubjectKind::Task, by_code("tasks")),
        "report" => (ReminderSubjectKind::Report, by_code("duties")),
        "dossier" => (ReminderSubjectKind::Dossier, by_code("dossiers/by-code")),
        "obstacle" => (ReminderSubjectKind::Obstacle, by_code("obstacles")),
        _ => (ReminderSubjectKind::Period, format!("/api/v1/explanations/owed?period={}", row.code)),
    };
    Some(Reminder {
        kind,
        day: Day(row.day),
        days_late: asked.days_late(row.day),
        department: row.department.clone(),
        text: lang.pick(kind.text(&row.code, &row.title, row.day)),
        subject: ReminderSubject { kind: subject, id: row.id, code: row.code.clone(), title: row.title.clone(), href },
    })
}

/// The text of each reminder, under its heading, for a digest.
pub fn sections(contents: &Contents, lang: Lang) -> Vec<(String, i64, Vec<String>)> {
    let section = |(kind, count): (ReminderKind, i64)| {
        let own = contents.rows.iter().filter(|row| row.rank == kind.rank());
        let lines = own.map(|row| lang.pick(kind.text(&row.code, &row.title, row.day))).collect();
        (lang.pick(kind.heading()), count, lines)
    };
    contents.counts().into_iter().map(section).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_last_month_is_the_one_that_ended_before_today() {
        for (today, period) in [("2022-06-14", "2022-05"), ("2022-06-15", "2022-06"), ("2022-01-01", "2021-12"), ("2021-12-31", "2021-12")]
        {
            let span = last_month(today.parse().unwrap()).unwrap();
            assert_eq!(span.name, period, "{today}");
            assert!(span.days.to < today.parse().unwrap(), "{today}");
        }
    }
}
