//! Indicators against their targets: computed ones from dossiers, documents and tasks, the others from their measurements; how they stand
//! against earlier periods, what was published of them, and what they are made of.

mod contributors;
mod figures;
mod request;
mod routes;
mod sources;
mod store;
mod table;
mod tree;
mod trend;
mod wire;

use std::collections::{HashMap, HashSet};

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use self::figures::{Desk, Figure};
use self::request::Request;
use self::sources::{Ask, Counting, Family, Row};
use self::store::Unit;
use self::tree::Children;
use self::wire::{KpiDepartment, KpiResult, KpiResults, MissingMeasurement, PublishedFigure};
use super::decimal::{Decimal, Exact};
use super::rules;
use super::store::{Measured, all_measured, some};
use super::wire::{Comparator, Formula, KpiView, Source, Status, Target};
use crate::auth::{Permission, Reach};
use crate::calendar::vn_date;
use crate::error::{ApiError, Fault};
use crate::http::{At, Call};
use crate::reports::filter::{GroupBy, Slice};
use crate::reports::period::Span;
use crate::reports::{self, Chosen};

pub use routes::configure;

/// Everything that the figures of a request are made from, read once.
struct Book<'a> {
    call: &'a Call,
    reach: &'a Reach,
    request: &'a Request,
    chosen: Chosen,
    /// Those asked for, in that order.
    kpis: Vec<KpiView>,
    units: Vec<Unit>,
    children: Option<Children>,
    measured: Vec<Measured>,
    ever: HashSet<(String, String)>,
    counted: HashMap<(String, Family), Vec<Row>>,
}

impl<'a> Book<'a> {
    /// Reads all but what is counted.
    async fn open(
        db: &impl ConnectionTrait,
        call: &'a Call,
        reach: &'a Reach,
        request: &'a Request,
        spans: &[Span],
    ) -> Result<Book<'a>, ApiError> {
        let mut chosen = reports::choose(db, reach, &request.slice).await?;
        let mut kpis = some(db, &request.kpis).await?;
        let missing: Vec<Fault> =
            request.kpis.iter().filter(|code| kpis.iter().all(|k| k.code != **code)).map(|code| Fault::unknown("kpi", code)).collect();
        if !missing.is_empty() {
            return Err(ApiError::broken(missing));
        }
        kpis.sort_by_key(|kpi| request.kpis.iter().position(|code| *code == kpi.code));
        let units = store::units(db).await?;
        let asked = chosen.department.as_ref().map(|d| d.code.as_str());
        let children = asked.filter(|_| request.children).map(|code| Children::of_department(&units, code, |unit| reach.covers(unit.id)));
        if let Some(children) = &children {
            chosen.departments = Some(units.iter().filter(|unit| children.contains(&unit.code)).map(|unit| unit.id).collect());
        }
        let measurers = call.actor.reach(Permission::ReadMeasurement);
        let ids: Vec<Uuid> = kpis.iter().map(|k| k.id).collect();
        let periods: Vec<String> = spans.iter().map(|s| s.name.clone()).collect();
        let measured = all_measured(db, &measurers, &ids, &periods).await?;
        let ids: Vec<Uuid> = kpis.iter().filter(|k| k.source != Source::Computed).map(|k| k.id).collect();
        let ever = if ids.is_empty() { HashSet::new() } else { store::ever_measured(db, &measurers, &ids).await? };
        Ok(Book { call, reach, request, chosen, kpis, units, children, measured, ever, counted: HashMap::new() })
    }

    /// Counts what the formulas need in these periods.
    async fn count(&mut self, db: &impl ConnectionTrait, spans: &[Span]) -> Result<(), ApiError> {
        let mut families: HashMap<Family, Vec<Formula>> = HashMap::new();
        for formula in self.kpis.iter().filter_map(|kpi| kpi.formula) {
            families.entry(Counting::of(formula).family()).or_default().push(formula);
        }
        for span in spans {
            for (family, formulas) in &families {
                let rows = sources::rows(db, &self.ask(formulas), *family, span).await?;
                self.counted.insert((span.name.clone(), *family), rows);
            }
        }
        Ok(())
    }

    fn ask<'b>(&'b self, formulas: &'b [Formula]) -> Ask<'b> {
        Ask {
            today: vn_date(self.call.now),
            reach: self.reach,
            chosen: &self.chosen,
            group_by: self.request.group_by,
            children: self.children.as_ref(),
            formulas,
        }
    }

    fn desk(&self) -> Desk<'_> {
        let measurers = self.call.actor.reach(Permission::ReadMeasurement);
        let chosen = |unit: &&Unit| self.chosen.departments.as_ref().is_none_or(|ids| ids.contains(&unit.id)) && measurers.covers(unit.id);
        Desk {
            request: self.request,
            units: &self.units,
            asked: self.chosen.department.as_ref().map(|d| d.code.as_str()),
            among: self.units.iter().filter(chosen).map(|unit| unit.code.as_str()).collect(),
            children: self.children.as_ref(),
            measured: &self.measured,
            ever: &self.ever,
            counted: &self.counted,
        }
    }

    fn named(&self, code: &str) -> KpiDepartment {
        let name = self.units.iter().find(|unit| unit.code == code).map(|unit| unit.name.clone()).unwrap_or_default();
        KpiDepartment { code: code.to_owned(), name }
    }
}

/// Every result asked for: by period and indicator in the order asked, then by row.
///
/// # Errors
/// 422 with every code that does not exist or is out of reach.
async fn results(db: &impl ConnectionTrait, call: &Call, reach: &Reach, request: &Request) -> Result<KpiResults, ApiError> {
    let spans = trend::all(&request.spans, request.trend);
    let mut book = Book::open(db, call, reach, request, &spans).await?;
    book.count(db, &spans).await?;
    let desk = book.desk();
    let made: HashMap<(&str, &str), Vec<Figure>> = spans
        .iter()
        .flat_map(|span| book.kpis.iter().map(move |kpi| (span, kpi)))
        .map(|(span, kpi)| ((span.name.as_str(), kpi.code.as_str()), desk.figures(kpi, span)))
        .collect();
    let of = |span: &Span, kpi: &KpiView| made.get(&(span.name.as_str(), kpi.code.as_str())).map(Vec::as_slice).unwrap_or_default();
    let (mut items, mut missing) = (Vec::new(), Vec::new());
    for span in &request.spans {
        for kpi in &book.kpis {
            let figures = of(span, kpi);
            for code in desk.missing(kpi, span, figures) {
                let KpiDepartment { code: department, name } = book.named(&code);
                missing.push(MissingMeasurement { kpi: kpi.code.clone(), period: span.name.clone(), department, name });
            }
            for figure in figures {
                let mut item = judge(&desk, call, kpi, span, figure);
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

/// How a figure stands against its target.
struct Stand<'a> {
    target: Option<&'a Target>,
    met: Option<bool>,
    status: Status,
}

fn stand<'a>(desk: &Desk<'_>, kpi: &'a KpiView, span: &Span, figure: &Figure) -> Stand<'a> {
    let chain = desk.chain(figure.department.as_deref());
    let target = rules::target(&kpi.targets, &chain, figure.field.as_deref(), span.days, span.set);
    let (met, status) = rules::status(figure.value, target);
    Stand { target, met, status }
}

/// A figure against its target, and beside what was published of it.
fn judge(desk: &Desk<'_>, call: &Call, kpi: &KpiView, span: &Span, figure: &Figure) -> KpiResult {
    let Stand { target, met, status } = stand(desk, kpi, span, figure);
    let published = Some(kpi).filter(|kpi| kpi.source == Source::Computed).and_then(|kpi| desk.published(&kpi.code, span, figure));
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
        met,
        status,
        previous: None,
        year_before: None,
        missing: Vec::new(),
        published: published.map(|measured| PublishedFigure::beside(figure.value, measured)),
        computed_at: At(call.now),
    }
}

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

/// The figures of a period that do not meet their targets: those computed from dossiers by department, measured ones as they were measured.
///
/// # Errors
/// The database's.
pub async fn unmet(db: &impl ConnectionTrait, reach: &Reach, span: &Span) -> Result<Vec<Unmet>, ApiError> {
    let spans = vec![span.clone()];
    let request =
        Request { kpis: Vec::new(), spans, group_by: GroupBy::Department, children: false, trend: false, slice: Slice::default() };
    let (kpis, units) = (some(db, &[]).await?, store::units(db).await?);
    let ids: Vec<Uuid> = kpis.iter().filter(|k| k.source != Source::Computed).map(|k| k.id).collect();
    let measured = all_measured(db, reach, &ids, std::slice::from_ref(&span.name)).await?;
    let of_dossiers = |formula: &Formula| Counting::of(*formula).family() == Family::Dossiers;
    let formulas: Vec<Formula> = kpis.iter().filter_map(|kpi| kpi.formula).filter(of_dossiers).collect();
    let chosen = Chosen::default();
    let ask = Ask { today: span.days.to, reach, chosen: &chosen, group_by: request.group_by, children: None, formulas: &formulas };
    let rows = sources::rows(db, &ask, Family::Dossiers, span).await?;
    let counted = HashMap::from([((span.name.clone(), Family::Dossiers), rows)]);
    let desk = Desk {
        request: &request,
        units: &units,
        asked: None,
        among: HashSet::new(),
        children: None,
        measured: &measured,
        ever: &HashSet::new(),
        counted: &counted,
    };
    let mut found = Vec::new();
    for kpi in &kpis {
        let figures: Vec<Figure> = match kpi.formula {
            Some(_) => desk.figures(kpi, span),
            None => measured.iter().filter(|m| m.view.kpi == kpi.code).map(figures::figure).collect(),
        };
        found.extend(figures.into_iter().filter_map(|figure| {
            let Stand { target, status, .. } = stand(&desk, kpi, span, &figure);
            Some(Unmet {
                department: figure.department.filter(|_| status == Status::NotMet)?,
                kpi: kpi.code.clone(),
                name: kpi.name.clone(),
                field: figure.field,
                value: figure.value.map(Exact::rounded),
                target: target.and_then(|t| t.value).map(Decimal::shown),
                comparator: target.map(|t| t.comparator),
            })
        }));
    }
    Ok(found)
}
