//! The contract: generated from the handlers, served, and compared with the committed copy by a test.

use std::sync::OnceLock;

use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::SwaggerUi;

use crate::app::Shared;
use crate::error::{ApiError, Code};
use crate::http::{Answer, Lang};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Đúng Hẹn",
        version = env!("CARGO_PKG_VERSION"),
        description = "Tasks of a department's reform plan, dossiers of the one-stop counter with their statutory clock, and the figures both are judged by.\n\n\
            Acts are resources (`POST /dossiers/{id}/refusal`); a change to an existing resource names the version it was decided on with `If-Match`. \
            Whatever can be got can be asked about with `HEAD`. \
            Problems are `application/problem+json` with a `code` from a closed list and every fault at once, in Vietnamese or (with `Accept-Language: en`) English. \
            Instants are RFC 3339 and go out at +07:00; `…_on` are civil dates in Vietnam.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "Đúng Hẹn")
    ),
    servers((url = "/", description = "This server")),
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
        (name = "duties", description = "Reporting duties: what is due, handed in, consolidated and sent"),
        (name = "kpis", description = "Indicators, targets and measurements"),
        (name = "reports", description = "Outcomes and figures"),
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
            .description(Some("From `POST /api/v1/auth/sessions`; for machines from `POST /oauth/token`."))
            .build();
        document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The whole contract.
pub fn document() -> utoipa::openapi::OpenApi {
    static DOCUMENT: OnceLock<utoipa::openapi::OpenApi> = OnceLock::new();
    DOCUMENT
        .get_or_init(|| {
            let app = actix_web::App::new().into_utoipa_app().openapi(Contract::openapi()).configure(crate::app::configure);
            app.split_for_parts().1
        })
        .clone()
}

/// The contract as the text that is served and committed.
pub fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| document().to_pretty_json().map(|t| t + "\n").unwrap_or_default())
}

/// One line an operation: method, path, operation id, permission and the roles that hold it.
pub fn operations() -> String {
    use crate::auth::{Permission, Role};
    let document = serde_json::to_value(document()).unwrap_or_default();
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
    cfg.service(get_openapi).service(get_problem_page).service(get_live).service(get_ready).service(get_metrics);
}

/// `/docs` is what people type.
pub async fn docs_door() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("Location", "/docs/")).finish()
}

/// The documentation page, with its assets inside the binary.
pub fn docs() -> SwaggerUi {
    SwaggerUi::new("/docs/{_:.*}").config(utoipa_swagger_ui::Config::from("/openapi.json"))
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

/// What a problem code means
///
/// A short page for people; `type` of every problem document points here.
#[utoipa::path(tag = "system", operation_id = "get_problem_page", security(()),
    params(("code" = String, Path, description = "The code of a problem", example = "rule_broken")),
    responses((status = 200, description = "A page for people", content_type = "text/html", body = String, example = "<h1>rule_broken</h1>"),
        (status = 404, description = "There is no such code", body = crate::http::Problem, content_type = "application/problem+json")))]
#[get("/docs/problems/{code}")]
async fn get_problem_page(code: web::Path<String>, req: HttpRequest) -> Answer {
    let code = Code::ALL.iter().find(|c| c.name() == code.as_str()).ok_or_else(ApiError::not_found)?;
    let title = code.title();
    let lang = Lang::of(req.headers()).tag();
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(format!(
        "<!doctype html><html lang=\"{lang}\"><meta charset=\"utf-8\"><title>{name}</title><h1><code>{name}</code></h1>\
         <p>HTTP {status}</p><p lang=\"vi\">{vi}.</p><p lang=\"en\">{en}.</p></html>",
        name = code.name(),
        status = code.status().as_u16(),
        vi = title.vi,
        en = title.en,
    )))
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
