//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, post, web};
use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::model::{ObstacleAboutType, ObstacleAct, ObstacleState};
use super::store::Step;
use super::wire::{
    NewObstacle, ObstacleAnswer, ObstacleClosure, ObstacleDecision, ObstacleEscalation, ObstaclePage, ObstacleSummary, ObstacleView,
    ObstacleWithdrawal,
};
use super::{acts, store};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::db::Db;
use crate::departments;
use crate::error::ApiError;
use crate::http::call::{ChangeHeaders, RetryHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::values;
use crate::http::{
    Answer, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    write,
};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_obstacles).service(raise_obstacle).service(get_obstacle).service(answer_obstacle).service(escalate_obstacle);
    cfg.service(decide_obstacle).service(close_obstacle).service(withdraw_obstacle);
}

impl Shaped for ObstacleSummary {
    const RELATIONS: &'static [Relation] = &[Relation::one("department", &["department"], departments::EXPANDED)];
}

impl Shaped for ObstacleView {
    const RELATIONS: &'static [Relation] = &[Relation::one("department", &["department"], departments::EXPANDED)];
}

/// Which obstacles to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct ObstacleFilter {
    /// States, separated by commas; `escalated` are those that await the director's decision.
    #[param(value_type = Option<Vec<ObstacleState>>, style = Form, explode = false, example = json!(["raised", "escalated"]))]
    state: Vec<&'static str>,
    /// Code of the department that raised it.
    #[param(example = "DKKD")]
    department: Option<String>,
    /// Kind of what it is about.
    #[param(value_type = Option<ObstacleAboutType>, example = "task")]
    about_type: Option<&'static str>,
    /// Code of what it is about.
    #[param(example = "kh-1186-skhdt-2022.II.1-1.7")]
    about: Option<String>,
    /// Raised on this day or later.
    #[param(value_type = Option<crate::http::Day>)]
    raised_from: Option<NaiveDate>,
    /// Raised on this day or earlier.
    #[param(value_type = Option<crate::http::Day>)]
    raised_to: Option<NaiveDate>,
    /// Words of the code or title, with or without accents.
    #[param(value_type = Option<String>, example = "tai khoan")]
    q: Vec<String>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<ObstacleSummary>,
}

impl FromQuery for ObstacleFilter {
    fn read(q: &mut QueryReader) -> Self {
        ObstacleFilter {
            state: q.list("state", ObstacleState::NAMES),
            department: q.text("department"),
            about_type: q.choice("about_type", ObstacleAboutType::NAMES),
            about: q.text("about"),
            raised_from: q.day("raised_from"),
            raised_to: q.day("raised_to"),
            q: values::words([q.text("q").as_deref()]),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

fn chosen(asked: &ObstacleFilter) -> store::Filter<'_> {
    store::Filter {
        states: &asked.state,
        department: asked.department.as_deref(),
        about_type: asked.about_type,
        about_code: asked.about.as_deref(),
        raised_from: asked.raised_from,
        raised_to: asked.raised_to,
        words: &asked.q,
    }
}

async fn page(db: &impl ConnectionTrait, reach: &Reach, filter: &ObstacleFilter) -> Result<(Vec<ObstacleSummary>, PageInfo), ApiError> {
    let rows = store::list(db, reach, &chosen(filter), filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |o| o.code.clone()))
}

/// List obstacles
///
/// Those of the departments in your sight, in the order of their numbers.
#[utoipa::path(tag = "obstacles", operation_id = "list_obstacles", params(ObstacleFilter, PageParams, Shape::<ObstacleSummary>), security(("bearer" = [])),
    extensions(("x-permission" = json!("obstacle:read"))),
    responses((status = 200, description = "A page of obstacles", body = ObstaclePage), ReadProblems))]
#[get("/api/v1/obstacles")]
async fn list_obstacles(permit: Permit<perm::ReadObstacle>, Query(filter): Query<ObstacleFilter>, db: Db, req: HttpRequest) -> Answer {
    let (reach, chosen) = (permit.reach(), chosen(&filter));
    let (items, page) = page(db.get_ref(), &reach, &filter).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, &reach, &chosen, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &ObstaclePage { items, page }).await
}

/// Get an obstacle
///
/// By id or code, with all that was done about it and what this caller may do now.
#[utoipa::path(tag = "obstacles", operation_id = "get_obstacle", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "VM-2022-0007"), Shape::<ObstacleView>),
    extensions(("x-permission" = json!("obstacle:read"))),
    responses((status = 200, description = "The obstacle", body = ObstacleView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/obstacles/{key}")]
async fn get_obstacle(
    permit: Permit<perm::ReadObstacle>,
    key: web::Path<String>,
    Query(shape): Query<Shape<ObstacleView>>,
    db: Db,
) -> Answer {
    let stored = store::find(db.get_ref(), &permit.reach(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let view = acts::view(&permit, stored);
    shape.found(db.get_ref(), &permit, view.version, &view).await
}

/// Raise an obstacle
///
/// A department, or the office for it, says what keeps it from its work and what it proposes. It gets the next number of the year.
#[utoipa::path(tag = "obstacles", operation_id = "raise_obstacle", security(("bearer" = [])), request_body = NewObstacle,
    params(WriteParams, RetryHeaders), extensions(("x-permission" = json!("obstacle:raise"))),
    responses((status = 201, description = "Raised", body = ObstacleView), WriteProblems))]
#[post("/api/v1/obstacles")]
async fn raise_obstacle(permit: Permit<perm::RaiseObstacle>, _: Query<WriteParams>, body: Json<NewObstacle>, db: Db) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::raise(tx, &permit, &body.value).await).await
}

fn said(act: ObstacleAct, text: &values::Prose, document_no: Option<&values::Line>) -> Step {
    let document_no = document_no.map(|d| d.as_str().to_owned());
    Step { act, text: Some(text.as_str().to_owned()), document_no, decision: None, follow_up: None }
}

/// Answer an obstacle
///
/// The office answers; it may answer again until the obstacle is put to the director.
#[utoipa::path(tag = "obstacles", operation_id = "answer_obstacle", security(("bearer" = [])), request_body = ObstacleAnswer,
    params(("key" = String, Path, description = "Id or code", example = "VM-2022-0007"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("obstacle:answer"))),
    responses((status = 200, description = "Answered", body = ObstacleView), WriteProblems))]
#[post("/api/v1/obstacles/{key}/answer")]
async fn answer_obstacle(
    permit: Permit<perm::AnswerObstacle>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<ObstacleAnswer>,
    db: Db,
) -> Answer {
    let step = said(ObstacleAct::Answer, &body.value.text, body.value.document_no.as_ref());
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::step(tx, &permit, &key.as_str().into(), &step).await).await
}

/// Put an obstacle to the director
///
/// The office hands on what it cannot settle itself.
#[utoipa::path(tag = "obstacles", operation_id = "escalate_obstacle", security(("bearer" = [])), request_body = ObstacleEscalation,
    params(("key" = String, Path, description = "Id or code", example = "VM-2022-0007"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("obstacle:answer"))),
    responses((status = 200, description = "Put to the director", body = ObstacleView), WriteProblems))]
#[post("/api/v1/obstacles/{key}/escalation")]
async fn escalate_obstacle(
    permit: Permit<perm::AnswerObstacle>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<ObstacleEscalation>,
    db: Db,
) -> Answer {
    let step = said(ObstacleAct::Escalate, &body.value.text, body.value.document_no.as_ref());
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::step(tx, &permit, &key.as_str().into(), &step).await).await
}

/// Decide on an obstacle
///
/// The director decides what was put to him, with what is to be done, by whom and until when.
#[utoipa::path(tag = "obstacles", operation_id = "decide_obstacle", security(("bearer" = [])), request_body = ObstacleDecision,
    params(("key" = String, Path, description = "Id or code", example = "VM-2022-0007"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("obstacle:decide"))),
    responses((status = 200, description = "Decided", body = ObstacleView), WriteProblems))]
#[post("/api/v1/obstacles/{key}/decision")]
async fn decide_obstacle(
    permit: Permit<perm::DecideObstacle>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<ObstacleDecision>,
    db: Db,
) -> Answer {
    let mut step = said(ObstacleAct::Decide, &body.value.text, body.value.document_no.as_ref());
    step.decision = Some(body.value.decision.name());
    step.follow_up.clone_from(&body.value.follow_up);
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::step(tx, &permit, &key.as_str().into(), &step).await).await
}

/// Close an obstacle
///
/// The department that raised it, or the office, once it has been answered or decided.
#[utoipa::path(tag = "obstacles", operation_id = "close_obstacle", security(("bearer" = [])), request_body = ObstacleClosure,
    params(("key" = String, Path, description = "Id or code", example = "VM-2022-0007"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("obstacle:close"))),
    responses((status = 200, description = "Closed", body = ObstacleView), WriteProblems))]
#[post("/api/v1/obstacles/{key}/closure")]
async fn close_obstacle(
    permit: Permit<perm::CloseObstacle>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<ObstacleClosure>,
    db: Db,
) -> Answer {
    let text = body.value.text.as_ref().map(|t| t.as_str().to_owned());
    let step = Step { act: ObstacleAct::Close, text, document_no: None, decision: None, follow_up: None };
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::step(tx, &permit, &key.as_str().into(), &step).await).await
}

/// Withdraw an obstacle
///
/// Who may raise takes it back before it is decided.
#[utoipa::path(tag = "obstacles", operation_id = "withdraw_obstacle", security(("bearer" = [])), request_body = ObstacleWithdrawal,
    params(("key" = String, Path, description = "Id or code", example = "VM-2022-0007"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("obstacle:raise"))),
    responses((status = 200, description = "Withdrawn", body = ObstacleView), WriteProblems))]
#[post("/api/v1/obstacles/{key}/withdrawal")]
async fn withdraw_obstacle(
    permit: Permit<perm::RaiseObstacle>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<ObstacleWithdrawal>,
    db: Db,
) -> Answer {
    let step = said(ObstacleAct::Withdraw, &body.value.text, None);
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::step(tx, &permit, &key.as_str().into(), &step).await).await
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<ObstacleFilter, ObstacleSummary>("obstacles", Permission::ReadObstacle, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.reach, &ask.filter()?).await?) })
    })
}
