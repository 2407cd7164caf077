//! Every query of the reports. Those on dossiers stand on one thing: the state of each as of the end of a day.

mod census;
mod documents;
mod findings;
mod late;
mod months;
mod quality;
mod reasons;
mod results;
mod snapshots;
mod state;
mod times;

pub use census::census;
pub use documents::{DocumentBehind, DocumentCounts, Sent, document_counts, document_counts_over, documents_behind};
pub use findings::{Found, findings};
pub use late::{LateDossier, late_dossiers};
pub use months::{Daily, DailyFinish, daily, finished_daily};
pub use quality::{QualityCounts, QualityServices, quality_counts, quality_services};
pub use reasons::{Caused, reasons};
pub use results::{Counted, Counts, DossierBehind, Handling, Verdicts, counts, dossiers_behind, handling, handling_statement, verdicts};
pub use snapshots::{Frozen, Listed, NewSnapshot, find as find_snapshot, freeze, list as list_snapshots};

pub use times::{Ordinals, Spread, times};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::filter::{GroupBy, Slice};
use super::period::Range;
use crate::auth::Reach;
use crate::error::{ApiError, Fault};
use crate::http::values::{Key, vietnam};

/// How rows are made: what they are grouped by, and where their code, name and field come from.
struct Rows {
    key: &'static str,
    from: &'static str,
    label: &'static str,
    names: &'static str,
}

impl GroupBy {
    fn rows(self) -> Rows {
        match self {
            GroupBy::None => {
                Rows { key: "NULL::text", from: "", label: "NULL::text AS key, NULL::text AS name, NULL::text AS field", names: "" }
            }
            GroupBy::Department => Rows {
                key: "s.department_id",
                from: "",
                label: "n.code AS key, n.name, NULL::text AS field",
                names: "JOIN departments n ON n.id = c.group_key",
            },
            GroupBy::Field => Rows {
                key: "g.field_code",
                from: "JOIN procedures g ON g.id = s.procedure_id",
                label: "n.code AS key, n.name, n.code AS field",
                names: "JOIN procedure_fields n ON n.code = c.group_key",
            },
            GroupBy::Procedure => Rows {
                key: "s.procedure_id",
                from: "",
                label: "n.code AS key, n.name, n.field_code AS field",
                names: "JOIN procedures n ON n.id = c.group_key",
            },
        }
    }
}

/// What is counted, over whom, and until when.
pub struct Question<'a> {
    pub reach: &'a Reach,
    pub chosen: &'a Chosen,
    pub days: Range,
    /// Facts after the end of this day do not count.
    pub as_of: NaiveDate,
    pub group_by: GroupBy,
}

impl Question<'_> {
    fn values(&self) -> [Value; 8] {
        [
            self.reach.ids().into(),
            self.chosen.departments.clone().into(),
            self.days.from.into(),
            self.days.to.into(),
            self.as_of.into(),
            end_of(self.as_of).into(),
            self.chosen.procedure.into(),
            self.chosen.field.clone().into(),
        ]
    }

    /// Counts by row, ordered by code; one row without a code when there are no groups. `with` are common table expressions
    /// and `source` is one of them, which is counted. Totals are sums of rows: a plain GROUP BY is what PostgreSQL can spread
    /// over its workers.
    fn text(&self, with: &str, source: &str, counts: &str) -> String {
        let Rows { key, from, label, names } = self.group_by.rows();
        format!(
            "{with}, c AS (SELECT {key} AS group_key, {counts} FROM {source} s {from} GROUP BY 1)
             SELECT * FROM (SELECT {label}, c.* FROM c {names}) AS r ORDER BY r.key COLLATE \"C\""
        )
    }

    /// The statement with its values written in: it is planned for the very period, whose days decide which index is worth it.
    fn statement(&self, text: String, more: Vec<Value>) -> Statement {
        let values = self.values().into_iter().chain(more);
        let text = Statement::from_sql_and_values(DbBackend::Postgres, text, values).to_string();
        Statement::from_string(DbBackend::Postgres, text)
    }

    async fn ask<T: FromQueryResult>(&self, db: &impl ConnectionTrait, with: &str, source: &str, counts: &str) -> Result<Vec<T>, DbErr> {
        T::find_by_statement(self.statement(self.text(with, source, counts), Vec::new())).all(db).await
    }
}

/// The first instant after a day in Vietnam.
fn end_of(day: NaiveDate) -> DateTime<Utc> {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day).and_time(NaiveTime::MIN);
    next.and_local_timezone(vietnam()).single().map_or(DateTime::<Utc>::MAX_UTC, |at| at.to_utc())
}

/// A slice whose codes have been looked up.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// The department asked for.
    pub department: Option<Named>,
    /// It, or it and those below; `None` for all.
    pub departments: Option<Vec<Uuid>>,
    pub procedure: Option<Uuid>,
    /// The code of that procedure.
    pub procedure_code: Option<String>,
    pub field: Option<String>,
}

impl Chosen {
    /// Nothing was named.
    pub fn is_everything(&self) -> bool {
        self.departments.is_none() && self.procedure.is_none() && self.field.is_none()
    }
}

/// An id with its code.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Named {
    pub id: Uuid,
    pub code: String,
}

/// Looks up what a slice names.
///
/// # Errors
/// 422 with every code that does not exist, or is a department outside the reach.
pub async fn choose(db: &impl ConnectionTrait, reach: &Reach, slice: &Slice) -> Result<Chosen, ApiError> {
    let mut chosen = Chosen::default();
    let mut faults = Vec::new();
    if let Some(key) = &slice.department {
        match named(db, "departments", key).await?.filter(|d| reach.covers(d.id)) {
            Some(found) => {
                chosen.departments = Some(if slice.subtree { below(db, found.id).await? } else { vec![found.id] });
                chosen.department = Some(found);
            }
            None => faults.push(Fault::unknown("department", text(key).as_str())),
        }
    }
    if let Some(key) = &slice.procedure {
        match named(db, "procedures", key).await? {
            Some(found) => {
                chosen.procedure = Some(found.id);
                chosen.procedure_code = Some(found.code);
            }
            None => faults.push(Fault::unknown("procedure", text(key).as_str())),
        }
    }
    if let Some(code) = &slice.field {
        let sql = "SELECT code FROM procedure_fields WHERE code = $1";
        let found = db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [code.clone().into()])).await?;
        match found {
            Some(_) => chosen.field = Some(code.clone()),
            None => faults.push(Fault::unknown("field", code)),
        }
    }
    if faults.is_empty() { Ok(chosen) } else { Err(ApiError::broken(faults)) }
}

fn text(key: &Key) -> String {
    match key {
        Key::Id(id) => id.to_string(),
        Key::Code(code) => code.clone(),
    }
}

async fn named(db: &impl ConnectionTrait, table: &'static str, key: &Key) -> Result<Option<Named>, DbErr> {
    let (column, value): (_, Value) = match key {
        Key::Id(id) => ("id", (*id).into()),
        Key::Code(code) => ("code", code.clone().into()),
    };
    let sql = format!("SELECT id, code FROM {table} WHERE {column} = $1");
    Named::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, sql, [value])).one(db).await
}

async fn below(db: &impl ConnectionTrait, department: Uuid) -> Result<Vec<Uuid>, DbErr> {
    let sql = "SELECT id, code FROM departments WHERE path @> ARRAY[$1]";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [department.into()]);
    Ok(Named::find_by_statement(statement).all(db).await?.into_iter().map(|d| d.id).collect())
}
