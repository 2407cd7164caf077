//! Queries of the results: the tree of departments, who ever measured, and how many there are of something.

use std::collections::{HashMap, HashSet};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use uuid::Uuid;

use crate::auth::Reach;
use crate::kpi::rules::Chain;

fn statement(sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// A department, and whose targets hold for it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Unit {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    /// An agency without a department above it.
    pub is_root: bool,
    /// Its own code and those above it, nearest first.
    pub chain: Chain,
}

/// Every department, by code.
pub async fn units(db: &impl ConnectionTrait) -> Result<Vec<Unit>, DbErr> {
    let sql = "SELECT d.id, d.code, d.name, d.kind = 'agency' AND d.parent_id IS NULL AS is_root,
                      array(SELECT a.code FROM unnest(d.path) WITH ORDINALITY AS up(id, depth) JOIN departments a ON a.id = up.id
                             ORDER BY up.depth DESC) AS chain
                 FROM departments d ORDER BY d.code COLLATE \"C\"";
    Unit::find_by_statement(statement(sql, vec![])).all(db).await
}

#[derive(FromQueryResult)]
struct Members {
    id: Uuid,
    code: String,
    members: Vec<String>,
    member_ids: Vec<Uuid>,
}

/// Departments that are but a name for several others.
pub struct Collective {
    pub id: Uuid,
    pub code: String,
    /// The departments that it stands for, by code and id.
    pub members: Vec<(String, Uuid)>,
}

/// Every collective, by code.
pub async fn collectives(db: &impl ConnectionTrait) -> Result<Vec<Collective>, DbErr> {
    let sql = "SELECT c.id, c.code, array_agg(m.code ORDER BY m.code) AS members, array_agg(m.id ORDER BY m.code) AS member_ids
                 FROM departments c CROSS JOIN LATERAL unnest(without_collectives(ARRAY[c.id])) AS stands(id)
                 JOIN departments m ON m.id = stands.id
                WHERE c.kind = 'collective' GROUP BY c.id, c.code ORDER BY c.code COLLATE \"C\"";
    let found = Members::find_by_statement(statement(sql, vec![])).all(db).await?;
    let collective = |c: Members| Collective { id: c.id, code: c.code, members: c.members.into_iter().zip(c.member_ids).collect() };
    Ok(found.into_iter().map(collective).collect())
}

#[derive(FromQueryResult)]
struct Pair {
    kpi: String,
    department: String,
}

/// Which indicators were ever measured for which departments within reach, by codes.
pub async fn ever_measured(db: &impl ConnectionTrait, reach: &Reach, kpis: &[Uuid]) -> Result<HashSet<(String, String)>, DbErr> {
    let sql = "SELECT DISTINCT k.code AS kpi, d.code AS department
                 FROM kpi_measurements m JOIN kpis k ON k.id = m.kpi_id JOIN departments d ON d.id = m.department_id
                WHERE m.kpi_id = ANY($1) AND ($2::uuid[] IS NULL OR m.department_id = ANY($2))";
    let pairs = Pair::find_by_statement(statement(sql, vec![kpis.to_vec().into(), reach.ids().into()])).all(db).await?;
    Ok(pairs.into_iter().map(|pair| (pair.kpi, pair.department)).collect())
}

#[derive(FromQueryResult)]
struct Named {
    id: Uuid,
    code: String,
}

/// The procedures with these codes.
pub async fn procedures(db: &impl ConnectionTrait, codes: &[String]) -> Result<HashMap<String, Uuid>, DbErr> {
    if codes.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT id, code FROM procedures WHERE code = ANY($1)";
    let found = Named::find_by_statement(statement(sql, vec![codes.to_vec().into()])).all(db).await?;
    Ok(found.into_iter().map(|procedure| (procedure.code, procedure.id)).collect())
}

/// As many rows as there are of what is known already, for counting them.
pub async fn there(db: &impl ConnectionTrait, ids: &[Uuid]) -> Result<(), DbErr> {
    let sql = "SELECT id FROM unnest($1::uuid[]) AS known(id)";
    db.query_all_raw(statement(sql, vec![ids.to_vec().into()])).await.map(drop)
}
