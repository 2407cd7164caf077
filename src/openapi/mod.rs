//! The contract: generated from the handlers, served, and compared with the committed copy by a test.

mod advice;
mod bounds;
mod finish;
mod outline;
mod pages;

use std::sync::OnceLock;

use crate::http::ServiceConfig;
use actix_web::{HttpResponse, get, web};
use serde_json::Value;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

pub use outline::{Outline, outline};

use crate::app::Shared;
use crate::http::Answer;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Đúng Hẹn",
        version = env!("CARGO_PKG_VERSION"),
        description = "Tasks of a department's reform plan, dossiers of the one-stop counter with their statutory clock, and the figures both are judged by.\n\n\
            Acts are resources (`POST /dossiers/{id}/refusal`); a change to an existing resource names the version it was decided on with `If-Match`. \
            Whatever can be got can be asked about with `HEAD`. \
            `fields` cuts an answer down to some members; `expand` puts what codes stand for under `expanded`, as the caller's own request would show it. \
            Problems are `application/problem+json` with a `code` from a closed list and every fault at once, in Vietnamese or (with `Accept-Language: en`) English. \
            Instants are RFC 3339 and go out at +07:00; `…_on` are civil dates in Vietnam.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "Đúng Hẹn")
    ),
    servers((url = "/", description = "This server: production, staging or local, whichever answers")),
    tags(
        (name = "auth", description = "Signing in and out"),
        (name = "users", description = "People and their roles"),
        (name = "clients", description = "Machines and their secrets"),
        (name = "departments", description = "The organisation's units"),
        (name = "calendars", description = "Working days and the due-date calculator"),
        (name = "procedures", description = "Administrative procedures, their limits and policies"),
        (name = "rule-sets", description = "The law that held from one day to another: legal texts, forms, grounds"),
        (name = "dossiers", description = "Dossiers, from receipt to hand-over"),
        (name = "dossier-numbers", description = "Numbers of dossiers: blocks held for counters, and an account of every gap"),
        (name = "documents", description = "The register of outgoing and incoming documents"),
        (name = "plans", description = "Reform plans and their tasks"),
        (name = "obstacles", description = "What keeps departments from their work, answered and decided"),
        (name = "explanations", description = "What departments owe an explanation for, and what they explained"),
        (name = "briefings", description = "What is decided at monthly briefings"),
        (name = "duties", description = "Reporting duties: what is due, handed in, consolidated and sent"),
        (name = "kpis", description = "Indicators, targets and measurements"),
        (name = "surveys", description = "Satisfaction surveys: waves, answers, the index with its interval"),
        (name = "submissions", description = "Figures of departments, submitted, approved and locked"),
        (name = "criteria", description = "Sheets of index criteria, what they were scored, and what rose or fell"),
        (name = "reports", description = "Outcomes and figures"),
        (name = "jobs", description = "Loads and exports in the background"),
        (name = "system", description = "Health and the contract itself")
    ),
    modifiers(&Bearer),
    components(schemas(crate::http::Problem, crate::http::problem::ProblemError))
)]
struct Contract;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = Http::builder()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("From `POST /api/v1/auth/sessions`; for machines from `POST /oauth/token`. \
                Signed with Ed25519 and checked by the best practices of RFC8725: one algorithm, issuer, audience, type and expiry; the keys are at `/.well-known/jwks.json`."))
            .build();
        document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The contract as the handlers tell it, made anew.
fn collected() -> utoipa::openapi::OpenApi {
    let mut document = Contract::openapi();
    crate::app::configure(&mut ServiceConfig::Told(&mut document));
    crate::http::shape::describe(&mut document);
    document
}

/// The whole contract, made anew: as collected, with what holds for every operation.
pub fn document() -> Value {
    let mut document = serde_json::to_value(collected()).unwrap_or_default();
    finish::finish(&mut document);
    document
}

/// The contract as the text that is served and committed.
pub fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| serde_json::to_string_pretty(&document()).map(|t| t + "\n").unwrap_or_default())
}

/// One line an operation: method, path, operation id, permission and the roles that hold it.
pub fn operations() -> String {
    use crate::auth::{Permission, Role};
    let document = document();
    let mut lines = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let id = operation["operationId"].as_str().unwrap_or("-");
            let permission = operation["x-permission"].as_str().unwrap_or("public");
            let found = Permission::ALL.iter().find(|p| p.name() == permission);
            let roles = found.map_or_else(
                || "anyone".to_owned(),
                |p| {
                    let reach = |r: &Role| p.span(*r).map(|s| format!("{}({})", r.name(), format!("{s:?}").to_lowercase()));
                    Role::ALL.iter().filter_map(reach).collect::<Vec<_>>().join(" ")
                },
            );
            lines.push(format!("{:6} {path}  {id}  {permission}  {roles}", method.to_uppercase()));
        }
    }
    lines.sort();
    lines.join("\n") + "\n"
}

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_openapi)
        .service(pages::list_problem_pages)
        .service(pages::get_problem_page)
        .service(get_live)
        .service(get_ready)
        .service(get_metrics);
}

/// `/docs` is what people type.
pub async fn docs_door() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("Location", "/docs/")).finish()
}

/// The documentation page, with its assets inside the binary.
pub fn docs() -> SwaggerUi {
    SwaggerUi::new("/docs/{_:.*}").config(utoipa_swagger_ui::Config::from("/openapi.json").validator_url("none"))
}

/// The OpenAPI document
///
/// The contract that this server keeps, as JSON.
#[utoipa::path(tag = "system", operation_id = "get_openapi", security(()),
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object, example = json!({"openapi": "3.1.0"}))))]
#[get("/openapi.json")]
async fn get_openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(text())
}

/// Whether the process runs
///
/// Asks nothing and nobody.
#[utoipa::path(tag = "system", operation_id = "get_live", security(()),
    responses((status = 200, description = "It runs", body = Object, example = json!({"status": "ok"}))))]
#[get("/health/live")]
async fn get_live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({"status": "ok"}))
}

/// Whether requests can be served
///
/// Asks the database.
#[utoipa::path(tag = "system", operation_id = "get_ready", security(()),
    responses((status = 200, description = "The database answers", body = Object, example = json!({"status": "ok"})),
        (status = 503, description = "It does not", body = crate::http::Problem, content_type = "application/problem+json")))]
#[get("/health/ready")]
async fn get_ready(db: crate::db::Db) -> Answer {
    db.ping().await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({"status": "ok"})))
}

/// Figures of this server
///
/// Requests, their duration, connections, loads and house-keeping, in the text form of Prometheus.
#[utoipa::path(tag = "system", operation_id = "get_metrics", security(()),
    responses((status = 200, description = "The figures", content_type = "text/plain", body = String,
        example = "dunghen_requests_total{operation=\"get_dossier\",status=\"200\"} 12")))]
#[get("/metrics")]
async fn get_metrics(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(shared.metrics.text())
}
