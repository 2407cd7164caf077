//! Bodies of the results.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{At, Day};
use crate::kpi::decimal::Decimal;
use crate::kpi::measurements::Evidence;
use crate::kpi::wire::{Comparator, NoValue, Status, Target};

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
    /// Code of the department, field or procedure, when there are rows.
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
    /// A provisional measurement is among what the figure is made of.
    pub provisional: bool,
    /// Every target that holds, one of each authority; the first decides and is told above.
    pub targets: Vec<TargetStanding>,
    /// Against the period of the same kind right before it, by its end; only with `trend=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<KpiComparison>,
    /// Against the same period a year before; only with `trend=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year_before: Option<KpiComparison>,
    /// Departments that owe a measurement for this figure and have none.
    pub missing: Vec<KpiDepartment>,
    /// What was published for a figure that is computed here; it stands beside and changes nothing.
    pub published: Option<PublishedFigure>,
    /// The figure holds whatever had been done by then.
    pub computed_at: At,
}

/// How a figure stands against the target of an authority.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"authority": "kh-1186-skhdt-2022", "department": "SKHDT", "comparator": ">=", "value": 99.0, "margin": null,
    "met": false, "status": "not_met"}))]
pub struct TargetStanding {
    /// Who set it.
    pub authority: String,
    /// Code of the department whose target it is; null for the whole organisation.
    pub department: Option<String>,
    pub comparator: Comparator,
    pub value: Option<Decimal>,
    pub margin: Option<Decimal>,
    pub met: Option<bool>,
    pub status: Status,
}

impl TargetStanding {
    pub fn of(target: &Target, met: Option<bool>, status: Status) -> TargetStanding {
        TargetStanding {
            authority: target.authority.as_str().to_owned(),
            department: target.department.as_ref().map(ToString::to_string),
            comparator: target.comparator,
            value: target.value,
            margin: target.margin,
            met,
            status,
        }
    }
}

/// Which way a figure went, by the direction of its indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    Better,
    Worse,
    Same,
}

/// A figure against that of an earlier period, judged by its end.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"period": "2021", "value": 60.0, "change": 4.71, "trend": "better"}))]
pub struct KpiComparison {
    /// Code of the earlier period, or both dates.
    pub period: String,
    pub value: Option<f64>,
    /// The unrounded figure less the earlier one, then with two decimals; null where either is missing.
    pub change: Option<f64>,
    pub trend: Option<Trend>,
}

/// A department by its code and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"code": "DKKD", "name": "Phòng Đăng ký kinh doanh"}))]
pub struct KpiDepartment {
    pub code: String,
    pub name: String,
}

/// A published figure beside the computed one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"value": 64.5, "difference": 0.21, "recorded_at": "2023-01-18T09:00:00+07:00"}))]
pub struct PublishedFigure {
    pub value: Option<f64>,
    /// The unrounded computed figure less the published one, then with two decimals.
    pub difference: Option<f64>,
    pub recorded_at: At,
}

/// A measurement that is missing.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"kpi": "satisfaction_index", "period": "2022", "department": "DKKD", "name": "Phòng Đăng ký kinh doanh"}))]
pub struct MissingMeasurement {
    pub kpi: String,
    pub period: String,
    /// Code of the department that owes it.
    pub department: String,
    pub name: String,
}

/// Indicators against their targets.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"kpi": "on_time_rate", "department": null, "period": "2022", "field": null, "numerator": 11,
    "denominator": 17, "value": 64.71, "reason": null, "target": 99.0, "comparator": ">=", "met": false, "status": "not_met",
    "provisional": false, "targets": [{"authority": "kh-1186-skhdt-2022", "department": "SKHDT", "comparator": ">=", "value": 99.0, "margin": null, "met": false, "status": "not_met"}],
    "previous": {"period": "2021", "value": 60.0, "change": 4.71, "trend": "better"}, "missing": [], "published": null,
    "computed_at": "2022-12-31T23:59:59+07:00"}], "missing": []}))]
pub struct KpiResults {
    pub items: Vec<KpiResult>,
    /// Every measurement that is owed for a figure asked for and is missing, by period and indicator in the order asked.
    pub missing: Vec<MissingMeasurement>,
}

/// What stands behind a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContributorKind {
    Dossier,
    Document,
    /// An occurrence of a task.
    Task,
    Measurement,
    /// An indicator that an expression names.
    Kpi,
}

/// One of what a figure is made of.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-3000-7000-8000-000000000001", "code": "000.00.15.H30-220606-0001", "kind": "dossier",
    "title": "Đăng ký thành lập doanh nghiệp tư nhân", "occurrence": null, "department": "DKKD", "departments": ["DKKD"], "on": "2022-06-09",
    "in_numerator": true, "withheld": false, "numerator": null, "denominator": null, "value": null, "evidence": [],
    "link": "/api/v1/dossiers/0198c5a0-3000-7000-8000-000000000001"}))]
pub struct KpiContributor {
    /// Null where it is withheld.
    pub id: Option<Uuid>,
    /// Code of the dossier, document, task or indicator; `indicator/department/period` of a measurement.
    pub code: Option<String>,
    pub kind: ContributorKind,
    /// Name of the procedure or indicator, title of the task, summary of the document.
    pub title: Option<String>,
    /// Which of the times a task is to be done.
    pub occurrence: Option<String>,
    /// The department that it counts for; the first of those that lead a task.
    pub department: Option<String>,
    /// All departments that it counts for.
    pub departments: Vec<String>,
    /// The day that puts it into the period: of acceptance, finish, issue, or on which it was due.
    pub on: Option<Day>,
    /// Whether it counts for the numerator, or for the count.
    pub in_numerator: bool,
    /// It counts, but you may not see what it is.
    pub withheld: bool,
    #[schema(value_type = Option<f64>)]
    pub numerator: Option<serde_json::Number>,
    #[schema(value_type = Option<f64>)]
    pub denominator: Option<serde_json::Number>,
    pub value: Option<f64>,
    /// What proves a measurement.
    pub evidence: Vec<Evidence>,
    /// Where it can be read.
    pub link: Option<String>,
}

crate::page_of!(
    /// A page of what a figure is made of.
    KpiContributorPage, KpiContributor);
