//! Bodies of definitions and their versions.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::http::{At, Day, Line, Prose, ResourceCode};
use crate::kpi::wire::{Direction, Formula, Source, Target, Unit, names};
use crate::reports::period::PeriodSet;

names! {
    /// How long a period is.
    PeriodKind { Month "month", Quarter "quarter", Half "half", NineMonths "nine_months", Year "year" }
}
names! {
    /// How periods are cut: by plain calendar months, or by months from the 15th of the month before to the 14th.
    PeriodCut { Calendar "calendar", Administrative "administrative" }
}

impl PeriodCut {
    pub fn set(self) -> PeriodSet {
        PeriodSet::named(self.name())
    }
}

/// For which periods an indicator is defined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KpiPeriodRule, example = json!({"cut": "calendar", "kinds": ["quarter", "year"]}))]
pub struct PeriodRule {
    #[serde(default = "calendar")]
    pub cut: PeriodCut,
    /// Kinds of periods that it has figures for. Empty: all.
    #[serde(default)]
    pub kinds: Vec<PeriodKind>,
}

fn calendar() -> PeriodCut {
    PeriodCut::Calendar
}

impl Default for PeriodRule {
    fn default() -> Self {
        PeriodRule { cut: PeriodCut::Calendar, kinds: Vec::new() }
    }
}

/// What an indicator is about; nothing of it set: everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KpiScope, example = json!({"department": "SKHDT", "field": "DT", "procedure": null}))]
pub struct Scope {
    /// Code of the department that it is of, with those below. Null: all.
    #[serde(default)]
    pub department: Option<ResourceCode>,
    /// Code of the field of procedures. Null: all.
    #[serde(default)]
    pub field: Option<ResourceCode>,
    /// Code of the procedure. Null: all.
    #[serde(default)]
    pub procedure: Option<ResourceCode>,
}

/// An indicator as it is put; absent members take their default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "reform_index", "name": "Chỉ số cải cách hành chính của Sở", "unit": "percent",
    "direction": "higher_is_better", "source": "imported", "period_rule": {"cut": "calendar", "kinds": ["year"]},
    "targets": [{"authority": "kh-1186-skhdt-2022", "department": "SKHDT",
    "period": "2022", "comparator": ">=", "value": 85, "wording": "đạt từ 85% trở lên"}]}))]
pub struct NewKpi {
    pub code: ResourceCode,
    pub name: Line,
    pub unit: Unit,
    pub direction: Direction,
    pub source: Source,
    /// How a computed indicator is counted from dossiers, documents or tasks. A computed one has either this or `expression`, the others
    /// have neither. Another formula begins with a later `valid_from`.
    #[serde(default)]
    pub formula: Option<Formula>,
    /// How a computed indicator follows from others: numbers, codes, `+ - * /`, brackets, `min(…)` and `max(…)`. A code with `-` in it, or
    /// that begins with a digit, stands in `[ ]`; decimals have a point. Each indicator enters with its exact figure in its own unit.
    /// A weighted index is `(2 * access_to_service + 3 * [service-by-officials]) / (2 + 3)`. At most 1000 characters, 20 brackets deep.
    #[serde(default)]
    pub expression: Option<Prose>,
    /// What it is about. Absent: everything.
    #[serde(default)]
    pub scope: Scope,
    /// For which periods it has figures, and how they are cut. Absent: for all, by the calendar.
    #[serde(default)]
    pub period_rule: PeriodRule,
    /// First day on which this definition holds; it replaces what was defined for that day and all days after it. Null: it always did.
    #[serde(default)]
    pub valid_from: Option<Day>,
    /// Last day on which it holds. Null: until another.
    #[serde(default)]
    pub valid_to: Option<Day>,
    /// Code of the index that this one is a part of.
    #[serde(default)]
    pub component_of: Option<ResourceCode>,
    #[serde(default)]
    pub note: Option<Prose>,
    /// Of two that fit equally well the first counts. They name their own periods: those of an earlier period stay when the definition
    /// changes, as long as they stand here.
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// An indicator.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-1000-7000-8000-000000000001", "code": "on_time_rate",
    "name": "Tỷ lệ thủ tục hành chính được hoàn thành đúng hạn", "unit": "percent", "direction": "higher_is_better", "source": "computed",
    "formula": "on_time_rate", "expression": null, "inputs": [], "scope": {"department": null, "field": null, "procedure": null},
    "period_rule": {"cut": "calendar", "kinds": []}, "valid_from": null, "valid_to": null, "component_of": null, "note": null,
    "targets": [{"authority": "kh-1186-skhdt-2022", "department": "SKHDT", "field": null, "procedure": null, "period": "2022",
    "comparator": ">=", "value": 99.0, "margin": null, "wording": "phấn đấu 99%"}], "version": 2}))]
pub struct KpiView {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub unit: Unit,
    pub direction: Direction,
    pub source: Source,
    pub formula: Option<Formula>,
    pub expression: Option<String>,
    /// Codes of the indicators in the expression, as they come.
    pub inputs: Vec<String>,
    pub scope: Scope,
    pub period_rule: PeriodRule,
    pub valid_from: Option<Day>,
    pub valid_to: Option<Day>,
    pub component_of: Option<String>,
    pub note: Option<String>,
    pub targets: Vec<Target>,
    pub version: i32,
}

crate::page_of!(
    /// A page of indicators.
    KpiPage, KpiView);

/// A definition that an indicator has had.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"version": 1, "valid_from": null, "valid_to": null, "changed_by": "office", "changed_at": "2022-01-06T08:00:00+07:00",
    "definition": {"code": "reform_index", "name": "Chỉ số cải cách hành chính", "unit": "percent", "direction": "higher_is_better",
    "source": "imported", "formula": null, "expression": null, "scope": {"department": null, "field": null, "procedure": null},
    "period_rule": {"cut": "calendar", "kinds": []}, "valid_from": null, "valid_to": null, "component_of": null, "note": null, "targets": []}}))]
pub struct KpiVersionView {
    pub version: i32,
    /// First day on which it holds, up to the day before a later version begins. Null: from the beginning.
    pub valid_from: Option<Day>,
    /// Last day on which it holds. Null: until another.
    pub valid_to: Option<Day>,
    /// User name. Null: it came with the product.
    pub changed_by: Option<String>,
    pub changed_at: At,
    /// As it was put, targets included.
    pub definition: NewKpi,
}

crate::page_of!(
    /// A page of versions.
    KpiVersionPage, KpiVersionView);
