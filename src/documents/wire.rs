//! Bodies of the documents' operations.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::bulk::BulkRow;
use crate::http::{At, Day, Line, Prose, ResourceCode};

/// Văn bản đi, or văn bản đến.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DocumentDirection)]
pub enum Direction {
    Outgoing,
    Incoming,
}

impl Direction {
    pub const NAMES: &[&str] = &["outgoing", "incoming"];

    pub fn name(self) -> &'static str {
        Direction::NAMES[self as usize]
    }
}

/// Thường, mật, tối mật, tuyệt mật.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Secrecy {
    #[default]
    Normal,
    Confidential,
    Secret,
    TopSecret,
}

impl Secrecy {
    pub const NAMES: &[&str] = &["normal", "confidential", "secret", "top_secret"];

    pub fn name(self) -> &'static str {
        Secrecy::NAMES[self as usize]
    }
}

/// Thường, khẩn, thượng khẩn, hỏa tốc.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    #[default]
    Normal,
    Urgent,
    VeryUrgent,
    Flash,
}

impl Urgency {
    pub const NAMES: &[&str] = &["normal", "urgent", "very_urgent", "flash"];

    pub fn name(self) -> &'static str {
        Urgency::NAMES[self as usize]
    }
}

/// A document as it is put or loaded; absent members take their default.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"direction": "outgoing", "book": "KH", "number": "1186", "symbol": "KH-SKHĐT", "kind": "ke-hoach", "issued_on": "2022-05-19",
    "recipients": ["UBND tỉnh", "Các phòng, đơn vị thuộc Sở"], "summary": "Kế hoạch cải cách hành chính năm 2022", "signer": "Giám đốc",
    "department": "VP", "drafted_in_e_office": true, "approved_in_e_office": true, "sent_electronically": true}))]
pub struct NewDocument {
    /// Natural key. Without one a load looks the number up in its book, and makes the code of agency, direction, book, year and number.
    #[serde(default)]
    pub code: Option<ResourceCode>,
    pub direction: Direction,
    /// Code of the agency whose register it is; the one on top by default.
    #[serde(default)]
    pub agency: Option<ResourceCode>,
    /// Code of the book (sổ) that the number runs in.
    #[schema(example = "KH")]
    pub book: ResourceCode,
    /// Year of the book; that of the day of issue, or of arrival, by default, and no other.
    #[serde(default)]
    #[schema(minimum = 1900, maximum = 2200)]
    pub year: Option<i32>,
    /// Number as printed, unique for agency, direction, book and year; of an incoming document the number of arrival (số đến).
    #[schema(example = "1186")]
    pub number: Line,
    /// What follows the number.
    #[serde(default)]
    #[schema(example = "KH-SKHĐT")]
    pub symbol: Option<Line>,
    /// The full number as printed; of an outgoing document number and symbol by default, of an incoming one that of the sender.
    #[serde(default)]
    #[schema(example = "1186/KH-SKHĐT")]
    pub document_number: Option<Line>,
    /// Code of the kind of document.
    #[schema(example = "ke-hoach")]
    pub kind: ResourceCode,
    /// Date that the document bears.
    pub issued_on: Day,
    /// Day of arrival; for incoming documents, and needed there.
    #[serde(default)]
    pub arrived_on: Option<Day>,
    /// Who sent it; for incoming documents, and needed there.
    #[serde(default)]
    pub sender: Option<Line>,
    /// To whom it is addressed (nơi nhận).
    #[serde(default)]
    #[schema(max_items = 500)]
    pub recipients: Vec<Line>,
    /// What it is about (trích yếu).
    pub summary: Prose,
    #[serde(default)]
    pub signer: Option<Line>,
    /// Code of the department that drafted it (needed for outgoing documents), or that handles it.
    #[serde(default)]
    pub department: Option<ResourceCode>,
    #[serde(default)]
    pub drafted_in_e_office: bool,
    #[serde(default)]
    pub approved_in_e_office: bool,
    /// Whether it was sent in electronic form.
    #[serde(default)]
    pub sent_electronically: bool,
    /// When it was sent electronically, where that is known.
    #[serde(default)]
    pub sent_at: Option<At>,
    #[serde(default)]
    pub secrecy: Secrecy,
    #[serde(default)]
    pub urgency: Urgency,
    /// Code of the document that it answers, registered or not yet.
    #[serde(default)]
    pub replies_to: Option<ResourceCode>,
    /// Code of the task that it concerns. Nothing is closed by it.
    #[serde(default)]
    pub task: Option<Line>,
    /// Code of the dossier that it concerns.
    #[serde(default)]
    pub dossier: Option<Line>,
    #[serde(default)]
    pub source_system: Option<Line>,
    /// Its code there.
    #[serde(default)]
    pub external_code: Option<Line>,
    #[serde(default)]
    pub note: Option<Prose>,
}

impl BulkRow for NewDocument {
    const JSON_COLUMNS: &'static [&'static str] =
        &["year", "recipients", "drafted_in_e_office", "approved_in_e_office", "sent_electronically"];

    /// As far as the row itself tells it; what it comes to is known when the agency is.
    fn code(&self) -> Cow<'_, str> {
        match &self.code {
            Some(code) => code.as_str().into(),
            None => {
                let agency = self.agency.as_ref().map_or("", ResourceCode::as_str);
                let (day, year) = (self.arrived_on.unwrap_or(self.issued_on).0, self.year);
                let year = year.unwrap_or_else(|| chrono::Datelike::year(&day));
                format!("{agency}/{}/{}/{year}/{}", self.direction.name(), self.book, self.number.as_str()).into()
            }
        }
    }
}

/// A document in the register.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-7000-7000-8000-000000000001", "code": "SKHDT-outgoing-KH-2022-1186", "direction": "outgoing", "agency": "SKHDT",
    "book": "KH", "year": 2022, "number": "1186", "sequence": 1186, "symbol": "KH-SKHĐT", "document_number": "1186/KH-SKHĐT", "kind": "ke-hoach",
    "issued_on": "2022-05-19", "arrived_on": null, "sender": null, "recipients": ["UBND tỉnh"], "summary": "Kế hoạch cải cách hành chính năm 2022",
    "signer": "Giám đốc", "department": "VP", "drafted_in_e_office": true, "approved_in_e_office": true, "sent_electronically": true,
    "sent_at": null, "secrecy": "normal", "urgency": "normal", "replies_to": null, "task": null, "dossier": null, "source_system": "dunghen",
    "external_code": null, "note": null, "voided_at": null, "void_reason": null, "version": 1}))]
pub struct DocumentView {
    pub id: Uuid,
    pub code: String,
    #[schema(value_type = Direction)]
    pub direction: String,
    pub agency: String,
    pub book: String,
    pub year: i32,
    pub number: String,
    /// What the number begins with, as a number; null where it begins with something else.
    pub sequence: Option<i64>,
    pub symbol: Option<String>,
    pub document_number: Option<String>,
    pub kind: String,
    pub issued_on: Day,
    pub arrived_on: Option<Day>,
    pub sender: Option<String>,
    pub recipients: Vec<String>,
    pub summary: String,
    pub signer: Option<String>,
    pub department: Option<String>,
    pub drafted_in_e_office: bool,
    pub approved_in_e_office: bool,
    pub sent_electronically: bool,
    pub sent_at: Option<At>,
    #[schema(value_type = Secrecy)]
    pub secrecy: String,
    #[schema(value_type = Urgency)]
    pub urgency: String,
    pub replies_to: Option<String>,
    pub task: Option<String>,
    pub dossier: Option<String>,
    pub source_system: String,
    pub external_code: Option<String>,
    pub note: Option<String>,
    /// When the entry was voided; its number stays taken.
    pub voided_at: Option<At>,
    pub void_reason: Option<String>,
    pub version: i32,
}

impl DocumentView {
    pub fn is_secret(&self) -> bool {
        self.secrecy != Secrecy::Normal.name()
    }
}

crate::page_of!(
    /// A page of the register.
    DocumentPage, DocumentView);

/// Why an entry is voided.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Cấp nhầm số"}))]
pub struct VoidDocument {
    pub reason: Prose,
}

/// A kind of document.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "ke-hoach", "name": "Kế hoạch"}))]
pub struct DocumentKind {
    pub code: String,
    /// In Vietnamese.
    pub name: String,
}

crate::page_of!(
    /// Kinds of documents.
    DocumentKindPage, DocumentKind);
