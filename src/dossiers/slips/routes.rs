//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{self, Material};
use super::wire::{Slip, SlipProcedure};
use super::{page, rules, store};
use crate::app::Shared;
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::calendar::vn_date;
use crate::db::Db;
use crate::dossiers::revision;
use crate::dossiers::store::find;
use crate::error::{ApiError, Code, Fault};
use crate::http::query::FromQuery;
use crate::http::values::Key;
use crate::http::{Answer, Problem, Query, QueryReader, ReadProblems, accept};
use crate::procedures;
use crate::rule_sets::{self, FormKind, RuleSetView};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_dossier_slip);
}

/// Which of several.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct SlipChoice {
    /// Number of the request for papers (those before acceptance first) or of the apology, from 1; the last by default. For these two kinds only.
    #[param(example = 1, minimum = 1)]
    n: Option<u16>,
}

impl FromQuery for SlipChoice {
    fn read(q: &mut QueryReader) -> Self {
        SlipChoice { n: q.parse("n", "Phải là số thứ tự từ 1.", "Must be a number from 1.") }
    }
}

/// Get a slip of a dossier
///
/// As the forms of its rule set print it: JSON, or with `Accept: text/html` a page to print that needs nothing from elsewhere.
/// What is not held, such as an address, is left to be filled in by hand. A slip that the dossier has nothing to print on is 409
/// `slip_not_applicable`, with `missing`; a dossier older than the first rule set has none: 409 `no_rule_set`. What came before
/// acceptance follows the law of its day.
#[utoipa::path(tag = "dossiers", operation_id = "get_dossier_slip", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id of the dossier"),
        ("kind" = String, Path, description = "`receipt`, `supplement`, `refusal`, `apology`, `stop` or `control`", example = "receipt"), SlipChoice),
    extensions(("x-permission" = json!("dossier:read"))),
    responses((status = 200, description = "The slip", content(
            (Slip = "application/json"), (String = "text/html", example = "<!doctype html><html lang=\"vi\">…</html>"))),
        (status = 409, description = "There is nothing to print on it", body = Problem, content_type = "application/problem+json"), ReadProblems))]
#[get("/api/v1/dossiers/{id}/slips/{kind}")]
async fn get_dossier_slip(
    permit: Permit<perm::ReadDossier>,
    path: web::Path<(String, String)>,
    Query(choice): Query<SlipChoice>,
    db: Db,
    shared: web::Data<Shared>,
    req: HttpRequest,
) -> Answer {
    let (id, kind) = path.into_inner();
    let id = Uuid::parse_str(&id).map_err(|_| ApiError::not_found())?;
    let kind = FormKind::ALL.iter().copied().find(|k| k.name() == kind && *k != FormKind::Register).ok_or_else(ApiError::not_found)?;
    if choice.n.is_some() && !matches!(kind, FormKind::Supplement | FormKind::Apology) {
        return Err(ApiError::new(Code::InvalidParameter).faults(vec![Fault::new(
            Code::InvalidParameter,
            "n",
            "Chỉ dùng cho phiếu yêu cầu bổ sung và phiếu xin lỗi.",
            "For supplement requests and apologies only.",
        )]));
    }
    let form = accept::choose(&req, &["application/json", "text/html"])?;
    let row = find(db.get_ref(), &Key::Id(id), &permit.reach()).await?.ok_or_else(ApiError::not_found)?;
    let facts = row.facts()?;
    let place = view::chosen(kind, choice.n, &facts)?;
    let rule_set = rule_set(db.get_ref(), rules::day_of_law(kind, &facts, place), row.rule_set_id).await?;
    let gone = || ApiError::new(Code::Internal).because("a dossier names a procedure that is not there");
    let procedure = procedures::find(db.get_ref(), &Key::Id(row.procedure_id)).await?.ok_or_else(gone)?;
    let parties = [row.receiving_id, row.resolving_id].into_iter().chain(facts.transfers.iter().flat_map(|t| [t.from, t.to])).collect();
    let material = Material {
        units: store::units(db.get_ref(), parties).await?,
        procedure: SlipProcedure { code: procedure.code, name: procedure.name },
        components: procedure.components,
        today: vn_date(permit.now),
        applicant: crate::dossiers::view::applicant_for(&row, &permit, &shared.vault),
        moves: revision::moves_of(db.get_ref(), row.id).await?,
        row,
        facts,
        rule_set,
    };
    let slip = view::slip(kind, place, material)?;
    if form == 0 {
        return Ok(HttpResponse::Ok().json(slip));
    }
    let page = page::of(&slip);
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", page.policy))
        .insert_header(("Referrer-Policy", "no-referrer"));
    Ok(response.body(page.html))
}

/// The law that a slip follows: of the day of what happened before acceptance, or the one the dossier was accepted under.
async fn rule_set(db: &impl ConnectionTrait, day: Option<NaiveDate>, accepted_under: Option<Uuid>) -> Result<RuleSetView, ApiError> {
    let found = match (day, accepted_under) {
        (Some(day), _) => rule_sets::on(db, day).await?,
        (None, Some(id)) => rule_sets::find(db, &Key::Id(id)).await?,
        (None, None) => None,
    };
    found.ok_or_else(|| {
        ApiError::new(Code::NoRuleSet).say(
            "Hồ sơ được tiếp nhận trước khi có bộ quy định đầu tiên, nên không có mẫu phiếu.",
            "It was accepted before the first rule set began; there are no forms for it.",
        )
    })
}
