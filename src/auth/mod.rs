//! Token → actor → reach. Who may do what, where, is one table ([`permissions`]) and one function ([`Actor::reach`]).

pub mod keys;
pub mod permissions;
pub mod permit;
mod store;
pub mod tokens;

use std::sync::Arc;

use actix_web::dev::ServiceRequest;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, FromQueryResult, Statement};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use permissions::{Permission, Span};
pub use permit::Permit;
pub use store::actor_now;
pub use tokens::{Desk, Revocations};

use crate::error::ApiError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Admin,
    Director,
    Office,
    OneStop,
    Head,
    Officer,
    Clerk,
    Auditor,
    Integration,
}

impl Role {
    pub const ALL: [Role; 9] = [
        Role::Admin,
        Role::Director,
        Role::Office,
        Role::OneStop,
        Role::Head,
        Role::Officer,
        Role::Clerk,
        Role::Auditor,
        Role::Integration,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Director => "director",
            Role::Office => "office",
            Role::OneStop => "one_stop",
            Role::Head => "head",
            Role::Officer => "officer",
            Role::Clerk => "clerk",
            Role::Auditor => "auditor",
            Role::Integration => "integration",
        }
    }

    /// A role that means nothing without a department.
    pub fn needs_department(self) -> bool {
        matches!(self, Role::Head | Role::Officer | Role::Clerk)
    }
}

/// A role in a department, as a token carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenGrant {
    pub role: Role,
    /// The department's code.
    pub department: Option<String>,
}

/// A grant with the departments it covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Grant {
    role: Role,
    /// Not bound to a department.
    everywhere: bool,
    own: Vec<Uuid>,
    below: Vec<Uuid>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Actor {
    pub user_id: Uuid,
    pub username: String,
    pub session_id: Uuid,
    pub token_grants: Vec<TokenGrant>,
    /// A machine, and no user.
    pub machine: bool,
    grants: Vec<Grant>,
    /// All that a machine's token may be used for; none: whatever the grants allow.
    scope: Option<Vec<Permission>>,
}

/// The departments a permission reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    All,
    /// Possibly none.
    Departments(Vec<Uuid>),
}

impl Reach {
    pub fn covers(&self, department: Uuid) -> bool {
        match self {
            Reach::All => true,
            Reach::Departments(ids) => ids.contains(&department),
        }
    }

    pub fn is_nowhere(&self) -> bool {
        matches!(self, Reach::Departments(ids) if ids.is_empty())
    }

    /// As a bind value: NULL for all, or the ids. Selects say `($n::uuid[] IS NULL OR department_id = ANY($n))`.
    pub fn ids(&self) -> Option<Vec<Uuid>> {
        match self {
            Reach::All => None,
            Reach::Departments(ids) => Some(ids.clone()),
        }
    }
}

impl Actor {
    /// Where this actor may exercise a permission: the one function behind every read and every write.
    pub fn reach(&self, permission: Permission) -> Reach {
        let mut ids = Vec::new();
        for grant in self.grants.iter().filter(|_| self.in_scope(permission)) {
            match permission.span(grant.role) {
                None => {}
                Some(Span::All) => return Reach::All,
                Some(Span::Own) => ids.extend(&grant.own),
                Some(Span::Below) if grant.role == Role::Integration && grant.everywhere => return Reach::All,
                Some(Span::Below) => ids.extend(&grant.below),
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Reach::Departments(ids)
    }

    /// Everything this actor may do, as it is written down beside a kept answer.
    pub fn authority(&self) -> serde_json::Value {
        serde_json::json!(Authority { grants: self.grants.clone(), scope: self.scope_names() })
    }

    pub fn has(&self, permission: Permission) -> bool {
        self.in_scope(permission) && self.grants.iter().any(|g| permission.span(g.role).is_some())
    }

    /// The permissions that a machine's token is limited to, by name; none for people.
    pub fn scope_names(&self) -> Option<Vec<String>> {
        self.scope.as_ref().map(|scope| scope.iter().map(|p| p.name().to_owned()).collect())
    }

    /// Who one is, and what has become of one's own jobs, may always be asked.
    fn in_scope(&self, permission: Permission) -> bool {
        matches!(permission, Permission::ReadSelf | Permission::ReadJob | Permission::CancelJob)
            || self.scope.as_ref().is_none_or(|scope| scope.contains(&permission))
    }
}

/// Whether the authority `now` lacks nothing of what it was `then`.
pub fn still_holds(now: &serde_json::Value, then: &serde_json::Value) -> bool {
    let read = |authority: &serde_json::Value| Authority::deserialize(authority).ok();
    let (Some(now), Some(then)) = (read(now), read(then)) else { return false };
    let in_scope = match (&now.scope, &then.scope) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(now), Some(then)) => then.iter().all(|scope| now.contains(scope)),
    };
    in_scope
        && then.grants.iter().all(|then| {
            let holds = |now: &&Grant| now.role == then.role && now.everywhere == then.everywhere && now.own == then.own;
            now.grants.iter().filter(holds).any(|now| then.below.iter().all(|id| now.below.contains(id)))
        })
}

/// Everything an actor may do, to be compared later.
#[derive(Serialize, Deserialize)]
struct Authority {
    grants: Vec<Grant>,
    scope: Option<Vec<String>>,
}

/// What the boundary found out about the caller.
pub enum Admission {
    Actor(Arc<Actor>),
    NoToken,
    BadToken,
    /// The database could not be asked.
    Unknown(ApiError),
}

/// Reads the bearer token of a request.
pub async fn admit(req: &ServiceRequest) -> Admission {
    let Some(header) = req.headers().get("authorization") else { return Admission::NoToken };
    let token = header.to_str().ok().and_then(|h| {
        let (scheme, token) = h.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let (Some(token), Some(desk)) = (token, req.app_data::<actix_web::web::Data<Desk>>()) else { return Admission::BadToken };
    desk.admit(token).await
}

/// Finds the departments that each grant of a token covers; none for a machine that has changed since it got the token.
async fn resolve(db: &DatabaseConnection, claims: &tokens::Claims) -> Result<Option<Actor>, ApiError> {
    if claims.is_machine() {
        let text = "SELECT 1 FROM clients WHERE id = $1 AND token_family = $2 AND active";
        let known = Statement::from_sql_and_values(DbBackend::Postgres, text, [claims.sub.into(), claims.sid.into()]);
        if db.query_one_raw(known).await?.is_none() {
            return Ok(None);
        }
    }
    let grants = covered(db, &claims.grants).await?;
    Ok(Some(Actor {
        user_id: claims.sub,
        username: claims.username.clone(),
        session_id: claims.sid,
        token_grants: claims.grants.clone(),
        machine: claims.is_machine(),
        grants,
        scope: claims.scope(),
    }))
}

/// The departments that each grant covers now.
async fn covered(db: &impl ConnectionTrait, given: &[TokenGrant]) -> Result<Vec<Grant>, ApiError> {
    #[derive(FromQueryResult)]
    struct Row {
        code: String,
        id: Uuid,
        below: Vec<Uuid>,
    }
    let codes: Vec<String> = given.iter().filter_map(|g| g.department.clone()).collect();
    let rows = if codes.is_empty() {
        Vec::new()
    } else {
        Row::find_by_statement(Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT d.code, d.id, array(SELECT b.id FROM departments b WHERE b.path @> ARRAY[d.id]) AS below
               FROM departments d WHERE d.code = ANY($1)",
            [codes.into()],
        ))
        .all(db)
        .await?
    };
    Ok(given
        .iter()
        .map(|grant| {
            let row = rows.iter().find(|r| Some(&r.code) == grant.department.as_ref());
            Grant {
                role: grant.role,
                everywhere: grant.department.is_none(),
                own: row.map(|r| vec![r.id]).unwrap_or_default(),
                below: row.map(|r| r.below.clone()).unwrap_or_default(),
            }
        })
        .collect())
}
