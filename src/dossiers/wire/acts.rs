//! What is sent: a new dossier, and the bodies of the acts.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::dossiers::deeds::Deed;
use crate::dossiers::model::{ApplicantKind, Channel};
use crate::dossiers::personal::{IdentityNo, PhoneNo};
use crate::http::{At, Day, Line, Prose, ResourceCode, Vnd};

/// Who files.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Applicant, example = json!({"kind": "enterprise", "name": "Công ty TNHH Biển Xanh"}))]
pub struct ApplicantBody {
    pub kind: ApplicantKind,
    pub name: Line,
    /// Number of the identity card or of the enterprise. Kept sealed; not needed for anything that is counted.
    #[serde(default)]
    pub identity_no: Option<IdentityNo>,
    /// Telephone number. Kept sealed.
    #[serde(default)]
    pub phone: Option<PhoneNo>,
}

/// A dossier as it is received at the counter.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"procedure": "2.001610", "receiving_department": "MC", "channel": "direct",
    "applicant": {"kind": "enterprise", "name": "Công ty TNHH Biển Xanh"}, "accept": true}))]
pub struct NewDossier {
    /// The caller's own code; by default a number is allotted: `{agency}-{yymmdd}-{nnnn}`. A code of that form must be one that
    /// was reserved for this counter, or one of its own agency that lies below the last number allotted.
    #[serde(default)]
    #[schema(value_type = Option<ResourceCode>)]
    pub code: Option<ResourceCode>,
    /// The system it comes from; `dunghen` by default.
    #[serde(default)]
    pub source_system: Option<Line>,
    /// Its code there.
    #[serde(default)]
    pub external_code: Option<Line>,
    /// Code of the procedure.
    pub procedure: ResourceCode,
    /// Code of the department at whose counter it is received.
    pub receiving_department: ResourceCode,
    /// Code of the department that resolves it; the procedure's by default.
    #[serde(default)]
    pub resolving_department: Option<ResourceCode>,
    pub channel: Channel,
    pub applicant: ApplicantBody,
    /// When it was submitted; now by default.
    #[serde(default)]
    pub submitted_at: Option<At>,
    /// Accept it in the same act: complete and valid, the clock starts.
    #[serde(default)]
    pub accept: bool,
    /// When it was received, for late entry; now by default.
    #[serde(default)]
    pub occurred_at: Option<At>,
    /// Whether the papers are scanned and attached.
    #[serde(default)]
    pub digitised: Option<bool>,
}

macro_rules! act_bodies {
    ($($(#[$doc:meta])* $name:ident $example:tt { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? })+) => {
        $($(#[$doc])*
        #[derive(Clone, Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        #[schema(example = json!($example))]
        pub struct $name {
            $($(#[$field_doc])* #[serde(default)] pub $field: $type,)*
            /// When it happened, for late entry; now by default.
            #[serde(default)]
            pub occurred_at: Option<At>,
        }

        impl ActBody for $name {
            fn occurred_at(&self) -> Option<At> {
                self.occurred_at
            }
        })+
    };
}

/// A body that may say when the act happened.
pub trait ActBody {
    fn occurred_at(&self) -> Option<At>;
}

act_bodies! {
    /// The dossier is complete and valid; the clock starts.
    Acceptance {} {}
    /// The papers are not complete or not valid: the applicant is told all that is missing. No clock runs yet.
    CompletionRequest {"reason": "Thiếu bản sao giấy tờ tùy thân", "items": ["Bản sao căn cước"], "respond_by_on": "2030-01-15"} {
        /// Required.
        reason: Option<Prose>,
        /// Number of the slip.
        document_no: Option<Line>,
        /// The papers asked for.
        items: Vec<Line>,
        /// Last day to bring them.
        respond_by_on: Option<Day>,
    }
    /// The papers are complete now.
    Completion {} {}
    /// It is refused at the counter.
    NonAcceptance {"reason": "Không thuộc thẩm quyền giải quyết"} {
        /// Required.
        reason: Option<Prose>,
    }
    /// The resolving department begins.
    Processing {} {}
    /// The applicant is asked for papers; the clock stops.
    SupplementRequest {"reason": "Thiếu điều lệ công ty", "document_no": "12/TB-MC", "items": ["Điều lệ công ty"], "respond_by_on": "2030-01-15"} {
        /// Required.
        reason: Option<Prose>,
        /// Number of the notice; required.
        document_no: Option<Line>,
        /// The papers asked for.
        items: Vec<Line>,
        /// Last day to bring them.
        respond_by_on: Option<Day>,
    }
    /// The papers asked for are here; the clock runs on.
    Fulfilment {} {}
    /// The applicant is asked for a fee; the clock stops.
    FeeRequest {"amount_vnd": 200000, "reason": "Lệ phí cấp giấy chứng nhận"} {
        amount_vnd: Option<Vnd>,
        reason: Option<Prose>,
    }
    /// The fee is paid; the clock runs on.
    Payment {} {}
    /// The agency stops the clock on a legal ground.
    SuspensionNotice {"reason": "Có tranh chấp", "legal_basis": "Điều 47 Luật Đầu tư"} {
        /// Required.
        reason: Option<Prose>,
        /// Required.
        legal_basis: Option<Line>,
    }
    /// The ground is gone; the clock runs on.
    SuspensionEnd {} {}
    /// Another agency is asked for its opinion. The clock runs on.
    ConsultationRequest {"agency": "Sở Xây dựng", "document_no": "591/SKHĐT-DKKD", "answer_due_on": "2030-01-15"} {
        /// Required.
        agency: Option<Line>,
        document_no: Option<Line>,
        /// Last day for the answer.
        answer_due_on: Option<Day>,
    }
    /// The consulted agency is reminded in writing.
    ConsultationReminder {"document_no": "620/SKHĐT-DKKD"} {
        /// Required.
        document_no: Option<Line>,
    }
    /// The consulted agency has answered.
    ConsultationAnswer {} {}
    /// The silence is reported to the provincial committee.
    ConsultationEscalation {} {}
    /// The agency stops for good, by notice.
    TerminationNotice {"reason": "Không đủ điều kiện giải quyết", "notice_no": "15/TB-DKKD"} {
        /// Required.
        reason: Option<Prose>,
        /// Number of the stop notice; required.
        notice_no: Option<Line>,
    }
    /// The dossier is or will be late; the applicant is given a new date. The due date does not move.
    ApologyNotice {"reason": "Chờ ý kiến cơ quan phối hợp", "new_due_on": "2030-01-20", "document_no": "40/XL"} {
        /// Required.
        reason: Option<Prose>,
        /// Required; later than the due date.
        new_due_on: Option<Day>,
        document_no: Option<Line>,
    }
    /// Refused in writing, with the reason.
    RefusalNotice {"reason": "Ngành nghề bị cấm đầu tư kinh doanh", "document_no": "77/TB-DKKD"} {
        /// Required.
        reason: Option<Prose>,
        /// Number of the document; required.
        document_no: Option<Line>,
    }
    /// Processing is done.
    Resolution {"document_no": "1234/GCN"} {
        /// Number of the result.
        document_no: Option<Line>,
    }
    /// The result is handed over.
    HandOver {"method": "direct"} {
        method: Option<Channel>,
    }
    /// Another department resolves it from now on. The due date does not move.
    TransferNotice {"department": "DN", "reason": "Thuộc thẩm quyền của Phòng Doanh nghiệp"} {
        /// Code of the department; required, and open then.
        department: Option<ResourceCode>,
        /// Required.
        reason: Option<Prose>,
    }
    /// The applicant takes it back.
    Withdrawal {"reason": "Theo đề nghị của người nộp"} {
        /// Required.
        reason: Option<Prose>,
    }
    /// A wrong or duplicate entry.
    Voiding {"reason": "Nhập trùng"} {
        /// Required.
        reason: Option<Prose>,
    }
}

fn text(value: Option<Prose>) -> String {
    value.map(Prose::into_string).unwrap_or_default()
}

fn line(value: Option<Line>) -> Option<String> {
    value.map(Line::into_string).filter(|l| !l.trim().is_empty())
}

impl From<Acceptance> for Deed {
    fn from(_: Acceptance) -> Self {
        Deed::Accept
    }
}
impl From<CompletionRequest> for Deed {
    fn from(b: CompletionRequest) -> Self {
        Deed::RequestCompletion {
            reason: text(b.reason),
            document_no: line(b.document_no),
            items: b.items.into_iter().map(Line::into_string).collect(),
            respond_by_on: b.respond_by_on.map(|d| d.0),
        }
    }
}
impl From<TransferNotice> for Deed {
    fn from(b: TransferNotice) -> Self {
        Deed::Transfer { department: b.department.map(|d| d.as_str().to_owned()).unwrap_or_default(), reason: text(b.reason) }
    }
}
impl From<NonAcceptance> for Deed {
    fn from(b: NonAcceptance) -> Self {
        Deed::Decline { reason: text(b.reason) }
    }
}
impl From<Processing> for Deed {
    fn from(_: Processing) -> Self {
        Deed::Process
    }
}
impl From<SupplementRequest> for Deed {
    fn from(b: SupplementRequest) -> Self {
        Deed::RequestSupplement {
            reason: text(b.reason),
            document_no: line(b.document_no).unwrap_or_default(),
            items: b.items.into_iter().map(Line::into_string).collect(),
            respond_by_on: b.respond_by_on.map(|d| d.0),
        }
    }
}
impl From<FeeRequest> for Deed {
    fn from(b: FeeRequest) -> Self {
        Deed::RequestFee { amount_vnd: b.amount_vnd.map(|v| v.0), reason: Some(text(b.reason)).filter(|t| !t.trim().is_empty()) }
    }
}
impl From<SuspensionNotice> for Deed {
    fn from(b: SuspensionNotice) -> Self {
        Deed::Suspend { reason: text(b.reason), legal_basis: line(b.legal_basis).unwrap_or_default() }
    }
}
impl From<ConsultationRequest> for Deed {
    fn from(b: ConsultationRequest) -> Self {
        Deed::Consult {
            agency: line(b.agency).unwrap_or_default(),
            document_no: line(b.document_no),
            answer_due_on: b.answer_due_on.map(|d| d.0),
        }
    }
}
impl From<TerminationNotice> for Deed {
    fn from(b: TerminationNotice) -> Self {
        Deed::Terminate { reason: text(b.reason), notice_no: line(b.notice_no).unwrap_or_default() }
    }
}
impl From<ApologyNotice> for Deed {
    fn from(b: ApologyNotice) -> Self {
        Deed::Apologise { reason: text(b.reason), new_due_on: b.new_due_on.map(|d| d.0), document_no: line(b.document_no) }
    }
}
impl From<RefusalNotice> for Deed {
    fn from(b: RefusalNotice) -> Self {
        Deed::Refuse { reason: text(b.reason), document_no: line(b.document_no).unwrap_or_default() }
    }
}
impl From<Resolution> for Deed {
    fn from(b: Resolution) -> Self {
        Deed::Resolve { document_no: line(b.document_no) }
    }
}
impl From<HandOver> for Deed {
    fn from(b: HandOver) -> Self {
        Deed::Return { method: b.method }
    }
}
impl From<Withdrawal> for Deed {
    fn from(b: Withdrawal) -> Self {
        Deed::Withdraw { reason: text(b.reason) }
    }
}
impl From<Voiding> for Deed {
    fn from(b: Voiding) -> Self {
        Deed::Void { reason: text(b.reason) }
    }
}
