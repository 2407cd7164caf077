//! Bodies of the indicators' operations.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::decimal::Decimal;
use crate::http::bulk::BulkRow;
use crate::http::values::nfc;
use crate::http::{At, Day, Line, Prose, ResourceCode};
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

names! {
    /// What the figure is counted in; per cent runs from 0 to 100.
    Unit { Percent "percent", Count "count" }
}
names! {
    /// Whether more or less is better.
    Direction { Higher "higher_is_better", Lower "lower_is_better" }
}
names! {
    /// Where the figure comes from. Computed ones follow a formula, the others are measured and need evidence.
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
    }
}
names! {
    /// How the unrounded figure is compared with the target.
    Comparator { AtLeast ">=", AtMost "<=", Equal "=" }
}

impl Formula {
    pub fn unit(self) -> Unit {
        if self == Formula::TasksOverdueOrExtended { Unit::Count } else { Unit::Percent }
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
#[schema(as = KpiTarget, example = json!({"authority": "kh-1186-skhdt-2022", "department": "SKHDT", "field": null, "period": "2022", "comparator": ">=",
    "value": 99.0, "wording": "phấn đấu 99% thủ tục hành chính phải được giải quyết đúng hạn"}))]
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
    /// Code of a period; it also holds for every period inside that one.
    #[schema(value_type = PeriodCode, example = "2022")]
    pub period: Line,
    pub comparator: Comparator,
    /// Null when the authority has not named a figure.
    #[serde(default)]
    pub value: Option<Decimal>,
    /// The words in which it was set.
    #[serde(default)]
    pub wording: Option<Prose>,
}

/// An indicator as it is put; absent members take their default.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "reform_index", "name": "Chỉ số cải cách hành chính của Sở", "unit": "percent",
    "direction": "higher_is_better", "source": "imported", "targets": [{"authority": "kh-1186-skhdt-2022", "department": "SKHDT",
    "period": "2022", "comparator": ">=", "value": 85, "wording": "đạt từ 85% trở lên"}]}))]
pub struct NewKpi {
    pub code: ResourceCode,
    pub name: Line,
    pub unit: Unit,
    pub direction: Direction,
    pub source: Source,
    /// Needed for a computed indicator, and kept; the others have none.
    #[serde(default)]
    pub formula: Option<Formula>,
    /// Code of the index that this one is a part of.
    #[serde(default)]
    pub component_of: Option<ResourceCode>,
    #[serde(default)]
    pub note: Option<Prose>,
    /// Of two that fit equally well the first counts.
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// An indicator.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-1000-7000-8000-000000000001", "code": "on_time_rate",
    "name": "Tỷ lệ thủ tục hành chính được hoàn thành đúng hạn", "unit": "percent", "direction": "higher_is_better", "source": "computed",
    "formula": "on_time_rate", "component_of": null, "note": null, "targets": [{"authority": "kh-1186-skhdt-2022", "department": "SKHDT",
    "field": null, "period": "2022", "comparator": ">=", "value": 99.0, "wording": "phấn đấu 99%"}], "version": 2}))]
pub struct KpiView {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub unit: Unit,
    pub direction: Direction,
    pub source: Source,
    pub formula: Option<Formula>,
    pub component_of: Option<String>,
    pub note: Option<String>,
    pub targets: Vec<Target>,
    pub version: i32,
}

crate::page_of!(
    /// A page of indicators.
    KpiPage, KpiView);

/// A document that proves a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MeasurementEvidence, example = json!({"document_number": "112/BC-SNV", "issued_on": "2023-01-16", "title": "Báo cáo kết quả đo lường sự hài lòng năm 2022",
    "link": "https://example.vn/van-ban/112-bc-snv"}))]
pub struct Evidence {
    pub document_number: Line,
    pub issued_on: Day,
    pub title: Line,
    /// Where it can be read, `https://…` or `http://…`.
    #[serde(default)]
    pub link: Option<Line>,
}

/// A measurement as it is put: a value, or a numerator and a denominator.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"value": 86.4, "evidence": [{"document_number": "112/BC-SNV", "issued_on": "2023-01-16",
    "title": "Báo cáo kết quả đo lường sự hài lòng năm 2022"}], "note": null}))]
pub struct NewMeasurement {
    /// The figure, in the indicator's unit.
    #[serde(default)]
    pub value: Option<Decimal>,
    #[serde(default)]
    pub numerator: Option<Decimal>,
    #[serde(default)]
    pub denominator: Option<Decimal>,
    /// Code of the field of procedures that was measured. Null: all. Measurements of different fields stand side by side.
    #[serde(default)]
    pub field: Option<ResourceCode>,
    /// At least one.
    pub evidence: Vec<Evidence>,
    #[serde(default)]
    pub note: Option<Prose>,
}

/// A measurement as it is loaded, with what it is of.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kpi": "satisfaction_index", "department": "SKHDT", "period": "2022", "value": 86.4, "evidence": [{"document_number": "112/BC-SNV",
    "issued_on": "2023-01-16", "title": "Báo cáo kết quả đo lường sự hài lòng năm 2022"}]}))]
pub struct MeasurementRow {
    /// Code of the indicator.
    pub kpi: ResourceCode,
    /// Code of the department that was measured.
    pub department: ResourceCode,
    /// Code of the period.
    #[schema(value_type = PeriodCode, example = "2022")]
    pub period: Line,
    /// Code of the field of procedures that was measured. Null: all.
    #[serde(default)]
    pub field: Option<ResourceCode>,
    /// The figure, in the indicator's unit.
    #[serde(default)]
    pub value: Option<Decimal>,
    #[serde(default)]
    pub numerator: Option<Decimal>,
    #[serde(default)]
    pub denominator: Option<Decimal>,
    /// At least one.
    pub evidence: Vec<Evidence>,
    #[serde(default)]
    pub note: Option<Prose>,
}

impl MeasurementRow {
    pub fn body(&self) -> NewMeasurement {
        NewMeasurement {
            value: self.value,
            numerator: self.numerator,
            denominator: self.denominator,
            field: self.field.clone(),
            evidence: self.evidence.clone(),
            note: self.note.clone(),
        }
    }
}

impl BulkRow for MeasurementRow {
    const JSON_COLUMNS: &'static [&'static str] = &["value", "numerator", "denominator", "evidence"];
    const KEY: &'static str = "kpi";

    /// `kpi/department/period`, and the field where one was measured alone.
    fn code(&self) -> Cow<'_, str> {
        let field = self.field.as_ref().map(|f| format!("/{f}")).unwrap_or_default();
        format!("{}/{}/{}{field}", self.kpi, self.department, self.period.as_str()).into()
    }

    fn code_of(row: &Value) -> Option<String> {
        let part = |name: &str| row.get(name).and_then(Value::as_str);
        let field = part("field").map(|f| format!("/{f}")).unwrap_or_default();
        Some(nfc(&format!("{}/{}/{}{field}", part("kpi")?, part("department")?, part("period")?)))
    }
}

/// A measurement.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-2000-7000-8000-000000000001", "kpi": "satisfaction_index", "department": "SKHDT", "period": "2022",
    "field": null, "value": 86.4, "numerator": null, "denominator": null, "evidence": [{"document_number": "112/BC-SNV",
    "issued_on": "2023-01-16", "title": "Báo cáo kết quả đo lường sự hài lòng năm 2022", "link": null}], "note": null,
    "recorded_at": "2023-01-18T09:00:00+07:00", "version": 1}))]
pub struct MeasurementView {
    pub id: Uuid,
    pub kpi: String,
    pub department: String,
    pub period: String,
    pub field: Option<String>,
    /// As given; null where a ratio was given.
    pub value: Option<Decimal>,
    pub numerator: Option<Decimal>,
    pub denominator: Option<Decimal>,
    pub evidence: Vec<Evidence>,
    pub note: Option<String>,
    /// When this version was recorded.
    pub recorded_at: At,
    pub version: i32,
}

crate::page_of!(
    /// A page of measurements.
    MeasurementPage, MeasurementView);

names! {
    /// How the figure stands against its target.
    Status { Met "met", NotMet "not_met", NoData "no_data", NoTarget "no_target" }
}
names! {
    /// Why there is no value: nothing to divide by; nothing measured; or nothing recorded yet to compute from.
    NoValue { ZeroDenominator "zero_denominator", NoMeasurement "no_measurement", NoDataSource "no_data_source" }
}

/// One indicator for one department (or all), one period and, when grouped, one row.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KpiResult {
    pub kpi: String,
    /// The department asked for, or of the row; null for everything in your sight.
    pub department: Option<String>,
    /// Code of the period, or both dates as `2022-01-01/2022-03-31`.
    pub period: String,
    /// The field of procedures, when the figure is about one.
    pub field: Option<String>,
    /// Code of the department, field or procedure, when grouped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[schema(value_type = Option<f64>)]
    pub numerator: Option<serde_json::Number>,
    #[schema(value_type = Option<f64>)]
    pub denominator: Option<serde_json::Number>,
    /// Per cent or count, with two decimals, half up.
    pub value: Option<f64>,
    /// Why there is no value.
    pub reason: Option<NoValue>,
    pub target: Option<Decimal>,
    pub comparator: Option<Comparator>,
    /// Whether the unrounded figure meets the target; null when either is missing.
    pub met: Option<bool>,
    pub status: Status,
}

/// Indicators against their targets.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"kpi": "on_time_rate", "department": null, "period": "2022", "field": null, "numerator": 11,
    "denominator": 17, "value": 64.71, "reason": null, "target": 99.0, "comparator": ">=", "met": false, "status": "not_met"}]}))]
pub struct KpiResults {
    pub items: Vec<KpiResult>,
}
