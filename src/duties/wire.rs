//! Bodies of the operations on reporting duties.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{DutyAct, DutyChannel, DutySchedule, DutyState, HandInState};
use crate::http::{At, Day, Line, Prose, ResourceCode};

/// A duty as it is put; absent members take their default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "kh-1186-skhdt-2022.discipline_half_year", "plan": "kh-1186-skhdt-2022", "what": "Báo cáo 6 tháng",
    "from": ["DKKD"], "via": ["VP"], "to": ["SNV", "UBND"], "schedule": {"text": "Tháng 6; trước ngày 25/5", "dates": [{"part": "H1", "due": {"month": 6},
    "internal": {"month": 5, "day": 25, "before": true}}]}, "valid_from": "2022-01-01", "valid_to": "2022-12-31"}))]
pub struct NewDuty {
    pub code: ResourceCode,
    /// Code of the plan that sets it.
    #[serde(default)]
    pub plan: Option<ResourceCode>,
    /// What is reported, verbatim.
    pub what: Prose,
    /// Where the plan or letter says so.
    #[serde(default)]
    pub source: Option<Line>,
    /// Codes of the departments that hand in; a collective stands for its members.
    #[serde(default)]
    pub from: Vec<ResourceCode>,
    #[serde(default)]
    pub via: Vec<ResourceCode>,
    #[serde(default)]
    pub to: Vec<ResourceCode>,
    pub schedule: DutySchedule,
    /// First day on which a report may be due.
    pub valid_from: Day,
    /// Last such day.
    #[serde(default)]
    pub valid_to: Option<Day>,
    #[serde(default)]
    pub notes: Vec<Prose>,
}

/// A duty.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000051", "code": "kh-1186-skhdt-2022.discipline_half_year", "plan": "kh-1186-skhdt-2022",
    "what": "Báo cáo 6 tháng", "source": "II.1-1.8", "from": ["CPTT"], "via": ["VP"], "to": ["SNV", "UBND"], "reporters": ["DKKD", "XTDT"],
    "schedule": {"text": "Tháng 6; trước ngày 25/5", "day_off": "earlier", "monthly": null, "dates": [{"part": "H1",
    "due": {"month": 6, "day": null, "before": false, "next_year": false}, "internal": {"month": 5, "day": 25, "before": true, "next_year": false}}]},
    "valid_from": "2022-01-01", "valid_to": "2022-12-31", "notes": [], "version": 1}))]
pub struct DutyView {
    pub id: Uuid,
    pub code: String,
    pub plan: Option<String>,
    pub what: String,
    pub source: Option<String>,
    pub from: Vec<String>,
    pub via: Vec<String>,
    pub to: Vec<String>,
    /// The departments that hand in, collectives taken apart.
    pub reporters: Vec<String>,
    pub schedule: DutySchedule,
    pub valid_from: Day,
    pub valid_to: Option<Day>,
    pub notes: Vec<String>,
    pub version: i32,
}

crate::page_of!(
    /// A page of duties.
    DutyPage, DutyView);

/// Which plan's duties to take over.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"plan": "kh-1186-skhdt-2022"}))]
pub struct NewDutyImport {
    /// Code of the plan.
    pub plan: ResourceCode,
}

/// What was taken over.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"created": ["kh-1186-skhdt-2022.discipline_half_year"], "existing": []}))]
pub struct DutyImport {
    /// Codes of the duties that were made.
    pub created: Vec<String>,
    /// Codes of those that were there already, and were left as they are.
    pub existing: Vec<String>,
}

/// Dates of one report, where they differ from the duty's or the duty gives none.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "Báo cáo tháng 6", "due_on": "2022-07-01", "internal_due_on": "2022-06-27", "reason": "Họp giao ban dời sang 01/7."}))]
pub struct NewDutyDates {
    #[serde(default)]
    pub label: Option<Line>,
    pub due_on: Day,
    #[serde(default)]
    pub internal_due_on: Option<Day>,
    pub reason: Prose,
}

/// A document that goes with a part or proves that a report was sent; a number, a title or a link at least.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"document_no": "45/BC-DKKD", "issued_on": "2022-05-20", "title": "Báo cáo 6 tháng", "link": null}))]
pub struct DutyDocument {
    #[serde(default)]
    pub document_no: Option<Line>,
    #[serde(default)]
    pub issued_on: Option<Day>,
    #[serde(default)]
    pub title: Option<Line>,
    /// `https://…`
    #[serde(default)]
    pub link: Option<Line>,
}

/// A figure that is reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Số hồ sơ trực tuyến", "value": 128.0, "unit": "hồ sơ"}))]
pub struct DutyFigure {
    pub name: Line,
    pub value: f64,
    #[serde(default)]
    pub unit: Option<Line>,
}

/// The part of a department.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"department": "DKKD", "content": "Chấp hành tốt kỷ luật, kỷ cương hành chính.", "figures": [{"name": "Vi phạm", "value": 0.0}],
    "documents": [{"document_no": "45/BC-DKKD", "issued_on": "2022-05-20"}]}))]
pub struct NewHandIn {
    /// Code of the department; may be left out by who can hand in for one only.
    #[serde(default)]
    pub department: Option<ResourceCode>,
    pub content: Prose,
    #[serde(default)]
    pub figures: Vec<DutyFigure>,
    #[serde(default)]
    pub documents: Vec<DutyDocument>,
    /// Day on which it came, where that was before today.
    #[serde(default)]
    pub handed_in_on: Option<Day>,
}

/// What the office made of the parts.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"document_no": "310/BC-SKHĐT", "summary": "Các đơn vị chấp hành tốt; 01 trường hợp nhắc nhở."}))]
pub struct NewConsolidation {
    #[serde(default)]
    pub document_no: Option<Line>,
    pub summary: Prose,
}

/// The proof that a report was sent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"document_no": "310/BC-SKHĐT", "sent_on": "2022-06-28", "to": ["SNV", "UBND"], "channel": "e_office",
    "evidence": [{"title": "Phiếu gửi trên E-Office", "link": "https://example.vn/e-office/310"}]}))]
pub struct NewDispatch {
    pub document_no: Line,
    pub sent_on: Day,
    /// Codes of whom it was sent to; by default those of the duty.
    #[serde(default)]
    pub to: Vec<ResourceCode>,
    pub channel: DutyChannel,
    #[serde(default)]
    pub evidence: Vec<DutyDocument>,
}

/// The part of a department in a report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HandInView {
    /// Code of the department.
    pub department: String,
    pub state: HandInState,
    pub content: Option<String>,
    pub figures: Vec<DutyFigure>,
    pub documents: Vec<DutyDocument>,
    /// Day on which it was first handed in.
    pub handed_in_on: Option<Day>,
    /// User name.
    pub handed_in_by: Option<String>,
    pub handed_in_at: Option<At>,
    /// When it was last replaced.
    pub revised_at: Option<At>,
}

/// The parts of a report in your sight.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"department": "DKKD", "state": "missing", "content": null, "figures": [], "documents": [], "handed_in_on": null,
    "handed_in_by": null, "handed_in_at": null, "revised_at": null}]}))]
pub struct HandIns {
    pub items: Vec<HandInView>,
}

/// What the office made of the parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConsolidationView {
    pub document_no: Option<String>,
    pub summary: String,
    /// Codes of the departments that had not handed in by then.
    pub missing: Vec<String>,
}

/// The proof that a report was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DispatchView {
    pub document_no: String,
    pub sent_on: Day,
    pub to: Vec<String>,
    pub channel: DutyChannel,
    pub evidence: Vec<DutyDocument>,
}

/// A report of one period.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"duty": "kh-1186-skhdt-2022.discipline_half_year", "plan": "kh-1186-skhdt-2022", "what": "Báo cáo 6 tháng", "period": "2022H1",
    "label": null, "internal_due_on": "2022-05-24", "due_on": "2022-06-30", "state": "due_soon", "reporters": ["DKKD", "XTDT"], "missing": ["XTDT"],
    "to": ["SNV", "UBND"], "sent_on": null, "version": 1}))]
pub struct DutyOccurrenceSummary {
    /// Code of the duty.
    pub duty: String,
    pub plan: Option<String>,
    pub what: String,
    pub period: String,
    pub label: Option<String>,
    /// Last day for the departments.
    pub internal_due_on: Option<Day>,
    pub due_on: Day,
    /// As of today.
    pub state: DutyState,
    pub reporters: Vec<String>,
    /// Those that have not handed in.
    pub missing: Vec<String>,
    pub to: Vec<String>,
    pub sent_on: Option<Day>,
    /// 0 before anything was done.
    pub version: i32,
}

/// Reports that are due between two days.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"due_from": "2022-06-01", "due_to": "2022-06-30", "items": []}))]
pub struct DutyOccurrences {
    pub due_from: Day,
    pub due_to: Day,
    /// The most urgent first: by the next day that counts.
    pub items: Vec<DutyOccurrenceSummary>,
}

/// What was done with a report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DutyStep {
    pub act: String,
    /// User name.
    pub by: String,
    pub at: At,
}

/// A report of one period with its parts.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"duty": "kh-1186-skhdt-2022.discipline_half_year", "plan": "kh-1186-skhdt-2022", "what": "Báo cáo 6 tháng", "period": "2022H1",
    "label": null, "internal_due_on": "2022-05-24", "due_on": "2022-06-30", "state": "upcoming", "reporters": ["DKKD"], "missing": ["DKKD"],
    "to": ["SNV", "UBND"], "sent_on": null, "version": 0, "reason": null, "hand_ins": [], "consolidation": null, "consolidated_by": null,
    "consolidated_at": null, "dispatch": null, "dispatched_by": null, "dispatched_at": null, "history": [], "allowed_acts": ["hand_in"]}))]
pub struct DutyOccurrenceView {
    #[serde(flatten)]
    pub report: DutyOccurrenceSummary,
    /// Why the dates are not those of the duty.
    pub reason: Option<String>,
    /// The parts in your sight, those that are missing too.
    pub hand_ins: Vec<HandInView>,
    pub consolidation: Option<ConsolidationView>,
    /// User name.
    pub consolidated_by: Option<String>,
    pub consolidated_at: Option<At>,
    pub dispatch: Option<DispatchView>,
    /// User name.
    pub dispatched_by: Option<String>,
    pub dispatched_at: Option<At>,
    /// What was done with it, oldest first.
    pub history: Vec<DutyStep>,
    /// What this caller may do with it now.
    pub allowed_acts: Vec<DutyAct>,
}
