//! Bodies of the lists of targets.

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::ResourceCode;
use crate::kpi::decimal::Decimal;
use crate::kpi::wire::{Comparator, Direction, Unit};

/// A target with the indicator it is of.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"kpi": "on_time_rate", "kpi_name": "Tỷ lệ thủ tục hành chính được hoàn thành đúng hạn", "unit": "percent",
    "direction": "higher_is_better", "n": 1, "authority": "kh-1186-skhdt-2022", "department": "SKHDT", "field": null, "procedure": null,
    "period": "2022", "comparator": ">=", "value": 99.0, "margin": 0.5, "wording": "phấn đấu 99%"}))]
pub struct KpiTargetView {
    /// Code of the indicator.
    pub kpi: String,
    pub kpi_name: String,
    pub unit: Unit,
    pub direction: Direction,
    /// Its place among the targets of the indicator, from 1.
    pub n: i16,
    /// Who set it: the code of a plan, or an agency.
    pub authority: String,
    pub department: Option<ResourceCode>,
    pub field: Option<ResourceCode>,
    pub procedure: Option<ResourceCode>,
    /// Code of the period.
    pub period: String,
    pub comparator: Comparator,
    pub value: Option<Decimal>,
    /// How near to the value a figure is at risk while its period runs.
    pub margin: Option<Decimal>,
    pub wording: Option<String>,
}

crate::page_of!(
    /// A page of targets.
    KpiTargetPage, KpiTargetView);
