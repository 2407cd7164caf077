//! Figures by what they are about, before they are set against their targets. Pure: everything was read before.

use std::collections::{HashMap, HashSet};

use super::book::{Plans, Slate};
use super::measured::{figure, sum};
use super::plan::Plan;
use super::request::Request;
use super::sources::{Counting, Row, Tally};
use super::store::Unit;
use super::tree::{Child, Children};
use crate::http::decimal::Exact;
use crate::kpi::expression::Expression;
use crate::kpi::measurements::Measured;
use crate::kpi::rules::Chain;
use crate::kpi::wire::{NoValue, Source};
use crate::reports::Chosen;
use crate::reports::filter::GroupBy;
use crate::reports::period::{Period, Span};

/// A figure with what it is about.
#[derive(Clone, Default)]
pub struct Figure {
    pub key: Option<String>,
    pub name: Option<String>,
    pub department: Option<String>,
    pub field: Option<String>,
    pub numerator: Option<serde_json::Number>,
    pub denominator: Option<serde_json::Number>,
    pub value: Option<Exact>,
    pub reason: Option<NoValue>,
    /// A provisional measurement is among what it is made of.
    pub provisional: bool,
    /// Codes of departments that owe a measurement for it.
    pub missing: Vec<String>,
}

/// What all figures of a request are made with.
pub struct Desk<'a> {
    pub request: &'a Request,
    pub chosen: &'a Chosen,
    pub units: &'a [Unit],
    /// Codes of the departments that the figures are about, as far as their measurements are in sight.
    pub among: HashSet<&'a str>,
    pub children: Option<&'a Children>,
    pub measured: &'a [Measured],
    /// Which indicators were ever measured for which departments.
    pub ever: &'a HashSet<(String, String)>,
    pub plans: &'a Plans,
    pub slate: &'a Slate,
}

/// Figures that were made, by code of the indicator.
pub type Made = HashMap<String, Vec<Figure>>;

impl<'a> Desk<'a> {
    /// Makes the figures of an indicator in a period, one or one for each row, and before them those that its expression names.
    pub fn make(&self, code: &str, span: &Span, made: &mut Made) {
        if made.contains_key(code) {
            return;
        }
        // Whoever named itself would find nothing.
        made.insert(code.to_owned(), Vec::new());
        let figures = match self.plans.get(&(code.to_owned(), span.name.clone())) {
            Some(Ok(plan)) => match (&plan.definition.expression, plan.counting()) {
                (Some(text), _) => {
                    plan.definition.inputs.iter().for_each(|input| self.make(input, span, made));
                    self.expressed(plan, text, made)
                }
                (None, Some(counting)) => self.computed(plan, counting),
                (None, None) => self.measured(plan),
            },
            Some(Err(reason)) => self.nothing(*reason),
            None => Vec::new(),
        };
        made.insert(code.to_owned(), figures);
    }

    fn asked(&self) -> Option<&str> {
        self.chosen.department.as_ref().map(|d| d.code.as_str())
    }

    fn is_one(&self) -> bool {
        self.children.is_none() && self.request.group_by == GroupBy::None
    }

    /// No value, and why: for everything, or for each department right below.
    fn nothing(&self, reason: NoValue) -> Vec<Figure> {
        let rows = match self.children {
            Some(children) => {
                let row = |child: &Child| Row { key: Some(child.code.clone()), name: Some(child.name.clone()), ..Row::default() };
                children.list.iter().map(row).collect()
            }
            None if self.is_one() => vec![Row::default()],
            None => Vec::new(),
        };
        rows.iter().map(|row| Figure { reason: Some(reason), ..self.about(row, self.chosen.field.as_deref()) }).collect()
    }

    fn computed(&self, plan: &Plan, counting: Counting) -> Vec<Figure> {
        let rows = self.slate.get(&(plan.cut.clone(), counting.family())).map(Vec::as_slice).unwrap_or_default();
        // Asked by a field there are no tasks to count.
        if rows.is_empty() {
            return self.nothing(NoValue::NoDataSource);
        }
        let figure = |row: &Row| {
            let about = self.about(row, plan.cut.field.as_deref());
            let Some(tally) = plan.definition.formula.and_then(|formula| row.tally(formula)) else {
                return Figure { reason: Some(NoValue::NoDataSource), ..about };
            };
            counted(tally, about)
        };
        rows.iter().map(figure).collect()
    }

    /// What an expression gives, by row: of every row that one of its indicators has.
    fn expressed(&self, plan: &Plan, text: &str, made: &Made) -> Vec<Figure> {
        let Ok(expression) = Expression::parse(text) else { return self.nothing(NoValue::NoDataSource) };
        let of = |code: &str| made.get(code).map(Vec::as_slice).unwrap_or_default();
        let mut rows: Vec<&Figure> = Vec::new();
        for figure in plan.definition.inputs.iter().flat_map(|code| of(code)) {
            if rows.iter().all(|row| row.key != figure.key) {
                rows.push(figure);
            }
        }
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        let figure = |row: &&Figure| {
            let about = Row { key: row.key.clone(), name: row.name.clone(), field: row.field.clone(), tallies: Vec::new() };
            let (mut missing, mut provisional): (Vec<String>, bool) = (Vec::new(), false);
            let mut figure_of = |code: &str| {
                let own = of(code).iter().find(|own| own.key == row.key).ok_or(NoValue::NoDataSource)?;
                missing.extend(own.missing.iter().filter(|code| !missing.contains(code)).cloned().collect::<Vec<_>>());
                provisional |= own.provisional;
                own.value.ok_or(own.reason.unwrap_or(NoValue::NoDataSource))
            };
            let value = expression.evaluate(&mut figure_of);
            Figure { value: value.ok(), reason: value.err(), missing, provisional, ..self.about(&about, plan.cut.field.as_deref()) }
        };
        rows.iter().map(figure).collect()
    }

    /// What a row is about.
    fn about(&self, row: &Row, field: Option<&str>) -> Figure {
        let by_department = self.children.is_some() || self.request.group_by == GroupBy::Department;
        Figure {
            key: row.key.clone(),
            name: row.name.clone(),
            department: if by_department { row.key.clone() } else { self.asked().map(str::to_owned) },
            field: row.field.clone().or_else(|| field.map(str::to_owned)),
            ..Figure::default()
        }
    }

    /// Whose measurement stands for everything asked for: of the department asked for, or of the root agency when none is.
    pub fn head(&self) -> Option<&str> {
        let root = || self.units.iter().find(|u| u.is_root).map(|u| u.code.as_str());
        self.asked().or_else(root)
    }

    /// What was recorded of an indicator for a period, and what surveys give. A measurement is of no procedure.
    fn of_period(&self, kpi: &str, span: &Span) -> Vec<&'a Measured> {
        let all = self.measured.iter().filter(|m| m.view.kpi == kpi && m.view.period == span.name);
        all.filter(|_| self.chosen.procedure.is_none()).collect()
    }

    /// The measurements that figures are made from: where a survey was counted, its answers, and what was recorded is what was published.
    fn counting(&self, kpi: &str, span: &Span) -> Vec<&'a Measured> {
        let here = self.of_period(kpi, span);
        let outdone = |m: &Measured| m.survey.is_none() && here.iter().any(|other| other.survey.is_some() && other.is_beside(m));
        here.iter().copied().filter(|m| !outdone(m)).collect()
    }

    /// What was published of a figure that is computed, or counted from a survey. One for all that the indicator is about needs no field.
    pub fn published(&self, plan: &Plan, figure: &Figure) -> Option<&'a Measured> {
        let whose = figure.department.as_deref().or(self.head())?;
        let scoped = plan.definition.scope.field.is_some();
        let here = self.of_period(&plan.definition.code, &plan.span);
        let of_field = |field: &Option<String>| *field == figure.field || (scoped && field.is_none());
        let computed = plan.definition.source == Source::Computed;
        let surveyed = |m: &Measured| here.iter().any(|other| other.survey.is_some() && other.is_beside(m));
        let mut recorded = here.iter().copied().filter(|m| m.survey.is_none() && (computed || surveyed(m)));
        recorded.find(|m| m.view.department == whose && of_field(&m.view.field))
    }

    fn measured(&self, plan: &Plan) -> Vec<Figure> {
        let here = self.counting(&plan.definition.code, &plan.span);
        let field = self.chosen.field.as_deref();
        let of_head = || here.iter().copied().filter(|m| Some(m.view.department.as_str()) == self.head());
        match (self.children, self.request.group_by) {
            (Some(children), _) => children
                .list
                .iter()
                .map(|child| {
                    let members: HashSet<&str> =
                        self.among.iter().copied().filter(|code| children.of(code) == Some(child.code.as_str())).collect();
                    let figure = self.together(plan, &here, Some(&child.code), &members);
                    Figure { key: Some(child.code.clone()), name: Some(child.name.clone()), department: Some(child.code.clone()), ..figure }
                })
                .collect(),
            (None, GroupBy::None) => {
                let figure = self.together(plan, &here, self.head(), &self.among);
                vec![Figure { department: self.asked().map(str::to_owned), ..figure }]
            }
            (None, GroupBy::Department) => {
                let wanted = here.iter().filter(|m| m.view.field.as_deref() == field && self.among.contains(m.view.department.as_str()));
                wanted
                    .map(|m| {
                        let (key, name) = (Some(m.view.department.clone()), Some(m.department_name.clone()));
                        Figure { key, name, ..figure(m) }
                    })
                    .collect()
            }
            (None, GroupBy::Field) => of_head()
                .filter(|m| m.view.field.is_some() && (field.is_none() || m.view.field.as_deref() == field))
                .map(|m| Figure {
                    key: m.view.field.clone(),
                    name: m.field_name.clone(),
                    department: self.asked().map(str::to_owned),
                    ..figure(m)
                })
                .collect(),
            (None, GroupBy::Procedure) => Vec::new(),
        }
    }

    /// What was measured of an indicator, each as a figure of its own.
    pub fn recorded(&self, plan: &Plan) -> Vec<Figure> {
        self.counting(&plan.definition.code, &plan.span).into_iter().map(figure).collect()
    }

    /// The measurements that make the figure of a department and those below it.
    pub fn behind(&self, plan: &Plan) -> Vec<&'a Measured> {
        self.standing(&self.counting(&plan.definition.code, &plan.span), self.head(), &self.among)
    }

    /// The measurement of the head stands for all; without it those do that have none above them.
    fn standing(&self, here: &[&'a Measured], head: Option<&str>, members: &HashSet<&str>) -> Vec<&'a Measured> {
        let field = self.chosen.field.as_deref();
        let of_head: Vec<&Measured> = here.iter().copied().filter(|m| Some(m.view.department.as_str()) == head).collect();
        if let Some(own) = of_head.iter().find(|m| m.view.field.as_deref() == field) {
            return vec![own];
        }
        // Measured for a single field: that is the figure.
        if let ([only], None) = (of_head.as_slice(), field) {
            return vec![only];
        }
        let inside: Vec<&Measured> =
            here.iter().copied().filter(|m| m.view.field.as_deref() == field && members.contains(m.view.department.as_str())).collect();
        let codes: HashSet<&str> = inside.iter().map(|m| m.view.department.as_str()).collect();
        let topmost = |m: &&Measured| !self.above(&m.view.department).iter().any(|code| codes.contains(code.as_str()));
        inside.iter().copied().filter(topmost).collect()
    }

    /// The codes of the departments above one.
    fn above(&self, department: &str) -> &[String] {
        let unit = self.units.iter().find(|unit| unit.code == department);
        unit.and_then(|unit| unit.chain.get(1..)).unwrap_or_default()
    }

    /// The figure of a head with its members: its own, or what those that were measured add up to.
    fn together(&self, plan: &Plan, here: &[&'a Measured], head: Option<&str>, members: &HashSet<&str>) -> Figure {
        let field = self.chosen.field.as_deref();
        let standing = self.standing(here, head, members);
        let stands_for_all = matches!(standing.as_slice(), [only] if Some(only.view.department.as_str()) == head);
        let mut missing = if stands_for_all { Vec::new() } else { self.owing(plan, &standing, members) };
        if standing.is_empty() && missing.is_empty() {
            missing.extend(head.filter(|code| self.among.contains(code)).map(str::to_owned));
        }
        let about = Figure { field: field.map(str::to_owned), missing, ..Figure::default() };
        match standing.as_slice() {
            [] => Figure { reason: Some(NoValue::NoMeasurement), ..about },
            [only] if stands_for_all || about.missing.is_empty() => Figure { missing: about.missing, ..figure(only) },
            several => sum(several, plan.definition.unit, about),
        }
    }

    /// Members that owe a measurement and have none, nor anyone above them: those with a target of their own for the period, and those measured
    /// in another one.
    fn owing(&self, plan: &Plan, standing: &[&Measured], members: &HashSet<&str>) -> Vec<String> {
        let (kpi, span) = (&plan.definition, &plan.span);
        let around = |period: &str| Period::parse(period).is_some_and(|period| period.days(span.set).holds(span.days));
        let aimed =
            |code: &str| kpi.targets.iter().any(|t| t.department.as_ref().is_some_and(|d| d.as_str() == code) && around(t.period.as_str()));
        let owes = |code: &str| aimed(code) || self.ever.contains(&(kpi.code.clone(), code.to_owned()));
        let covered = |unit: &Unit| standing.iter().any(|m| unit.chain.contains(&m.view.department));
        let all = self.units.iter().filter(|unit| members.contains(unit.code.as_str()) && owes(&unit.code) && !covered(unit));
        all.map(|unit| unit.code.clone()).collect()
    }

    /// Every measurement that is owed for the figures of an indicator in a period, and missing.
    pub fn missing(&self, plan: &Plan, figures: &[Figure]) -> Vec<String> {
        let measured = plan.definition.source != Source::Computed;
        if measured && self.children.is_none() && self.request.group_by == GroupBy::Department {
            let field = self.chosen.field.as_deref();
            let here = self.of_period(&plan.definition.code, &plan.span);
            let own = |code: &String| here.iter().any(|m| m.view.field.as_deref() == field && m.view.department == *code);
            return self.owing(plan, &[], &self.among).into_iter().filter(|code| !own(code)).collect();
        }
        let mut all: Vec<String> = Vec::new();
        for code in figures.iter().flat_map(|figure| &figure.missing) {
            if !all.contains(code) {
                all.push(code.clone());
            }
        }
        all
    }

    /// Whose targets hold: those of the department and above it, then of the root agencies.
    pub fn chain(&self, department: Option<&str>) -> Chain {
        let own = self.units.iter().find(|u| Some(u.code.as_str()) == department);
        let mut chain: Chain = own.map(|u| u.chain.clone()).unwrap_or_default();
        chain.extend(self.units.iter().filter(|u| u.is_root && !chain.contains(&u.code)).map(|u| u.code.clone()).collect::<Vec<_>>());
        chain
    }
}

/// A share of counts, or a plain count.
fn counted(tally: Tally, about: Figure) -> Figure {
    let Some(denominator) = tally.denominator else { return Figure { value: Some(Exact::of_count(tally.numerator)), ..about } };
    let value = Exact::per_cent(tally.numerator, denominator);
    Figure {
        numerator: Some(tally.numerator.into()),
        denominator: Some(denominator.into()),
        value,
        reason: value.is_none().then_some(NoValue::ZeroDenominator),
        ..about
    }
}
