//! Bodies of the operations on clients.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{At, Line, ResourceCode};

/// A client as it is put. Its tokens end when it changes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"client_id": "motcua", "name": "Phần mềm một cửa", "scopes": ["dossier:load", "dossier:read"], "departments": ["DKKD"]}))]
pub struct NewClient {
    /// Lower-case letters, digits, `.`, `_`, `-`.
    #[schema(pattern = "^[a-z0-9][a-z0-9._-]*$")]
    pub client_id: ResourceCode,
    pub name: Line,
    /// Permissions that its tokens may carry: those of the role `integration`, or some of them.
    #[schema(max_items = 100)]
    pub scopes: Vec<Line>,
    /// Codes of the departments it works for, with all below them; without any it works for all.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub departments: Vec<ResourceCode>,
    #[serde(default = "yes")]
    pub active: bool,
}

fn yes() -> bool {
    true
}

/// A client. Its secrets are never shown again.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000011", "client_id": "motcua", "name": "Phần mềm một cửa",
    "scopes": ["dossier:load", "dossier:read"], "departments": ["DKKD"], "active": true,
    "secrets": [{"id": "0198c5a0-0000-7000-8000-000000000012", "created_at": "2022-06-20T09:00:00+07:00"}], "version": 2}))]
pub struct ClientView {
    pub id: Uuid,
    pub client_id: String,
    pub name: String,
    pub scopes: Vec<String>,
    pub departments: Vec<String>,
    pub active: bool,
    /// Those that are good, oldest first: at most two.
    pub secrets: Vec<SecretInfo>,
    pub version: i32,
}

crate::page_of!(
    /// A page of clients.
    ClientPage, ClientView);

/// When a secret was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretInfo {
    pub id: Uuid,
    pub created_at: At,
}

/// What becomes of the secrets before.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"keep_previous": true}))]
pub struct NewSecret {
    /// The newest of the secrets before stays good (default); false, when it has leaked: the client's tokens end, too.
    #[serde(default = "yes")]
    pub keep_previous: bool,
}

/// A secret that was just made.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"id": "0198c5a0-0000-7000-8000-000000000012", "client_id": "motcua", "client_secret": "dhs_kq0W…", "version": 2}))]
pub struct ClientSecret {
    pub id: Uuid,
    pub client_id: String,
    /// Shown only now: null in the answer to a repeated `Idempotency-Key`.
    pub client_secret: Option<String>,
    /// Of the client.
    pub version: i32,
}

/// A request for a token (RFC 6749 §4.4); the client names itself here or in `Authorization: Basic`.
#[derive(ToSchema)]
#[allow(dead_code, reason = "read field by field; named here for the contract")]
#[schema(example = json!({"grant_type": "client_credentials", "client_id": "motcua", "client_secret": "dhs_kq0W…", "scope": "dossier:load"}))]
pub struct TokenRequest {
    /// `client_credentials`.
    pub grant_type: String,
    pub client_id: Option<String>,
    pub client_secret: Option<String>,
    /// Scopes asked for, separated by spaces; all of the client's when absent.
    pub scope: Option<String>,
}

/// An access token for a client.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"access_token": "eyJ…", "token_type": "Bearer", "expires_in": 900, "scope": "dossier:load"}))]
pub struct ClientToken {
    pub access_token: String,
    #[schema(value_type = String, example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    pub scope: String,
}

/// Why there is no token, in the form of RFC 6749 §5.2.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"error": "invalid_client", "error_description": "Unknown client, wrong secret, or not active."}))]
pub struct TokenError {
    pub error: &'static str,
    pub error_description: &'static str,
}
