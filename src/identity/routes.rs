//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use sea_orm::ConnectionTrait;
use tokio::sync::Mutex;
use utoipa::IntoParams;

use super::load::to_hash;
use super::throttle::{Account, Attempt};
use super::wire::{Credentials, GrantBody, Me, NewUser, Refresh, SessionTokens, UserPage, UserView};
use super::{acts, sessions, store};
use crate::app::Shared;
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Role};
use crate::db::Db;
use crate::departments;
use crate::error::ApiError;
use crate::http::bulk::{self, BulkAnswer, BulkHeaders, BulkParams};
use crate::http::call::{ChangeHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::gate::{step_aside, take_turn};
use crate::http::page::{EVERY, PageParams};
use crate::http::query::{FromQuery, NoQuery};
use crate::http::shape::Relation;
use crate::http::values::Key;
use crate::http::{Answer, Cursor, Json, PageInfo, Problem, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems, write};
use crate::jobs::{self, Intake, JobView};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(create_session)
        .service(refresh_session)
        .service(delete_session)
        .service(get_me)
        .service(get_jwks)
        .service(load_users)
        .service(list_users)
        .service(get_user)
        .service(put_user);
}

impl Shaped for UserView {
    const RELATIONS: &'static [Relation] = &[Relation::many("departments", &["grants", "department"], departments::EXPANDED)];
}

/// Sign in
///
/// Trades a user name and password for an access token and a refresh token. After some wrong passwords in a row, signing in to
/// that account and from that address is locked for a while, twice as long each time; a right password does not help then.
#[utoipa::path(tag = "auth", operation_id = "create_session", security(()), request_body = Credentials,
    responses((status = 201, description = "Signed in", body = SessionTokens),
        (status = 400, description = "The body does not have the documented shape", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Wrong user name or password", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The media type is not supported", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Locked after wrong passwords, or too many requests; try again after `Retry-After` seconds", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Busy", body = Problem, content_type = "application/problem+json")))]
#[post("/api/v1/auth/sessions")]
async fn create_session(req: HttpRequest, _: Query<NoQuery>, body: Json<Credentials>, db: Db, shared: web::Data<Shared>) -> Answer {
    // The password waits for a turn of its own.
    step_aside(&req);
    let attempt = Attempt::of(&req, &shared, Account::User(body.value.username.as_str()));
    let tokens = sessions::sign_in(db.get_ref(), &shared, &attempt, body.value.password.as_str()).await?;
    Ok(HttpResponse::Created().insert_header(("Location", "/api/v1/me")).json(tokens))
}

/// Refresh a session
///
/// Trades a refresh token for new tokens. Each is good for one use; a second use ends the session.
#[utoipa::path(tag = "auth", operation_id = "refresh_session", security(()), request_body = Refresh,
    responses((status = 200, description = "New tokens", body = SessionTokens),
        (status = 400, description = "The body does not have the documented shape", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The refresh token is not valid", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The media type is not supported", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Busy", body = Problem, content_type = "application/problem+json")))]
#[post("/api/v1/auth/sessions/refresh")]
async fn refresh_session(_: Query<NoQuery>, body: Json<Refresh>, db: Db, shared: web::Data<Shared>) -> Answer {
    Ok(HttpResponse::Ok().json(sessions::refresh(db.get_ref(), &shared, body.value.refresh_token.as_str()).await?))
}

/// Sign out
///
/// Ends the session of the token: neither it nor its refresh token works any longer.
#[utoipa::path(tag = "auth", operation_id = "delete_session", security(("bearer" = [])), extensions(("x-permission" = json!("self:read"))),
    responses((status = 204, description = "Signed out"), ReadProblems))]
#[delete("/api/v1/auth/sessions/current")]
async fn delete_session(permit: Permit<perm::ReadSelf>, _: Query<NoQuery>, db: Db, shared: web::Data<Shared>) -> Answer {
    sessions::sign_out(db.get_ref(), &shared, permit.actor.session_id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Who am I
///
/// The signed-in user, the roles and the permissions they give; or the client, as `client:` and its id.
#[utoipa::path(tag = "auth", operation_id = "get_me", security(("bearer" = [])), extensions(("x-permission" = json!("self:read"))),
    responses((status = 200, description = "The signed-in user", body = Me), ReadProblems))]
#[get("/api/v1/me")]
async fn get_me(permit: Permit<perm::ReadSelf>, _: Query<NoQuery>, db: Db) -> Answer {
    let permissions = Permission::ALL.iter().filter(|p| permit.actor.has(**p)).map(|p| p.name()).collect();
    if permit.actor.machine {
        let actor = &permit.actor;
        let grants = actor.token_grants.iter().map(GrantBody::of).collect();
        let me = Me { id: actor.user_id, username: actor.username.clone(), display_name: actor.username.clone(), grants, permissions };
        return Ok(HttpResponse::Ok().json(me));
    }
    let user = store::find(db.get_ref(), &Key::Id(permit.actor.user_id)).await?.ok_or_else(ApiError::not_found)?;
    let me = Me { id: user.id, username: user.username, display_name: user.display_name, grants: user.grants, permissions };
    Ok(HttpResponse::Ok().json(me))
}

/// Public keys
///
/// The keys that access tokens are signed with, as a JSON Web Key Set.
#[utoipa::path(tag = "auth", operation_id = "get_jwks", security(()),
    responses((status = 200, description = "A JSON Web Key Set", body = Object,
        example = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "…", "x": "…"}]}))))]
#[get("/.well-known/jwks.json")]
async fn get_jwks(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=300")).json(shared.keys.jwks())
}

/// Which users to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct UserFilter {
    /// Only those who hold this role.
    #[param(value_type = Option<Role>)]
    role: Option<&'static str>,
    /// Only those with a role in the department with this code.
    #[param(example = "DKKD")]
    department: Option<String>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<UserView>,
}

impl FromQuery for UserFilter {
    fn read(q: &mut QueryReader) -> Self {
        UserFilter {
            role: q.choice("role", &Role::ALL.map(Role::name)),
            department: q.text("department"),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

async fn page(db: &impl ConnectionTrait, filter: &UserFilter) -> Result<(Vec<UserView>, PageInfo), ApiError> {
    let rows = store::list(db, filter.role, filter.department.as_deref(), filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |u| u.username.clone()))
}

/// List users
///
/// Ordered by user name.
#[utoipa::path(tag = "users", operation_id = "list_users", params(UserFilter, PageParams, Shape::<UserView>), security(("bearer" = [])),
    extensions(("x-permission" = json!("user:read"))),
    responses((status = 200, description = "A page of users", body = UserPage), ReadProblems))]
#[get("/api/v1/users")]
async fn list_users(permit: Permit<perm::ReadUser>, Query(filter): Query<UserFilter>, db: Db, req: HttpRequest) -> Answer {
    let (items, page) = page(db.get_ref(), &filter).await?;
    let page = filter
        .cursor
        .counted(db.get_ref(), page, async |db| store::list(db, filter.role, filter.department.as_deref(), None, EVERY).await.map(drop))
        .await?;
    filter.shape.page(&req, db.get_ref(), &permit, &UserPage { items, page }).await
}

/// Get a user
///
/// By id or user name.
#[utoipa::path(tag = "users", operation_id = "get_user", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or user name", example = "officer.dkkd"), Shape::<UserView>),
    extensions(("x-permission" = json!("user:read"))),
    responses((status = 200, description = "The user", body = UserView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/users/{key}")]
async fn get_user(permit: Permit<perm::ReadUser>, key: web::Path<String>, Query(shape): Query<Shape<UserView>>, db: Db) -> Answer {
    let view = store::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    shape.found(db.get_ref(), &permit, view.version, &view).await
}

/// Put a user
///
/// Creates or changes a user. Without a password the present one stays. A user who changes is signed out everywhere.
#[utoipa::path(tag = "users", operation_id = "put_user", security(("bearer" = [])), request_body = NewUser,
    params(("key" = String, Path, description = "User name", example = "officer.dkkd"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("user:write"))),
    responses((status = 201, description = "Created", body = UserView), (status = 200, description = "Changed, or equal already", body = UserView), WriteProblems))]
#[put("/api/v1/users/{key}")]
async fn put_user(
    permit: Permit<perm::WriteUser>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    req: HttpRequest,
    body: Json<NewUser>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let hashes = hash_new(&req, &db, &shared, &[&body.value]).await?;
    let (ended, demo) = (Mutex::new(Vec::new()), shared.settings.demo.allowed);
    let answer = write(db.get_ref(), &permit, &body.hash, async |tx| {
        let (reply, sessions) = acts::put(tx, &permit, &key, &body.value, &hashes, demo).await?;
        *ended.lock().await = sessions;
        Ok(reply)
    })
    .await;
    if answer.is_ok() && !permit.dry_run {
        shared.revocations.add(ended.into_inner());
    }
    answer
}

/// Load users
///
/// JSON array, NDJSON or CSV. The key of a row is `username`.
#[utoipa::path(tag = "users", operation_id = "load_users", security(("bearer" = [])), params(BulkParams, BulkHeaders, crate::http::call::RetryHeaders),
    request_body(content((Vec<NewUser> = "application/json"),
        (String = "application/x-ndjson", example = "{\"username\":\"officer.dkkd\",\"display_name\":\"Chuyên viên Phòng ĐKKD\",\"grants\":[{\"role\":\"officer\",\"department\":\"DKKD\"}]}"),
        (String = "text/csv", example = "username,display_name,grants\nofficer.dkkd,Chuyên viên Phòng ĐKKD,\"[{\"\"role\"\":\"\"officer\"\",\"\"department\"\":\"\"DKKD\"\"}]\""))),
    extensions(("x-permission" = json!("user:write"))),
    responses((status = 200, description = "Every row applied or unchanged", body = BulkAnswer),
        (status = 207, description = "Best effort: some rows were refused", body = BulkAnswer),
        (status = 202, description = "With `Prefer: respond-async`: taken in; the job is at `Location`", body = JobView), WriteProblems))]
#[post("/api/v1/users/bulk")]
async fn load_users(
    permit: Permit<perm::WriteUser>,
    Query(params): Query<BulkParams>,
    req: HttpRequest,
    payload: web::Payload,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    if jobs::wanted(&req) {
        let intake = Intake { call: &permit, params, req: &req, db: &db, shared: &shared, resource: "users", together: true };
        return jobs::take_in::<NewUser>(intake, payload).await;
    }
    let rows = bulk::read_all::<NewUser>(&req, payload.into_inner(), &shared).await?;
    let users: Vec<&NewUser> = rows.iter().filter_map(|r| r.row.as_ref().ok()).collect();
    let hashes = hash_new(&req, &db, &shared, &users).await?;
    let (ended, demo) = (Mutex::new(Vec::new()), shared.settings.demo.allowed);
    let answer = bulk::apply(db.get_ref(), &permit, params, rows, async |tx, rows| {
        let (verdicts, sessions) = acts::load(tx, &permit, rows, params.strategy, &hashes, demo).await?;
        *ended.lock().await = sessions;
        Ok(verdicts)
    })
    .await;
    if answer.is_ok() && !params.dry_run {
        shared.revocations.add(ended.into_inner());
    }
    answer
}

/// What becomes of the passwords given; the hashing takes no turn.
async fn hash_new(req: &HttpRequest, db: &Db, shared: &Shared, users: &[&NewUser]) -> Result<acts::Passwords, ApiError> {
    let Some((users, known)) = to_hash(db.get_ref(), users, shared.settings.demo.allowed).await? else {
        return Ok(acts::Passwords::new());
    };
    step_aside(req);
    let hashed = acts::hash_new(&known, &shared.password_gate, users.into_iter()).await?;
    take_turn(req).await?;
    Ok(hashed)
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<UserFilter, UserView>("users", Permission::ReadUser, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.filter()?).await?) })
    })
}
