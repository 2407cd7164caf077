//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, web};
use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::Todo;
use super::wire::{WorkItem, WorkPage};
use crate::app::Shared;
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::calendar::{self, rules::add_wd, vn_date};
use crate::db::Db;
use crate::departments;
use crate::dossiers::clock::ClockError;
use crate::dossiers::store::work::{self, Wanted};
use crate::dossiers::{rules, view};
use crate::error::{ApiError, Code, Fault};
use crate::http::export::{Batch, Source};
use crate::http::query::FromQuery;
use crate::http::shape::Relation;
use crate::http::{
    Answer, Call, Cursor, Day, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped,
    page::{EVERY, PageParams},
};
use crate::procedures;

/// Working days ahead that are “soon” unless the caller says otherwise.
const SOON: u32 = 2;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_work_list);
}

impl Shaped for WorkItem {
    const RELATIONS: &'static [Relation] = &[
        Relation::one("procedure", &["dossier", "procedure"], procedures::EXPANDED),
        Relation::one("receiving_department", &["dossier", "receiving_department"], departments::EXPANDED),
        Relation::one("resolving_department", &["dossier", "resolving_department"], departments::EXPANDED),
    ];
}

/// Whose work, and how far ahead.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct WorkFilter {
    /// Codes of departments, separated by commas: dossiers that they resolve, or that were received at their counter.
    #[param(value_type = Option<String>, example = "MC")]
    department: Vec<String>,
    /// Only these things to do, separated by commas.
    #[param(value_type = Option<Vec<Todo>>, style = Form, explode = false, example = json!(["apology", "due_today"]))]
    todo: Vec<&'static str>,
    /// Working days ahead that count as soon, by the base calendar; 2 by default.
    #[param(minimum = 1, maximum = 30, example = 2)]
    days: Option<u32>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<WorkItem>,
}

impl FromQuery for WorkFilter {
    fn read(q: &mut QueryReader) -> Self {
        let (vi, en) = ("Phải là số từ 1 đến 30.", "Must be a number from 1 to 30.");
        let days = q.parse::<u32>("days", vi, en);
        if days.is_some_and(|days| !(1..=30).contains(&days)) {
            q.fault(Fault::new(Code::InvalidParameter, "days", vi, en));
        }
        WorkFilter {
            department: q.codes("department"),
            todo: q.list("todo", Todo::NAMES),
            days,
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

async fn wanted(db: &impl ConnectionTrait, asked: &WorkFilter, today: NaiveDate) -> Result<Wanted, ApiError> {
    let todos = if asked.todo.is_empty() { Todo::ALL.to_vec() } else { asked.todo.iter().filter_map(|t| Todo::parse(t)).collect() };
    let soon = if todos.iter().any(|todo| todo.looks_ahead()) {
        let calendar = calendar::load_all(db).await?.base();
        add_wd(&calendar, today, asked.days.unwrap_or(SOON))
            .map_err(|missing| ApiError::broken(vec![rules::clock_fault(&ClockError::from(missing), "days")]))?
    } else {
        today
    };
    Ok(Wanted { departments: asked.department.clone(), todos, today, soon })
}

async fn page(
    db: &impl ConnectionTrait,
    call: &Call,
    (reach, wanted): (&Reach, &Wanted),
    cursor: &Cursor,
    shared: &Shared,
) -> Result<(Vec<WorkItem>, PageInfo), ApiError> {
    let rows = work::list(db, reach, wanted, cursor.after()?, cursor.limit).await?;
    let (rows, info) = cursor.page(rows, work::Work::key);
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let (todo, day, consultation) = (row.todo()?, row.day, row.consultation());
        let text = call.lang.pick(todo.text(day, wanted.today));
        items.push(WorkItem { todo, day: Day(day), consultation, text, dossier: view::summary(row.dossier, wanted.today, &shared.vault)? });
    }
    Ok((items, info))
}

/// Get the work list
///
/// What is to be done about dossiers, the most urgent first: apologies that must go out, silence of consulted agencies to be
/// escalated, new promises that run out, what is due today, reminders, what is due soon, papers that did not come, results
/// that wait to be handed over. Within one kind the oldest day comes first.
#[utoipa::path(tag = "dossiers", operation_id = "get_work_list", params(WorkFilter, PageParams, Shape::<WorkItem>), security(("bearer" = [])),
    extensions(("x-permission" = json!("dossier:read"))),
    responses((status = 200, description = "A page of things to do", body = WorkPage), ReadProblems))]
#[get("/api/v1/work-list")]
async fn get_work_list(
    permit: Permit<perm::ReadDossier>,
    Query(asked): Query<WorkFilter>,
    db: Db,
    shared: web::Data<Shared>,
    req: HttpRequest,
) -> Answer {
    let (reach, wanted) = (permit.reach(), wanted(db.get_ref(), &asked, vn_date(permit.now)).await?);
    let (items, info) = page(db.get_ref(), &permit, (&reach, &wanted), &asked.cursor, &shared).await?;
    let info = asked.cursor.counted(db.get_ref(), info, async |db| work::list(db, &reach, &wanted, None, EVERY).await.map(drop)).await?;
    asked.shape.page(&req, db.get_ref(), &permit, &WorkPage { items, page: info }).await
}

/// The work list as an export.
pub fn exported() -> Source {
    Source::of::<WorkFilter, WorkItem>("work-list", Permission::ReadDossier, |ask| {
        Box::pin(async move {
            let asked: WorkFilter = ask.filter()?;
            let wanted = wanted(ask.db, &asked, vn_date(ask.call.now)).await?;
            Batch::of(page(ask.db, ask.call, (&ask.reach, &wanted), &asked.cursor, ask.shared).await?)
        })
    })
}
