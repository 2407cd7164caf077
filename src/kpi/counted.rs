//! What computed indicators are made of, counted for every period of a request.

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::results::Request;
use super::wire::{Formula, KpiView, Source};
use crate::auth::Reach;
use crate::calendar::vn_date;
use crate::error::ApiError;
use crate::http::Call;
use crate::plans::{self, TaskCounts, TaskScope};
use crate::reports::filter::{GroupBy, Slice};
use crate::reports::period::Range;
use crate::reports::{self, Chosen, Counts, DocumentCounts, Question};

/// Rows of counts, by period in the order asked.
#[derive(Default)]
pub struct Counted {
    dossiers: Vec<Vec<Counts>>,
    documents: Vec<Vec<DocumentCounts>>,
    tasks: Vec<Vec<TaskCounts>>,
}

impl Counted {
    /// Counts what these indicators need.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(
        db: &impl ConnectionTrait,
        call: &Call,
        (reach, chosen): (&Reach, &Chosen),
        request: &Request,
        kpis: &[KpiView],
    ) -> Result<Counted, ApiError> {
        let of_documents = kpis.iter().any(|k| k.formula.is_some_and(Formula::is_of_documents));
        let of_tasks = kpis.iter().any(|k| k.formula.is_some_and(Formula::is_of_tasks));
        let other = |k: &KpiView| k.source == Source::Computed && !k.formula.is_some_and(|f| f.is_of_documents() || f.is_of_tasks());
        let of_dossiers = kpis.iter().any(other);
        let today = vn_date(call.now);
        let days: Vec<Range> = request.spans.iter().map(|s| s.days).collect();
        let mut counted = Counted::default();
        if let (Some(census), GroupBy::None) = (&request.census, request.group_by) {
            let question = Question { reach, chosen, days: census.cuts.whole(), as_of: census.as_of, group_by: GroupBy::None };
            counted.dossiers = days.iter().map(|days| census.counts(*days)).collect();
            if of_documents {
                let rows = reports::document_counts_over(db, &question, &days).await?;
                counted.documents = rows.into_iter().map(|row| vec![row]).collect();
            }
            if of_tasks {
                counted.tasks = tasks_over(db, &question, today, &request.slice, &days).await?;
            }
            return Ok(counted);
        }
        for days in days {
            let question = Question { reach, chosen, days, as_of: days.to, group_by: request.group_by };
            counted.dossiers.push(if of_dossiers { reports::counts(db, &question).await? } else { Vec::new() });
            counted.documents.push(if of_documents { reports::document_counts(db, &question).await? } else { Vec::new() });
            counted.tasks.push(if of_tasks { tasks(db, &question, today, &request.slice).await? } else { Vec::new() });
        }
        Ok(counted)
    }

    /// The rows of the period in this place.
    pub fn at(&self, n: usize) -> (&[Counts], &[DocumentCounts], &[TaskCounts]) {
        let (dossiers, documents, tasks) = (self.dossiers.get(n), self.documents.get(n), self.tasks.get(n));
        (dossiers.map_or(&[], Vec::as_slice), documents.map_or(&[], Vec::as_slice), tasks.map_or(&[], Vec::as_slice))
    }
}

/// Counts of tasks, by leading department where that is asked, judged at the end of the period, today while it runs. Whether one that
/// is due on the last day is late is known afterwards only: that count is of today. A task is of no procedure and no field: asked by
/// these, there are none.
async fn tasks(db: &impl ConnectionTrait, question: &Question<'_>, today: NaiveDate, slice: &Slice) -> Result<Vec<TaskCounts>, ApiError> {
    if slice.field.is_some() || slice.procedure.is_some() || matches!(question.group_by, GroupBy::Field | GroupBy::Procedure) {
        return Ok(Vec::new());
    }
    let departments = question.chosen.departments.as_deref();
    let scope = TaskScope { reach: question.reach, departments, plan: None, origin: None, as_of: question.as_of.min(today) };
    let (days, by_department) = ((question.days.from, question.days.to), question.group_by == GroupBy::Department);
    let mut counts = plans::task_counts(db, &scope, days, by_department).await?;
    if scope.as_of < today {
        let late = plans::task_counts(db, &TaskScope { as_of: today, ..scope }, days, by_department).await?;
        for row in &mut counts {
            row.late_or_extended = late.iter().find(|l| l.key == row.key).map_or(0, |l| l.late_or_extended);
        }
    }
    Ok(counts)
}

/// The same for many periods at once, without groups.
async fn tasks_over(
    db: &impl ConnectionTrait,
    question: &Question<'_>,
    today: NaiveDate,
    slice: &Slice,
    periods: &[Range],
) -> Result<Vec<Vec<TaskCounts>>, ApiError> {
    if slice.field.is_some() || slice.procedure.is_some() {
        return Ok(Vec::new());
    }
    let departments = question.chosen.departments.as_deref();
    let scope = TaskScope { reach: question.reach, departments, plan: None, origin: None, as_of: today };
    let periods: Vec<_> = periods.iter().map(|days| (days.from, days.to)).collect();
    Ok(plans::task_counts_over(db, &scope, &periods).await?.into_iter().map(|row| vec![row]).collect())
}
