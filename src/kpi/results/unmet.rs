//! The figures of a period that do not meet their targets, each with the department that answers for it.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::book::{Book, Sight};
use super::figures::{Desk, Figure, Made};
use super::plan::Plan;
use super::request::Request;
use super::sources::{Family, year};
use super::standing;
use super::store::{self, Collective, Unit};
use crate::auth::Reach;
use crate::error::ApiError;
use crate::http::decimal::{Decimal, Exact};
use crate::http::values::Key;
use crate::kpi::wire::{Comparator, Source, Status};
use crate::reports::filter::{GroupBy, Slice};
use crate::reports::period::Span;

/// A figure of a department that does not meet its target.
#[derive(Clone, Debug)]
pub struct Unmet {
    /// Code of the department.
    pub department: String,
    pub kpi: String,
    pub name: String,
    /// The field of procedures, when the figure is about one.
    pub field: Option<String>,
    pub value: Option<f64>,
    pub target: Option<f64>,
    pub comparator: Option<Comparator>,
}

/// The figures of a period that do not meet their targets, of departments within reach. Figures that are computed are each department's
/// own; that of a collective is each of its members'. Measured and surveyed ones are told as they were measured, also for fields. What is
/// counted from criteria is of a department with all below it, and told for those that have a target of their own; so is an
/// expression of recorded and counted figures where such a department has no figure of its own.
///
/// # Errors
/// The database's.
pub async fn unmet(db: &impl ConnectionTrait, reach: &Reach, span: &Span, today: NaiveDate) -> Result<Vec<Unmet>, ApiError> {
    let collectives = store::collectives(db).await?;
    let counted = with_collectives(reach, &collectives);
    let plain = Request::plain(Vec::new(), vec![span.clone()], Slice::default());
    let request = Request { group_by: GroupBy::Department, cut_named: true, ..plain };
    let mut book = Book::open(db, Sight { today, reach: &counted, measurers: reach.clone() }, &request, &request.spans).await?;
    book.count(db).await?;
    let (desk, mut made) = (book.desk(), Made::new());
    let mut found = Vec::new();
    for plan in book.kpis.iter().filter_map(|kpi| book.plan(&kpi.code, span)) {
        let code = &plan.definition.code;
        if plan.definition.source != Source::Computed {
            found.extend(desk.recorded(plan).iter().filter_map(|figure| missed(&desk, plan, figure)));
        } else if !is_whole(&book, code, span) {
            desk.make(code, span, &mut made);
            found.extend(made.get(code).into_iter().flatten().filter_map(|figure| missed(&desk, plan, figure)));
        }
    }
    let mut found = answered_by_members(found, &collectives);
    found.extend(of_wholes(db, reach, (&book, &made), span, today).await?);
    let within: HashSet<&str> = book.units.iter().filter(|unit| reach.covers(unit.id)).map(|unit| unit.code.as_str()).collect();
    found.retain(|unmet| within.contains(unmet.department.as_str()));
    Ok(found)
}

/// A task may be led by a collective that stands for departments within reach.
fn with_collectives(reach: &Reach, collectives: &[Collective]) -> Reach {
    match reach {
        Reach::All => Reach::All,
        Reach::Departments(ids) => {
            let touched = collectives.iter().filter(|c| c.members.iter().any(|(_, id)| ids.contains(id))).map(|c| c.id);
            Reach::Departments(ids.iter().copied().chain(touched).collect())
        }
    }
}

/// A member answers for its own figure, and without one for that of the collective.
fn answered_by_members(found: Vec<Unmet>, collectives: &[Collective]) -> Vec<Unmet> {
    let (shared, mut own): (Vec<Unmet>, Vec<Unmet>) =
        found.into_iter().partition(|unmet| collectives.iter().any(|c| c.code == unmet.department));
    for unmet in shared {
        let members = collectives.iter().filter(|c| c.code == unmet.department).flat_map(|c| &c.members);
        for (member, _) in members {
            let told = |other: &Unmet| (&other.department, &other.kpi, &other.field) == (member, &unmet.kpi, &unmet.field);
            if !own.iter().any(told) {
                own.push(Unmet { department: member.clone(), ..unmet.clone() });
            }
        }
    }
    own
}

/// What a figure is made from in the end: of itself, or of those that its expression names; each once.
fn sources<'b>(book: &'b Book<'_>, code: &'b str, span: &Span) -> Vec<&'b Plan> {
    let (mut sources, mut seen, mut next) = (Vec::new(), HashSet::new(), vec![code]);
    while let Some(code) = next.pop() {
        let Some(plan) = book.plan(code, span).filter(|_| seen.insert(code)) else { continue };
        if plan.definition.expression.is_none() {
            sources.push(plan);
        }
        next.extend(plan.definition.inputs.iter().map(String::as_str));
    }
    sources
}

/// Whether a figure is of a department with all below it only, since it is made from criteria.
fn is_whole<'b>(book: &'b Book<'_>, code: &'b str, span: &Span) -> bool {
    let of_criteria = |plan: &Plan| plan.counting().is_some_and(|counting| counting.family() == Family::Criteria);
    sources(book, code, span).into_iter().any(of_criteria)
}

/// Whether a figure is made from recorded ones and from counted ones: one may be the agency's where the other is its divisions'.
fn is_mixed<'b>(book: &'b Book<'_>, code: &'b str, span: &Span) -> bool {
    let sources = sources(book, code, span);
    sources.iter().any(|plan| plan.counting().is_some()) && sources.iter().any(|plan| plan.counting().is_none())
}

/// What those with a target of their own did not reach with all below them.
async fn of_wholes(
    db: &impl ConnectionTrait,
    reach: &Reach,
    (book, made): (&Book<'_>, &Made),
    span: &Span,
    today: NaiveDate,
) -> Result<Vec<Unmet>, ApiError> {
    let mut wanted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for plan in book.kpis.iter().filter_map(|kpi| book.plan(&kpi.code, span)) {
        let (code, figures) = (&plan.definition.code, made.get(&plan.definition.code));
        let has_own = |unit: &Unit| figures.into_iter().flatten().any(|f| f.department.as_ref() == Some(&unit.code) && f.value.is_some());
        let (whole, mixed) = (is_whole(book, code, span), is_mixed(book, code, span));
        // Sheets of criteria are of years: nothing is counted for a month.
        if whole && year(plan.cut.days).is_none() {
            continue;
        }
        let asked = |unit: &Unit| has_target(plan, unit) && (whole || (mixed && !has_own(unit)));
        for unit in book.units.iter().filter(|unit| reach.covers(unit.id) && asked(unit)) {
            wanted.entry(&unit.code).or_default().push(plan.definition.code.clone());
        }
    }
    let mut found = Vec::new();
    for (department, kpis) in wanted {
        let slice = Slice { department: Some(Key::Code(department.to_owned())), subtree: true, ..Slice::default() };
        let request = Request { cut_named: true, ..Request::plain(kpis, vec![span.clone()], slice) };
        let sight = Sight { today, reach: &Reach::All, measurers: Reach::All };
        let mut book = Book::open(db, sight, &request, &request.spans).await?;
        book.count(db).await?;
        let (desk, mut made) = (book.desk(), Made::new());
        for plan in book.kpis.iter().filter_map(|kpi| book.plan(&kpi.code, span)) {
            desk.make(&plan.definition.code, span, &mut made);
            let figures = made.get(&plan.definition.code).into_iter().flatten();
            found.extend(figures.filter_map(|figure| missed(&desk, plan, figure)));
        }
    }
    Ok(found)
}

/// Whether a target names the department; one that names none is the root agency's.
fn has_target(plan: &Plan, unit: &Unit) -> bool {
    plan.definition.targets.iter().any(|target| target.department.as_ref().map_or(unit.is_root, |code| code.as_str() == unit.code))
}

/// A figure that has a department and a target, and does not meet it.
fn missed(desk: &Desk<'_>, plan: &Plan, figure: &Figure) -> Option<Unmet> {
    let kpi = &plan.definition;
    let standing = standing(desk, kpi, &plan.span, figure, None);
    let (target, _, _) = standing.first().filter(|(_, _, status)| *status == Status::NotMet)?;
    Some(Unmet {
        department: figure.department.clone()?,
        kpi: kpi.code.clone(),
        name: kpi.name.clone(),
        field: figure.field.clone(),
        value: figure.value.map(Exact::rounded),
        target: target.value.map(Decimal::shown),
        comparator: Some(target.comparator),
    })
}
