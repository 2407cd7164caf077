//! Bodies of the indicators' operations.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

pub use super::definitions::wire::{KpiView, NewKpi};
use crate::http::decimal::Decimal;
use crate::http::{Line, Prose, ResourceCode};
use crate::reports::period::PeriodCode;

/// Declares a closed list with its names on the wire and in the database.
macro_rules! names {
    ($(#[doc = $doc:literal])* $type:ident { $($variant:ident $name:literal),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $type { $(#[serde(rename = $name)] $variant),+ }

        impl $type {
            pub const NAMES: &[&str] = &[$($name),+];

            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name),+ }
            }
        }

        // By hand: the derive does not see names that a macro gives.
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let words = ObjectBuilder::new().schema_type(Type::String).enum_values(Some($type::NAMES.iter().copied()));
                RefOr::T(Schema::Object(words.description(Some(concat!($($doc),*).trim())).build()))
            }
        }
        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                concat!("Kpi", stringify!($type)).into()
            }
        }
    };
}
pub(in crate::kpi) use names;

names! {
    /// What the figure is counted in; per cent runs from 0 to 100, a count is whole, points and days may have decimals.
    Unit { Percent "percent", Count "count", Point "point", Day "day" }
}
names! {
    /// Whether more or less is better.
    Direction { Higher "higher_is_better", Lower "lower_is_better" }
}
names! {
    /// Where the figure comes from. Computed ones follow a formula or an expression, the others are measured and need evidence.
    Source { Computed "computed", Imported "imported", Survey "survey", Manual "manual" }
}
names! {
    /// How a computed indicator is counted.
    Formula {
        OnTimeRate "on_time_rate",
        OnTimeRateIi06a "on_time_rate_ii06a",
        OnlineRate "online_rate",
        ApologyCoverage "apology_coverage",
        SupplementRate "supplement_rate",
        RefusalRate "refusal_rate",
        EDocumentRate "e_document_rate",
        EOfficeDraftedRate "e_office_drafted_rate",
        TaskOnTimeRate "task_on_time_rate",
        TasksOverdueOrExtended "tasks_overdue_or_extended",
        PlanCompletionRate "plan_completion_rate",
        CriteriaUp "criteria_up",
        CriteriaDown "criteria_down",
    }
}
names! {
    /// How the unrounded figure is compared with the target.
    Comparator { AtLeast ">=", AtMost "<=", Equal "=" }
}

impl Formula {
    pub fn unit(self) -> Unit {
        match self {
            Formula::TasksOverdueOrExtended | Formula::CriteriaUp | Formula::CriteriaDown => Unit::Count,
            _ => Unit::Percent,
        }
    }

    /// Whether it is counted from tasks.
    pub fn is_of_tasks(self) -> bool {
        matches!(self, Formula::TaskOnTimeRate | Formula::TasksOverdueOrExtended | Formula::PlanCompletionRate)
    }

    /// Whether it is counted from the register of documents.
    pub fn is_of_documents(self) -> bool {
        matches!(self, Formula::EDocumentRate | Formula::EOfficeDraftedRate)
    }
}

/// What an indicator has to reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KpiTarget, example = json!({"authority": "kh-1186-skhdt-2022", "department": "SKHDT", "field": null, "procedure": null, "period": "2022",
    "comparator": ">=", "value": 99.0, "margin": 0.5, "wording": "phấn đấu 99% thủ tục hành chính phải được giải quyết đúng hạn"}))]
pub struct Target {
    /// Who set it: the code of a plan, or an agency.
    pub authority: Line,
    /// Code of the department whose target it is; it also holds for those below that have none of their own.
    /// Null: the whole organisation.
    #[serde(default)]
    pub department: Option<ResourceCode>,
    /// Code of the field of procedures it is for. Null: all.
    #[serde(default)]
    pub field: Option<ResourceCode>,
    /// Code of the procedure it is for. Null: all.
    #[serde(default)]
    pub procedure: Option<ResourceCode>,
    /// Code of a period; it also holds for every period inside that one.
    #[schema(value_type = PeriodCode, example = "2022")]
    pub period: Line,
    /// It does not point against the indicator's direction: `<=` is for `lower_is_better` only, `>=` for `higher_is_better`.
    pub comparator: Comparator,
    /// Null when the authority has not named a figure.
    #[serde(default)]
    pub value: Option<Decimal>,
    /// How near to the value a figure is at risk while its period runs: by less than this it meets the target and may yet miss it, or
    /// misses it and may yet meet it. Null: it is never at risk.
    #[serde(default)]
    pub margin: Option<Decimal>,
    /// The words in which it was set.
    #[serde(default)]
    pub wording: Option<Prose>,
}

names! {
    /// How the figure stands against its target. At risk it is only while the period runs: near the target, on either side, by less than
    /// the target's margin.
    Status { Met "met", AtRisk "at_risk", NotMet "not_met", NoData "no_data", NoTarget "no_target" }
}
names! {
    /// Why there is no value: nothing to divide by; nothing measured; nothing recorded yet to compute from; measurements of several
    /// departments that cannot be added up; a figure too large to be held exactly; the indicator not in force at the end of the period,
    /// not defined for such periods, or not for what was asked.
    NoValue {
        ZeroDenominator "zero_denominator",
        NoMeasurement "no_measurement",
        NoDataSource "no_data_source",
        NotAdditive "not_additive",
        OutOfRange "out_of_range",
        NotInForce "not_in_force",
        OtherPeriods "other_periods",
        OutOfScope "out_of_scope",
    }
}
