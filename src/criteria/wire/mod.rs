//! Bodies of the criteria's operations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{Basis, Kind};
use crate::http::decimal::Decimal;
use crate::http::{At, Day, Line, Prose, ResourceCode};

mod changes;
mod import;

pub use changes::{CriteriaChanges, CriterionChange, CriterionTrends};
pub use import::{CriteriaImport, CriteriaImportColumn, CriteriaImportRow, CriteriaImportSummary, ImportStatus};

/// A step of a scale: from this figure on, points are counted one way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CriterionBand, example = json!({"from": 95, "per": 100}))]
pub struct Band {
    /// The figure from which on it holds.
    pub from: Decimal,
    /// So many points.
    #[serde(default)]
    pub points: Option<Decimal>,
    /// This part of the maximum, from 0 to 1.
    #[serde(default)]
    pub factor: Option<Decimal>,
    /// Maximum × figure ÷ this.
    #[serde(default)]
    pub per: Option<Decimal>,
}

/// A criterion of a sheet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "3.2.1", "parent": "3.2", "name": "Tỷ lệ hồ sơ giải quyết đúng hạn", "max_points": 2, "kind": "bands",
    "bands": [{"from": 95, "per": 100}, {"from": 0, "points": 0}], "kpi": "on_time_rate", "department": "DKKD"}))]
pub struct NewCriterion {
    /// Number in the sheet, as text: `1.10` is not `1.1`.
    pub code: ResourceCode,
    /// Number of the criterion that this is a part of.
    #[serde(default)]
    pub parent: Option<ResourceCode>,
    pub name: Line,
    pub max_points: Decimal,
    /// Needed where it has no parts; null where it has.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// For `formula`: the figure from which on it gives the maximum; 100 by default.
    #[serde(default)]
    pub full_at: Option<Decimal>,
    /// For `bands`: the highest that the figure reaches counts; below all of them there are no points.
    #[serde(default)]
    pub bands: Vec<Band>,
    /// Code of the indicator that the figure comes from.
    #[serde(default)]
    pub kpi: Option<ResourceCode>,
    /// Code of the department in charge; by default as the criterion above, at last the sheet's.
    #[serde(default)]
    pub department: Option<ResourceCode>,
    /// Its number in the sheet of the year before, where that was another.
    #[serde(default)]
    pub follows: Option<ResourceCode>,
    /// Points of the year before, where no sheet tells them.
    #[serde(default)]
    pub last_year_score: Option<Decimal>,
    #[serde(default)]
    pub note: Option<Prose>,
}

/// A sheet of index criteria as it is put: the head, and the whole tree in its order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "par-index-2022", "name": "Chỉ số cải cách hành chính năm 2022", "year": 2022, "department": "SKHDT",
    "issuer": "UBND tỉnh Khánh Hòa", "decision": "2071/QĐ-UBND", "criteria": [
        {"code": "1", "name": "Chỉ đạo, điều hành", "max_points": 10},
        {"code": "1.1", "parent": "1", "name": "Mức độ hoàn thành kế hoạch", "max_points": 2, "kind": "bands",
            "bands": [{"from": 100, "factor": 1}, {"from": 85, "per": 100}]}]}))]
pub struct NewCriteriaSheet {
    pub code: ResourceCode,
    pub name: Line,
    /// The year that is scored.
    #[schema(minimum = 1990, maximum = 2200, example = 2022)]
    pub year: i32,
    /// Code of the department that is scored.
    pub department: ResourceCode,
    /// Who issued the set of criteria.
    #[serde(default)]
    pub issuer: Option<Line>,
    /// Number of the decision that issued it.
    #[serde(default)]
    pub decision: Option<Line>,
    #[serde(default)]
    pub legal_basis: Option<Prose>,
    /// Code of the sheet of the year before.
    #[serde(default)]
    pub follows: Option<ResourceCode>,
    #[serde(default)]
    pub criteria: Vec<NewCriterion>,
}

/// A sheet in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000041", "code": "par-index-2022", "name": "Chỉ số cải cách hành chính năm 2022",
    "year": 2022, "department": "SKHDT", "decision": "2071/QĐ-UBND", "follows": "par-index-2021", "criteria": 88, "version": 1}))]
pub struct CriteriaSheetSummary {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub year: i32,
    /// Code of the department that is scored.
    pub department: String,
    pub decision: Option<String>,
    /// Code of the sheet of the year before.
    pub follows: Option<String>,
    /// Number of criteria, those with parts included.
    pub criteria: i64,
    pub version: i32,
}

crate::page_of!(
    /// A page of sheets.
    CriteriaSheetPage, CriteriaSheetSummary);

/// A criterion with its points.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CriterionView {
    pub code: String,
    pub parent: Option<String>,
    /// Depth in the tree, from 1.
    pub level: usize,
    pub name: String,
    pub max_points: Decimal,
    /// Null where it has parts.
    pub kind: Option<Kind>,
    pub full_at: Option<Decimal>,
    pub bands: Vec<Band>,
    pub kpi: Option<String>,
    /// Code of the department in charge.
    pub department: String,
    pub follows: Option<String>,
    pub note: Option<String>,
    /// What counts; null while nothing under it is scored.
    pub points: Option<Decimal>,
    /// Whose score counts.
    pub basis: Option<Basis>,
    pub self_score: Option<Decimal>,
    /// From the figure, to a millionth.
    pub computed_score: Option<Decimal>,
    pub survey_score: Option<Decimal>,
    pub appraised_score: Option<Decimal>,
    /// What counted the year before.
    pub last_year_points: Option<Decimal>,
    /// Version of its score; null while there is none.
    pub score_version: Option<i32>,
}

/// What a sheet comes to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CriteriaTotals {
    /// The most points there are.
    pub max_points: Decimal,
    /// What counts.
    pub points: Decimal,
    /// The index: points out of the most, per cent with two decimals; null without criteria.
    pub index: Option<f64>,
    /// The most points of the criteria that are scored.
    pub scored_max_points: Decimal,
    pub self_score: Decimal,
    pub appraised_score: Decimal,
    /// Criteria without parts that nobody has scored.
    pub not_scored: usize,
}

/// A sheet with its tree and what it comes to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000041", "code": "par-index-2022", "name": "Chỉ số cải cách hành chính năm 2022",
    "year": 2022, "department": "SKHDT", "issuer": "UBND tỉnh Khánh Hòa", "decision": "2071/QĐ-UBND", "legal_basis": null, "follows": "par-index-2021",
    "totals": {"max_points": 2, "points": 1.92, "index": 96.0, "scored_max_points": 2, "self_score": 2, "appraised_score": 0, "not_scored": 0},
    "criteria": [{"code": "1", "parent": null, "level": 1, "name": "Mức độ hoàn thành kế hoạch", "max_points": 2, "kind": "formula", "full_at": null,
        "bands": [], "kpi": null, "department": "SKHDT", "follows": null, "note": null, "points": 1.92, "basis": "computed", "self_score": 2,
        "computed_score": 1.92, "survey_score": null, "appraised_score": null, "last_year_points": 1.7, "score_version": 1}], "version": 1}))]
pub struct CriteriaSheetView {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub year: i32,
    /// Code of the department that is scored.
    pub department: String,
    pub issuer: Option<String>,
    pub decision: Option<String>,
    pub legal_basis: Option<String>,
    /// Code of the sheet of the year before.
    pub follows: Option<String>,
    pub totals: CriteriaTotals,
    /// The tree, each criterion before its parts.
    pub criteria: Vec<CriterionView>,
    pub version: i32,
}

/// A figure that points follow from: a value, or a numerator and a denominator of a rate in per cent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CriterionFigure, example = json!({"numerator": 1187, "denominator": 1203, "source": "Biểu II.06a năm 2022"}))]
pub struct Figure {
    #[serde(default)]
    pub value: Option<Decimal>,
    #[serde(default)]
    pub numerator: Option<Decimal>,
    #[serde(default)]
    pub denominator: Option<Decimal>,
    /// Where it comes from.
    #[serde(default)]
    pub source: Option<Line>,
}

/// A document that proves a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CriterionEvidence)]
pub struct Proof {
    pub document_number: Line,
    #[serde(default)]
    pub issued_on: Option<Day>,
    #[serde(default)]
    pub title: Option<Line>,
    /// Where it can be read, `https://…` or `http://…`.
    #[serde(default)]
    pub link: Option<Line>,
}

/// What a department scores itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"self_score": 1.5, "evidence": [{"document_number": "31/BC-SKHĐT", "issued_on": "2022-12-14", "title": "Báo cáo CCHC năm 2022"}],
    "note": "Đã hoàn thành 24/24 nhiệm vụ"}))]
pub struct NewCriterionScore {
    /// From 0 to the maximum; 0 or the maximum for `yes_no`; none for `survey`.
    #[serde(default)]
    pub self_score: Option<Decimal>,
    /// For `formula` and `bands`.
    #[serde(default)]
    pub figure: Option<Figure>,
    #[serde(default)]
    pub evidence: Vec<Proof>,
    #[serde(default)]
    pub note: Option<Prose>,
}

/// What the appraisal comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"appraised_score": 1.25, "note": "Thiếu báo cáo quý III"}))]
pub struct NewCriterionAppraisal {
    /// Counts before every other score. Null takes it back.
    #[serde(default)]
    pub appraised_score: Option<Decimal>,
    /// For `survey`.
    #[serde(default)]
    pub survey_score: Option<Decimal>,
    #[serde(default)]
    pub note: Option<Prose>,
}

/// What a criterion was scored.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000042", "sheet": "par-index-2022", "criterion": "1.1", "department": "SKHDT",
    "max_points": 2, "kind": "bands", "points": 1.92, "basis": "computed", "self_score": 2, "figure": {"value": 96, "numerator": null,
    "denominator": null, "source": null}, "computed_score": 1.92, "evidence": [], "note": null, "scored_by": "head.vp",
    "scored_at": "2022-12-15T09:00:00+07:00", "survey_score": null, "appraised_score": null, "appraisal_note": null, "appraised_by": null,
    "appraised_at": null, "version": 1}))]
pub struct CriterionScoreView {
    pub id: Uuid,
    /// Code of the sheet.
    pub sheet: String,
    /// Number of the criterion.
    pub criterion: String,
    /// Code of the department in charge.
    pub department: String,
    pub max_points: Decimal,
    pub kind: Option<Kind>,
    /// What counts: the appraised score, else what a survey or a figure gives, else the department's own.
    pub points: Option<Decimal>,
    /// Whose score counts.
    pub basis: Option<Basis>,
    pub self_score: Option<Decimal>,
    pub figure: Option<Figure>,
    /// From the figure, to a millionth.
    pub computed_score: Option<Decimal>,
    pub evidence: Vec<Proof>,
    pub note: Option<String>,
    /// User name of who scored for the department last.
    pub scored_by: Option<String>,
    pub scored_at: Option<At>,
    pub survey_score: Option<Decimal>,
    pub appraised_score: Option<Decimal>,
    pub appraisal_note: Option<String>,
    /// User name of who appraised last.
    pub appraised_by: Option<String>,
    pub appraised_at: Option<At>,
    pub version: i32,
}
