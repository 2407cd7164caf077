//! Bodies of the procedures' operations.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::model::{DEFAULT_SAME_DAY_CUTOFF, Limit, OnlineLevel, SupplementPolicy};
use crate::calendar::TimeOfDay;
use crate::http::bulk::BulkRow;
use crate::http::{Day, Line, ResourceCode, Vnd};

/// A procedure as it is put or loaded; absent members take their default.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "2.001199", "name": "Đăng ký thành lập công ty cổ phần",
    "field": {"code": "DKDN", "name": "Thành lập và hoạt động của doanh nghiệp"}, "department": "DKKD",
    "limit": {"value": 3, "unit": "working_day"}, "supplement_policy": "pause", "same_day_cutoff": "15:00", "online_level": "level_4",
    "components": [{"name": "Giấy đề nghị đăng ký doanh nghiệp", "originals": 1}], "fee_vnd": 50000}))]
pub struct NewProcedure {
    pub code: ResourceCode,
    pub name: Line,
    pub field: NewField,
    /// Code of the department that resolves its dossiers.
    pub department: ResourceCode,
    /// Null, the default, when the procedure has no limit.
    #[serde(default)]
    pub limit: Option<Limit>,
    /// What a fulfilled supplement request does to the limit; `pause` by default.
    #[serde(default)]
    pub supplement_policy: SupplementPolicy,
    /// Time in Vietnam from which a receipt under limit 0 is due the next working day; 15:00 by default.
    #[serde(default)]
    pub same_day_cutoff: Option<TimeOfDay>,
    #[serde(default)]
    pub online_level: Option<OnlineLevelGiven>,
    /// The papers of a dossier.
    #[serde(default)]
    pub components: Vec<Component>,
    /// Fee in đồng; null, the default, when not stated.
    #[serde(default)]
    pub fee_vnd: Option<Vnd>,
    /// First day in force.
    #[serde(default)]
    pub valid_from: Option<Day>,
    /// Last day in force.
    #[serde(default)]
    pub valid_to: Option<Day>,
}

impl NewProcedure {
    pub fn cutoff(&self) -> TimeOfDay {
        self.same_day_cutoff.unwrap_or(TimeOfDay(DEFAULT_SAME_DAY_CUTOFF))
    }
}

impl BulkRow for NewProcedure {
    const JSON_COLUMNS: &'static [&'static str] = &["field", "limit", "limit.value", "components", "fee_vnd"];

    fn code(&self) -> Cow<'_, str> {
        self.code.as_str().into()
    }
}

/// The field of administration that a procedure belongs to.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "DKDN", "name": "Thành lập và hoạt động của doanh nghiệp"}))]
pub struct NewField {
    pub code: ResourceCode,
    /// The latest name given holds for all procedures of the field; it may be left out once the field is known.
    #[serde(default)]
    pub name: Option<Line>,
}

/// A paper that belongs to a dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Giấy đề nghị đăng ký doanh nghiệp", "originals": 1, "certified_copies": 0, "photocopies": 0, "required": true}))]
pub struct Component {
    pub name: Line,
    #[serde(default)]
    #[schema(maximum = 65535)]
    pub originals: u16,
    #[serde(default)]
    #[schema(maximum = 65535)]
    pub certified_copies: u16,
    #[serde(default)]
    #[schema(maximum = 65535)]
    pub photocopies: u16,
    /// Whether a dossier is incomplete without it; true by default.
    #[serde(default = "yes")]
    pub required: bool,
}

fn yes() -> bool {
    true
}

/// An online level by its name, or an old one by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnlineLevelGiven(pub OnlineLevel);

impl<'de> Deserialize<'de> for OnlineLevelGiven {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Number(u8),
            Name(String),
        }
        let name = match Given::deserialize(d)? {
            Given::Number(number) => number.to_string(),
            Given::Name(name) => name,
        };
        OnlineLevel::parse(&name).map(OnlineLevelGiven).ok_or_else(|| D::Error::custom("no such online level"))
    }
}

impl PartialSchema for OnlineLevelGiven {
    fn schema() -> RefOr<Schema> {
        let name = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(OnlineLevel::NAMES.iter().copied()));
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(4));
        let either = OneOfBuilder::new()
            .item(name.build())
            .item(number.build())
            .description(Some("An online level: a name, or the number 1–4 for `level_1`–`level_4` (in CSV without quotes)."))
            .examples([serde_json::json!("level_4"), serde_json::json!(4)]);
        RefOr::T(Schema::OneOf(either.build()))
    }
}
impl ToSchema for OnlineLevelGiven {
    fn name() -> Cow<'static, str> {
        "OnlineLevelGiven".into()
    }
}

/// A procedure.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000002", "code": "2.001199", "name": "Đăng ký thành lập công ty cổ phần",
    "field": {"code": "DKDN", "name": "Thành lập và hoạt động của doanh nghiệp"}, "department": "DKKD",
    "limit": {"value": 3, "unit": "working_day"}, "supplement_policy": "pause", "same_day_cutoff": "15:00", "online_level": "level_4",
    "components": [{"name": "Giấy đề nghị đăng ký doanh nghiệp", "originals": 1, "certified_copies": 0, "photocopies": 0, "required": true}],
    "fee_vnd": 50000, "valid_from": null, "valid_to": null, "version": 1}))]
pub struct ProcedureView {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub field: FieldView,
    /// Code of the department that resolves its dossiers.
    pub department: String,
    /// Null when there is none.
    pub limit: Option<Limit>,
    pub supplement_policy: SupplementPolicy,
    pub same_day_cutoff: TimeOfDay,
    pub online_level: Option<OnlineLevel>,
    pub components: Vec<Component>,
    /// Fee in đồng; null when not stated.
    pub fee_vnd: Option<i64>,
    pub valid_from: Option<Day>,
    pub valid_to: Option<Day>,
    pub version: i32,
    #[serde(skip)]
    #[schema(ignore)]
    pub department_id: Uuid,
}

/// A field of administration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"code": "DKDN", "name": "Thành lập và hoạt động của doanh nghiệp"}))]
pub struct FieldView {
    pub code: String,
    pub name: String,
}

crate::page_of!(
    /// A page of procedures.
    ProcedurePage, ProcedureView);
