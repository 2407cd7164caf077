//! Every query on departments. Departments are reference data: whoever is signed in may see them all.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use super::wire::{DepartmentView, NewDepartment};
use crate::auth::Permission;
use crate::http::shape::{Expanding, Expansion, Target, expansion};
use crate::http::values::Key;
use crate::http::{Call, Day};

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    code: String,
    name: String,
    kind: String,
    parent: Option<String>,
    one_stop: bool,
    identifier: Option<String>,
    members: Vec<String>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    successor: Option<String>,
    version: i32,
}

impl From<Row> for DepartmentView {
    fn from(r: Row) -> Self {
        DepartmentView {
            id: r.id,
            code: r.code,
            name: r.name,
            kind: r.kind,
            parent: r.parent,
            one_stop: r.one_stop,
            identifier: r.identifier,
            members: r.members,
            valid_from: r.valid_from.map(Day),
            valid_to: r.valid_to.map(Day),
            successor: r.successor,
            version: r.version,
        }
    }
}

const SELECT: &str = "SELECT d.id, d.code, d.name, d.kind, p.code AS parent, d.one_stop, d.identifier,
        array(SELECT m.code FROM department_members dm JOIN departments m ON m.id = dm.member_id
               WHERE dm.collective_id = d.id ORDER BY m.code COLLATE \"C\") AS members,
        d.valid_from, d.valid_to, s.code AS successor, d.version
   FROM departments d LEFT JOIN departments p ON p.id = d.parent_id LEFT JOIN departments s ON s.id = d.successor_id";

async fn select(db: &impl ConnectionTrait, rest: &str, values: Vec<sea_orm::Value>) -> Result<Vec<DepartmentView>, DbErr> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, format!("{SELECT} {rest}"), values);
    Ok(Row::find_by_statement(statement).all(db).await?.into_iter().map(Into::into).collect())
}

pub async fn find(db: &impl ConnectionTrait, key: &Key) -> Result<Option<DepartmentView>, DbErr> {
    let rows = match key {
        Key::Id(id) => select(db, "WHERE d.id = $1", vec![(*id).into()]).await?,
        Key::Code(code) => select(db, "WHERE d.code = $1", vec![code.as_str().into()]).await?,
    };
    Ok(rows.into_iter().next())
}

/// The department with a code, whatever its validity.
///
/// # Errors
/// The database's.
pub async fn view_by_code(db: &impl ConnectionTrait, code: &str) -> Result<Option<DepartmentView>, DbErr> {
    find(db, &Key::Code(code.to_owned())).await
}

/// What codes of departments stand for.
pub const EXPANDED: Target = Target { schema: "DepartmentView", find: expand };

fn expand<'a>(db: &'a DatabaseConnection, call: &'a Call, codes: Vec<String>) -> Expanding<'a> {
    Box::pin(async move {
        if !call.actor.has(Permission::ReadDepartment) {
            return Ok(Expansion::new());
        }
        expansion(select(db, "WHERE d.code = ANY($1)", vec![codes.into()]).await?, |d| &d.code)
    })
}

pub struct Filter<'a> {
    pub kinds: &'a [&'static str],
    pub parent: Option<&'a str>,
    pub one_stop: Option<bool>,
    pub valid_on: Option<NaiveDate>,
}

pub async fn list(db: &impl ConnectionTrait, filter: &Filter<'_>, after: Option<String>, limit: u32) -> Result<Vec<DepartmentView>, DbErr> {
    let kinds: Vec<String> = filter.kinds.iter().map(|k| (*k).to_owned()).collect();
    select(
        db,
        "WHERE ($1::text IS NULL OR d.code > $1) AND (cardinality($2::text[]) = 0 OR d.kind = ANY($2))
           AND ($3::text IS NULL OR p.code = $3) AND ($4::bool IS NULL OR d.one_stop = $4)
           AND ($5::date IS NULL OR (coalesce(d.valid_from, $5) <= $5 AND coalesce(d.valid_to, $5) >= $5))
         ORDER BY d.code LIMIT $6",
        vec![
            after.into(),
            kinds.into(),
            filter.parent.map(str::to_owned).into(),
            filter.one_stop.into(),
            filter.valid_on.into(),
            i64::from(limit + 1).into(),
        ],
    )
    .await
}

/// All departments, locked against other writers until the transaction ends: the tree is checked as a whole.
pub async fn lock_all(tx: &impl ConnectionTrait) -> Result<HashMap<String, DepartmentView>, DbErr> {
    tx.execute_unprepared("LOCK TABLE departments IN SHARE ROW EXCLUSIVE MODE").await?;
    Ok(select(tx, "", vec![]).await?.into_iter().map(|d| (d.code.clone(), d)).collect())
}

/// Creates or changes departments and brings the paths of the whole tree up to date.
pub async fn upsert(tx: &impl ConnectionTrait, rows: &[&NewDepartment]) -> Result<(), DbErr> {
    let rows: Vec<Value> = rows
        .iter()
        .map(|r| {
            json!({"id": Uuid::now_v7(), "code": r.code, "name": r.name, "kind": r.kind, "parent": r.parent, "one_stop": r.one_stop,
                "identifier": r.identifier, "members": r.members, "valid_from": r.valid_from, "valid_to": r.valid_to, "successor": r.successor})
        })
        .collect();
    let run = async |sql: &str| {
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [Value::from(rows.clone()).into()])).await
    };
    run("INSERT INTO departments (id, code, name, kind, one_stop, identifier, valid_from, valid_to, path)
         SELECT id, code, name, kind, one_stop, identifier, valid_from, valid_to, ARRAY[id]
           FROM jsonb_to_recordset($1) AS r(id uuid, code text, name text, kind text, one_stop bool, identifier text, valid_from date, valid_to date)
         ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind, one_stop = excluded.one_stop,
             identifier = excluded.identifier, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
             version = departments.version + 1, updated_at = now()")
    .await?;
    run("UPDATE departments d SET parent_id = p.id, successor_id = s.id
           FROM jsonb_to_recordset($1) AS r(code text, parent text, successor text)
           LEFT JOIN departments p ON p.code = r.parent LEFT JOIN departments s ON s.code = r.successor
          WHERE d.code = r.code")
    .await?;
    run("DELETE FROM department_members USING departments d, jsonb_to_recordset($1) AS r(code text)
          WHERE d.code = r.code AND collective_id = d.id")
    .await?;
    run("INSERT INTO department_members (collective_id, member_id)
         SELECT DISTINCT d.id, m.id FROM jsonb_to_recordset($1) AS r(code text, members jsonb)
           JOIN departments d ON d.code = r.code
           CROSS JOIN LATERAL jsonb_array_elements_text(r.members) AS member(code)
           JOIN departments m ON m.code = member.code")
    .await?;
    tx.execute_unprepared(
        "WITH RECURSIVE tree AS (
             SELECT id, ARRAY[id] AS path FROM departments WHERE parent_id IS NULL
             UNION ALL
             SELECT d.id, tree.path || d.id FROM departments d JOIN tree ON d.parent_id = tree.id
         )
         UPDATE departments d SET path = tree.path FROM tree WHERE d.id = tree.id AND d.path <> tree.path",
    )
    .await?;
    Ok(())
}

/// What other slices need to know of a department.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Known {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub one_stop: bool,
    pub kind: String,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    /// What dossier numbers of this department begin with: the nearest identifier upwards, else the agency's code.
    pub agency: String,
}

impl Known {
    pub fn valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }
}

/// Every department by code.
///
/// # Errors
/// The database's.
pub async fn known(db: &impl ConnectionTrait) -> Result<HashMap<String, Known>, DbErr> {
    let statement = Statement::from_string(
        DbBackend::Postgres,
        "SELECT d.id, d.code, d.name, d.one_stop, d.kind, d.valid_from, d.valid_to,
                coalesce((SELECT coalesce(a.identifier, a.code) FROM unnest(d.path) WITH ORDINALITY AS up(id, depth)
                            JOIN departments a ON a.id = up.id
                           WHERE a.identifier IS NOT NULL OR a.kind = 'agency' ORDER BY up.depth DESC LIMIT 1), d.code) AS agency
           FROM departments d",
    );
    Ok(Known::find_by_statement(statement).all(db).await?.into_iter().map(|d| (d.code.clone(), d)).collect())
}
