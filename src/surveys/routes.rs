//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get, post, put, web};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;

use super::model::SurveyState;
use super::results;
use super::wire::{
    NewSurvey, SurveyAnswers, SurveyClosure, SurveyCorrection, SurveyPage, SurveyPublication, SurveyResults, SurveySummary, SurveyView,
};
use super::{acts, store};
use crate::app::Shared;
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::db::Db;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::bulk::{self, BulkAnswer, BulkParams};
use crate::http::call::{ChangeHeaders, RetryHeaders, WriteParams};
use crate::http::export::{Batch, Source};
use crate::http::query::{FromQuery, NoQuery};
use crate::http::shape::Relation;
use crate::http::values::{self, Key};
use crate::http::{
    Answer, Cursor, Json, PageInfo, Query, QueryReader, ReadProblems, Shape, Shaped, WriteProblems,
    page::{EVERY, PageParams},
    table, write,
};
use crate::reports::period::{Period, PeriodCode};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_surveys).service(get_survey).service(put_survey).service(load_survey_answers);
    cfg.service(close_survey).service(correct_survey).service(publish_survey).service(get_survey_results);
}

impl Shaped for SurveySummary {
    const RELATIONS: &'static [Relation] = &[Relation::one("department", &["department"], departments::EXPANDED)];
}

impl Shaped for SurveyView {
    const RELATIONS: &'static [Relation] = &[Relation::one("department", &["department"], departments::EXPANDED)];
}

/// Which surveys to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct SurveyFilter {
    /// Codes of departments whose service was judged, separated by commas.
    #[param(value_type = Option<String>, example = "SKHDT")]
    department: Vec<String>,
    /// Code of the period.
    #[param(value_type = Option<PeriodCode>, example = "2022")]
    period: Option<String>,
    /// States, separated by commas.
    #[param(value_type = Option<Vec<SurveyState>>, style = Form, explode = false, example = json!(["closed", "published"]))]
    state: Vec<&'static str>,
    /// Code of an indicator that takes its figure from the survey, or that was asked about.
    #[param(example = "satisfaction_index")]
    kpi: Option<String>,
    /// Words of the code or name, with or without accents.
    #[param(value_type = Option<String>, example = "hai long")]
    q: Vec<String>,
    #[param(ignore)]
    cursor: Cursor,
    #[param(ignore)]
    shape: Shape<SurveySummary>,
}

impl FromQuery for SurveyFilter {
    fn read(q: &mut QueryReader) -> Self {
        let period = q.text("period");
        if period.as_ref().is_some_and(|code| Period::parse(code).is_none()) {
            let (vi, en) = ("Mã kỳ như 2022, 2022H1, 2022Q2, 2022-04, 2022-9M.", "A period like 2022, 2022H1, 2022Q2, 2022-04, 2022-9M.");
            q.fault(Fault::new(Code::InvalidParameter, "period", vi, en));
        }
        SurveyFilter {
            department: q.codes("department"),
            period,
            state: q.list("state", SurveyState::NAMES),
            kpi: q.text("kpi"),
            q: values::words([q.text("q").as_deref()]),
            cursor: Cursor::read(q),
            shape: Shape::read(q),
        }
    }
}

impl SurveyFilter {
    fn chosen(&self) -> store::Filter<'_> {
        store::Filter {
            departments: &self.department,
            period: self.period.as_deref(),
            states: &self.state,
            kpi: self.kpi.as_deref(),
            words: &self.q,
        }
    }
}

async fn page(db: &impl ConnectionTrait, reach: &Reach, filter: &SurveyFilter) -> Result<(Vec<SurveySummary>, PageInfo), ApiError> {
    let rows = store::list(db, reach, &filter.chosen(), filter.cursor.after()?, filter.cursor.limit).await?;
    Ok(filter.cursor.page(rows, |survey| survey.code.clone()))
}

/// List surveys
///
/// Waves about the departments in your sight by code, each with its index.
#[utoipa::path(tag = "surveys", operation_id = "list_surveys", params(SurveyFilter, PageParams, Shape::<SurveySummary>), security(("bearer" = [])),
    extensions(("x-permission" = json!("survey:read"))),
    responses((status = 200, description = "A page of surveys", body = SurveyPage), ReadProblems))]
#[get("/api/v1/surveys")]
async fn list_surveys(permit: Permit<perm::ReadSurvey>, Query(filter): Query<SurveyFilter>, db: Db, req: HttpRequest) -> Answer {
    let (reach, chosen) = (permit.reach(), filter.chosen());
    let (items, page) = page(db.get_ref(), &reach, &filter).await?;
    let page = filter.cursor.counted(db.get_ref(), page, async |db| store::list(db, &reach, &chosen, None, EVERY).await.map(drop)).await?;
    filter.shape.page(&req, db.get_ref(), &permit, &SurveyPage { items, page }).await
}

/// Get a survey
///
/// By id or code, with its answers, all that was done about it and what this caller may do now.
#[utoipa::path(tag = "surveys", operation_id = "get_survey", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "sipas-2022"), Shape::<SurveyView>),
    extensions(("x-permission" = json!("survey:read"))),
    responses((status = 200, description = "The survey", body = SurveyView), (status = 304, description = "Not changed since the version in If-None-Match"), ReadProblems))]
#[get("/api/v1/surveys/{key}")]
async fn get_survey(permit: Permit<perm::ReadSurvey>, key: web::Path<String>, Query(shape): Query<Shape<SurveyView>>, db: Db) -> Answer {
    let stored = store::find(db.get_ref(), &permit.reach(), &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?;
    let view = acts::view(&permit, stored);
    shape.found(db.get_ref(), &permit, view.version, &view).await
}

/// Put a survey
///
/// Creates a wave or changes it as a whole, its answers included; `Unchanged: true` when it is equal already. No question has more answers
/// than forms came back, no more forms come back than people were to be asked, and the fields of a question add up to no more than it has
/// for all. Once it is closed it is only corrected.
#[utoipa::path(tag = "surveys", operation_id = "put_survey", security(("bearer" = [])), request_body = NewSurvey,
    params(("key" = String, Path, description = "Code", example = "hai-long-2022"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("survey:write"))),
    responses((status = 201, description = "Created", body = SurveyView), (status = 200, description = "Changed, or equal already", body = SurveyView), WriteProblems))]
#[put("/api/v1/surveys/{key}")]
async fn put_survey(
    permit: Permit<perm::WriteSurvey>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<NewSurvey>,
    db: Db,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::put(tx, &permit, &key, &body.value).await).await
}

/// Load the answers of a survey
///
/// JSON array, NDJSON or CSV into an open wave: a row takes the place of the one with the same factor, field and question; rows that are
/// not named stay. The code of a row is `factor/field/question`.
#[utoipa::path(tag = "surveys", operation_id = "load_survey_answers", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "hai-long-2022"), BulkParams, RetryHeaders),
    request_body(content((Vec<SurveyAnswers> = "application/json"),
        (String = "application/x-ndjson", example = "{\"factor\":\"access_to_service\",\"field\":\"DT\",\"satisfied\":60,\"very_satisfied\":23,\"neutral\":13}"),
        (String = "text/csv", example = "factor,field,question,very_dissatisfied,dissatisfied,neutral,satisfied,very_satisfied,no_answer\naccess_to_service,DT,1,0,3,10,60,23,4"))),
    extensions(("x-permission" = json!("survey:write"))),
    responses((status = 200, description = "Every row applied or unchanged", body = BulkAnswer),
        (status = 207, description = "Best effort: some rows were refused", body = BulkAnswer), WriteProblems))]
#[post("/api/v1/surveys/{key}/answers/bulk")]
async fn load_survey_answers(
    permit: Permit<perm::WriteSurvey>,
    key: web::Path<String>,
    Query(params): Query<BulkParams>,
    req: HttpRequest,
    payload: web::Payload,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    let key: Key = key.as_str().into();
    let rows = bulk::read_all::<SurveyAnswers>(&req, payload.into_inner(), &shared).await?;
    bulk::apply(db.get_ref(), &permit, params, rows, async |tx, rows| acts::load(tx, &permit, &key, rows, params.strategy).await).await
}

/// Close a survey
///
/// Ends the entering: with respondents, days, who carried it out, evidence and answers given, the wave feeds its indicators and is changed by
/// corrections only.
#[utoipa::path(tag = "surveys", operation_id = "close_survey", security(("bearer" = [])), request_body = SurveyClosure,
    params(("key" = String, Path, description = "Id or code", example = "hai-long-2022"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("survey:write"))),
    responses((status = 200, description = "Closed", body = SurveyView), WriteProblems))]
#[post("/api/v1/surveys/{key}/closure")]
async fn close_survey(
    permit: Permit<perm::WriteSurvey>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<SurveyClosure>,
    db: Db,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::close(tx, &permit, &key.as_str().into(), &body.value).await).await
}

/// Correct a survey
///
/// Puts a closed wave right as a whole, with the reason; what it was is kept in the audit line. `Unchanged: true` when it is equal already.
#[utoipa::path(tag = "surveys", operation_id = "correct_survey", security(("bearer" = [])), request_body = SurveyCorrection,
    params(("key" = String, Path, description = "Id or code", example = "hai-long-2022"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("survey:write"))),
    responses((status = 200, description = "Corrected", body = SurveyView), WriteProblems))]
#[post("/api/v1/surveys/{key}/correction")]
async fn correct_survey(
    permit: Permit<perm::WriteSurvey>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<SurveyCorrection>,
    db: Db,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::correct(tx, &permit, &key.as_str().into(), &body.value).await).await
}

/// Record what was published of a survey
///
/// The values stand beside the computed ones, which they may differ from: published indices may be weighted. Recorded again, they replace
/// those recorded before.
#[utoipa::path(tag = "surveys", operation_id = "publish_survey", security(("bearer" = [])), request_body = SurveyPublication,
    params(("key" = String, Path, description = "Id or code", example = "hai-long-2022"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("survey:write"))),
    responses((status = 200, description = "Recorded", body = SurveyView), WriteProblems))]
#[post("/api/v1/surveys/{key}/publication")]
async fn publish_survey(
    permit: Permit<perm::WriteSurvey>,
    key: web::Path<String>,
    _: Query<WriteParams>,
    body: Json<SurveyPublication>,
    db: Db,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::publish(tx, &permit, &key.as_str().into(), &body.value).await).await
}

/// What a survey comes to
///
/// The index of the whole, of each factor and of each field: satisfied and very satisfied over valid answers, sums over sums and never a mean of
/// shares, with the 95 % interval of Wilson, the rank, what was published beside, and whether it changed since the wave before by more than
/// chance (test of two proportions at 95 %). With fewer than 30 valid answers a line is marked `too_few_answers`, and no change is told.
/// JSON, CSV or XLSX by `Accept`.
#[utoipa::path(tag = "surveys", operation_id = "get_survey_results", security(("bearer" = [])),
    params(("key" = String, Path, description = "Id or code", example = "sipas-2022")),
    extensions(("x-permission" = json!("survey:read"))),
    responses((status = 200, description = "The figures", content(
        (SurveyResults = "application/json"),
        (String = "text/csv", example = "Phần,Mã,Tên"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/surveys/{key}/results")]
async fn get_survey_results(
    permit: Permit<perm::ReadSurvey>,
    key: web::Path<String>,
    _: Query<NoQuery>,
    db: Db,
    req: HttpRequest,
) -> Answer {
    let (db, reach) = (db.get_ref(), permit.reach());
    let survey = store::find(db, &reach, &key.as_str().into()).await?.ok_or_else(ApiError::not_found)?.view;
    let before = match &survey.follows {
        Some(code) => store::find(db, &reach, &Key::Code(code.clone())).await?.map(|stored| stored.view),
        None => None,
    };
    let kpis = survey.answers.iter().map(|row| row.factor.to_string()).collect();
    let fields = survey.answers.iter().filter_map(|row| row.field().map(str::to_owned)).collect();
    let names = store::names(db, kpis, fields).await?;
    let results = results::results(&survey, before.as_ref(), &names, permit.lang);
    table::respond(&req, &results, || results::table(&results, permit.lang))
}

/// The list as an export.
pub fn exported() -> Source {
    Source::of::<SurveyFilter, SurveySummary>("surveys", Permission::ReadSurvey, |ask| {
        Box::pin(async move { Batch::of(page(ask.db, &ask.reach, &ask.filter()?).await?) })
    })
}
