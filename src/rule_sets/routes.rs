//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, put, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::wire::{NewRuleSet, RuleSetPage, RuleSetView};
use super::{acts, store};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::db::Db;
use crate::error::ApiError;
use crate::http::call::WriteParams;
use crate::http::export::{Batch, Source};
use crate::http::page::{EVERY, PageParams};
use crate::http::query::FromQuery;
use crate::http::{Answer, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems, write};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_rule_sets).service(get_rule_set).service(put_rule_set);
}

impl Shaped for RuleSetView {}

/// Which rule sets to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct RuleSetFilter {
    /// Only the one in force on this day.
    #[param(value_type = Option<crate::http::Day>)]
    valid_on: Option<chrono::NaiveDate>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<RuleSetView>,
}

impl FromQuery for RuleSetFilter {
    fn read(q: &mut QueryReader) -> Self {
        RuleSetFilter { valid_on: q.day("valid_on"), cursor: Cursor::read(q), shape: Shape::read(q) }
    }
}

async fn page(db: &impl ConnectionTrait, filter: &RuleSetFilter) -> Result<(Vec<RuleSetView>, PageInfo), ApiError> {
    let rows = store::list(db, filter.valid_on, filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |r| r.valid_from.0))
}

/// List rule sets
///
/// The law that held from one day to another, the earliest first.
#[utoipa::path(tag = "rule-sets", operation_id = "list_rule_sets", params(RuleSetFilter, PageParams, Shape::<RuleSetView>), security(("bearer" = [])),
    extensions(("x-permission" = json!("rule_set:read"))),
    responses((status = 200, description = "A page of rule sets", body = RuleSetPage), ReadProblems))]
#[get("/api/v1/rule-sets")]
async fn list_rule_sets(permit: Permit<perm::ReadRuleSet>, Query(filter): Query<RuleSetFilter>, db: Db, req: HttpRequest) -> Answer {
    let (items, page) = page(db.get_ref(), &filter).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, filter.valid_on, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &RuleSetPage { items, page }).await
}

/// Get a rule set
///
/// By id or code.
#[utoipa::path(tag = "rule-sets", operation_id = "get_rule_set", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "nd118-2025"), Shape::<RuleSetView>),
    extensions(("x-permission" = json!("rule_set:read"))),
    responses((status = 200, description = "The rule set", body = RuleSetView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/rule-sets/{key}")]
async fn get_rule_set(
    permit: Permit<perm::ReadRuleSet>,
    key: web::Path<String>,
    Query(shape): Query<Shape<RuleSetView>>,
    db: Db,
) -> Answer {
    let view = store::find(db.get_ref(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    shape.found(db.get_ref(), &permit, view.version, &view).await
}

/// Put a rule set
///
/// Creates it or changes it as a whole; `Unchanged: true` when it is equal already. The set before it then ends on the day
/// before `valid_from`, and it ends on the day before the next one begins: there is never a gap or an overlap. Dossiers keep
/// the set they were accepted under.
#[utoipa::path(tag = "rule-sets", operation_id = "put_rule_set", security(("bearer" = [])), request_body = NewRuleSet,
    params(("key" = String, Path, description = "Code", example = "nd-2027"), WriteParams, crate::http::call::ChangeHeaders),
    extensions(("x-permission" = json!("rule_set:write"))),
    responses((status = 201, description = "Created", body = RuleSetView), (status = 200, description = "Changed, or equal already", body = RuleSetView), WriteProblems))]
#[put("/api/v1/rule-sets/{key}")]
async fn put_rule_set(
    permit: Permit<perm::WriteRuleSet>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewRuleSet>,
    db: Db,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::put(tx, &permit, &key, &body.value).await).await
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<RuleSetFilter, RuleSetView>("rule-sets", Permission::ReadRuleSet, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.filter()?).await?) })
    })
}
