//! Bodies of the departments' operations.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::bulk::BulkRow;
use crate::http::{Day, Line, ResourceCode};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DepartmentKind)]
pub enum Kind {
    Agency,
    Office,
    Division,
    Centre,
    Unit,
    Board,
    MassOrganisation,
    Collective,
    External,
}

impl Kind {
    pub const NAMES: &[&str] = &["agency", "office", "division", "centre", "unit", "board", "mass_organisation", "collective", "external"];

    pub fn name(self) -> &'static str {
        Kind::NAMES[self as usize]
    }
}

/// A department as it is put or loaded; absent members take their default.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "DKKD", "name": "Phòng Đăng ký kinh doanh", "kind": "division", "parent": "SKHDT"}))]
pub struct NewDepartment {
    pub code: ResourceCode,
    pub name: Line,
    pub kind: Kind,
    /// Code of the department above.
    #[serde(default)]
    pub parent: Option<ResourceCode>,
    /// Whether it may receive dossiers at the counter.
    #[serde(default)]
    pub one_stop: bool,
    /// Official identifier (mã định danh), which dossier numbers begin with; that of the department above by default.
    #[serde(default)]
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9.]{0,31}$", example = "H32.05")]
    pub identifier: Option<Line>,
    /// Codes of the members of a collective.
    #[serde(default)]
    pub members: Vec<ResourceCode>,
    #[serde(default)]
    pub valid_from: Option<Day>,
    /// Last day.
    #[serde(default)]
    pub valid_to: Option<Day>,
    /// Code of the department that took over.
    #[serde(default)]
    pub successor: Option<ResourceCode>,
}

impl BulkRow for NewDepartment {
    const JSON_COLUMNS: &'static [&'static str] = &["one_stop", "members"];

    fn code(&self) -> Cow<'_, str> {
        self.code.as_str().into()
    }
}

/// A department.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000001", "code": "DKKD", "name": "Phòng Đăng ký kinh doanh", "kind": "division",
    "parent": "SKHDT", "one_stop": false, "identifier": null, "members": [], "valid_from": null, "valid_to": null, "successor": null, "version": 1}))]
pub struct DepartmentView {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    #[schema(value_type = Kind)]
    pub kind: String,
    pub parent: Option<String>,
    pub one_stop: bool,
    pub identifier: Option<String>,
    pub members: Vec<String>,
    pub valid_from: Option<Day>,
    pub valid_to: Option<Day>,
    pub successor: Option<String>,
    pub version: i32,
}

crate::page_of!(
    /// A page of departments.
    DepartmentPage, DepartmentView);
