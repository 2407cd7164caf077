//! What slips name beside the dossier itself.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use uuid::Uuid;

use super::wire::SlipUnit;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    code: String,
    name: String,
    agency: Option<String>,
}

/// Departments with the name of the agency above each. The dossier that names them has been seen already.
pub async fn units(db: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<HashMap<Uuid, SlipUnit>, DbErr> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT d.id, d.code, d.name,
                (SELECT a.name FROM unnest(d.path) WITH ORDINALITY AS up(id, depth) JOIN departments a ON a.id = up.id
                  WHERE a.kind = 'agency' AND a.id <> d.id ORDER BY up.depth DESC LIMIT 1) AS agency
           FROM departments d WHERE d.id = ANY($1)",
        [ids.into()],
    );
    let unit = |r: Row| (r.id, SlipUnit { code: r.code, name: r.name, agency: r.agency });
    Ok(Row::find_by_statement(statement).all(db).await?.into_iter().map(unit).collect())
}
