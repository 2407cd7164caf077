//! Who owes what: put together from the figures, the tasks, the dossiers and the findings of a period.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::model::ExplanationSubjectKind;
use super::rules::{self, Due};
use super::store;
use super::wire::{ExplanationFacts, OwedItem};
use crate::auth::Reach;
use crate::calendar;
use crate::dossiers::Finding;
use crate::error::ApiError;
use crate::http::{Day, Lang};
use crate::kpi;
use crate::reports::filter::GroupBy;
use crate::reports::period::Span;
use crate::reports::{self, Chosen, Question};
use crate::text::Text;

/// What the late dossiers of a department are called as a thing to be explained.
pub const LATE_DOSSIERS: &str = "late_dossiers";

/// The last day for handing in what a period owes: so many working days after its end. None without a calendar.
///
/// # Errors
/// The database's.
pub async fn due_on(db: &impl ConnectionTrait, span: &Span, working_days: u32) -> Result<Option<Day>, ApiError> {
    let calendars = calendar::load_all(db).await?;
    Ok(calendar::rules::add_wd(&calendars.base(), span.days.to, working_days).ok().map(Day))
}

/// Everything that the departments in reach owe, or have explained, for a period; `late` once the day for it has passed.
///
/// # Errors
/// The database's.
pub async fn owed(
    db: &impl ConnectionTrait,
    reach: &Reach,
    span: &Span,
    today: NaiveDate,
    late: bool,
    lang: Lang,
) -> Result<Vec<OwedItem>, ApiError> {
    let dues = derive(db, reach, span, today, lang).await?;
    Ok(rules::merge(dues, &store::explained(db, reach, span).await?, late))
}

/// What is owed, by the figures alone.
///
/// # Errors
/// The database's.
pub async fn derive(db: &impl ConnectionTrait, reach: &Reach, span: &Span, today: NaiveDate, lang: Lang) -> Result<Vec<Due>, ApiError> {
    let Some(as_of) = rules::judged_on(span.days, today) else { return Ok(Vec::new()) };
    let names: HashMap<String, String> = store::department_names(db).await?;
    let due = |department: String, kind, code: String, field, facts| Due {
        department_name: names.get(&department).cloned().unwrap_or_default(),
        department,
        kind,
        code,
        field,
        facts,
    };
    let mut dues = Vec::new();
    for unmet in kpi::unmet(db, reach, span, today).await? {
        let (value, target, comparator) = (unmet.value, unmet.target, unmet.comparator);
        let facts = ExplanationFacts { title: unmet.name, value, target, comparator, ..ExplanationFacts::default() };
        dues.push(due(unmet.department, ExplanationSubjectKind::Kpi, unmet.kpi, unmet.field, facts));
    }
    for task in store::late_tasks(db, reach, span.days.from, as_of).await? {
        let facts = ExplanationFacts { title: task.title, due_on: task.due_on, done_on: task.done_on, ..ExplanationFacts::default() };
        dues.push(due(task.department, ExplanationSubjectKind::Task, task.code, None, facts));
    }
    let chosen = Chosen::default();
    let question = Question { reach, chosen: &chosen, days: span.days, as_of, group_by: GroupBy::Department };
    for row in reports::reasons(db, &question).await? {
        let causes = row.causes.as_array().into_iter().flatten();
        let counts: Vec<(bool, i64)> = causes.map(|c| (c[2] == true, c[3].as_i64().unwrap_or_default())).collect();
        let all: i64 = counts.iter().map(|(_, n)| n).sum();
        let open = counts.iter().filter(|(open, _)| *open).map(|(_, n)| n).sum();
        let title = lang.pick(Text::new("Hồ sơ quá hạn", "Late dossiers"));
        let facts = ExplanationFacts { title, count: Some(all), open: Some(open), ..ExplanationFacts::default() };
        if let Some(department) = row.key.filter(|_| all > 0) {
            dues.push(due(department, ExplanationSubjectKind::LateDossiers, LATE_DOSSIERS.to_owned(), None, facts));
        }
    }
    for row in reports::findings(db, &question).await? {
        let Some(department) = row.key else { continue };
        // A kind is told once for each procedure; without a kind it is the number of dossiers.
        let mut counts: BTreeMap<&'static str, (Finding, i64)> = BTreeMap::new();
        for pair in row.findings.as_array().into_iter().flatten() {
            if let Some(kind) = pair[0].as_str().and_then(Finding::parse) {
                counts.entry(kind.name()).or_insert((kind, 0)).1 += pair[1].as_i64().unwrap_or_default();
            }
        }
        for (kind, count) in counts.into_values() {
            let facts = ExplanationFacts { title: lang.pick(kind.label()), count: Some(count), ..ExplanationFacts::default() };
            dues.push(due(department.clone(), ExplanationSubjectKind::Finding, kind.name().to_owned(), None, facts));
        }
    }
    Ok(dues)
}
