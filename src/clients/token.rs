//! `POST /oauth/token`: the client credentials grant of RFC 6749, with the errors of its §5.2.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::wire::{ClientToken, TokenError, TokenRequest};
use super::{rules, store};
use crate::app::Shared;
use crate::auth::tokens::{self, Machine};
use crate::auth::{Role, TokenGrant};
use crate::db::Db;
use crate::error::ApiError;
use crate::http::gate::step_aside;
use crate::http::json::{check_media_type, read_body};
use crate::http::query::{NoQuery, form_decode, url_pairs};
use crate::http::{Answer, Problem, Query};
use crate::identity::passwords;
use crate::identity::throttle::{self, Account, Attempt};

/// Get a token for a client
///
/// Client credentials grant (RFC 6749 §4.4). The client names itself with `Authorization: Basic` or in the body, not both. After some
/// wrong secrets in a row the client and the address are locked for a while.
#[utoipa::path(tag = "auth", operation_id = "create_token", security(()),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A token", body = ClientToken),
        (status = 400, description = "`invalid_request`, `unsupported_grant_type` or `invalid_scope`", body = TokenError),
        (status = 401, description = "`invalid_client`", body = TokenError),
        (status = 408, description = "The body did not arrive in time", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is no form", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Locked after wrong secrets, or too many requests; try again after `Retry-After` seconds", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Busy", body = Problem, content_type = "application/problem+json")))]
#[post("/oauth/token")]
pub async fn create_token(req: HttpRequest, _: Query<NoQuery>, payload: web::Payload, db: Db, shared: web::Data<Shared>) -> Answer {
    check_media_type(&req, &["application/x-www-form-urlencoded"])?;
    let payload: Payload = payload.into_inner();
    let (bytes, _) = read_body(&req, payload).await?;
    // The secret waits for a turn of its own.
    step_aside(&req);
    match grant(&req, &bytes, &db, &shared).await? {
        Ok(token) => Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(token)),
        Err(refusal) => Ok(refused(&refusal, req.headers().contains_key("authorization"))),
    }
}

fn refused(refusal: &TokenError, basic: bool) -> HttpResponse {
    let unauthorized = refusal.error == "invalid_client";
    let mut response = HttpResponse::build(if unauthorized { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST });
    response.insert_header(("Cache-Control", "no-store"));
    if unauthorized && basic {
        response.insert_header(("WWW-Authenticate", "Basic realm=\"dunghen\""));
    }
    response.json(refusal)
}

const fn refusal(error: &'static str, error_description: &'static str) -> TokenError {
    TokenError { error, error_description }
}

const NO_CLIENT: TokenError = refusal("invalid_client", "Unknown client, wrong secret, or not active.");

async fn grant(req: &HttpRequest, form: &[u8], db: &Db, shared: &Shared) -> Result<Result<ClientToken, TokenError>, ApiError> {
    let asked = match read(req, form) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let attempt = Attempt::of(req, shared, Account::Client(&asked.client_id));
    let mut turn = throttle::begin(db.get_ref(), shared, &attempt).await?;
    let client = store::asking(db.get_ref(), &asked.client_id).await?;
    let hashes = client.as_ref().filter(|c| c.active).map(|c| c.hashes.clone()).unwrap_or_default();
    let mut fits = false;
    // Always two looks, so that the time tells nothing.
    for at in 0..2 {
        let (one, back) = passwords::verify(turn, asked.client_secret.clone(), hashes.get(at).cloned()).await?;
        turn = back;
        fits |= one;
    }
    let Some(client) = client.as_ref().filter(|_| fits) else {
        throttle::failed(db.get_ref(), shared, &attempt, client.map(|c| c.id)).await?;
        return Ok(Err(NO_CLIENT));
    };
    throttle::succeeded(db.get_ref(), &attempt).await?;
    let Some(scopes) = rules::granted(asked.scope.as_deref(), &client.scopes) else {
        return Ok(Err(refusal("invalid_scope", "The client does not have all of these scopes.")));
    };
    let in_department = |department: Option<&String>| TokenGrant { role: Role::Integration, department: department.cloned() };
    let grants = match client.departments.as_slice() {
        [] => vec![in_department(None)],
        some => some.iter().map(|d| in_department(Some(d))).collect(),
    };
    let scope = scopes.join(" ");
    let machine = Machine { id: client.id, client_id: &asked.client_id, family: client.token_family, scope: &scope };
    let (access_token, expires_in) = tokens::issue_to_machine(shared, &machine, grants)?;
    tracing::info!(client = asked.client_id, scope, "token given");
    Ok(Ok(ClientToken { access_token, token_type: "Bearer", expires_in, scope }))
}

struct Asked {
    client_id: String,
    client_secret: String,
    scope: Option<String>,
}

const TWICE: TokenError = refusal("invalid_request", "A parameter is given twice.");

fn read(req: &HttpRequest, form: &[u8]) -> Result<Asked, TokenError> {
    let form = std::str::from_utf8(form).map_err(|_| refusal("invalid_request", "The body is no form."))?;
    let pairs: Vec<(String, String)> = url_pairs(form).collect();
    let field = |name: &str| {
        let mut values = pairs.iter().filter(|(k, _)| k == name).map(|(_, v)| v.clone());
        let first = values.next().filter(|v| !v.is_empty());
        if values.next().is_some() { Err(TWICE) } else { Ok(first) }
    };
    let (grant_type, scope) = (field("grant_type")?, field("scope")?);
    let (id, secret) = (field("client_id")?, field("client_secret")?);
    let header = req.headers().get("authorization").and_then(|h| h.to_str().ok()).and_then(|h| h.split_once(' '));
    let header = header.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let header = header.map(|(_, encoded)| basic(encoded).ok_or(NO_CLIENT)).transpose()?;
    let (client_id, client_secret) = match (header, id, secret) {
        (Some(_), _, Some(_)) => return Err(refusal("invalid_request", "Name the client in one way only.")),
        (Some((name, _)), Some(id), None) if name != id => return Err(refusal("invalid_request", "Two clients are named.")),
        (Some(both), ..) => both,
        (None, Some(id), Some(secret)) => (id, secret),
        (None, ..) => return Err(refusal("invalid_client", "Name the client with its secret.")),
    };
    // Longer than any name or secret there is, or what PostgreSQL does not take.
    if client_id.len() > 200 || client_secret.len() > 1000 || client_id.contains('\0') {
        return Err(NO_CLIENT);
    }
    match grant_type.as_deref() {
        None => Err(refusal("invalid_request", "grant_type is missing.")),
        Some("client_credentials") => Ok(Asked { client_id, client_secret, scope }),
        Some(_) => Err(refusal("unsupported_grant_type", "Only client_credentials.")),
    }
}

/// Name and secret of `Basic`, each encoded as in a form.
fn basic(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, secret) = text.split_once(':')?;
    Some((form_decode(name), form_decode(secret)))
}
