//! Indicators against their targets: computed ones from dossiers, documents and tasks, the others from their measurements; how they stand
//! against earlier periods, what was published of them, and what they are made of.

mod book;
mod contributors;
mod figures;
mod measured;
mod plan;
mod request;
mod routes;
mod sources;
mod store;
mod table;
mod tree;
mod trend;
mod unmet;
mod wire;

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use self::book::{Book, Sight};
use self::figures::{Desk, Figure, Made};
use self::plan::Plan;
use self::wire::{KpiDepartment, KpiResults, MissingMeasurement, PublishedFigure, TargetStanding};
use super::rules::{self, About};
use super::wire::{KpiView, Status, Target};
use crate::auth::Reach;
use crate::calendar::vn_date;
use crate::error::ApiError;
use crate::http::decimal::Exact;
use crate::http::{At, Call};
use crate::reports::filter::GroupBy;
use crate::reports::period::Span;

pub use request::Request;
pub use routes::{configure, exported};
pub use unmet::{Unmet, unmet};
pub use wire::KpiResult;

/// Every result asked for: by period and indicator in the order asked, then by row.
///
/// # Errors
/// 422 with every code that does not exist or is out of reach.
pub async fn results(db: &impl ConnectionTrait, call: &Call, reach: &Reach, request: &Request) -> Result<KpiResults, ApiError> {
    let spans = trend::all(&request.spans, request.trend);
    let mut book = Book::open(db, Sight::of(call, reach), request, &spans).await?;
    book.count(db).await?;
    let (book, desk) = (&book, book.desk());
    let mut made: HashMap<String, Made> = HashMap::new();
    for span in &spans {
        let of_span = made.entry(span.name.clone()).or_default();
        book.kpis.iter().for_each(|kpi| desk.make(&kpi.code, span, of_span));
    }
    let of = |span: &Span, kpi: &KpiView| made.get(&span.name).and_then(|made| made.get(&kpi.code)).map(Vec::as_slice).unwrap_or_default();
    let (mut items, mut missing) = (Vec::new(), Vec::new());
    for span in &request.spans {
        for kpi in &book.kpis {
            let (figures, plan) = (of(span, kpi), book.plan(&kpi.code, span));
            for code in plan.map(|plan| desk.missing(plan, figures)).unwrap_or_default() {
                let KpiDepartment { code: department, name } = book.named(&code);
                missing.push(MissingMeasurement { kpi: kpi.code.clone(), period: span.name.clone(), department, name });
            }
            for figure in figures {
                let mut item = judge(&desk, call, (kpi, plan), span, figure);
                let earlier = |then: Option<Span>| {
                    let then = then.filter(|_| request.trend)?;
                    let figure = of(&then, kpi).iter().find(|earlier| earlier.key == figure.key);
                    Some((figure.and_then(|figure| figure.value), then.name))
                };
                let compared = |(value, period): (Option<Exact>, String)| trend::compare(figure.value, value, period, kpi.direction);
                item.previous = earlier(span.before()).map(compared);
                item.year_before = earlier(span.year_before()).map(compared);
                item.missing = figure.missing.iter().map(|code| book.named(code)).collect();
                items.push(item);
            }
        }
    }
    Ok(KpiResults { items, missing })
}

/// The targets that hold for a figure, the one that decides first, and how it stands against each.
fn standing<'a>(
    desk: &Desk<'_>,
    kpi: &'a KpiView,
    span: &Span,
    figure: &Figure,
    today: Option<NaiveDate>,
) -> Vec<(&'a Target, Option<bool>, Status)> {
    let chain = desk.chain(figure.department.as_deref());
    let grouped = figure.key.as_deref().filter(|_| desk.request.group_by == GroupBy::Procedure);
    let procedure = grouped.or(desk.chosen.procedure_code.as_deref());
    let about = About { chain: &chain, field: figure.field.as_deref(), procedure, days: span.days, set: span.set };
    let runs = today.is_some_and(|today| today <= span.days.to);
    let stand = |target: &'a Target| {
        let (met, status) = rules::status(figure.value, Some(target), kpi.direction, runs);
        (target, met, status)
    };
    rules::targets(&kpi.targets, &about).into_iter().map(stand).collect()
}

/// A figure against its targets, and beside what was published of it.
fn judge(desk: &Desk<'_>, call: &Call, (kpi, plan): (&KpiView, Option<&Plan>), span: &Span, figure: &Figure) -> KpiResult {
    let (kpi, span) = plan.map_or((kpi, span), |plan| (&plan.definition, &plan.span));
    let standing = standing(desk, kpi, span, figure, Some(vn_date(call.now)));
    let deciding = standing.first();
    let without = if figure.value.is_some() { Status::NoTarget } else { Status::NoData };
    let published = plan.and_then(|plan| desk.published(plan, figure));
    let target = deciding.map(|(target, _, _)| *target);
    KpiResult {
        kpi: kpi.code.clone(),
        department: figure.department.clone(),
        period: span.name.clone(),
        field: figure.field.clone(),
        key: figure.key.clone(),
        name: figure.name.clone(),
        numerator: figure.numerator.clone(),
        denominator: figure.denominator.clone(),
        value: figure.value.map(Exact::rounded),
        reason: figure.reason,
        target: target.and_then(|t| t.value),
        comparator: target.map(|t| t.comparator),
        met: deciding.and_then(|(_, met, _)| *met),
        status: deciding.map_or(without, |(_, _, status)| *status),
        provisional: figure.provisional,
        targets: standing.iter().map(|(target, met, status)| TargetStanding::of(target, *met, *status)).collect(),
        previous: None,
        year_before: None,
        missing: Vec::new(),
        published: published.map(|measured| PublishedFigure::beside(figure.value, measured)),
        computed_at: At(call.now),
    }
}
