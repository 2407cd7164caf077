//! Bodies of the surveys' operations.

mod results;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{SurveyAct, SurveyCount, SurveyMode, SurveyPercent, SurveyScale, SurveyState};
use crate::http::bulk::BulkRow;
use crate::http::values::nfc;
use crate::http::{At, Day, Line, Prose, ResourceCode};
use crate::reports::period::PeriodCode;

pub use results::{SurveyBefore, SurveyComparison, SurveyInterval, SurveyLevels, SurveyLine, SurveyPublishedBeside, SurveyResults};

/// How a wave was carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Đo lường sự hài lòng của người dân (SIPAS)", "version": "2023–2026", "legal_basis": "Quyết định 1001/QĐ-BNV ngày 11/12/2023",
    "mode": "interview", "scale": "five_point"}))]
pub struct SurveyMethod {
    pub name: Line,
    /// Edition of the method: figures of different editions may not be comparable.
    #[serde(default)]
    pub version: Option<Line>,
    /// The document that sets the method.
    #[serde(default)]
    pub legal_basis: Option<Line>,
    pub mode: SurveyMode,
    pub scale: SurveyScale,
}

/// A document that proves what is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"document_number": "2856/BC-SNV", "issued_on": "2022-12-12", "title": "Báo cáo kết quả đo lường sự hài lòng năm 2022", "link": null}))]
pub struct SurveyEvidence {
    pub document_number: Line,
    pub issued_on: Day,
    pub title: Line,
    /// Where it can be read, `https://…` or `http://…`.
    #[serde(default)]
    pub link: Option<Line>,
}

/// An indicator that takes its figure from the wave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kpi": "satisfaction_dossiers_investment", "field": "DT"}))]
pub struct SurveyFeed {
    /// Code of the indicator.
    pub kpi: ResourceCode,
    /// Code of the field whose answers it takes. Null: all answers, and each field beside.
    #[serde(default)]
    pub field: Option<ResourceCode>,
}

/// Counts of answers to a question, by level. Absent counts are 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"factor": "access_to_service", "field": null, "question": "1", "very_dissatisfied": 4, "dissatisfied": 12, "neutral": 40,
    "satisfied": 300, "very_satisfied": 120, "no_answer": 24}))]
pub struct SurveyAnswers {
    /// Code of the indicator that the question is about: one of the five factors, or what else was asked.
    pub factor: ResourceCode,
    /// Code of the field of procedures that these people dealt with. Null: all who answered.
    #[serde(default)]
    pub field: Option<ResourceCode>,
    /// Number or words of the question. Null: the factor was asked as one.
    #[serde(default)]
    pub question: Option<Line>,
    #[serde(default)]
    pub very_dissatisfied: SurveyCount,
    #[serde(default)]
    pub dissatisfied: SurveyCount,
    #[serde(default)]
    pub neutral: SurveyCount,
    #[serde(default)]
    pub satisfied: SurveyCount,
    #[serde(default)]
    pub very_satisfied: SurveyCount,
    /// Forms on which the question was left out, or answered in no valid way.
    #[serde(default)]
    pub no_answer: SurveyCount,
}

impl SurveyAnswers {
    pub fn field(&self) -> Option<&str> {
        self.field.as_ref().map(ResourceCode::as_str)
    }

    /// What makes it another question: factor and words.
    pub fn asked(&self) -> (&str, Option<&str>) {
        (self.factor.as_str(), self.question.as_ref().map(Line::as_str))
    }

    /// Where it stands in the wave.
    pub fn place(&self) -> (&str, Option<&str>, Option<&str>) {
        let (factor, question) = self.asked();
        (factor, self.field(), question)
    }
}

fn row_code(factor: &str, field: &str, question: &str) -> String {
    format!("{factor}/{field}/{question}").trim_end_matches('/').to_owned()
}

impl BulkRow for SurveyAnswers {
    const JSON_COLUMNS: &'static [&'static str] =
        &["very_dissatisfied", "dissatisfied", "neutral", "satisfied", "very_satisfied", "no_answer"];
    const KEY: &'static str = "factor";

    /// `factor/field/question`, as far as they are given.
    fn code(&self) -> Cow<'_, str> {
        let (factor, field, question) = self.place();
        row_code(factor, field.unwrap_or_default(), question.unwrap_or_default()).into()
    }

    fn code_of(row: &Value) -> Option<String> {
        let part = |name: &str| row.get(name).and_then(Value::as_str);
        Some(nfc(&row_code(part("factor")?, part("field").unwrap_or_default(), part("question").unwrap_or_default())))
    }
}

/// A wave as it is put; absent members take their default.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "hai-long-2022", "name": "Khảo sát mức độ hài lòng năm 2022", "department": "SKHDT", "period": "2022",
    "method": {"name": "Phát phiếu tại Bộ phận Một cửa", "mode": "paper", "scale": "five_point"}, "population": 4200, "sample_size": 500, "respondents": 480,
    "fieldwork_from": "2022-10-03", "fieldwork_to": "2022-11-15", "conductor": "Văn phòng Sở", "feeds": [{"kpi": "satisfaction_index"}],
    "answers": [{"factor": "access_to_service", "very_dissatisfied": 4, "dissatisfied": 12, "neutral": 40, "satisfied": 300, "very_satisfied": 120, "no_answer": 4}]}))]
pub struct NewSurvey {
    pub code: ResourceCode,
    pub name: Line,
    /// Code of the department whose service was judged.
    pub department: ResourceCode,
    /// Code of the period that the wave speaks for.
    #[schema(value_type = PeriodCode, example = "2022")]
    pub period: Line,
    pub method: SurveyMethod,
    /// How many people the sample was drawn from.
    #[serde(default)]
    pub population: Option<SurveyCount>,
    /// How many people were to be asked; at least one.
    pub sample_size: SurveyCount,
    /// How many forms came back that could be used; no question has more answers.
    #[serde(default)]
    pub respondents: SurveyCount,
    /// First day on which people were asked.
    #[serde(default)]
    pub fieldwork_from: Option<Day>,
    /// Last day on which people were asked.
    #[serde(default)]
    pub fieldwork_to: Option<Day>,
    /// Who carried it out.
    #[serde(default)]
    pub conductor: Option<Line>,
    #[serde(default)]
    pub evidence: Vec<SurveyEvidence>,
    #[serde(default)]
    pub note: Option<Prose>,
    /// Code of the wave before, of the same department, which this one is compared with.
    #[serde(default)]
    pub follows: Option<ResourceCode>,
    /// Indicators that take their figure from the wave once it is closed. Each factor is one by itself and need not be named.
    #[serde(default)]
    pub feeds: Vec<SurveyFeed>,
    /// A question may be given for all, by field, or both; then the fields are parts of all.
    #[serde(default)]
    pub answers: Vec<SurveyAnswers>,
}

/// The end of entering.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Đã kiểm tra, khóa số liệu."}))]
pub struct SurveyClosure {
    #[serde(default)]
    pub text: Option<Prose>,
    #[serde(default)]
    pub document_no: Option<Line>,
}

/// A closed wave as it should have been, and why.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Nhập nhầm số phiếu của lĩnh vực đầu tư", "document_no": "31/BC-VP", "survey": {"code": "hai-long-2022",
    "name": "Khảo sát mức độ hài lòng năm 2022", "department": "SKHDT", "period": "2022",
    "method": {"name": "Phát phiếu", "mode": "paper", "scale": "five_point"}, "sample_size": 500, "respondents": 480}}))]
pub struct SurveyCorrection {
    pub reason: Prose,
    #[serde(default)]
    pub document_no: Option<Line>,
    /// All of it, as in a `PUT`.
    pub survey: NewSurvey,
}

/// An index value that was published: of the whole, of a factor, or of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"factor": null, "field": null, "value": 86.4}))]
pub struct SurveyPublishedValue {
    #[serde(default)]
    pub factor: Option<ResourceCode>,
    #[serde(default)]
    pub field: Option<ResourceCode>,
    pub value: SurveyPercent,
}

/// What was published of a wave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"published_by": "UBND tỉnh", "document_number": "107/QĐ-UBND", "published_on": "2023-01-16", "values": [{"value": 86.4}]}))]
pub struct SurveyPublication {
    /// Who published.
    #[serde(default)]
    pub published_by: Option<Line>,
    pub document_number: Line,
    pub published_on: Day,
    /// At least one.
    pub values: Vec<SurveyPublishedValue>,
}

/// What was done about a wave.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SurveyStep {
    /// Order, from 1.
    pub n: i32,
    pub act: SurveyAct,
    /// Of a correction its reason.
    pub text: Option<String>,
    pub document_no: Option<String>,
    /// User name.
    pub by: String,
    pub at: At,
}

/// A wave in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000041", "code": "hai-long-2022", "name": "Khảo sát mức độ hài lòng năm 2022",
    "department": "SKHDT", "period": "2022", "mode": "paper", "scale": "five_point", "sample_size": 500, "respondents": 480, "state": "closed",
    "follows": null, "valid": 476, "satisfied": 420, "value": 88.24, "version": 2}))]
pub struct SurveySummary {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    /// Code of the department whose service was judged.
    pub department: String,
    pub period: String,
    pub mode: SurveyMode,
    pub scale: SurveyScale,
    pub sample_size: SurveyCount,
    pub respondents: SurveyCount,
    pub state: SurveyState,
    /// Code of the wave before.
    pub follows: Option<String>,
    /// Valid answers to all questions.
    pub valid: i64,
    /// Those of them that were satisfied or very satisfied.
    pub satisfied: i64,
    /// The index of the whole in per cent, with two decimals, half up.
    #[serde(default)]
    pub value: Option<f64>,
    pub version: i32,
}

crate::page_of!(
    /// A page of surveys.
    SurveyPage, SurveySummary);

/// A wave with its answers and all that was done about it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000041", "code": "hai-long-2022", "name": "Khảo sát mức độ hài lòng năm 2022",
    "department": "SKHDT", "period": "2022", "method": {"name": "Phát phiếu tại Bộ phận Một cửa", "version": null, "legal_basis": null, "mode": "paper",
    "scale": "five_point"}, "population": 4200, "sample_size": 500, "respondents": 480, "fieldwork_from": "2022-10-03", "fieldwork_to": "2022-11-15",
    "conductor": "Văn phòng Sở", "evidence": [], "note": null, "follows": null, "feeds": [{"kpi": "satisfaction_index", "field": null}],
    "answers": [], "state": "open", "closed_at": null, "publication": null, "timeline": [], "allowed_acts": ["close"], "version": 1}))]
pub struct SurveyView {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    /// Code of the department whose service was judged.
    pub department: String,
    pub period: String,
    pub method: SurveyMethod,
    pub population: Option<SurveyCount>,
    pub sample_size: SurveyCount,
    pub respondents: SurveyCount,
    pub fieldwork_from: Option<Day>,
    pub fieldwork_to: Option<Day>,
    pub conductor: Option<String>,
    pub evidence: Vec<SurveyEvidence>,
    pub note: Option<String>,
    /// Code of the wave before.
    pub follows: Option<String>,
    pub feeds: Vec<SurveyFeed>,
    pub answers: Vec<SurveyAnswers>,
    pub state: SurveyState,
    pub closed_at: Option<At>,
    pub publication: Option<SurveyPublication>,
    pub timeline: Vec<SurveyStep>,
    /// What this caller may do now.
    #[serde(default)]
    pub allowed_acts: Vec<SurveyAct>,
    pub version: i32,
}
