//! What a definition must fulfil, and which one is in force on a day. Pure.

mod circle;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

pub use circle::Lineage;

use super::wire::{KpiVersionView, KpiView, NewKpi, PeriodKind, PeriodRule, Scope};
use crate::error::{Code, Fault};
use crate::http::{Line, Prose, ResourceCode};
use crate::kpi::expression::Expression;
use crate::kpi::rules::{bad_period, fits, unit_words};
use crate::kpi::wire::{Comparator, Direction, NoValue, Source, Target};
use crate::reports::period::Period;

/// What a definition may refer to.
pub struct Known {
    pub departments: HashSet<String>,
    pub fields: HashSet<String>,
    /// The field of each procedure that is named.
    pub procedures: HashMap<String, String>,
    /// Every indicator with the one that it is a part of, as they will be.
    pub components: HashMap<String, Option<String>>,
    /// Which indicators follow from which others, from when to when.
    pub lineages: Vec<Lineage>,
}

/// Codes of the indicators in an expression.
pub fn inputs(expression: Option<&str>) -> Vec<String> {
    expression.and_then(|text| Expression::parse(text).ok()).map(|read| read.names().to_vec()).unwrap_or_default()
}

fn bad(at: &'static str, vi: &str, en: &str) -> Fault {
    Fault::new(Code::BadIndicator, at, vi, en)
}

/// Every fault of a definition.
pub fn kpi_faults(row: &NewKpi, old: Option<&KpiView>, measured: bool, known: &Known) -> Vec<Fault> {
    let mut faults = Vec::new();
    if row.name.is_blank() {
        faults.push(Fault::missing("/name"));
    }
    faults.extend(how_faults(row));
    if let Some(old) = old {
        faults.extend(change_faults(row, old, measured));
    }
    faults.extend(expression_faults(row, old.map_or(1, |old| old.version + 1), known));
    faults.extend(scope_faults(row, known));
    if row.valid_from.zip(row.valid_to).is_some_and(|(from, to)| from > to) {
        faults.push(Fault::plain(Code::DatesBackwards, "/valid_to"));
    }
    let kinds = &row.period_rule.kinds;
    if let Some(i) = (1..kinds.len()).find(|i| kinds[..*i].contains(&kinds[*i])) {
        faults.push(Fault::plain(Code::DuplicateInPayload, format!("/period_rule/kinds/{i}")));
    }
    if let Some(whole) = &row.component_of {
        if !known.components.contains_key(whole.as_str()) {
            faults.push(Fault::unknown("/component_of", whole.as_str()));
        } else if circular(&row.code, &known.components) {
            faults.push(Fault::plain(Code::CircularParent, "/component_of"));
        }
    }
    for (i, target) in row.targets.iter().enumerate() {
        faults.extend(target_faults(target, i, row, known));
        if row.targets[..i].iter().any(|before| same_place(before, target)) {
            faults.push(Fault::plain(Code::DuplicateInPayload, format!("/targets/{i}")));
        }
    }
    faults
}

/// Source, formula, expression and unit fit each other.
fn how_faults(row: &NewKpi) -> Vec<Fault> {
    let mut faults = Vec::new();
    match (row.source, row.formula, &row.expression) {
        (Source::Computed, None, None) => faults.push(Fault::missing("/formula")),
        (Source::Computed, Some(_), Some(_)) => {
            faults.push(bad("/expression", "Có công thức thì không có biểu thức.", "It has either a formula or an expression."));
        }
        (Source::Computed, Some(formula), None) if formula.unit() != row.unit => {
            faults.push(bad("/unit", "Công thức này cho đơn vị tính khác.", "The formula gives another unit."));
        }
        (Source::Computed, _, _) => {}
        (_, formula, expression) => {
            if formula.is_some() {
                faults.push(bad("/formula", "Chỉ chỉ tiêu được tính mới có công thức.", "Only a computed indicator has a formula."));
            }
            if expression.is_some() {
                faults.push(bad("/expression", "Chỉ chỉ tiêu được tính mới có biểu thức.", "Only a computed indicator has an expression."));
            }
        }
    }
    faults
}

/// What was computed stays computed by the same formula, and what was measured stays measured, until a later definition begins.
fn change_faults(row: &NewKpi, old: &KpiView, measured: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    let begins_later = row.valid_from > old.valid_from;
    if old.formula.is_some() && old.formula != row.formula && !begins_later {
        faults.push(bad(
            "/formula",
            "Chỉ tiêu được tính giữ nguyên công thức; công thức khác cần valid_from muộn hơn.",
            "A computed indicator keeps its formula; another one needs a later valid_from.",
        ));
    }
    if old.expression.is_some() && row.expression.is_none() && !begins_later {
        faults.push(bad(
            "/expression",
            "Chỉ tiêu được tính giữ biểu thức; cách tính khác cần valid_from muộn hơn.",
            "A computed indicator keeps an expression; another way to compute it needs a later valid_from.",
        ));
    }
    let in_use = |at: &'static str| Fault::new(Code::InUse, at, "Chỉ tiêu đã có số đo.", "There are measurements of this indicator.");
    if measured && row.unit != old.unit {
        faults.push(in_use("/unit"));
    } else if measured && old.source != Source::Computed && row.source == Source::Computed && !begins_later {
        faults.push(in_use("/source"));
    }
    faults
}

fn expression_faults(row: &NewKpi, version: i32, known: &Known) -> Vec<Fault> {
    let Some(text) = &row.expression else { return Vec::new() };
    let read = match Expression::parse(text.as_str()) {
        Err(unreadable) => {
            let text = unreadable.text();
            return vec![Fault::new(Code::BadIndicator, "/expression", text.vi, text.en)];
        }
        Ok(read) => read,
    };
    let missing = |code: &&String| !known.components.contains_key(*code) && **code != *row.code.as_str();
    let mut faults: Vec<Fault> = read.names().iter().filter(missing).map(|code| Fault::unknown("/expression", code)).collect();
    if let Some(circle) = circle::circle(row, version, read.names(), &known.lineages) {
        let path = circle.join(" → ");
        faults.push(Fault::new(
            Code::BadIndicator,
            "/expression",
            format!("Biểu thức tạo thành vòng: {path}."),
            format!("The expressions make a circle: {path}."),
        ));
    }
    faults
}

fn scope_faults(row: &NewKpi, known: &Known) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Scope { department, field, procedure } = &row.scope;
    if let Some(code) = department.as_ref().filter(|code| !known.departments.contains(code.as_str())) {
        faults.push(Fault::unknown("/scope/department", code.as_str()));
    }
    if let Some(code) = field.as_ref().filter(|code| !known.fields.contains(code.as_str())) {
        faults.push(Fault::unknown("/scope/field", code.as_str()));
    }
    if let Some(code) = procedure {
        let own = known.procedures.get(code.as_str());
        if own.is_none() {
            faults.push(Fault::unknown("/scope/procedure", code.as_str()));
        } else if field.as_ref().is_some_and(|field| own.is_some_and(|own| own != field.as_str())) {
            faults.push(bad("/scope/field", "Thủ tục thuộc lĩnh vực khác.", "The procedure is of another field."));
        }
    }
    if row.formula.is_some_and(|f| f.is_of_tasks() || f.is_of_documents()) && (field.is_some() || procedure.is_some()) {
        faults.push(bad(
            "/scope",
            "Nhiệm vụ và văn bản không thuộc lĩnh vực, thủ tục nào.",
            "Tasks and documents are of no field and no procedure.",
        ));
    }
    faults
}

fn circular(code: &ResourceCode, components: &HashMap<String, Option<String>>) -> bool {
    let mut at = code.as_str();
    for _ in 0..=components.len() {
        match components.get(at).and_then(Option::as_deref) {
            None => return false,
            Some(whole) => at = whole,
        }
    }
    true
}

fn same_place(a: &Target, b: &Target) -> bool {
    let place = |t: &Target| (t.authority.clone(), t.department.clone(), t.field.clone(), t.procedure.clone(), t.period.clone());
    place(a) == place(b)
}

fn target_faults(target: &Target, i: usize, row: &NewKpi, known: &Known) -> Vec<Fault> {
    let mut faults = Vec::new();
    let at = |member: &str| format!("/targets/{i}/{member}");
    if target.authority.is_blank() {
        faults.push(Fault::missing(at("authority")));
    }
    if let Some(code) = target.department.as_ref().filter(|code| !known.departments.contains(code.as_str())) {
        faults.push(Fault::unknown(at("department"), code.as_str()));
    }
    if let Some(code) = target.field.as_ref().filter(|code| !known.fields.contains(code.as_str())) {
        faults.push(Fault::unknown(at("field"), code.as_str()));
    }
    if let Some(code) = target.procedure.as_ref().filter(|code| !known.procedures.contains_key(code.as_str())) {
        faults.push(Fault::unknown(at("procedure"), code.as_str()));
    }
    if Period::parse(target.period.as_str()).is_none() {
        faults.push(bad_period(Code::WrongFormat, at("period")));
    }
    let against = match row.direction {
        Direction::Higher => Comparator::AtMost,
        Direction::Lower => Comparator::AtLeast,
    };
    if target.comparator == against {
        let (vi, en) = ("Phép so sánh ngược với chiều của chỉ tiêu.", "The comparison points against the indicator's direction.");
        faults.push(Fault::new(Code::BadIndicator, at("comparator"), vi, en));
    }
    if target.value.is_some_and(|value| !fits(value, row.unit)) {
        faults.push(Fault::new(Code::BadIndicator, at("value"), unit_words(row.unit).0, unit_words(row.unit).1));
    }
    if let Some(margin) = target.margin {
        if margin.is_zero() {
            faults.push(Fault::new(Code::BadIndicator, at("margin"), "Biên phải lớn hơn 0.", "A margin is greater than 0."));
        } else if target.value.is_none() {
            faults.push(Fault::missing(at("value")));
        }
    }
    faults
}

/// Whether putting the definition would change nothing.
pub fn same_kpi(row: &NewKpi, old: &KpiView) -> bool {
    as_put(old).as_ref() == Some(row)
}

/// The body that would put what stands.
pub fn as_put(view: &KpiView) -> Option<NewKpi> {
    Some(NewKpi {
        code: ResourceCode::parse(&view.code)?,
        name: Line::cut(&view.name),
        unit: view.unit,
        direction: view.direction,
        source: view.source,
        formula: view.formula,
        expression: view.expression.as_deref().map(Prose::cut),
        scope: view.scope.clone(),
        period_rule: view.period_rule.clone(),
        valid_from: view.valid_from,
        valid_to: view.valid_to,
        component_of: view.component_of.as_deref().and_then(ResourceCode::parse),
        note: view.note.as_deref().map(Prose::cut),
        targets: view.targets.clone(),
    })
}

/// The indicator as it was defined on a day: the latest version that had begun, unless it has ended. Targets are those of now, since they
/// name their own periods. `versions` are those of this indicator, in any order; without any the definition of now has always held.
pub fn in_force(kpi: &KpiView, versions: &[KpiVersionView], day: NaiveDate) -> Option<KpiView> {
    let begun = |v: &&KpiVersionView| v.valid_from.is_none_or(|from| from.0 <= day);
    let version = match versions.iter().filter(begun).max_by_key(|v| v.version) {
        None if versions.is_empty() => return held(kpi.clone(), day),
        None => return None,
        Some(version) => version,
    };
    let definition = &version.definition;
    let then = KpiView {
        id: kpi.id,
        code: kpi.code.clone(),
        name: definition.name.as_str().to_owned(),
        unit: definition.unit,
        direction: definition.direction,
        source: definition.source,
        formula: definition.formula,
        expression: definition.expression.as_ref().map(|e| e.as_str().to_owned()),
        inputs: inputs(definition.expression.as_ref().map(|e| e.as_str())),
        scope: definition.scope.clone(),
        period_rule: definition.period_rule.clone(),
        valid_from: version.valid_from,
        valid_to: version.valid_to,
        component_of: definition.component_of.as_ref().map(ToString::to_string),
        note: definition.note.as_ref().map(|n| n.as_str().to_owned()),
        targets: kpi.targets.clone(),
        version: kpi.version,
    };
    held(then, day)
}

fn held(kpi: KpiView, day: NaiveDate) -> Option<KpiView> {
    let begun = kpi.valid_from.is_none_or(|from| from.0 <= day);
    (begun && kpi.valid_to.is_none_or(|to| day <= to.0)).then_some(kpi)
}

/// Whether an indicator has figures for a period of this name; days that are no period by a code are of no kind.
pub fn has_figures(rule: &PeriodRule, period: &str) -> bool {
    rule.kinds.is_empty() || Period::parse(period).is_some_and(|period| rule.kinds.contains(&kind(&period)))
}

/// Field and procedure that are counted when these are asked for.
///
/// # Errors
/// `out_of_scope` when the indicator is about others.
pub fn narrowed(scope: &Scope, field: Option<&str>, procedure: Option<&str>) -> Result<(Option<String>, Option<String>), NoValue> {
    let one = |own: &Option<ResourceCode>, asked: Option<&str>| match (own.as_ref().map(|c| c.as_str()), asked) {
        (Some(own), Some(asked)) if own != asked => Err(NoValue::OutOfScope),
        (own, asked) => Ok(own.or(asked).map(str::to_owned)),
    };
    Ok((one(&scope.field, field)?, one(&scope.procedure, procedure)?))
}

/// Why a measurement of an indicator does not belong to a period and field.
pub fn place_faults(kpi: &KpiView, period: &Period, field: Option<&str>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !has_figures(&kpi.period_rule, period.code()) {
        let (vi, en) = ("Chỉ tiêu không có số cho loại kỳ này.", "The indicator has no figures for periods of this kind.");
        faults.push(Fault::new(Code::BadMeasurement, "", vi, en));
    }
    if kpi.valid_to.is_some_and(|to| to.0 < period.days(kpi.period_rule.cut.set()).to) {
        faults.push(Fault::plain(Code::NotValidThen, ""));
    }
    if field.is_some() && narrowed(&kpi.scope, field, None).is_err() {
        let (vi, en) = ("Chỉ tiêu chỉ về lĩnh vực khác.", "The indicator is about another field.");
        faults.push(Fault::new(Code::BadMeasurement, "/field", vi, en));
    }
    faults
}

/// How long a period is.
pub fn kind(period: &Period) -> PeriodKind {
    match period.code().get(4..5) {
        None => PeriodKind::Year,
        Some("H") => PeriodKind::Half,
        Some("Q") => PeriodKind::Quarter,
        Some(_) if period.code().ends_with("9M") => PeriodKind::NineMonths,
        Some(_) => PeriodKind::Month,
    }
}

#[cfg(test)]
pub(in crate::kpi) mod tests;
