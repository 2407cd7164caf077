//! Bodies of the measurements' operations.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::MeasurementState;
use crate::http::bulk::BulkRow;
use crate::http::decimal::Decimal;
use crate::http::values::nfc;
use crate::http::{At, Day, Line, Prose, ResourceCode};
use crate::reports::period::PeriodCode;

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
    /// `provisional` until the final figure is known.
    #[serde(default)]
    pub state: MeasurementState,
    /// Why a final figure, or one that was submitted, is changed; needed then, and kept with the version.
    #[serde(default)]
    pub correction_reason: Option<Prose>,
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
    /// `provisional` until the final figure is known.
    #[serde(default)]
    pub state: MeasurementState,
    /// Why a final figure, or one that was submitted, is changed; needed then, and kept with the version.
    #[serde(default)]
    pub correction_reason: Option<Prose>,
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
            state: self.state,
            correction_reason: self.correction_reason.clone(),
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
    "state": "final", "published": false, "correction_reason": null, "recorded_at": "2023-01-18T09:00:00+07:00", "version": 1}))]
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
    pub state: MeasurementState,
    /// The indicator is computed: this figure was published, and stands beside what is computed.
    pub published: bool,
    /// Why this version replaced a final or a submitted one.
    pub correction_reason: Option<String>,
    /// When this version was recorded.
    pub recorded_at: At,
    pub version: i32,
}

crate::page_of!(
    /// A page of measurements.
    MeasurementPage, MeasurementView);

/// A figure that a measurement has had.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"version": 1, "state": "provisional", "value": 86.4, "numerator": null, "denominator": null, "evidence": [{"document_number": "112/BC-SNV",
    "issued_on": "2023-01-16", "title": "Báo cáo kết quả đo lường sự hài lòng năm 2022", "link": null}], "note": null, "correction_reason": null,
    "recorded_by": "office", "recorded_at": "2023-01-18T09:00:00+07:00"}))]
pub struct MeasurementVersion {
    pub version: i32,
    pub state: MeasurementState,
    pub value: Option<Decimal>,
    pub numerator: Option<Decimal>,
    pub denominator: Option<Decimal>,
    pub evidence: Vec<Evidence>,
    pub note: Option<String>,
    /// Why it replaced a final or a submitted figure.
    pub correction_reason: Option<String>,
    /// User name; null where that was not kept.
    pub recorded_by: Option<String>,
    pub recorded_at: At,
}

crate::page_of!(
    /// A page of the versions of a measurement.
    MeasurementVersionPage, MeasurementVersion);
