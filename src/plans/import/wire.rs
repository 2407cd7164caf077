//! Bodies of imports.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::rules::columns::fields;
use crate::http::Day;
use crate::http::query::LONGEST;
use crate::plans::wire::{NewGroup, NewTask};

/// Headers and the member of a task that each is, in the contract.
pub struct ColumnNames;

impl PartialSchema for ColumnNames {
    fn schema() -> RefOr<Schema> {
        let fields = fields().collect::<Vec<_>>().join("|");
        pairs(
            &format!(" *({fields}|-) *"),
            "Headers and the member of a task that each is, or `-` to pass it over.",
            "Tiêu chí=notes;Mã TC=-",
        )
    }
}

impl ToSchema for ColumnNames {
    fn name() -> Cow<'static, str> {
        "ColumnNames".into()
    }
}

/// Names of departments and their codes, in the contract.
pub struct DepartmentNames;

impl PartialSchema for DepartmentNames {
    fn schema() -> RefOr<Schema> {
        pairs("[^;\\u0000]*", "What a table calls departments, and their codes.", "Sở KH&ĐT=SKHDT;Các phòng=CPTT")
    }
}

impl ToSchema for DepartmentNames {
    fn name() -> Cow<'static, str> {
        "DepartmentNames".into()
    }
}

/// `name=code;name=code`, with what a code looks like.
fn pairs(code: &str, description: &str, example: &str) -> RefOr<Schema> {
    let pair = format!("[^;\\u0000]*={code}");
    let text = ObjectBuilder::new().schema_type(Type::String).description(Some(description)).max_length(Some(LONGEST));
    RefOr::T(Schema::Object(text.pattern(Some(format!("^{pair}(;{pair})*;?$"))).examples([serde_json::json!(example)]).build()))
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportedStatus {
    Created,
    Updated,
    Unchanged,
}

/// What a column was read as.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportedColumn {
    pub header: String,
    /// The member of a task; null where the column was passed over.
    pub field: Option<String>,
}

/// A row that is a task.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportedRow {
    /// As the spreadsheet counts, from 1.
    pub row: u32,
    pub status: ImportedStatus,
    /// The task as it was read.
    pub task: NewTask,
    pub starts_on: Option<Day>,
    pub due_on: Option<Day>,
    /// What a person should look at.
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ImportSummary {
    pub received: usize,
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    /// Tasks of the plan that the table has no more.
    pub removed: usize,
}

/// What was read from a table.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"plan": "kh-cchc-2023", "version": 2, "sheet": "Phụ lục", "header_row": 4,
    "columns": [{"header": "Nhiệm vụ", "field": "title"}, {"header": "Tiêu chí", "field": null}],
    "summary": {"received": 1, "created": 1, "updated": 0, "unchanged": 0, "removed": 0}, "groups": [], "rows": []}))]
pub struct PlanImport {
    /// Code of the plan.
    pub plan: String,
    /// Its version now.
    pub version: i32,
    pub sheet: Option<String>,
    pub header_row: u32,
    pub columns: Vec<ImportedColumn>,
    pub summary: ImportSummary,
    pub groups: Vec<NewGroup>,
    pub rows: Vec<ImportedRow>,
}
