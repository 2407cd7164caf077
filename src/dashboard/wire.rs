//! What the dashboard answers.

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{At, Day};
use crate::kpi::{Comparator, Direction, NoValue, Source, Status, Unit};
use crate::reports::{HandlingCounts, Outcomes};

/// The period that is told of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DashboardPeriod {
    pub code: String,
    /// `calendar` or `administrative`.
    #[schema(value_type = String, example = "calendar")]
    pub period_set: &'static str,
    pub from: Day,
    pub to: Day,
    /// Judged by what had happened by the end of this day: the last one, or today while the period runs.
    pub as_of: Day,
    /// Code of the period of the same kind before it.
    pub previous: Option<String>,
    /// Code of the same period of the year before.
    pub year_before: Option<String>,
}

/// The department that is told of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DashboardDepartment {
    pub code: String,
    pub name: String,
    /// Whether those below it are meant too.
    pub with_below: bool,
}

/// A figure of another period, and what became of it since.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DashboardTrend {
    pub period: String,
    pub value: f64,
    /// The present figure less this one, as both are shown.
    pub change: f64,
    /// `better`, `worse` or `same`, by whether more of it is better.
    #[schema(value_type = String, example = "better")]
    pub direction: &'static str,
}

/// A figure on the way.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DashboardPoint {
    pub period: String,
    pub value: Option<f64>,
}

/// An indicator.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DashboardKpi {
    pub kpi: String,
    pub name: String,
    pub unit: Unit,
    pub direction: Direction,
    pub source: Source,
    /// Code of the index that it is a part of.
    pub component_of: Option<String>,
    /// The field of procedures, when the figure is about one.
    pub field: Option<String>,
    #[schema(value_type = Option<f64>)]
    pub numerator: Option<serde_json::Number>,
    #[schema(value_type = Option<f64>)]
    pub denominator: Option<serde_json::Number>,
    /// Per cent or count, with two decimals, half up.
    pub value: Option<f64>,
    /// Why there is no value.
    pub reason: Option<NoValue>,
    pub target: Option<f64>,
    pub comparator: Option<Comparator>,
    /// Whether the unrounded figure meets the target.
    pub met: Option<bool>,
    pub status: Status,
    /// Against the period before; null where either has no figure.
    pub previous: Option<DashboardTrend>,
    pub year_before: Option<DashboardTrend>,
    /// The twelve months up to the end of the period; of an indicator that is measured for no month, five years.
    pub course: Vec<DashboardPoint>,
    /// What the figure is made of.
    pub href: String,
    /// The figure by itself, with its target.
    pub results_href: String,
}

/// Outcomes of the dossiers accepted in a month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DashboardMonth {
    /// Code of the month.
    pub key: String,
    pub from: Day,
    pub to: Day,
    /// All of them.
    pub dossiers: i64,
    #[serde(flatten)]
    pub counts: Outcomes,
    /// The dossiers.
    pub href: String,
}

/// Dossiers of a department in the period.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DashboardDepartmentRow {
    /// Code of the department.
    pub key: String,
    pub name: String,
    pub results: HandlingCounts,
    /// Of the dossiers accepted in the period.
    #[serde(flatten)]
    pub counts: Outcomes,
    /// Finished in the period early or on time, and finished at all, neither withdrawn.
    pub on_time: i64,
    pub finished: i64,
    /// The one in per cent of the other, with two decimals; null where nothing was finished.
    pub on_time_rate: Option<f64>,
    /// The dossiers accepted in the period.
    pub href: String,
}

/// Findings of a kind that arose in the period.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DashboardFinding {
    pub kind: String,
    /// In the caller's language.
    pub name: String,
    pub count: i64,
    /// Dossiers with it, whenever it arose.
    pub href: String,
}

/// Dossiers in the period.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DashboardDossiers {
    /// Results of handling (II.06a).
    pub results: HandlingCounts,
    pub results_href: String,
    /// Of the dossiers accepted in the period.
    #[serde(flatten)]
    pub counts: Outcomes,
    pub outcomes_href: String,
    /// The dossiers accepted in the period.
    pub href: String,
    /// The twelve months up to the end of the period.
    pub months: Vec<DashboardMonth>,
    /// Departments with dossiers in the period, by code.
    pub departments: Vec<DashboardDepartmentRow>,
    /// The most frequent kind first.
    pub findings: Vec<DashboardFinding>,
    /// Dossiers with at least one finding.
    pub with_findings: i64,
    pub findings_href: String,
}

/// Times of tasks by where they stood.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DashboardTaskState {
    #[schema(value_type = String, example = "overdue")]
    pub state: &'static str,
    pub count: i64,
    /// Tasks in that state today.
    pub href: String,
}

/// Tasks led by the departments meant, by their occurrences, at the end of the day of judgement.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DashboardTasks {
    pub total: i64,
    pub due: i64,
    pub due_on_time: i64,
    pub late_or_extended: i64,
    /// Each state in which there are any.
    pub states: Vec<DashboardTaskState>,
    pub href: String,
}

/// Outgoing documents of the period, by the date they bear.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DashboardDocuments {
    pub outgoing: i64,
    /// Without those that are secret.
    pub sendable: i64,
    /// Of the sendable ones sent electronically.
    pub sent_electronically: i64,
    /// Drafted and approved in E-Office, of all.
    pub drafted_in_e_office: i64,
    pub href: String,
}

/// Something that waits for someone now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DashboardAttention {
    /// `dossier_overdue`, `task_overdue`, `report_overdue`, `obstacle_awaiting_decision`, `extension_awaiting_decision`, `explanation_owed`,
    /// `obstacle_awaiting_answer`, `task_awaiting_confirmation`, `explanation_awaiting_review`, `explanation_returned`, `dossier_due_soon`,
    /// `report_due_soon`.
    #[schema(value_type = String, example = "dossier_overdue")]
    pub kind: &'static str,
    /// In the caller's language.
    pub name: String,
    /// Null for the explanations owed, which follow from the figures of the month that ended last: the list at `href` works them out.
    pub count: Option<i64>,
    /// Where they are listed.
    pub href: String,
}

/// Everything that a landing page shows of a period, as of one moment. Every `href` is a request to this server that answers what the
/// part beside it is made of.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"period": {"code": "2022", "period_set": "calendar", "from": "2022-01-01", "to": "2022-12-31", "as_of": "2022-12-31",
        "previous": "2021", "year_before": "2021"},
    "department": null, "computed_at": "2023-01-10T08:00:00+07:00",
    "kpis": [{"kpi": "on_time_rate", "name": "Tỷ lệ thủ tục hành chính được hoàn thành đúng hạn", "unit": "percent", "direction": "higher_is_better",
        "source": "computed", "component_of": null, "field": null, "numerator": 989, "denominator": 1000, "value": 98.9, "reason": null,
        "target": 99.0, "comparator": ">=", "met": false, "status": "not_met",
        "previous": {"period": "2021", "value": 97.5, "change": 1.4, "direction": "better"}, "year_before": null,
        "course": [{"period": "2022-01", "value": 98.2}],
        "href": "/api/v1/kpi-results/on_time_rate/contributors?period=2022&period_set=calendar",
        "results_href": "/api/v1/kpi-results?kpi=on_time_rate&period=2022&period_set=calendar"}],
    "dossiers": {"results": {"received_online": 7, "received_direct_postal": 2, "carried_over": 9, "received_total": 18, "resolved_early": 2,
            "resolved_on_time": 5, "resolved_late": 2, "resolved_total": 9, "open_in_time": 8, "open_overdue": 1, "open_total": 9},
        "results_href": "/api/v1/reports/dossier-results?from=2022-01-01&to=2022-12-31&group_by=department",
        "outcomes": {"on_time": 6, "overdue": 1}, "timeliness": {"early": 6, "overdue": 1},
        "outcomes_href": "/api/v1/reports/dossier-outcomes?from=2022-01-01&to=2022-12-31&as_of=2022-12-31&group_by=department",
        "href": "/api/v1/dossiers?accepted_from=2022-01-01&accepted_to=2022-12-31", "months": [], "departments": [], "findings": [],
        "with_findings": 0, "findings_href": "/api/v1/reports/findings?from=2022-01-01&to=2022-12-31&group_by=kind"},
    "tasks": null, "documents": {"outgoing": 300, "sendable": 297, "sent_electronically": 270, "drafted_in_e_office": 280,
        "href": "/api/v1/documents?direction=outgoing&issued_from=2022-01-01&issued_to=2022-12-31&voided=false"},
    "attention": [{"kind": "dossier_overdue", "name": "Hồ sơ quá hạn", "count": 3, "href": "/api/v1/dossiers?timeliness=overdue"}]}))]
pub struct DashboardView {
    pub period: DashboardPeriod,
    /// Null: everything in the caller's sight.
    pub department: Option<DashboardDepartment>,
    pub computed_at: At,
    /// Those with a target first, parts of an index last.
    pub kpis: Vec<DashboardKpi>,
    pub dossiers: DashboardDossiers,
    /// Null for a caller who may not read tasks.
    pub tasks: Option<DashboardTasks>,
    pub documents: DashboardDocuments,
    /// What waits for someone now, the most urgent first, as far as the caller may read of it; whatever the period.
    pub attention: Vec<DashboardAttention>,
}
