//! Every query on procedures. Procedures are reference data: whoever is signed in may see them all.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveTime};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{Limit, LimitUnit, OnlineLevel, SupplementPolicy};
use super::rules::FieldNames;
use super::wire::{FieldView, NewProcedure, ProcedureView};
use crate::auth::Permission;
use crate::calendar::TimeOfDay;
use crate::http::shape::{Expanding, Expansion, Target, expansion};
use crate::http::values::{Key, fold};
use crate::http::{Call, Day, ResourceCode};

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    code: String,
    name: String,
    field_code: String,
    field_name: String,
    department_id: Uuid,
    department: String,
    limit_value: Option<i32>,
    limit_unit: Option<String>,
    supplement_policy: String,
    same_day_cutoff: NaiveTime,
    online_level: Option<String>,
    components: Value,
    fee_vnd: Option<i64>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    version: i32,
}

/// A value that the table's CHECK does not let in.
fn foreign(column: &str) -> DbErr {
    DbErr::Type(format!("procedures.{column} holds what it never should"))
}

fn limit(value: Option<i32>, unit: Option<&str>) -> Result<Option<Limit>, DbErr> {
    match (value, unit) {
        (Some(value), Some(unit)) => {
            let value = u32::try_from(value).map_err(|_| foreign("limit_value"))?;
            Ok(Some(Limit { value, unit: LimitUnit::parse(unit).ok_or_else(|| foreign("limit_unit"))? }))
        }
        _ => Ok(None),
    }
}

fn policy(name: &str) -> Result<SupplementPolicy, DbErr> {
    SupplementPolicy::parse(name).ok_or_else(|| foreign("supplement_policy"))
}

impl TryFrom<Row> for ProcedureView {
    type Error = DbErr;

    fn try_from(r: Row) -> Result<Self, DbErr> {
        let online_level = r.online_level.map(|name| OnlineLevel::parse(&name).ok_or_else(|| foreign("online_level"))).transpose()?;
        Ok(ProcedureView {
            id: r.id,
            code: r.code,
            name: r.name,
            field: FieldView { code: r.field_code, name: r.field_name },
            department: r.department,
            limit: limit(r.limit_value, r.limit_unit.as_deref())?,
            supplement_policy: policy(&r.supplement_policy)?,
            same_day_cutoff: TimeOfDay(r.same_day_cutoff),
            online_level,
            components: serde_json::from_value(r.components).map_err(|_| foreign("components"))?,
            fee_vnd: r.fee_vnd,
            valid_from: r.valid_from.map(Day),
            valid_to: r.valid_to.map(Day),
            version: r.version,
            department_id: r.department_id,
        })
    }
}

const SELECT: &str = "SELECT p.id, p.code, p.name, p.field_code, f.name AS field_name, p.department_id, d.code AS department,
        p.limit_value, p.limit_unit, p.supplement_policy, p.same_day_cutoff, p.online_level, p.components, p.fee_vnd,
        p.valid_from, p.valid_to, p.version
   FROM procedures p JOIN procedure_fields f ON f.code = p.field_code JOIN departments d ON d.id = p.department_id";

async fn select(db: &impl ConnectionTrait, rest: &str, values: Vec<sea_orm::Value>) -> Result<Vec<ProcedureView>, DbErr> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, format!("{SELECT} {rest}"), values);
    Row::find_by_statement(statement).all(db).await?.into_iter().map(TryInto::try_into).collect()
}

pub async fn find(db: &impl ConnectionTrait, key: &Key) -> Result<Option<ProcedureView>, DbErr> {
    let rows = match key {
        Key::Id(id) => select(db, "WHERE p.id = $1", vec![(*id).into()]).await?,
        // What cannot be a code is none: it never reaches the database.
        Key::Code(code) if ResourceCode::parse(code).is_none() => Vec::new(),
        Key::Code(code) => select(db, "WHERE p.code = $1", vec![code.as_str().into()]).await?,
    };
    Ok(rows.into_iter().next())
}

/// The procedures with these codes, by code.
pub async fn with_codes(db: &impl ConnectionTrait, codes: Vec<String>) -> Result<HashMap<String, ProcedureView>, DbErr> {
    let rows = select(db, "WHERE p.code = ANY($1)", vec![codes.into()]).await?;
    Ok(rows.into_iter().map(|p| (p.code.clone(), p)).collect())
}

/// What codes of procedures stand for.
pub const EXPANDED: Target = Target { schema: "ProcedureView", find: expand };

fn expand<'a>(db: &'a DatabaseConnection, call: &'a Call, codes: Vec<String>) -> Expanding<'a> {
    Box::pin(async move {
        if !call.actor.has(Permission::ReadProcedure) {
            return Ok(Expansion::new());
        }
        expansion(with_codes(db, codes).await?.into_values(), |p| &p.code)
    })
}

pub struct Filter<'a> {
    pub departments: &'a [String],
    pub fields: &'a [String],
    pub online_levels: &'a [&'static str],
    pub valid_on: Option<NaiveDate>,
    pub q: Option<&'a str>,
}

pub async fn list(db: &impl ConnectionTrait, filter: &Filter<'_>, after: Option<String>, limit: u32) -> Result<Vec<ProcedureView>, DbErr> {
    let levels: Vec<String> = filter.online_levels.iter().map(|level| (*level).to_owned()).collect();
    select(
        db,
        "WHERE ($1::text IS NULL OR p.code > $1) AND (cardinality($2::text[]) = 0 OR d.code = ANY($2))
           AND (cardinality($3::text[]) = 0 OR p.field_code = ANY($3)) AND (cardinality($4::text[]) = 0 OR p.online_level = ANY($4))
           AND ($5::date IS NULL OR (coalesce(p.valid_from, $5) <= $5 AND coalesce(p.valid_to, $5) >= $5))
           AND p.search LIKE ALL ($6::text[])
         ORDER BY p.code LIMIT $7",
        vec![
            after.into(),
            filter.departments.to_vec().into(),
            filter.fields.to_vec().into(),
            levels.into(),
            filter.valid_on.into(),
            patterns(filter.q.unwrap_or_default()).into(),
            i64::from(limit + 1).into(),
        ],
    )
    .await
}

/// A pattern for each word of a search; all must match.
fn patterns(q: &str) -> Vec<String> {
    let escape = |word: &str| word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    fold(q).split_whitespace().map(|word| format!("%{}%", escape(word))).collect()
}

/// Keeps other writers of procedures out until the transaction ends; readers, and dossiers that refer to one, go on.
pub async fn lock(tx: &impl ConnectionTrait) -> Result<(), DbErr> {
    tx.execute_unprepared("LOCK TABLE procedures, procedure_fields IN SHARE ROW EXCLUSIVE MODE").await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct FieldRow {
    code: String,
    name: String,
}

/// The names of all fields.
pub async fn fields(db: &impl ConnectionTrait) -> Result<FieldNames, DbErr> {
    let statement = Statement::from_string(DbBackend::Postgres, "SELECT code, name FROM procedure_fields");
    Ok(FieldRow::find_by_statement(statement).all(db).await?.into_iter().map(|f| (f.code, f.name)).collect())
}

/// Creates or renames fields. The procedures of a renamed field show the new name, so their versions go up too, except
/// those in `but` that are about to be written anyway. Gives the codes of the procedures touched.
pub async fn put_fields(tx: &impl ConnectionTrait, names: &FieldNames, but: Vec<String>) -> Result<Vec<String>, DbErr> {
    #[derive(FromQueryResult)]
    struct Touched {
        code: String,
    }
    let (codes, texts): (Vec<String>, Vec<String>) = names.iter().map(|(code, name)| (code.clone(), name.clone())).unzip();
    tx.execute_raw(Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO procedure_fields (code, name) SELECT * FROM unnest($1::text[], $2::text[])
         ON CONFLICT (code) DO UPDATE SET name = excluded.name",
        [codes.clone().into(), texts.into()],
    ))
    .await?;
    let touch = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "UPDATE procedures SET version = version + 1, updated_at = now() WHERE field_code = ANY($1) AND code <> ALL($2) RETURNING code",
        [codes.into(), but.into()],
    );
    Ok(Touched::find_by_statement(touch).all(tx).await?.into_iter().map(|t| t.code).collect())
}

/// Creates or changes procedures; their fields and departments exist.
pub async fn upsert(tx: &impl ConnectionTrait, rows: &[&NewProcedure]) -> Result<(), DbErr> {
    let rows: Vec<Value> = rows
        .iter()
        .map(|r| {
            json!({"id": Uuid::now_v7(), "code": r.code, "name": r.name, "search": fold(&format!("{} {}", r.code, r.name.as_str())),
                "field_code": r.field.code, "department": r.department, "limit_value": r.limit.map(|l| l.value),
                "limit_unit": r.limit.map(|l| l.unit), "supplement_policy": r.supplement_policy, "same_day_cutoff": r.cutoff(),
                "online_level": r.online_level.map(|level| level.0), "components": r.components, "fee_vnd": r.fee_vnd,
                "valid_from": r.valid_from, "valid_to": r.valid_to})
        })
        .collect();
    tx.execute_raw(Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO procedures (id, code, name, search, field_code, department_id, limit_value, limit_unit, supplement_policy,
                same_day_cutoff, online_level, components, fee_vnd, valid_from, valid_to)
         SELECT r.id, r.code, r.name, r.search, r.field_code, d.id, r.limit_value, r.limit_unit, r.supplement_policy,
                r.same_day_cutoff, r.online_level, r.components, r.fee_vnd, r.valid_from, r.valid_to
           FROM jsonb_to_recordset($1) AS r(id uuid, code text, name text, search text, field_code text, department text, limit_value int,
                limit_unit text, supplement_policy text, same_day_cutoff time, online_level text, components jsonb, fee_vnd bigint,
                valid_from date, valid_to date)
           JOIN departments d ON d.code = r.department
         ON CONFLICT (code) DO UPDATE SET name = excluded.name, search = excluded.search, field_code = excluded.field_code,
             department_id = excluded.department_id, limit_value = excluded.limit_value, limit_unit = excluded.limit_unit,
             supplement_policy = excluded.supplement_policy, same_day_cutoff = excluded.same_day_cutoff,
             online_level = excluded.online_level, components = excluded.components, fee_vnd = excluded.fee_vnd,
             valid_from = excluded.valid_from, valid_to = excluded.valid_to,
             version = procedures.version + 1, updated_at = now()",
        [Value::from(rows).into()],
    ))
    .await?;
    Ok(())
}

/// What other slices need to know of a procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    /// The department that resolves its dossiers unless a dossier says otherwise.
    pub department_id: Uuid,
    pub department_code: String,
    /// None when there is none.
    pub limit: Option<Limit>,
    pub supplement_policy: SupplementPolicy,
    pub same_day_cutoff: NaiveTime,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

impl Known {
    pub fn valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }
}

#[derive(FromQueryResult)]
struct KnownRow {
    id: Uuid,
    code: String,
    name: String,
    department_id: Uuid,
    department_code: String,
    limit_value: Option<i32>,
    limit_unit: Option<String>,
    supplement_policy: String,
    same_day_cutoff: NaiveTime,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
}

async fn select_known(db: &impl ConnectionTrait, codes: Option<Vec<String>>) -> Result<HashMap<String, Known>, DbErr> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT p.id, p.code, p.name, p.department_id, d.code AS department_code, p.limit_value, p.limit_unit, p.supplement_policy,
                p.same_day_cutoff, p.valid_from, p.valid_to
           FROM procedures p JOIN departments d ON d.id = p.department_id WHERE $1::text[] IS NULL OR p.code = ANY($1)",
        [codes.into()],
    );
    let known = |r: KnownRow| {
        let known = Known {
            id: r.id,
            code: r.code,
            name: r.name,
            department_id: r.department_id,
            department_code: r.department_code,
            limit: limit(r.limit_value, r.limit_unit.as_deref())?,
            supplement_policy: policy(&r.supplement_policy)?,
            same_day_cutoff: r.same_day_cutoff,
            valid_from: r.valid_from,
            valid_to: r.valid_to,
        };
        Ok((known.code.clone(), known))
    };
    KnownRow::find_by_statement(statement).all(db).await?.into_iter().map(known).collect()
}

/// Every procedure by code, for loads of many rows.
///
/// # Errors
/// The database's.
pub async fn known(db: &impl ConnectionTrait) -> Result<HashMap<String, Known>, DbErr> {
    select_known(db, None).await
}

/// The procedures with these codes, by code.
///
/// # Errors
/// The database's.
pub async fn known_by_codes(db: &impl ConnectionTrait, codes: &[&str]) -> Result<HashMap<String, Known>, DbErr> {
    let codes = codes.iter().filter_map(|code| ResourceCode::parse(code)).map(|code| code.as_str().to_owned()).collect();
    select_known(db, Some(codes)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_search_must_match() {
        assert_eq!(patterns(" Đăng  KÝ 2.0 "), ["%dang%", "%ky%", "%2.0%"]);
        assert_eq!(patterns("100%_\\"), ["%100\\%\\_\\\\%"]);
        assert!(patterns(" ").is_empty());
    }
}
