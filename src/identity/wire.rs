//! Bodies of the identity operations.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::{Role, TokenGrant};
use crate::http::bulk::BulkRow;
use crate::http::{Line, ResourceCode};

/// A user name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "one_stop", "password": "dunghen-demo-2022"}))]
pub struct Credentials {
    pub username: Line,
    pub password: Line,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "kq0W…"}))]
pub struct Refresh {
    pub refresh_token: Line,
}

/// A session's tokens.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"access_token": "eyJ…", "token_type": "Bearer", "expires_in": 900, "refresh_token": "kq0W…"}))]
pub struct SessionTokens {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    #[schema(value_type = String, example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    /// Good for one refresh; a second use ends the session.
    pub refresh_token: String,
}

/// A role, in a department where the role needs one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Grant, example = json!({"role": "officer", "department": "DKKD"}))]
pub struct GrantBody {
    pub role: Role,
    #[serde(default)]
    pub department: Option<ResourceCode>,
}

impl GrantBody {
    pub fn of(grant: &TokenGrant) -> GrantBody {
        GrantBody { role: grant.role, department: grant.department.as_deref().and_then(ResourceCode::parse) }
    }
}

/// A user as it is put or loaded. Without `password` the present one stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "officer.dkkd", "display_name": "Chuyên viên Phòng ĐKKD", "password": "một mật khẩu dài",
    "grants": [{"role": "officer", "department": "DKKD"}]}))]
pub struct NewUser {
    /// Lower-case letters, digits, `.`, `_`, `-`.
    #[schema(pattern = "^[a-z0-9][a-z0-9._-]*$")]
    pub username: ResourceCode,
    pub display_name: Line,
    /// At least 10 characters; never shown again.
    #[serde(default)]
    pub password: Option<Line>,
    #[serde(default = "yes")]
    pub active: bool,
    /// A sign-in of the demonstration, which a production server refuses.
    #[serde(default)]
    pub demo: bool,
    #[serde(default)]
    pub grants: Vec<GrantBody>,
}

fn yes() -> bool {
    true
}

impl BulkRow for NewUser {
    const JSON_COLUMNS: &'static [&'static str] = &["active", "demo", "grants"];
    const KEY: &'static str = "username";

    fn code(&self) -> Cow<'_, str> {
        self.username.as_str().into()
    }
}

/// A user.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000002", "username": "officer.dkkd", "display_name": "Chuyên viên Phòng ĐKKD",
    "active": true, "demo": false, "grants": [{"role": "officer", "department": "DKKD"}], "version": 1}))]
pub struct UserView {
    pub id: Uuid,
    pub username: String,
    pub display_name: String,
    pub active: bool,
    pub demo: bool,
    pub grants: Vec<GrantBody>,
    pub version: i32,
}

crate::page_of!(
    /// A page of users.
    UserPage, UserView);

/// Who is signed in, and what the roles allow.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000002", "username": "officer.dkkd", "display_name": "Chuyên viên Phòng ĐKKD",
    "grants": [{"role": "officer", "department": "DKKD"}], "permissions": ["dossier:read", "dossier:resolve"]}))]
pub struct Me {
    pub id: Uuid,
    pub username: String,
    pub display_name: String,
    pub grants: Vec<GrantBody>,
    pub permissions: Vec<&'static str>,
}
