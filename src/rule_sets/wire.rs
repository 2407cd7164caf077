//! Bodies of the rule sets' operations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{FormKind, GroundedAct, PageSize};
use crate::http::{Day, Line, ResourceCode};

/// A legal text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"number": "118/2025/NĐ-CP", "title": "Nghị định về thực hiện thủ tục hành chính", "issued_on": "2025-06-09"}))]
pub struct LegalText {
    pub number: Line,
    pub title: Line,
    /// Null, the default, when not known.
    #[serde(default)]
    pub issued_on: Option<Day>,
}

/// What a slip or the register is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "stop", "number": "05", "title": "Thông báo dừng giải quyết hồ sơ", "page_size": "a5"}))]
pub struct RuleSetForm {
    pub kind: FormKind,
    /// Number of the standard form; null, the default, where the law gives none.
    #[serde(default)]
    pub number: Option<Line>,
    /// As printed, in Vietnamese.
    pub title: Line,
    pub page_size: PageSize,
}

/// What is cited for an act: slips print it, and clients offer that of a suspension as its `legal_basis`. Receipt, control slip and
/// register cite none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"act": "apology", "ground": "khoản 9 Điều 19 Nghị định số 61/2018/NĐ-CP"}))]
pub struct LegalGround {
    pub act: GroundedAct,
    pub ground: Line,
}

/// A rule set as it is put.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "nd-2027", "name": "Nghị định mới", "valid_from": "2027-01-01",
    "legal_bases": [{"number": "1/2026/NĐ-CP", "title": "Nghị định mới", "issued_on": "2026-11-01"}], "forms_source": "Thông tư số 1/2026/TT-VPCP",
    "forms": [{"kind": "receipt", "number": "01", "title": "Giấy tiếp nhận hồ sơ và hẹn trả kết quả", "page_size": "a5"},
        {"kind": "supplement", "number": "02", "title": "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ", "page_size": "a5"},
        {"kind": "refusal", "number": "03", "title": "Phiếu từ chối tiếp nhận giải quyết hồ sơ", "page_size": "a5"},
        {"kind": "apology", "number": "04", "title": "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết", "page_size": "a5"},
        {"kind": "stop", "number": "05", "title": "Thông báo dừng giải quyết hồ sơ", "page_size": "a5"},
        {"kind": "control", "number": "06", "title": "Phiếu kiểm soát quá trình giải quyết hồ sơ", "page_size": "a5"},
        {"kind": "register", "number": "07", "title": "Sổ theo dõi hồ sơ", "page_size": "a4"}],
    "grounds": [{"act": "apology", "ground": "Nghị định số 1/2026/NĐ-CP"}]}))]
pub struct NewRuleSet {
    pub code: ResourceCode,
    pub name: Line,
    /// First day. The set before it ends on the day before.
    pub valid_from: Day,
    /// Last day: the one before the next set begins. It follows from that set; when given, it must agree.
    #[serde(default)]
    pub valid_to: Option<Day>,
    pub legal_bases: Vec<LegalText>,
    /// The text that the forms are issued with, as printed on them.
    pub forms_source: Line,
    /// Every kind once.
    pub forms: Vec<RuleSetForm>,
    /// An act at most once; an act that is left out is printed, or offered, without a ground.
    #[serde(default)]
    pub grounds: Vec<LegalGround>,
}

/// A rule set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "0197c1c8-0280-7000-8000-000000000118", "code": "nd118-2025", "name": "Nghị định 118/2025/NĐ-CP",
    "valid_from": "2025-07-01", "valid_to": null,
    "legal_bases": [{"number": "118/2025/NĐ-CP", "title": "Nghị định về thực hiện thủ tục hành chính", "issued_on": "2025-06-09"}],
    "forms_source": "Thông tư số 03/2025/TT-VPCP",
    "forms": [{"kind": "stop", "number": "05", "title": "Thông báo dừng giải quyết hồ sơ", "page_size": "a5"}],
    "grounds": [{"act": "termination", "ground": "Nghị định số 118/2025/NĐ-CP"}], "version": 1}))]
pub struct RuleSetView {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub valid_from: Day,
    /// Last day; null for the set that has no successor yet.
    pub valid_to: Option<Day>,
    pub legal_bases: Vec<LegalText>,
    pub forms_source: String,
    pub forms: Vec<RuleSetForm>,
    pub grounds: Vec<LegalGround>,
    pub version: i32,
}

impl RuleSetView {
    pub fn form(&self, kind: FormKind) -> Option<&RuleSetForm> {
        self.forms.iter().find(|f| f.kind == kind)
    }

    pub fn ground(&self, act: GroundedAct) -> Option<&str> {
        self.grounds.iter().find(|g| g.act == act).map(|g| g.ground.as_str())
    }
}

crate::page_of!(
    /// A page of rule sets.
    RuleSetPage, RuleSetView);
