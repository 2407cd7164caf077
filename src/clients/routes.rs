//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, post, put, web};
use sea_orm::ConnectionTrait;
use tokio::sync::Mutex;
use utoipa::IntoParams;

use super::wire::{ClientPage, ClientSecret, ClientView, NewClient, NewSecret};
use super::{acts, store, token};
use crate::app::Shared;
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::db::Db;
use crate::departments;
use crate::error::ApiError;
use crate::http::call::{ChangeHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::gate::{step_aside, take_turn};
use crate::http::page::{EVERY, PageParams};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::{Answer, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems, write};
use crate::identity::passwords;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(token::create_token).service(list_clients).service(get_client).service(put_client).service(create_client_secret);
}

impl Shaped for ClientView {
    const RELATIONS: &'static [Relation] = &[Relation::many("departments", &["departments"], departments::EXPANDED)];
}

/// Which clients to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct ClientFilter {
    /// Only those that are given tokens, or only the others.
    active: Option<bool>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<ClientView>,
}

impl FromQuery for ClientFilter {
    fn read(q: &mut QueryReader) -> Self {
        ClientFilter { active: q.flag("active"), cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

async fn page(db: &impl ConnectionTrait, filter: &ClientFilter) -> Result<(Vec<ClientView>, PageInfo), ApiError> {
    let rows = store::list(db, filter.active, filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |c| c.client_id.clone()))
}

/// List clients
///
/// Ordered by client id.
#[utoipa::path(tag = "clients", operation_id = "list_clients", params(ClientFilter, PageParams, Shape::<ClientView>), security(("bearer" = [])),
    extensions(("x-permission" = json!("client:read"))),
    responses((status = 200, description = "A page of clients", body = ClientPage), ReadProblems))]
#[get("/api/v1/clients")]
async fn list_clients(permit: Permit<perm::ReadClient>, Query(filter): Query<ClientFilter>, db: Db, req: HttpRequest) -> Answer {
    let (items, page) = page(db.get_ref(), &filter).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, filter.active, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &ClientPage { items, page }).await
}

/// Get a client
///
/// By id or client id. Its secrets are told by their ids only.
#[utoipa::path(tag = "clients", operation_id = "get_client", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or client id", example = "motcua"), Shape::<ClientView>),
    extensions(("x-permission" = json!("client:read"))),
    responses((status = 200, description = "The client", body = ClientView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/clients/{key}")]
async fn get_client(permit: Permit<perm::ReadClient>, key: web::Path<String>, Query(shape): Query<Shape<ClientView>>, db: Db) -> Answer {
    let view = store::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    shape.found(db.get_ref(), &permit, view.version, &view).await
}

/// Put a client
///
/// Creates or changes a client, which holds the role `integration` in its departments, limited to its scopes. Its tokens end when
/// it changes; with `active: false` it gets no more.
#[utoipa::path(tag = "clients", operation_id = "put_client", security(("bearer" = [])), request_body = NewClient,
    params(("key" = String, Path, description = "Client id", example = "motcua"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("client:write"))),
    responses((status = 201, description = "Created", body = ClientView), (status = 200, description = "Changed, or equal already", body = ClientView), WriteProblems))]
#[put("/api/v1/clients/{key}")]
async fn put_client(
    permit: Permit<perm::WriteClient>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewClient>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let ended = Mutex::new(None);
    let answer = write(db.get_ref(), &permit, &body.hash, async |tx| {
        let (reply, family) = acts::put(tx, &permit, &key, &body.value).await?;
        *ended.lock().await = family;
        Ok(reply)
    })
    .await;
    if answer.is_ok() && !permit.dry_run {
        shared.revocations.add(ended.into_inner());
    }
    answer
}

/// Make a new secret
///
/// It is shown only in this answer. The newest secret before it stays good, so that the machine can be switched over; an older one
/// ends. With `keep_previous: false` all of them end, and the tokens given out so far.
#[utoipa::path(tag = "clients", operation_id = "create_client_secret", security(("bearer" = [])), request_body = NewSecret,
    params(("key" = String, Path, description = "Client id", example = "motcua"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("client:write"))),
    responses((status = 201, description = "Made", body = ClientSecret), WriteProblems))]
#[post("/api/v1/clients/{key}/secrets")]
async fn create_client_secret(
    permit: Permit<perm::WriteClient>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    req: HttpRequest,
    body: Json<NewSecret>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let secret = acts::new_secret()?;
    // The secret waits for a turn of its own.
    step_aside(&req);
    let hash = passwords::hash(passwords::turn(&shared.password_gate).await?, secret.clone()).await?;
    take_turn(&req).await?;
    let ended = Mutex::new(None);
    let answer = write(db.get_ref(), &permit, &body.hash, async |tx| {
        let (reply, family) = acts::add_secret(tx, &permit, &key, &body.value, (&secret, &hash)).await?;
        *ended.lock().await = family;
        Ok(reply)
    })
    .await;
    if answer.is_ok() && !permit.dry_run {
        shared.revocations.add(ended.into_inner());
    }
    answer
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<ClientFilter, ClientView>("clients", Permission::ReadClient, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.filter()?).await?) })
    })
}
