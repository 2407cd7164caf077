//! Indicators against their targets: computed ones from dossiers, documents and tasks, the others from their measurements.

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::counted::Counted;
use super::decimal::{Decimal, Exact};
use super::rules::{self, Chain};
use super::store::{self, Measured, Unit};
use super::wire::{Comparator, Formula, KpiResult, KpiView, NoValue, Source, Status};
use crate::auth::Permission;
use crate::auth::Reach;
use crate::error::{ApiError, Fault};
use crate::http::Call;
use crate::http::table::{Cell, Table};
use crate::plans::TaskCounts;
use crate::reports::filter::{GroupBy, Slice};
use crate::reports::period::Span;
use crate::reports::{self, Census, Counts, DocumentCounts, Question};
use crate::text::Text;

/// What is asked for.
pub struct Request {
    /// Codes of indicators; all when empty.
    pub kpis: Vec<String>,
    pub spans: Vec<Span>,
    pub group_by: GroupBy,
    pub slice: Slice,
    /// What was counted already, of these periods among others.
    pub census: Option<Census>,
}

/// A figure with what it is about, before it is set against its target.
#[derive(Default)]
struct Figure {
    key: Option<String>,
    name: Option<String>,
    department: Option<String>,
    field: Option<String>,
    numerator: Option<serde_json::Number>,
    denominator: Option<serde_json::Number>,
    value: Option<Exact>,
    reason: Option<NoValue>,
}

/// Every result asked for: by period and indicator in the order asked, then by row.
///
/// # Errors
/// 422 with every code that does not exist or is out of reach.
pub async fn results(db: &impl ConnectionTrait, call: &Call, reach: &Reach, request: &Request) -> Result<Vec<KpiResult>, ApiError> {
    let chosen = reports::choose(db, reach, &request.slice).await?;
    let mut kpis = store::some(db, &request.kpis).await?;
    let missing: Vec<Fault> =
        request.kpis.iter().filter(|code| kpis.iter().all(|k| k.code != **code)).map(|code| Fault::unknown("kpi", code)).collect();
    if !missing.is_empty() {
        return Err(ApiError::broken(missing));
    }
    kpis.sort_by_key(|kpi| request.kpis.iter().position(|code| *code == kpi.code));
    let units = store::units(db).await?;
    let measured = if kpis.iter().all(|k| k.source == Source::Computed) {
        Vec::new()
    } else {
        let ids: Vec<Uuid> = kpis.iter().map(|k| k.id).collect();
        let periods: Vec<String> = request.spans.iter().map(|s| s.name.clone()).collect();
        store::all_measured(db, &call.actor.reach(Permission::ReadMeasurement), &ids, &periods).await?
    };
    let asked = chosen.department.as_ref().map(|d| d.code.clone());
    let desk = Desk { request, units: &units, asked: asked.as_deref(), among: chosen.departments.as_deref() };
    let counted = Counted::of(db, call, (reach, &chosen), request, &kpis).await?;
    let mut results = Vec::new();
    for (n, span) in request.spans.iter().enumerate() {
        let (counts, documents, tasks) = counted.at(n);
        for kpi in &kpis {
            let figures = match kpi.formula {
                Some(formula) if formula.is_of_documents() => desk.of_documents(formula, documents),
                Some(formula) if formula.is_of_tasks() => desk.of_tasks(formula, tasks),
                Some(formula) => desk.computed(formula, counts),
                None => desk.measured(kpi, span, &measured),
            };
            results.extend(figures.into_iter().map(|figure| desk.judge(kpi, span, figure)));
        }
    }
    Ok(results)
}

/// What all figures of a request are judged with.
struct Desk<'a> {
    request: &'a Request,
    units: &'a [Unit],
    /// The department asked for.
    asked: Option<&'a str>,
    /// It, or it and those below.
    among: Option<&'a [Uuid]>,
}

impl Desk<'_> {
    fn computed(&self, formula: Formula, counts: &[Counts]) -> Vec<Figure> {
        match self.request.group_by {
            GroupBy::None => vec![self.ratio(formula, &Counts::total(counts))],
            _ => counts.iter().map(|row| self.ratio(formula, row)).collect(),
        }
    }

    /// By leading department.
    fn of_tasks(&self, formula: Formula, counts: &[TaskCounts]) -> Vec<Figure> {
        let by_department = self.request.group_by == GroupBy::Department;
        let figure = |row: &TaskCounts| {
            let about = self.about(&row.key, &row.name, &None);
            if formula == Formula::TasksOverdueOrExtended {
                return Figure { value: Some(Exact::of_count(row.late_or_extended)), ..about };
            }
            let numerator = if formula == Formula::TaskOnTimeRate { row.on_time } else { row.done };
            share(about, numerator, row.due)
        };
        match self.request.group_by {
            // Asked by a field there is nothing to count.
            GroupBy::None if counts.is_empty() => {
                let about = self.about(&None, &None, &None);
                vec![Figure { reason: Some(NoValue::NoDataSource), ..about }]
            }
            _ => counts.iter().filter(|row| !by_department || row.key.is_some()).map(figure).collect(),
        }
    }

    /// By drafting department.
    fn of_documents(&self, formula: Formula, counts: &[DocumentCounts]) -> Vec<Figure> {
        let figure = |row: &DocumentCounts| {
            let (numerator, denominator) =
                if formula == Formula::EDocumentRate { (row.sent, row.sendable) } else { (row.drafted, row.outgoing) };
            share(self.about(&row.key, &row.name, &None), numerator, denominator)
        };
        match self.request.group_by {
            GroupBy::None => vec![figure(&DocumentCounts::total(counts))],
            _ => counts.iter().map(figure).collect(),
        }
    }

    /// What a row is about.
    fn about(&self, key: &Option<String>, name: &Option<String>, field: &Option<String>) -> Figure {
        let by_department = self.request.group_by == GroupBy::Department;
        Figure {
            key: key.clone(),
            name: name.clone(),
            department: if by_department { key.clone() } else { self.asked.map(str::to_owned) },
            field: field.clone().or_else(|| self.request.slice.field.clone()),
            ..Figure::default()
        }
    }

    fn ratio(&self, formula: Formula, row: &Counts) -> Figure {
        let about = self.about(&row.key, &row.name, &row.field);
        let kept = row.finished - row.withdrawn;
        let (numerator, denominator) = match formula {
            Formula::OnTimeRate => (row.on_time, kept),
            Formula::OnTimeRateIi06a => (row.on_time + row.withdrawn, row.finished),
            Formula::OnlineRate => (row.online, kept),
            Formula::ApologyCoverage => (row.late_apologised, row.late),
            Formula::SupplementRate => (row.supplemented, row.accepted),
            Formula::RefusalRate => (row.refused, kept),
            Formula::EDocumentRate
            | Formula::EOfficeDraftedRate
            | Formula::TaskOnTimeRate
            | Formula::TasksOverdueOrExtended
            | Formula::PlanCompletionRate => {
                return Figure { reason: Some(NoValue::NoDataSource), ..about };
            }
        };
        share(about, numerator, denominator)
    }

    /// A measurement is of one department: the one asked for, or the root agency when none is.
    fn measured(&self, kpi: &KpiView, span: &Span, all: &[Measured]) -> Vec<Figure> {
        let root = || self.units.iter().find(|u| u.is_root).map(|u| u.code.as_str());
        let whose = self.asked.or_else(root);
        let field = self.request.slice.field.as_deref();
        let here: Vec<&Measured> =
            all.iter().filter(|m| m.view.kpi == kpi.code && m.view.period == span.name && self.request.slice.procedure.is_none()).collect();
        let of_one = || here.iter().copied().filter(|m| Some(m.view.department.as_str()) == whose);
        match self.request.group_by {
            GroupBy::None => {
                let exact = of_one().find(|m| m.view.field.as_deref() == field);
                // Measured for a single field: that is the figure.
                let only =
                    || Some(of_one()).filter(|found| field.is_none() && found.clone().count() == 1).and_then(|mut found| found.next());
                let about = Figure {
                    department: self.asked.map(str::to_owned),
                    field: field.map(str::to_owned),
                    reason: Some(NoValue::NoMeasurement),
                    ..Figure::default()
                };
                vec![exact.or_else(only).map_or(about, |m| Figure { department: self.asked.map(str::to_owned), ..figure(m) })]
            }
            GroupBy::Department => {
                let id = |code: &str| self.units.iter().find(|u| u.code == code).map(|u| u.id);
                let inside = |code: &str| self.among.is_none_or(|ids| id(code).is_some_and(|id| ids.contains(&id)));
                let wanted = here.iter().filter(|m| m.view.field.as_deref() == field && inside(&m.view.department));
                let named = |m: &Measured| (Some(m.view.department.clone()), Some(m.department_name.clone()));
                wanted
                    .map(|m| {
                        let (key, name) = named(m);
                        Figure { key, name, ..figure(m) }
                    })
                    .collect()
            }
            GroupBy::Field => of_one()
                .filter(|m| m.view.field.is_some() && (field.is_none() || m.view.field.as_deref() == field))
                .map(|m| Figure {
                    key: m.view.field.clone(),
                    name: m.field_name.clone(),
                    department: self.asked.map(str::to_owned),
                    ..figure(m)
                })
                .collect(),
            GroupBy::Procedure => Vec::new(),
        }
    }

    /// Whose targets hold: those of the department and above it, then of the root agencies.
    fn chain(&self, department: Option<&str>) -> Chain {
        let own = self.units.iter().find(|u| Some(u.code.as_str()) == department);
        let mut chain: Chain = own.map(|u| u.chain.clone()).unwrap_or_default();
        chain.extend(self.units.iter().filter(|u| u.is_root && !chain.contains(&u.code)).map(|u| u.code.clone()).collect::<Vec<_>>());
        chain
    }

    fn judge(&self, kpi: &KpiView, span: &Span, figure: Figure) -> KpiResult {
        let chain = self.chain(figure.department.as_deref());
        let target = rules::target(&kpi.targets, &chain, figure.field.as_deref(), span.days, span.set);
        let (met, status) = rules::status(figure.value, target);
        KpiResult {
            kpi: kpi.code.clone(),
            department: figure.department,
            period: span.name.clone(),
            field: figure.field,
            key: figure.key,
            name: figure.name,
            numerator: figure.numerator,
            denominator: figure.denominator,
            value: figure.value.map(Exact::rounded),
            reason: figure.reason,
            target: target.and_then(|t| t.value),
            comparator: target.map(|t| t.comparator),
            met,
            status,
        }
    }
}

/// A share of counts.
fn share(about: Figure, numerator: i64, denominator: i64) -> Figure {
    let value = Exact::per_cent(numerator, denominator);
    Figure {
        numerator: Some(numerator.into()),
        denominator: Some(denominator.into()),
        value,
        reason: value.is_none().then_some(NoValue::ZeroDenominator),
        ..about
    }
}

fn figure(measured: &Measured) -> Figure {
    let view = &measured.view;
    let number = |d: Decimal| serde_json::Number::from_f64(d.shown());
    let ratio = view.numerator.zip(view.denominator).and_then(|(n, d)| Exact::per_cent_of(n, d));
    Figure {
        department: Some(view.department.clone()),
        field: view.field.clone(),
        numerator: view.numerator.and_then(number),
        denominator: view.denominator.and_then(number),
        value: view.value.map(Exact::of).or(ratio),
        ..Figure::default()
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

/// The figures of a period that do not meet their targets: computed ones by department, measured ones as they were measured.
///
/// # Errors
/// The database's.
pub async fn unmet(db: &impl ConnectionTrait, reach: &Reach, span: &Span) -> Result<Vec<Unmet>, ApiError> {
    let spans = vec![span.clone()];
    let request = Request { kpis: Vec::new(), spans, group_by: GroupBy::Department, slice: Slice::default(), census: None };
    let (kpis, units) = (store::some(db, &[]).await?, store::units(db).await?);
    let ids: Vec<Uuid> = kpis.iter().filter(|k| k.source != Source::Computed).map(|k| k.id).collect();
    let measured = store::all_measured(db, reach, &ids, std::slice::from_ref(&span.name)).await?;
    let chosen = reports::Chosen::default();
    let question = Question { reach, chosen: &chosen, days: span.days, as_of: span.days.to, group_by: request.group_by };
    let counts = reports::counts(db, &question).await?;
    let desk = Desk { request: &request, units: &units, asked: None, among: None };
    let mut found = Vec::new();
    for kpi in &kpis {
        let figures: Vec<Figure> = match kpi.formula {
            Some(formula) => desk.computed(formula, &counts),
            None => measured.iter().filter(|m| m.view.kpi == kpi.code).map(figure).collect(),
        };
        let judged = figures.into_iter().map(|figure| desk.judge(kpi, span, figure)).filter(|result| result.status == Status::NotMet);
        found.extend(judged.filter_map(|result| {
            Some(Unmet {
                department: result.department?,
                kpi: result.kpi,
                name: kpi.name.clone(),
                field: result.field,
                value: result.value,
                target: result.target.map(Decimal::shown),
                comparator: result.comparator,
            })
        }));
    }
    Ok(found)
}

/// Results as a table.
pub fn table(results: &[KpiResult]) -> Table {
    let columns = [
        ("Chỉ tiêu", "Indicator"),
        ("Kỳ", "Period"),
        ("Đơn vị", "Department"),
        ("Lĩnh vực", "Field"),
        ("Mã", "Code"),
        ("Tên", "Name"),
        ("Tử số", "Numerator"),
        ("Mẫu số", "Denominator"),
        ("Giá trị", "Value"),
        ("So sánh", "Comparison"),
        ("Mục tiêu", "Target"),
        ("Trạng thái", "Status"),
        ("Lý do không có giá trị", "Why there is no value"),
    ];
    let text = |value: &Option<String>| value.clone().map_or(Cell::Empty, Cell::Text);
    let count = |value: &Option<serde_json::Number>| match value {
        Some(n) => n.as_i64().map(Cell::Count).or_else(|| n.as_f64().map(Cell::Number)).unwrap_or(Cell::Empty),
        None => Cell::Empty,
    };
    let number = |value: Option<f64>| value.map_or(Cell::Empty, Cell::Number);
    let rows = results.iter().map(|r| {
        vec![
            Cell::Text(r.kpi.clone()),
            Cell::Text(r.period.clone()),
            text(&r.department),
            text(&r.field),
            text(&r.key),
            text(&r.name),
            count(&r.numerator),
            count(&r.denominator),
            number(r.value),
            r.comparator.map_or(Cell::Empty, |c| Cell::Text(c.name().replace(">=", "≥").replace("<=", "≤"))),
            number(r.target.map(Decimal::shown)),
            Cell::Text(r.status.name().to_owned()),
            r.reason.map_or(Cell::Empty, |reason| Cell::Text(reason.name().to_owned())),
        ]
    });
    Table { name: "kpi-results", columns: columns.into_iter().map(|(vi, en)| Text::new(vi, en)).collect(), rows: rows.collect() }
}
