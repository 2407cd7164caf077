//! A briefing put together from what the other slices tell, each part under the reach of the permission that guards it there.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::model::{BriefingItemKind, BriefingPeriodSet};
use super::wire::{
    Briefing, BriefingDossier, BriefingDueReport, BriefingDueTask, BriefingExplanation, BriefingFinding, BriefingLate,
    BriefingLateDepartment, BriefingNext, BriefingObstacle, BriefingRow, BriefingTarget, BriefingTask,
};
use super::{rules, store, view};
use crate::auth::{Permission, Reach};
use crate::calendar::vn_date;
use crate::departments::{self, Known};
use crate::duties::{self, Window};
use crate::error::{ApiError, Code, Fault};
use crate::explanations::{self, ExplanationSubjectKind, ExplanationSummary, OwedItem};
use crate::http::page::EVERY;
use crate::http::values::{Key, vietnam};
use crate::http::{Call, Day};
use crate::obstacles;
use crate::plans::{self, TaskScope, TaskState};
use crate::reports::filter::{FindingFilter, GroupBy, JudgedFilter, ReportFilter, Slice};
use crate::reports::period::{Period, PeriodSet, Range, Span};
use crate::reports::{self, Asked as Figures, Cause, Chosen, LateDossier, Question, Report};
use crate::text::Text;

/// Rows of a list at most; their number is told.
const MOST: i64 = 200;

/// Which briefing.
#[derive(Clone)]
pub struct Asked {
    pub month: Period,
    pub set: PeriodSet,
    pub department: Option<Key>,
}

/// What every part of a briefing needs to know.
pub struct Desk<'a, C> {
    db: &'a C,
    call: &'a Call,
    asked: &'a Asked,
    chosen: Chosen,
    pub span: Span,
    as_of: NaiveDate,
}

impl<'a, C: ConnectionTrait> Desk<'a, C> {
    /// # Errors
    /// 422 for a month that has not begun, and for a department that is not there or out of reach.
    pub async fn of(db: &'a C, call: &'a Call, asked: &'a Asked) -> Result<Desk<'a, C>, ApiError> {
        let span = Span::of(&asked.month, asked.set);
        let Some(as_of) = rules::judged_on(span.days, vn_date(call.now)) else {
            let (vi, en) = ("Tháng này chưa bắt đầu.", "The month has not begun.");
            return Err(ApiError::broken(vec![Fault::new(Code::DateInFuture, "period", vi, en)]));
        };
        let slice = Slice { department: asked.department.clone(), subtree: true, ..Slice::default() };
        let chosen = reports::choose(db, &call.actor.reach(Permission::ReadReport), &slice).await?;
        Ok(Desk { db, call, asked, chosen, span, as_of })
    }

    /// What a permission reaches of the departments that were asked for.
    fn within(&self, permission: Permission) -> Reach {
        let reach = self.call.actor.reach(permission);
        match &self.chosen.departments {
            None => reach,
            Some(ids) => Reach::Departments(ids.iter().copied().filter(|id| reach.covers(*id)).collect()),
        }
    }

    pub fn question<'q>(&'q self, reach: &'q Reach, days: Range) -> Question<'q> {
        Question { reach, chosen: &self.chosen, days, as_of: self.as_of, group_by: GroupBy::Department }
    }

    async fn figures(&self, kind: fn(JudgedFilter) -> Figures) -> Result<Report, ApiError> {
        let report = ReportFilter { span: self.span.clone(), group_by: GroupBy::Department, slice: self.slice() };
        let asked = kind(JudgedFilter { report, as_of: Some(self.as_of) });
        self.make(&asked).await
    }

    async fn make(&self, asked: &Figures) -> Result<Report, ApiError> {
        let reach = self.call.actor.reach(Permission::ReadReport);
        Ok(reports::make(self.db, &reach, asked, self.as_of, self.call.lang).await?.report)
    }

    fn slice(&self) -> Slice {
        let department = self.asked.department.clone();
        Slice { subtree: department.is_some(), department, ..Slice::default() }
    }

    /// The first instant after the day of judgement.
    fn until(&self) -> DateTime<Utc> {
        let next = self.as_of.checked_add_days(Days::new(1)).unwrap_or(self.as_of).and_time(NaiveTime::MIN);
        next.and_local_timezone(vietnam()).single().map_or(self.call.now, |at| at.to_utc())
    }
}

/// What departments owe and wrote for the month.
struct Explained {
    owed: Vec<OwedItem>,
    written: HashMap<Uuid, ExplanationSummary>,
}

impl Explained {
    fn of_kind(&self, kind: ExplanationSubjectKind) -> impl Iterator<Item = &OwedItem> {
        self.owed.iter().filter(move |item| item.kind == kind && item.still_owed)
    }

    fn told(&self, item: &OwedItem) -> BriefingExplanation {
        let written = item.explanation.and_then(|id| self.written.get(&id));
        BriefingExplanation {
            state: item.state,
            cause: written.map(|e| e.cause.clone()),
            remedy: written.map(|e| e.remedy.clone()),
            remedy_due_on: written.and_then(|e| e.remedy_due_on),
            responsible: written.and_then(|e| e.responsible.clone()),
        }
    }
}

/// The briefing as the caller may see it.
///
/// # Errors
/// 422 for a month that has not begun, for a department that is not there or out of reach, and for a year without a calendar.
pub async fn compose(db: &impl ConnectionTrait, call: &Call, asked: &Asked) -> Result<Briefing, ApiError> {
    let desk = Desk::of(db, call, asked).await?;
    let known = departments::known(db).await?;
    let explained = explained(&desk).await?;
    let (departments, total, causes) = rows(&desk, &known, &explained).await?;
    let reach = call.actor.reach(Permission::ReadReport);
    let first = rules::twelve(&asked.month).first().map_or(desk.span.days.from, |month| month.days(asked.set).from);
    let year = Range { from: first, to: desk.span.days.to };
    let daily = reports::finished_daily(db, &desk.question(&reach, year)).await?;
    let late = reports::late_dossiers(db, &desk.question(&reach, desk.span.days), None, MOST).await?;
    let late_departments = explained.of_kind(ExplanationSubjectKind::LateDossiers).map(|item| BriefingLateDepartment {
        item: BriefingItemKind::LateDossiers.key(&[&item.department]),
        department: item.department.clone(),
        name: item.department_name.clone(),
        count: item.facts.count.unwrap_or_default(),
        explanation: explained.told(item),
    });
    let decided = call.actor.reach(Permission::ReadDecision);
    let decisions = if decided.is_nowhere() {
        Vec::new()
    } else {
        let set = BriefingPeriodSet::of(asked.set);
        store::list(db, &desk.within(Permission::ReadDecision), (asked.month.code(), set), None, EVERY).await?
    };
    let agency = match desk.chosen.department.as_ref() {
        Some(department) => store::top_of(db, &department.code).await?,
        None => store::agency(db, desk.as_of).await?,
    };
    Ok(Briefing {
        period: asked.month.code().to_owned(),
        period_set: BriefingPeriodSet::of(asked.set),
        from: Day(desk.span.days.from),
        to: Day(desk.span.days.to),
        as_of: Day(desk.as_of),
        running: desk.as_of < desk.span.days.to,
        agency: agency.map(|top| top.name).unwrap_or_default(),
        department: desk.chosen.department.as_ref().and_then(|d| known.get(&d.code)).map(|d| d.name.clone()),
        late_tasks: late_tasks(&desk, &explained).await?,
        late_dossiers: BriefingLate {
            total: total.late_dossiers,
            causes,
            departments: late_departments.collect(),
            items: late.into_iter().map(|row| dossier(row, desk.as_of)).collect(),
        },
        findings: findings(&explained),
        unmet_targets: targets(&explained),
        obstacles: obstacles_waiting(&desk).await?,
        next: next(&desk, &known).await?,
        trend: rules::trend(&asked.month, asked.set, &daily),
        decisions: view::views(db, call, decisions).await?,
        departments,
        total,
    })
}

async fn explained<C: ConnectionTrait>(desk: &Desk<'_, C>) -> Result<Explained, ApiError> {
    let reach = desk.within(Permission::ReadExplanation);
    let owed = explanations::owed(desk.db, &reach, &desk.span, desk.as_of, false, desk.call.lang).await?;
    let filter = explanations::Filter {
        period: Some(&desk.span.name),
        period_set: Some(BriefingPeriodSet::of(desk.span.set).name()),
        ..explanations::Filter::default()
    };
    let written = explanations::list(desk.db, &reach, &filter, None, EVERY).await?;
    Ok(Explained { owed, written: written.into_iter().map(|e| (e.id, e)).collect() })
}

/// The departments with their figures, all of them together, and why dossiers are late.
async fn rows<C: ConnectionTrait>(
    desk: &Desk<'_, C>,
    known: &HashMap<String, Known>,
    explained: &Explained,
) -> Result<(Vec<BriefingRow>, BriefingRow, Vec<reports::CauseCounts>), ApiError> {
    let mut rows: BTreeMap<String, BriefingRow> = BTreeMap::new();
    let mut total = BriefingRow { name: desk.call.lang.pick(Text::new("Tổng cộng", "Total")), ..BriefingRow::default() };
    let mut causes = Vec::new();
    let mut row = |code: &str, set: &mut dyn FnMut(&mut BriefingRow)| {
        set(rows.entry(code.to_owned()).or_insert_with(|| BriefingRow {
            department: Some(code.to_owned()),
            name: known.get(code).map(|d| d.name.clone()).unwrap_or_default(),
            ..BriefingRow::default()
        }));
    };
    let reach = desk.within(Permission::ReadTask);
    let scope = TaskScope { reach: &reach, departments: None, plan: None, origin: None, as_of: desk.as_of };
    if !reach.is_nowhere() {
        for progress in plans::task_progress_by_department(desk.db, &scope).await? {
            if let Some(code) = &progress.key {
                row(code, &mut |r| r.tasks = progress.counts.clone());
            }
        }
        total.tasks = plans::task_progress(desk.db, &scope).await?.counts;
    }
    if let Report::Outcomes(report) = desk.figures(Figures::Outcomes).await? {
        let accepted = |outcomes: &reports::OutcomeCounts| -> i64 { outcomes.named().iter().map(|(_, _, n)| n).sum() };
        for found in &report.rows {
            let outcomes = &found.counts.outcomes;
            row(&found.key, &mut |r| (r.outcomes, r.accepted) = (outcomes.clone(), accepted(outcomes)));
        }
        (total.accepted, total.outcomes) = (accepted(&report.total.outcomes), report.total.outcomes);
    }
    let times = |r: &mut BriefingRow, taken: reports::TimesTaken| {
        (r.finished, r.handling_days, r.elapsed_days) = (taken.dossiers, taken.handling_days, taken.elapsed_days);
    };
    if let Report::Times(report) = desk.figures(Figures::Times).await? {
        report.rows.iter().for_each(|found| row(&found.key, &mut |r| times(r, found.times)));
        times(&mut total, report.total);
    }
    if let Report::Reasons(report) = desk.figures(Figures::Reasons).await? {
        report.rows.iter().for_each(|found| row(&found.key, &mut |r| r.late_dossiers = found.causes.counts.total));
        total.late_dossiers = report.total.counts.total;
        causes = report.total.causes;
    }
    let of_findings = FindingFilter {
        span: desk.span.clone(),
        by_kind: false,
        group_by: GroupBy::Department,
        slice: desk.slice(),
        as_of: Some(desk.as_of),
    };
    if let Report::Findings(report) = desk.make(&Figures::Findings(of_findings)).await? {
        report.rows.iter().for_each(|found| row(&found.key, &mut |r| r.findings = found.counts.total));
        total.findings = report.total.total;
    }
    for item in explained.of_kind(ExplanationSubjectKind::Kpi) {
        row(&item.department, &mut |r| r.unmet_targets += 1);
        total.unmet_targets += 1;
    }
    Ok((rows.into_values().collect(), total, causes))
}

async fn late_tasks<C: ConnectionTrait>(desk: &Desk<'_, C>, explained: &Explained) -> Result<Vec<BriefingTask>, ApiError> {
    let reach = desk.within(Permission::ReadTask);
    if reach.is_nowhere() {
        return Ok(Vec::new());
    }
    let scope = TaskScope { reach: &reach, departments: None, plan: None, origin: None, as_of: desk.as_of };
    let from = Day(desk.span.days.from);
    let now = |issue: &plans::ProgressIssue| match issue.state {
        TaskState::Overdue => true,
        TaskState::DoneLate => issue.completed_on.is_some_and(|on| on >= from),
        _ => false,
    };
    let told = |code: &str| explained.of_kind(ExplanationSubjectKind::Task).find(|item| item.code == code).map(|item| explained.told(item));
    let issues = plans::task_issues(desk.db, &scope).await?.into_iter().filter(now);
    let task = |issue: plans::ProgressIssue| BriefingTask {
        item: BriefingItemKind::Task.key(&[&issue.task]),
        explanation: told(&issue.task),
        task: issue.task,
        title: issue.title,
        occurrence: issue.occurrence,
        lead: issue.lead,
        state: issue.state,
        first_due_on: issue.first_due_on,
        due_on: issue.due_on,
        completed_on: issue.completed_on,
        extended: issue.extended,
    };
    Ok(issues.map(task).collect())
}

fn dossier(row: LateDossier, as_of: NaiveDate) -> BriefingDossier {
    BriefingDossier {
        item: BriefingItemKind::Dossier.key(&[&row.code]),
        days_late: (row.finished_on.unwrap_or(as_of) - row.due_on).num_days(),
        code: row.code,
        department: row.department,
        procedure: row.procedure,
        procedure_name: row.procedure_name,
        accepted_on: Day(row.accepted_on),
        due_on: Day(row.due_on),
        finished_on: row.finished_on.map(Day),
        cause: Cause::named(&row.cause),
        reason: row.reason,
        apologised: row.apologised,
        new_due_on: row.new_due_on.map(Day),
    }
}

fn findings(explained: &Explained) -> Vec<BriefingFinding> {
    let finding = |item: &OwedItem| BriefingFinding {
        item: BriefingItemKind::Finding.key(&[&item.code, &item.department]),
        department: item.department.clone(),
        name: item.department_name.clone(),
        kind: item.code.clone(),
        label: item.facts.title.clone(),
        count: item.facts.count.unwrap_or_default(),
        explanation: explained.told(item),
    };
    explained.of_kind(ExplanationSubjectKind::Finding).map(finding).collect()
}

fn targets(explained: &Explained) -> Vec<BriefingTarget> {
    let target = |item: &OwedItem| {
        let mut codes = vec![item.code.as_str(), &item.department];
        codes.extend(item.field.as_deref());
        BriefingTarget {
            item: BriefingItemKind::Kpi.key(&codes),
            department: item.department.clone(),
            name: item.department_name.clone(),
            kpi: item.code.clone(),
            title: item.facts.title.clone(),
            field: item.field.clone(),
            value: item.facts.value,
            target: item.facts.target,
            comparator: item.facts.comparator,
            explanation: explained.told(item),
        }
    };
    explained.of_kind(ExplanationSubjectKind::Kpi).map(target).collect()
}

async fn obstacles_waiting<C: ConnectionTrait>(desk: &Desk<'_, C>) -> Result<Vec<BriefingObstacle>, ApiError> {
    let waiting = obstacles::awaiting_decision(desk.db, &desk.within(Permission::ReadObstacle), desk.until()).await?;
    let view = |o: obstacles::Awaiting| BriefingObstacle {
        item: BriefingItemKind::Obstacle.key(&[&o.code]),
        code: o.code,
        department: o.department,
        title: o.title,
        description: o.description,
        about: o.about,
        proposal: o.proposal,
        raised_on: o.raised_on,
        escalated_on: o.escalated_on,
        remark: o.remark,
    };
    Ok(waiting.into_iter().map(view).collect())
}

/// What is due in the month after: tasks that are not done, reports that were not sent.
async fn next<C: ConnectionTrait>(desk: &Desk<'_, C>, known: &HashMap<String, Known>) -> Result<BriefingNext, ApiError> {
    let month = desk.asked.month.month_after(1);
    let days = month.days(desk.asked.set);
    let reach = desk.within(Permission::ReadTask);
    let scope = TaskScope { reach: &reach, departments: None, plan: None, origin: None, as_of: desk.as_of };
    let due = if reach.is_nowhere() { Vec::new() } else { plans::tasks_due_between(desk.db, &scope, (days.from, days.to), MOST).await? };
    let tasks = due.into_iter().map(|t| BriefingDueTask {
        item: BriefingItemKind::Task.key(&[&t.task]),
        task: t.task,
        title: t.title,
        occurrence: t.occurrence,
        lead: t.lead,
        state: t.state,
        due_on: t.due_on,
    });
    let hands_in = desk.within(Permission::ReadHandIn);
    let seen = |codes: &[String]| hands_in == Reach::All || codes.iter().any(|code| known.get(code).is_some_and(|d| hands_in.covers(d.id)));
    let window = Window { from: days.from, to: days.to, plan: None, department: None, states: &[] };
    let open = duties::due(desk.db, &window, desk.as_of).await?.into_iter().filter(|r| r.sent_on.is_none_or(|on| on.0 > desk.as_of));
    let reports = open.filter(|r| seen(&r.reporters)).map(|r| BriefingDueReport {
        item: BriefingItemKind::Report.key(&[&r.duty, &r.period]),
        duty: r.duty,
        what: r.what,
        period: r.period,
        internal_due_on: r.internal_due_on,
        due_on: r.due_on,
        missing: r.missing,
        to: r.to,
    });
    Ok(BriefingNext {
        period: month.code().to_owned(),
        from: Day(days.from),
        to: Day(days.to),
        tasks: tasks.collect(),
        reports: reports.collect(),
    })
}
