//! Where the figures of formulas come from: each formula says what it counts, and what is counted alike is asked for together, once a
//! period. A new source of figures is a variant of [`Counting`], a family with its rows, and what stands behind them.

use chrono::{Datelike, NaiveDate};
use sea_orm::ConnectionTrait;

use super::tree::Children;
use crate::auth::Reach;
use crate::criteria::{self, Moved, Trend};
use crate::error::ApiError;
use crate::kpi::wire::Formula;
use crate::plans::{self, TaskCounted, TaskCounts, TaskRows, TaskScope};
use crate::reports::filter::GroupBy;
use crate::reports::period::{Period, PeriodSet, Range};
use crate::reports::{self, Census, Chosen, Counted, Counts, DocumentCounts, Question, Sent};

/// What a formula counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// Of the second, those that are also the first.
    Dossiers(Counted, Counted),
    Documents(Sent),
    /// Of the second, those that are also the first; without a second the first are a plain count.
    Tasks(TaskCounted, Option<TaskCounted>),
    /// Criteria of the sheets of a year that went this way against the year before.
    Criteria(Trend),
}

/// What is counted by one query for all its formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    Dossiers,
    Documents,
    Tasks,
    Criteria,
}

impl Family {
    /// Those that can be counted for many periods at once.
    pub const OVER: [Family; 3] = [Family::Dossiers, Family::Documents, Family::Tasks];
}

impl Counting {
    pub fn of(formula: Formula) -> Counting {
        match formula {
            Formula::OnTimeRate => Counting::Dossiers(Counted::OnTime, Counted::Kept),
            Formula::OnTimeRateIi06a => Counting::Dossiers(Counted::OnTimeOrWithdrawn, Counted::Finished),
            Formula::OnlineRate => Counting::Dossiers(Counted::Online, Counted::Kept),
            Formula::ApologyCoverage => Counting::Dossiers(Counted::LateApologised, Counted::Late),
            Formula::SupplementRate => Counting::Dossiers(Counted::Supplemented, Counted::Accepted),
            Formula::RefusalRate => Counting::Dossiers(Counted::Refused, Counted::Kept),
            Formula::EDocumentRate => Counting::Documents(Sent::Electronically),
            Formula::EOfficeDraftedRate => Counting::Documents(Sent::Drafted),
            Formula::TaskOnTimeRate => Counting::Tasks(TaskCounted::OnTime, Some(TaskCounted::Due)),
            Formula::PlanCompletionRate => Counting::Tasks(TaskCounted::Done, Some(TaskCounted::Due)),
            Formula::TasksOverdueOrExtended => Counting::Tasks(TaskCounted::LateOrExtended, None),
            Formula::CriteriaUp => Counting::Criteria(Trend::Up),
            Formula::CriteriaDown => Counting::Criteria(Trend::Down),
        }
    }

    pub fn family(self) -> Family {
        match self {
            Counting::Dossiers(..) => Family::Dossiers,
            Counting::Documents(_) => Family::Documents,
            Counting::Tasks(..) => Family::Tasks,
            Counting::Criteria(_) => Family::Criteria,
        }
    }
}

/// A count, and of how many; a plain count is of nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    pub numerator: i64,
    pub denominator: Option<i64>,
}

/// What was counted for a department, field or procedure, by formula; of everything asked for when it has no key.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub key: Option<String>,
    pub name: Option<String>,
    pub field: Option<String>,
    pub tallies: Vec<(Formula, Tally)>,
}

impl Row {
    pub fn tally(&self, formula: Formula) -> Option<Tally> {
        self.tallies.iter().find(|(own, _)| *own == formula).map(|(_, tally)| *tally)
    }

    fn add(&mut self, other: &Row) {
        for (formula, tally) in &mut self.tallies {
            if let Some(more) = other.tally(*formula) {
                tally.numerator += more.numerator;
                tally.denominator = tally.denominator.zip(more.denominator).map(|(a, b)| a + b);
            }
        }
    }
}

/// What is asked of a family.
pub struct Ask<'a> {
    pub today: NaiveDate,
    pub reach: &'a Reach,
    pub chosen: &'a Chosen,
    pub group_by: GroupBy,
    /// The rows are these departments, each with what is below it.
    pub children: Option<&'a Children>,
    pub formulas: &'a [Formula],
}

impl Ask<'_> {
    pub fn question(&self, days: Range, group_by: GroupBy) -> Question<'_> {
        Question { reach: self.reach, chosen: self.chosen, days, as_of: days.to, group_by }
    }

    /// A query by department is added up for those that the rows are of.
    fn grouped(&self) -> GroupBy {
        if self.children.is_some() { GroupBy::Department } else { self.group_by }
    }

    /// The tallies of this family's formulas.
    fn tallies(&self, tally: impl Fn(Counting) -> Option<Tally>) -> Vec<(Formula, Tally)> {
        self.formulas.iter().filter_map(|formula| Some((*formula, tally(Counting::of(*formula))?))).collect()
    }

    /// Sums over what was counted by department or as one; `nothing` is a row of zeros.
    fn gathered(&self, rows: Vec<Row>, nothing: &Row) -> Vec<Row> {
        let sum = |start: Row, rows: &mut dyn Iterator<Item = &Row>| {
            rows.fold(start, |mut sum, row| {
                sum.add(row);
                sum
            })
        };
        match (self.children, self.group_by) {
            (Some(children), _) => children
                .list
                .iter()
                .map(|child| {
                    let start = Row { key: Some(child.code.clone()), name: Some(child.name.clone()), ..nothing.clone() };
                    let below = |row: &&Row| row.key.as_deref().is_some_and(|code| children.of(code) == Some(child.code.as_str()));
                    sum(start, &mut rows.iter().filter(below))
                })
                .collect(),
            (None, GroupBy::None) => vec![sum(nothing.clone(), &mut rows.iter())],
            (None, _) => rows,
        }
    }

    fn of_dossiers(&self, counts: &Counts) -> Row {
        let tallies = self.tallies(|counting| match counting {
            Counting::Dossiers(some, all) => Some(Tally { numerator: counts.of(some), denominator: Some(counts.of(all)) }),
            _ => None,
        });
        Row { key: counts.key.clone(), name: counts.name.clone(), field: counts.field.clone(), tallies }
    }

    fn of_documents(&self, counts: &DocumentCounts) -> Row {
        let tallies = self.tallies(|counting| match counting {
            Counting::Documents(which) => {
                let (all, some) = counts.of(which);
                Some(Tally { numerator: some, denominator: Some(all) })
            }
            _ => None,
        });
        Row { key: counts.key.clone(), name: counts.name.clone(), field: None, tallies }
    }

    fn of_tasks(&self, counts: &TaskCounts) -> Row {
        let tallies = self.tallies(|counting| match counting {
            Counting::Tasks(some, all) => Some(Tally { numerator: counts.of(some), denominator: all.map(|all| counts.of(all)) }),
            _ => None,
        });
        Row { key: counts.key.clone(), name: counts.name.clone(), field: None, tallies }
    }

    /// What tasks are counted, judged at the end of the period, today while it runs. Whether one that is due on the last day is late is
    /// known afterwards only: that count is of today.
    pub fn of_tasks_by(&self, end: NaiveDate, afterwards: bool) -> TaskScope<'_> {
        let as_of = if afterwards { self.today } else { end.min(self.today) };
        TaskScope { reach: self.reach, departments: self.chosen.departments.as_deref(), plan: None, origin: None, as_of }
    }

    /// A task is of no procedure and no field: asked by these, there are none.
    pub fn is_by_procedures(&self) -> bool {
        let by = matches!(self.group_by, GroupBy::Field | GroupBy::Procedure);
        by || self.chosen.field.is_some() || self.chosen.procedure.is_some()
    }
}

/// What a family counted in a period, by row.
///
/// # Errors
/// The database's.
pub async fn rows(db: &impl ConnectionTrait, ask: &Ask<'_>, family: Family, days: Range) -> Result<Vec<Row>, ApiError> {
    match family {
        Family::Dossiers => {
            let counts = reports::counts(db, &ask.question(days, ask.grouped())).await?;
            let rows = counts.iter().map(|row| ask.of_dossiers(row)).collect();
            Ok(ask.gathered(rows, &ask.of_dossiers(&Counts::default())))
        }
        Family::Documents => {
            let counts = reports::document_counts(db, &ask.question(days, ask.grouped())).await?;
            let rows = counts.iter().map(|row| ask.of_documents(row)).collect();
            Ok(ask.gathered(rows, &ask.of_documents(&DocumentCounts::default())))
        }
        Family::Criteria => {
            let row = |moved: Moved| {
                let tallies = ask.tallies(|counting| match counting {
                    Counting::Criteria(Trend::Up) => Some(Tally { numerator: moved.up, denominator: None }),
                    Counting::Criteria(Trend::Down) => Some(Tally { numerator: moved.down, denominator: None }),
                    _ => None,
                });
                Row { tallies, ..Row::default() }
            };
            Ok(moved(db, ask, days).await?.map(row).into_iter().collect())
        }
        Family::Tasks if ask.is_by_procedures() => Ok(Vec::new()),
        Family::Tasks => {
            let counts = task_counts(db, ask, days).await?;
            let rows: Vec<Row> = counts.iter().map(|row| ask.of_tasks(row)).collect();
            if rows.is_empty() && ask.children.is_none() {
                return Ok(rows);
            }
            let named = |row: &Row| row.key.is_some() || (ask.children.is_none() && ask.group_by == GroupBy::None);
            Ok(ask.gathered(rows.into_iter().filter(named).collect(), &ask.of_tasks(&TaskCounts::default())))
        }
    }
}

/// The same for many periods at once, in one row each; dossiers were counted by a census.
///
/// # Errors
/// The database's.
pub async fn rows_over(
    db: &impl ConnectionTrait,
    ask: &Ask<'_>,
    family: Family,
    periods: &[Range],
    census: &Census,
) -> Result<Vec<Vec<Row>>, ApiError> {
    match family {
        Family::Dossiers => Ok(periods
            .iter()
            .map(|days| {
                let rows = census.counts(*days).iter().map(|row| ask.of_dossiers(row)).collect();
                ask.gathered(rows, &ask.of_dossiers(&Counts::default()))
            })
            .collect()),
        Family::Documents => {
            let question = ask.question(census.cuts.whole(), GroupBy::None);
            let counts = reports::document_counts_over(db, &question, periods).await?;
            Ok(counts.iter().map(|row| vec![ask.of_documents(row)]).collect())
        }
        Family::Tasks if !ask.is_by_procedures() => {
            let periods: Vec<_> = periods.iter().map(|days| (days.from, days.to)).collect();
            let counts = plans::task_counts_over(db, &ask.of_tasks_by(ask.today, true), &periods).await?;
            Ok(counts.iter().map(|row| vec![ask.of_tasks(row)]).collect())
        }
        Family::Tasks | Family::Criteria => Ok(vec![Vec::new(); periods.len()]),
    }
}

/// The year that a period is, as it is cut either way; sheets are of years.
pub fn year(days: Range) -> Option<i32> {
    let year = days.to.year();
    let whole = Period::parse(&year.to_string())?;
    [PeriodSet::Calendar, PeriodSet::Administrative].into_iter().any(|set| whole.days(set) == days).then_some(year)
}

/// Criteria are counted for one department with those below it, for a year.
pub async fn moved(db: &impl ConnectionTrait, ask: &Ask<'_>, days: Range) -> Result<Option<Moved>, ApiError> {
    let one = ask.children.is_none() && ask.group_by == GroupBy::None && !ask.is_by_procedures();
    match year(days).filter(|_| one) {
        Some(year) => criteria::moved(db, ask.reach, ask.chosen.department.as_ref().map(|d| d.id), year).await,
        None => Ok(None),
    }
}

/// One task may be led by several departments: by row it is counted once for each, of the departments below one it is counted once.
async fn task_counts(db: &impl ConnectionTrait, ask: &Ask<'_>, days: Range) -> Result<Vec<TaskCounts>, ApiError> {
    let rows = match (ask.children, ask.group_by) {
        (Some(children), _) => TaskRows::Depth(children.depth),
        (None, GroupBy::Department) => TaskRows::Department,
        (None, _) => TaskRows::One,
    };
    let (scope, afterwards) = (ask.of_tasks_by(days.to, false), ask.of_tasks_by(days.to, true));
    let days = (days.from, days.to);
    let mut counts = plans::task_counts(db, &scope, days, rows).await?;
    if scope.as_of < afterwards.as_of && ask.formulas.contains(&Formula::TasksOverdueOrExtended) {
        let late = plans::task_counts(db, &afterwards, days, rows).await?;
        for row in &mut counts {
            row.late_or_extended = late.iter().find(|l| l.key == row.key).map_or(0, |l| l.late_or_extended);
        }
    }
    Ok(counts)
}
