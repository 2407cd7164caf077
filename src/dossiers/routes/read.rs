//! Lists, details, timeline and clock.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use crate::app::Shared;
use crate::audit;
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::calendar::{self, AsOf, vn_date};
use crate::db::Db;
use crate::departments;
use crate::dossiers::calculator::ClockView;
use crate::dossiers::clock;
use crate::dossiers::ledger::{self, DossierClock};
use crate::dossiers::model::{Channel, Finding, Outcome, Status, Timeliness};
use crate::dossiers::store::{self, Filter, Sort};
use crate::dossiers::wire::{DossierPage, DossierSummary, DossierView, FindingCatalogue, Timeline};
use crate::dossiers::{revision, rules, timeline, view};
use crate::error::{ApiError, Fault};
use crate::http::export::{Batch, Source};
use crate::http::query::{FromQuery, NoQuery};
use crate::http::shape::Relation;
use crate::http::values::Key;
use crate::http::{
    Answer, Cursor, Day, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped,
    page::{EVERY, PageParams},
};
use crate::{procedures, rule_sets};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_findings)
        .service(list_dossiers)
        .service(get_dossier_by_code)
        .service(get_dossier_timeline)
        .service(get_dossier_clock)
        .service(get_dossier);
}

impl Shaped for DossierView {
    const RELATIONS: &'static [Relation] = &[
        Relation::one("procedure", &["procedure"], procedures::EXPANDED),
        Relation::one("receiving_department", &["receiving_department"], departments::EXPANDED),
        Relation::one("resolving_department", &["resolving_department"], departments::EXPANDED),
        Relation::one("calendar", &["calendar"], calendar::EXPANDED),
        Relation::one("rule_set", &["rule_set"], rule_sets::EXPANDED),
    ];
}

impl Shaped for DossierSummary {
    const RELATIONS: &'static [Relation] = &[
        Relation::one("procedure", &["procedure"], procedures::EXPANDED),
        Relation::one("receiving_department", &["receiving_department"], departments::EXPANDED),
        Relation::one("resolving_department", &["resolving_department"], departments::EXPANDED),
    ];
}

/// Which dossiers to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct DossierFilter {
    /// Codes of resolving departments, separated by commas.
    #[param(value_type = Option<String>, example = "DKKD")]
    department: Vec<String>,
    /// Codes of procedures, separated by commas.
    #[param(value_type = Option<String>, example = "2.001610")]
    procedure: Vec<String>,
    /// Statuses, separated by commas.
    #[param(value_type = Option<Vec<Status>>, style = Form, explode = false, example = json!(["processing", "accepted"]))]
    status: Vec<&'static str>,
    /// Outcomes, separated by commas.
    #[param(value_type = Option<Vec<Outcome>>, style = Form, explode = false, example = json!(["late_without_apology"]))]
    outcome: Vec<&'static str>,
    /// Timeliness, separated by commas.
    #[param(value_type = Option<Vec<Timeliness>>, style = Form, explode = false, example = json!(["overdue"]))]
    timeliness: Vec<&'static str>,
    /// Channels, separated by commas.
    #[param(value_type = Option<Vec<Channel>>, style = Form, explode = false, example = json!(["online"]))]
    channel: Vec<&'static str>,
    /// Accepted on this day or later.
    #[param(value_type = Option<Day>)]
    accepted_from: Option<NaiveDate>,
    /// Accepted on this day or earlier.
    #[param(value_type = Option<Day>)]
    accepted_to: Option<NaiveDate>,
    /// Finished on this day or later.
    #[param(value_type = Option<Day>)]
    finished_from: Option<NaiveDate>,
    /// Finished on this day or earlier.
    #[param(value_type = Option<Day>)]
    finished_to: Option<NaiveDate>,
    /// Due on this day or later.
    #[param(value_type = Option<Day>)]
    due_from: Option<NaiveDate>,
    /// Due on this day or earlier.
    #[param(value_type = Option<Day>)]
    due_to: Option<NaiveDate>,
    /// Only those with this finding; what is due about a consultation depends on the day of asking.
    #[param(value_type = Option<Finding>, example = "late_without_apology")]
    finding: Option<Finding>,
    /// Beginnings of words in the applicant's name or the codes; accents do not matter.
    #[param(example = "bien xanh")]
    q: Option<String>,
    /// `-received_at` (newest first, default) or `received_at`.
    #[param(value_type = Option<String>, pattern = "^-?received_at$", example = "-received_at")]
    sort: Option<&'static str>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<DossierSummary>,
}

impl FromQuery for DossierFilter {
    fn read(q: &mut QueryReader) -> Self {
        DossierFilter {
            department: q.codes("department"),
            procedure: q.codes("procedure"),
            status: q.list("status", Status::NAMES),
            outcome: q.list("outcome", Outcome::NAMES),
            timeliness: q.list("timeliness", Timeliness::NAMES),
            channel: q.list("channel", Channel::NAMES),
            accepted_from: q.day("accepted_from"),
            accepted_to: q.day("accepted_to"),
            finished_from: q.day("finished_from"),
            finished_to: q.day("finished_to"),
            due_from: q.day("due_from"),
            due_to: q.day("due_to"),
            finding: q.choice("finding", Finding::NAMES).and_then(Finding::parse),
            q: q.text("q"),
            sort: q.choice("sort", &["-received_at", "received_at"]),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

/// List the kinds of findings
///
/// What the rules find fault with: each kind with what is wrong and what mends it, in both languages.
#[utoipa::path(tag = "dossiers", operation_id = "list_findings", security(("bearer" = [])), extensions(("x-permission" = json!("dossier:read"))),
    responses((status = 200, description = "Every kind", body = FindingCatalogue), ReadProblems))]
#[get("/api/v1/findings")]
async fn list_findings(permit: Permit<perm::ReadDossier>, _: Query<NoQuery>) -> Answer {
    let _ = permit;
    Ok(HttpResponse::Ok().json(FindingCatalogue::all()))
}

fn chosen(asked: &DossierFilter) -> Filter {
    let strings = |words: &[&'static str]| words.iter().map(|w| (*w).to_owned()).collect();
    Filter {
        departments: asked.department.clone(),
        procedures: asked.procedure.clone(),
        statuses: strings(&asked.status),
        outcomes: asked.outcome.clone(),
        timeliness: asked.timeliness.clone(),
        channels: strings(&asked.channel),
        accepted: (asked.accepted_from, asked.accepted_to),
        finished: (asked.finished_from, asked.finished_to),
        due: (asked.due_from, asked.due_to),
        finding: asked.finding,
        text: asked.q.clone(),
        sort: if asked.sort == Some("received_at") { Sort::OldestFirst } else { Sort::NewestFirst },
        ..Filter::default()
    }
}

async fn page(
    db: &impl ConnectionTrait,
    (reach, filter): (&Reach, &Filter),
    cursor: &Cursor,
    today: NaiveDate,
    shared: &Shared,
) -> Result<(Vec<DossierSummary>, PageInfo), ApiError> {
    let rows = store::list(db, reach, filter, cursor.after()?, cursor.limit, today).await?;
    let (rows, info) = cursor.page(rows, |r| (r.received_at, r.id));
    let items = rows.into_iter().map(|r| view::summary(r, today, &shared.vault)).collect::<Result<_, _>>()?;
    Ok((items, info))
}

/// List dossiers
///
/// Those the caller may see, newest first: by acceptance, else submission.
#[utoipa::path(tag = "dossiers", operation_id = "list_dossiers", params(DossierFilter, PageParams, Shape::<DossierSummary>), security(("bearer" = [])),
    extensions(("x-permission" = json!("dossier:read"))),
    responses((status = 200, description = "A page of dossiers", body = DossierPage), ReadProblems))]
#[get("/api/v1/dossiers")]
async fn list_dossiers(
    permit: Permit<perm::ReadDossier>,
    Query(asked): Query<DossierFilter>,
    db: Db,
    shared: web::Data<Shared>,
    req: HttpRequest,
) -> Answer {
    let (reach, filter, today) = (permit.reach(), chosen(&asked), vn_date(permit.now));
    let (items, info) = page(db.get_ref(), (&reach, &filter), &asked.cursor, today, &shared).await?;
    let info =
        asked.cursor.counted(db.get_ref(), info, async |db| store::list(db, &reach, &filter, None, EVERY, today).await.map(drop)).await?;
    asked.shape.page(&req, db.get_ref(), &permit, &DossierPage { items, page: info }).await
}

async fn detail(permit: &Permit<perm::ReadDossier>, key: Key, shape: &Shape<DossierView>, db: &Db, shared: &Shared) -> Answer {
    let row = store::find(db.get_ref(), &key, &permit.reach()).await?.ok_or_else(ApiError::not_found)?;
    let view = view::view(&row, permit, &shared.vault)?;
    // An open dossier becomes overdue by the day alone.
    let settled = row.timeliness.is_some();
    if settled {
        shape.found(db.get_ref(), permit, view.version, &view).await
    } else {
        shape.found_today(db.get_ref(), permit, view.version, &view).await
    }
}

fn by_id(text: &str) -> Result<Key, ApiError> {
    uuid::Uuid::parse_str(text).map(Key::Id).map_err(|_| ApiError::not_found())
}

/// Get a dossier
///
/// With everything that happened to it, its dates and what the caller may do next.
#[utoipa::path(tag = "dossiers", operation_id = "get_dossier", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id of the dossier"), Shape::<DossierView>), extensions(("x-permission" = json!("dossier:read"))),
    responses((status = 200, description = "The dossier", body = DossierView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/dossiers/{id}")]
async fn get_dossier(
    permit: Permit<perm::ReadDossier>,
    id: web::Path<String>,
    Query(shape): Query<Shape<DossierView>>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    detail(&permit, by_id(&id)?, &shape, &db, &shared).await
}

/// Get a dossier by its code
///
/// The same as by id.
#[utoipa::path(tag = "dossiers", operation_id = "get_dossier_by_code", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the dossier", example = "H32.05-220419-0001"), Shape::<DossierView>),
    extensions(("x-permission" = json!("dossier:read"))),
    responses((status = 200, description = "The dossier", body = DossierView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/dossiers/by-code/{code}")]
async fn get_dossier_by_code(
    permit: Permit<perm::ReadDossier>,
    code: web::Path<String>,
    Query(shape): Query<Shape<DossierView>>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    detail(&permit, Key::Code(crate::http::values::nfc(&code)), &shape, &db, &shared).await
}

/// Get a dossier's timeline
///
/// Everything that happened, oldest first.
#[utoipa::path(tag = "dossiers", operation_id = "get_dossier_timeline", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id of the dossier")), extensions(("x-permission" = json!("dossier:read"))),
    responses((status = 200, description = "What happened", body = Timeline), ReadProblems))]
#[get("/api/v1/dossiers/{id}/timeline")]
async fn get_dossier_timeline(permit: Permit<perm::ReadDossier>, id: web::Path<String>, _: Query<NoQuery>, db: Db) -> Answer {
    let row = store::find(db.get_ref(), &by_id(&id)?, &permit.reach()).await?.ok_or_else(ApiError::not_found)?;
    let recorded = audit::of_subject(db.get_ref(), row.id).await?;
    let moves = revision::moves_of(db.get_ref(), row.id).await?;
    Ok(HttpResponse::Ok().json(timeline::timeline(&row, &recorded, &moves)?))
}

/// As of when to read the clock.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct ClockMoment {
    /// Facts at or before it count: an instant, or a date meaning its end in Vietnam; now by default.
    #[param(value_type = Option<AsOf>, example = "2022-06-15")]
    as_of: Option<AsOf>,
}

impl FromQuery for ClockMoment {
    fn read(q: &mut QueryReader) -> Self {
        ClockMoment { as_of: q.parse("as_of", "Phải là ngày hoặc thời điểm.", "Must be a date or an instant.") }
    }
}

/// Get a dossier's clock
///
/// Its due dates as of an instant, with every step of the counting in words, and the due dates that were in force before.
#[utoipa::path(tag = "dossiers", operation_id = "get_dossier_clock", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id of the dossier"), ClockMoment), extensions(("x-permission" = json!("dossier:read"))),
    responses((status = 200, description = "The clock", body = DossierClock), ReadProblems))]
#[get("/api/v1/dossiers/{id}/clock")]
async fn get_dossier_clock(permit: Permit<perm::ReadDossier>, id: web::Path<String>, Query(moment): Query<ClockMoment>, db: Db) -> Answer {
    let row = store::find(db.get_ref(), &by_id(&id)?, &permit.reach()).await?.ok_or_else(ApiError::not_found)?;
    let dossier = row.dossier()?;
    let as_of = moment.as_of.map(|at| at.0);
    let Some(accepted_at) = dossier.facts.accepted_at.filter(|at| as_of.is_none_or(|as_of| *at <= as_of)) else {
        let (vi, en) = ("Hồ sơ chưa được tiếp nhận vào lúc đó nên chưa tính thời hạn.", "It was not accepted then; no clock runs.");
        return Err(ApiError::broken(vec![Fault::new(crate::error::Code::Missing, "/accepted_at", vi, en)]));
    };
    // Before a revision it was counted with another edition of the calendar.
    let then = match as_of {
        Some(at) => revision::edition_at(db.get_ref(), row.id, at).await?,
        None => None,
    };
    let calendar = calendar::held(db.get_ref(), then.or(row.edition()).as_ref(), row.resolving_id).await?;
    let (mut reading, mut steps) = clock::explain(&calendar, accepted_at, &dossier.terms, &dossier.facts.clock_pauses(), as_of)
        .map_err(|e| ApiError::broken(vec![rules::clock_fault(&e, "")]))?;
    ledger::keep_promise(&mut reading, &mut steps, row.first_due_on);
    let moves = revision::moves_of(db.get_ref(), row.id).await?;
    let due_dates = ledger::due_dates(&row, &moves, as_of, permit.lang)?;
    Ok(HttpResponse::Ok().json(DossierClock { clock: ClockView::new(&reading, steps, permit.lang), due_dates }))
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<DossierFilter, DossierSummary>("dossiers", Permission::ReadDossier, |ask| {
        Box::pin(async move {
            let asked: DossierFilter = ask.filter()?;
            let today = vn_date(ask.call.now);
            Batch::of(page(ask.db, (&ask.reach, &chosen(&asked)), &asked.cursor, today, ask.shared).await?)
        })
    })
}
