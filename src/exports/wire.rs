//! Bodies of exports.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::sources::{source, sources};
use crate::http::table::XLSX;
use crate::http::{At, Line};
use crate::jobs::{JobView, Row};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExportFormat)]
pub enum Format {
    Ndjson,
    Csv,
    Xlsx,
}

impl Format {
    pub fn extension(self) -> &'static str {
        match self {
            Format::Ndjson => "ndjson",
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
        }
    }

    pub fn media(self) -> &'static str {
        match self {
            Format::Ndjson => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => XLSX,
        }
    }
}

/// A list that can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportResource(pub &'static str);

impl<'de> Deserialize<'de> for ExportResource {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(d)?;
        source(&text).map(|source| ExportResource(source.resource)).ok_or_else(|| D::Error::custom("not a list that can be exported"))
    }
}

impl PartialSchema for ExportResource {
    fn schema() -> RefOr<Schema> {
        let keyed = sources().iter().filter(|source| !source.keys.is_empty()).map(|source| {
            let keys = source.keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            format!("`{}` by {keys}{}", source.resource, if source.of_all { " (without it, of all)" } else { "" })
        });
        let text = format!(
            "A list that can be exported. What the path of a list names stands in the filter: {}.",
            keyed.collect::<Vec<_>>().join("; ")
        );
        let names = ObjectBuilder::new().schema_type(Type::String).description(Some(text));
        RefOr::T(Schema::Object(names.enum_values(Some(sources().iter().map(|source| source.resource))).build()))
    }
}

impl ToSchema for ExportResource {
    fn name() -> Cow<'static, str> {
        "ExportResource".into()
    }
}

/// What to export.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"resource": "dossiers", "format": "csv", "filter": {"department": "DKKD"}, "columns": ["code", "status", "due_on"]}))]
pub struct NewExport {
    pub resource: ExportResource,
    pub format: Format,
    /// The parameters of the list, by name, and what its path names: of `measurements` also `kpi`, the indicator. `columns` stands for
    /// `fields`.
    #[serde(default)]
    pub filter: Map<String, Value>,
    /// The members of an item that are wanted, in this order; all of them by default.
    #[serde(default)]
    pub columns: Option<Vec<Line>>,
}

/// How an export is to be made, as its job keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Params {
    pub format: Format,
    pub query: String,
    /// What the path of the list names, by name.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
    pub columns: Vec<String>,
}

/// An export and the job that makes it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-00000000000b", "resource": "dossiers", "format": "csv", "columns": ["code", "status", "due_on"],
    "as_of": "2022-06-15T09:00:01+07:00", "rows": 120, "bytes": 9000, "content": "/api/v1/exports/0198c5a0-0000-7000-8000-00000000000b/content",
    "job": {"id": "0198c5a0-0000-7000-8000-00000000000b", "kind": "export", "resource": "dossiers", "state": "succeeded", "mode": null,
        "strategy": null, "dry_run": false, "rows_done": 120, "rows_total": null, "summary": null, "problem": null, "created_by": "office",
        "created_at": "2022-06-15T09:00:00+07:00", "started_at": "2022-06-15T09:00:01+07:00", "finished_at": "2022-06-15T09:00:02+07:00",
        "cancel_requested_at": null, "links": {"self": "/api/v1/jobs/0198c5a0-0000-7000-8000-00000000000b", "results": null, "errors": null,
            "export": "/api/v1/exports/0198c5a0-0000-7000-8000-00000000000b"}}}))]
pub struct ExportView {
    pub id: Uuid,
    pub resource: String,
    pub format: Format,
    pub columns: Vec<String>,
    /// The moment that all of it shows; null before it is made.
    pub as_of: Option<At>,
    pub rows: i64,
    /// Null before it is made.
    pub bytes: Option<i64>,
    /// Where the file is; null before it is made.
    pub content: Option<String>,
    pub job: JobView,
}

impl ExportView {
    pub fn of(row: &Row, params: Params) -> ExportView {
        let made = row.state == "succeeded";
        ExportView {
            id: row.id,
            resource: row.resource.clone(),
            format: params.format,
            columns: params.columns,
            as_of: row.moment.map(At),
            rows: row.rows_done,
            bytes: row.bytes.filter(|_| made),
            content: made.then(|| format!("/api/v1/exports/{}/content", row.id)),
            job: JobView::of(row),
        }
    }
}
