//! Every query on targets that stand by themselves.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use serde_json::Value as Json;
use uuid::Uuid;

use super::wire::KpiTargetView;
use crate::http::ResourceCode;
use crate::kpi::store::{exact, statement, stored};

/// Which targets to list.
pub struct Chosen<'a> {
    pub kpi: Option<Uuid>,
    pub authority: Option<&'a str>,
    pub department: Option<&'a str>,
    pub field: Option<&'a str>,
    pub procedure: Option<&'a str>,
    pub period: Option<&'a str>,
}

#[derive(FromQueryResult)]
struct TargetRow {
    kpi: String,
    kpi_name: String,
    unit: String,
    direction: String,
    n: i16,
    authority: String,
    department: Option<String>,
    field: Option<String>,
    procedure: Option<String>,
    period: String,
    comparator: String,
    value: Option<String>,
    margin: Option<String>,
    wording: Option<String>,
}

impl TryFrom<TargetRow> for KpiTargetView {
    type Error = DbErr;

    fn try_from(r: TargetRow) -> Result<Self, DbErr> {
        let code = |code: Option<String>| code.as_deref().and_then(ResourceCode::parse);
        let word = |word: String| Json::from(word);
        Ok(KpiTargetView {
            kpi: r.kpi,
            kpi_name: r.kpi_name,
            unit: stored(word(r.unit))?,
            direction: stored(word(r.direction))?,
            n: r.n,
            authority: r.authority,
            department: code(r.department),
            field: code(r.field),
            procedure: code(r.procedure),
            period: r.period,
            comparator: stored(word(r.comparator))?,
            value: exact(r.value)?,
            margin: exact(r.margin)?,
            wording: r.wording,
        })
    }
}

/// Targets by indicator and place.
pub async fn list(
    db: &impl ConnectionTrait,
    chosen: &Chosen<'_>,
    after: Option<(String, i16)>,
    limit: u32,
) -> Result<Vec<KpiTargetView>, DbErr> {
    let sql = "SELECT k.code AS kpi, k.name AS kpi_name, k.unit, k.direction, t.n, t.authority, d.code AS department,
                      t.field_code AS field, p.code AS procedure, t.period, t.comparator, t.value::text AS value,
                      t.margin::text AS margin, t.wording
                 FROM kpi_targets t JOIN kpis k ON k.id = t.kpi_id LEFT JOIN departments d ON d.id = t.department_id
                 LEFT JOIN procedures p ON p.id = t.procedure_id
                WHERE ($1::uuid IS NULL OR t.kpi_id = $1) AND ($2::text IS NULL OR t.authority = $2)
                  AND ($3::text IS NULL OR d.code = $3) AND ($4::text IS NULL OR t.field_code = $4)
                  AND ($5::text IS NULL OR p.code = $5) AND ($6::text IS NULL OR t.period = $6)
                  AND ($7::text IS NULL OR (k.code COLLATE \"C\", t.n) > ($7, $8))
                ORDER BY k.code COLLATE \"C\", t.n LIMIT $9";
    let text = |value: Option<&str>| Value::from(value.map(str::to_owned));
    let (code, n) = after.map_or((None, None), |(code, n)| (Some(code), Some(n)));
    let values = vec![
        chosen.kpi.into(),
        text(chosen.authority),
        text(chosen.department),
        text(chosen.field),
        text(chosen.procedure),
        text(chosen.period),
        code.into(),
        n.into(),
        i64::from(limit + 1).into(),
    ];
    let rows = TargetRow::find_by_statement(statement(sql, values)).all(db).await?;
    rows.into_iter().map(KpiTargetView::try_from).collect()
}
