//! What slips name beside the dossier itself.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use uuid::Uuid;

use super::wire::SlipUnit;

#[derive(FromQueryResult)]
struct Row {
    code: String,
    name: String,
    agency: Option<String>,
}

/// A department with the name of the agency above it. The dossier that names it has been seen already.
pub async fn unit(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<SlipUnit>, DbErr> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT d.code, d.name,
                (SELECT a.name FROM unnest(d.path) WITH ORDINALITY AS up(id, depth) JOIN departments a ON a.id = up.id
                  WHERE a.kind = 'agency' AND a.id <> d.id ORDER BY up.depth DESC LIMIT 1) AS agency
           FROM departments d WHERE d.id = $1",
        [id.into()],
    );
    let row = Row::find_by_statement(statement).one(db).await?;
    Ok(row.map(|r| SlipUnit { code: r.code, name: r.name, agency: r.agency }))
}
