//! What is counted for an indicator in a period: by the definition in force at its end, within what the indicator is about. Pure.

use std::collections::HashMap;

use super::request::Request;
use super::sources::Counting;
use super::store::Unit;
use crate::kpi::definitions::rules::{has_figures, in_force, narrowed};
use crate::kpi::definitions::wire::KpiVersionView;
use crate::kpi::wire::{KpiView, NoValue};
use crate::reports::Chosen;
use crate::reports::period::{Range, Span};

/// What is counted together: the days, and what narrows them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cut {
    pub days: Range,
    pub field: Option<String>,
    /// Code of a procedure.
    pub procedure: Option<String>,
    /// Code of the department that the indicator is of, with those below.
    pub within: Option<String>,
}

/// An indicator in a period.
#[derive(Clone, Debug)]
pub struct Plan {
    /// As it was defined at the end of the period.
    pub definition: KpiView,
    pub span: Span,
    pub cut: Cut,
}

impl Plan {
    pub fn counting(&self) -> Option<Counting> {
        self.definition.formula.map(Counting::of)
    }
}

/// What a request is about, as far as it narrows.
pub struct Asked<'a> {
    pub request: &'a Request,
    pub chosen: &'a Chosen,
    pub units: &'a [Unit],
}

impl Asked<'_> {
    /// # Errors
    /// Why the indicator has no figure for what was asked.
    pub fn plan(&self, kpi: &KpiView, versions: &[KpiVersionView], span: &Span) -> Result<Plan, NoValue> {
        let definition = in_force(kpi, versions, span.days.to).ok_or(NoValue::NotInForce)?;
        if !has_figures(&definition.period_rule, &span.name) {
            return Err(NoValue::OtherPeriods);
        }
        let span = if self.request.cut_named { span.clone() } else { span.cut(definition.period_rule.cut.set()) };
        let (field, procedure) = narrowed(&definition.scope, self.chosen.field.as_deref(), self.chosen.procedure_code.as_deref())?;
        let within = definition.scope.department.as_ref().map(ToString::to_string);
        if let (Some(within), Some(asked)) = (&within, &self.chosen.department)
            && !self.meet(within, &asked.code)
        {
            return Err(NoValue::OutOfScope);
        }
        let cut = Cut { days: span.days, field, procedure, within };
        Ok(Plan { definition, span, cut })
    }

    /// Whether one department is the other, or above it, or below.
    fn meet(&self, one: &str, other: &str) -> bool {
        let above = |code: &str, top: &str| self.units.iter().any(|unit| unit.code == code && unit.chain.iter().any(|up| up == top));
        above(one, other) || above(other, one)
    }

    /// What is chosen of what was asked for.
    pub fn chosen(&self, cut: &Cut, procedures: &HashMap<String, uuid::Uuid>) -> Chosen {
        let mut chosen = self.chosen.clone();
        chosen.field = cut.field.clone();
        chosen.procedure = cut.procedure.as_ref().and_then(|code| procedures.get(code).copied()).or(chosen.procedure);
        if let Some(within) = &cut.within {
            let inside = self.units.iter().filter(|unit| unit.chain.contains(within)).map(|unit| unit.id);
            let asked = |id: &uuid::Uuid| chosen.departments.as_ref().is_none_or(|ids| ids.contains(id));
            chosen.departments = Some(inside.filter(asked).collect());
        }
        chosen
    }
}
