//! Problems on the wire (RFC 9457) and their place in the contract.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::{IntoResponses, ToSchema};

use crate::error::{ApiError, Code, Fault};
use crate::http::Lang;

/// What went wrong, for a program (`code`) and for a person (`title`, `detail`).
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "type": "/docs/problems/rule_broken", "title": "Dữ liệu vi phạm quy tắc nghiệp vụ", "status": 422,
    "detail": "Dữ liệu vi phạm quy tắc nghiệp vụ", "instance": "/api/v1/dossiers", "code": "rule_broken",
    "request_id": "0198c5a0-0000-7000-8000-000000000000",
    "errors": [{"code": "missing", "pointer": "/reason", "detail": "Phải nhập thông tin này."}]
}))]
pub struct Problem {
    /// Where the code is explained.
    pub r#type: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// The path that was asked for.
    pub instance: String,
    /// From a closed list; never translated.
    pub code: String,
    /// Quote this when asking for help.
    pub request_id: String,
    /// Every fault, each with the place it is at.
    pub errors: Vec<ProblemError>,
}

#[derive(Serialize, ToSchema)]
pub struct ProblemError {
    pub code: String,
    /// A JSON pointer into the body, or the name of a parameter.
    pub pointer: String,
    pub detail: String,
}

pub fn fault_json(fault: &Fault, lang: Lang) -> Value {
    json!({"code": fault.code.name(), "pointer": shown(&fault.pointer), "detail": shown(&lang.pick(fault.detail.clone()))})
}

/// Text that may repeat what was sent, a NUL among it, which no text of an answer has.
fn shown(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The document of a problem.
pub fn body(error: &ApiError, lang: Lang, instance: &str, request_id: &str) -> Value {
    let code = error.code();
    let mut body = Map::new();
    body.insert("type".into(), format!("/docs/problems/{}", code.name()).into());
    body.insert("title".into(), lang.pick(code.title()).into());
    body.insert("status".into(), code.status().as_u16().into());
    body.insert("detail".into(), shown(&lang.pick(error.detail())).into());
    body.insert("instance".into(), instance.into());
    body.insert("code".into(), code.name().into());
    body.insert("request_id".into(), request_id.into());
    body.insert("errors".into(), error.fault_list().iter().map(|f| fault_json(f, lang)).collect());
    body.extend(error.members().clone());
    Value::Object(body)
}

/// Renders a problem; `instance` and `request_id` come from the request.
pub fn render(error: &ApiError, lang: Lang, instance: &str, request_id: &str) -> HttpResponse {
    let code = error.code();
    let mut response = HttpResponse::build(code.status());
    response.insert_header(("Content-Language", lang.tag()));
    match code.status() {
        StatusCode::UNAUTHORIZED => {
            // RFC 6750: without a token there is no error to name.
            let bad = if code == Code::InvalidToken { ", error=\"invalid_token\"" } else { "" };
            response.insert_header(("WWW-Authenticate", format!("Bearer realm=\"dunghen\"{bad}")));
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            response.insert_header(("Retry-After", error.retry_after_s().unwrap_or(2).to_string()));
        }
        _ => {}
    }
    let body = serde_json::to_vec(&body(error, lang, instance, request_id)).unwrap_or_default();
    response.content_type("application/problem+json").body(body)
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code().status()
    }

    // The boundary renders the body once more with the request's language, path and id.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// What any read may answer besides its result.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "variants are read by the OpenAPI derive")]
pub enum ReadProblems {
    /// A parameter is wrong or unknown.
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(Problem),
    /// No token, or one that is not valid.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// The caller's roles do not allow this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// Unknown, or outside the caller's sight.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// None of the offered formats is accepted.
    #[response(status = 406, content_type = "application/problem+json")]
    NotAcceptable(Problem),
    /// A business rule is broken, such as a year without a calendar.
    #[response(status = 422, content_type = "application/problem+json")]
    RuleBroken(Problem),
    /// Too many requests from this caller; try again after `Retry-After` seconds.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// Busy; try again after `Retry-After` seconds.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// What any write may answer besides its result.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "variants are read by the OpenAPI derive")]
pub enum WriteProblems {
    /// The body or a parameter does not have the documented shape.
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(Problem),
    /// No token, or one that is not valid.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// The caller's roles do not allow this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// Unknown, or outside the caller's sight.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// The body did not arrive in time.
    #[response(status = 408, content_type = "application/problem+json")]
    Timeout(Problem),
    /// The state does not allow this act, or the code is taken.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// `If-Match` names a stale version.
    #[response(status = 412, content_type = "application/problem+json")]
    Stale(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The media type is not supported.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(Problem),
    /// A business rule is broken; every fault is listed.
    #[response(status = 422, content_type = "application/problem+json")]
    RuleBroken(Problem),
    /// `If-Match` is missing.
    #[response(status = 428, content_type = "application/problem+json")]
    PreconditionRequired(Problem),
    /// Too many requests from this caller; try again after `Retry-After` seconds.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// Busy; try again after `Retry-After` seconds.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}
