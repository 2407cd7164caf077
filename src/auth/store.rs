//! Who someone is now, without a token: for work that goes on when its token has run out.

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};
use serde_json::Value;
use uuid::Uuid;

use super::{Actor, Permission, TokenGrant, covered};
use crate::error::{ApiError, Code};

#[derive(FromQueryResult)]
struct Row {
    username: String,
    machine: bool,
    /// Of a machine, what it is limited to now.
    scopes: Option<Vec<String>>,
    grants: Value,
}

const SELECT: &str = "
    SELECT u.username, false AS machine, NULL::text[] AS scopes,
           coalesce((SELECT jsonb_agg(jsonb_build_object('role', g.role, 'department', d.code))
                       FROM user_grants g LEFT JOIN departments d ON d.id = g.department_id WHERE g.user_id = u.id), '[]') AS grants
      FROM users u WHERE u.id = $1 AND u.active
    UNION ALL
    SELECT 'client:' || c.client_id, true, c.scopes,
           coalesce((SELECT jsonb_agg(jsonb_build_object('role', 'integration', 'department', d.code))
                       FROM client_departments g JOIN departments d ON d.id = g.department_id WHERE g.client_id = c.id),
                    '[{\"role\": \"integration\", \"department\": null}]')
      FROM clients c WHERE c.id = $1 AND c.active";

/// A user or client with the rights they have now, none where they may not sign in any more. `scope` is what the token of a client was
/// limited to; what the client has lost since is gone from it.
///
/// # Errors
/// The database's.
pub async fn actor_now(db: &impl ConnectionTrait, id: Uuid, scope: Option<&[String]>) -> Result<Option<Actor>, ApiError> {
    let select = Statement::from_sql_and_values(DbBackend::Postgres, SELECT, [id.into()]);
    let Some(row) = Row::find_by_statement(select).one(db).await? else { return Ok(None) };
    let grants: Vec<TokenGrant> = serde_json::from_value(row.grants).map_err(|e| ApiError::new(Code::Internal).because(e))?;
    let covered = covered(db, &grants).await?;
    let within = |name: &str| row.scopes.iter().flatten().any(|s| s == name) && scope.is_none_or(|asked| asked.iter().any(|s| s == name));
    Ok(Some(Actor {
        user_id: id,
        username: row.username,
        session_id: Uuid::nil(),
        token_grants: grants,
        machine: row.machine,
        grants: covered,
        scope: row.machine.then(|| Permission::ALL.iter().filter(|p| within(p.name())).copied().collect()),
    }))
}
