//! What was read from a table.

use serde::Serialize;
use utoipa::ToSchema;

use super::NewCriterion;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CriteriaImportStatus)]
pub enum ImportStatus {
    Created,
    Updated,
    Unchanged,
}

/// What a column was read as.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CriteriaImportColumn {
    pub header: String,
    /// The member of a criterion; null where the column was passed over.
    pub field: Option<String>,
}

/// A row that is a criterion.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CriteriaImportRow {
    /// As the spreadsheet counts, from 1.
    pub row: u32,
    pub status: ImportStatus,
    /// The criterion as it was read.
    pub criterion: NewCriterion,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CriteriaImportSummary {
    pub received: usize,
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    /// Criteria of the sheet that the table has no more.
    pub removed: usize,
}

/// The criteria that were read from a table.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"sheet": "par-index-2022", "version": 2, "table": "Phụ lục", "header_row": 4,
    "columns": [{"header": "Tiêu chí", "field": "name"}, {"header": "Ghi nhớ", "field": null}],
    "summary": {"received": 1, "created": 1, "updated": 0, "unchanged": 0, "removed": 0}, "rows": []}))]
pub struct CriteriaImport {
    /// Code of the sheet.
    pub sheet: String,
    /// Its version now.
    pub version: i32,
    /// Name of the sheet of a spreadsheet.
    pub table: Option<String>,
    pub header_row: u32,
    pub columns: Vec<CriteriaImportColumn>,
    pub summary: CriteriaImportSummary,
    pub rows: Vec<CriteriaImportRow>,
}
