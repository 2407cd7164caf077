//! Bodies of tasks from above, one by one and in loads.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::bulk::BulkRow;
use crate::http::{Day, Line, Prose, ResourceCode};

/// A task assigned from above by a document of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "gv-4521-2022", "document_number": "4521/UBND-KT", "document_on": "2022-05-10", "issuer": "UBND",
    "title": "Báo cáo tình hình giải ngân vốn đầu tư công", "outputs": ["Báo cáo"], "lead": ["VP"], "coordinate": [], "due_on": "2022-06-20",
    "parent": null}))]
pub struct AssignedTask {
    pub code: ResourceCode,
    /// Number and symbol of the document that assigns it.
    pub document_number: Line,
    pub document_on: Day,
    /// Code of the body that assigns it.
    pub issuer: ResourceCode,
    pub title: Prose,
    /// Results or products.
    #[serde(default)]
    pub outputs: Vec<Prose>,
    /// Codes of the departments that lead.
    pub lead: Vec<ResourceCode>,
    /// Codes of the departments that co-operate.
    #[serde(default)]
    pub coordinate: Vec<ResourceCode>,
    /// Last day in time, by the document.
    pub due_on: Day,
    /// Code of the task that it is a part of.
    #[serde(default)]
    pub parent: Option<ResourceCode>,
}

impl BulkRow for AssignedTask {
    const JSON_COLUMNS: &'static [&'static str] = &["outputs", "lead", "coordinate"];

    fn code(&self) -> Cow<'_, str> {
        self.code.as_str().into()
    }
}
