//! Bodies of frozen reports.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{At, Day};
use crate::reports::rules;
use crate::reports::store::{Frozen, Listed};

macro_rules! reports {
    ($($variant:ident $name:literal),+) => {
        /// A report, as in its path.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum ReportName { $($variant),+ }

        impl ReportName {
            pub const NAMES: &[&'static str] = &[$($name),+];

            pub fn name(self) -> &'static str {
                match self { $(ReportName::$variant => $name),+ }
            }

            pub fn parse(name: &str) -> Option<ReportName> {
                match name { $($name => Some(ReportName::$variant),)+ _ => None }
            }
        }
    };
}

reports! {
    DossierResults "dossier-results", DossierOutcomes "dossier-outcomes", OutcomesByMonth "outcomes-by-month",
    OverdueReasons "overdue-reasons", HandlingTimes "handling-times", Findings "findings"
}

/// A report to freeze.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"report": "dossier-results", "parameters": {"period": "2022-04", "group_by": "department"}}))]
pub struct NewReportSnapshot {
    pub report: ReportName,
    /// What the report is asked for: its parameters by name, each as text.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// A frozen report without its figures.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-00000000000a", "number": "2022-3", "report": "dossier-results",
    "parameters": {"group_by": "department", "period": "2022-04"}, "departments": null, "frozen_at": "2022-04-15T08:00:00+07:00",
    "frozen_by": "office", "sha256": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"}))]
pub struct ReportSnapshotSummary {
    pub id: Uuid,
    /// The year with the number in it.
    pub number: String,
    pub report: ReportName,
    /// What it was asked for.
    pub parameters: BTreeMap<String, String>,
    /// Codes of the departments it is about; null for all. Only who may see all of these sees it.
    pub departments: Option<Vec<String>>,
    pub frozen_at: At,
    pub frozen_by: String,
    /// SHA-256, in hexadecimal, of `figures` as JSON without spaces, members in their order.
    pub sha256: String,
}

crate::page_of!(
    /// A page of frozen reports.
    ReportSnapshotPage, ReportSnapshotSummary);

/// A frozen report.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-00000000000a", "number": "2022-3", "report": "dossier-results",
    "parameters": {"period": "2022-04"}, "departments": null, "frozen_at": "2022-04-15T08:00:00+07:00", "frozen_by": "office",
    "sha256": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "figures": {"from": "2022-03-15", "to": "2022-04-14", "as_of": "2022-04-14", "rows": [], "total": {"received_total": 18}}}))]
pub struct ReportSnapshotView {
    #[serde(flatten)]
    pub about: ReportSnapshotSummary,
    /// The whole report as it was.
    #[schema(value_type = Object)]
    pub figures: Value,
}

/// One cell that is not what it was.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReportCellDifference {
    /// A JSON pointer into the figures in which rows go by their key.
    pub path: String,
    /// Null where there was no such cell.
    pub frozen: Value,
    /// Null where there is none any more.
    pub recomputed: Value,
}

/// What a frozen report would say now.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"number": "2022-3", "report": "dossier-results", "frozen_at": "2022-04-15T08:00:00+07:00", "recomputed_at": "2022-06-01T08:00:00+07:00",
    "same": false, "differences": [{"path": "/rows/DKKD/resolved_late", "frozen": 2, "recomputed": 3}]}))]
pub struct ReportSnapshotDifference {
    pub number: String,
    pub report: ReportName,
    pub frozen_at: At,
    pub recomputed_at: At,
    pub same: bool,
    /// Every cell that differs, by path.
    pub differences: Vec<ReportCellDifference>,
}

impl ReportSnapshotSummary {
    /// # Errors
    /// When the row says what no snapshot says.
    pub fn of(row: &Listed) -> Result<ReportSnapshotSummary, String> {
        Ok(ReportSnapshotSummary {
            id: row.id,
            number: format!("{}-{}", row.year, row.n),
            report: ReportName::parse(&row.report).ok_or_else(|| format!("unknown report “{}” in the database", row.report))?,
            parameters: serde_json::from_value(row.parameters.clone()).map_err(|e| e.to_string())?,
            departments: row.department_codes.clone(),
            frozen_at: At(row.frozen_at),
            frozen_by: row.frozen_by.clone(),
            sha256: row.sha256.clone(),
        })
    }
}

impl ReportSnapshotView {
    /// # Errors
    /// When the row says what no snapshot says.
    pub fn of(frozen: &Frozen) -> Result<ReportSnapshotView, String> {
        let figures = serde_json::from_str(&frozen.body).map_err(|e| e.to_string())?;
        Ok(ReportSnapshotView { about: ReportSnapshotSummary::of(&frozen.about)?, figures })
    }

    /// The day it was judged by: every report says it.
    ///
    /// # Errors
    /// When these figures do not.
    pub fn as_of(&self) -> Result<NaiveDate, String> {
        Day::deserialize(&self.figures["as_of"]).map(|day| day.0).map_err(|e| format!("snapshot {}: as_of: {e}", self.about.number))
    }

    /// Beside what the same report says at an instant.
    pub fn difference(&self, now: &Value, at: At) -> ReportSnapshotDifference {
        let found = rules::differences(&self.figures, now);
        let differences: Vec<ReportCellDifference> =
            found.into_iter().map(|d| ReportCellDifference { path: d.path, frozen: d.frozen, recomputed: d.recomputed }).collect();
        let about = &self.about;
        ReportSnapshotDifference {
            number: about.number.clone(),
            report: about.report,
            frozen_at: about.frozen_at,
            recomputed_at: at,
            same: differences.is_empty(),
            differences,
        }
    }
}
