//! The boundary: request id, span, sign-in read, panics caught, problems rendered, common headers set.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use futures_util::FutureExt;
use tracing::Instrument;

use crate::app::Shared;
use crate::auth::{self, Admission};
use crate::error::{ApiError, Code};
use crate::http::bulk::Summary;
use crate::http::gate::{self, Gate};
use crate::http::rate::{self, Caller, Standing};
use crate::http::{Lang, problem};
use crate::metrics::TurnedAway;

/// The request's id, from the caller or made here.
#[derive(Clone)]
pub struct RequestId(pub String);

impl RequestId {
    fn of(req: &ServiceRequest) -> RequestId {
        let sent = req.headers().get("x-request-id").and_then(|v| v.to_str().ok());
        let usable = |id: &&str| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
        RequestId(sent.filter(usable).map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned))
    }
}

/// Admits a request: reads the token and leaves an actor, or the reason there is none. It answers itself only for who comes
/// too often or into an overload, and what nobody else could render.
pub async fn admit(mut req: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = RequestId::of(&req);
    if req.method() == Method::HEAD {
        // Asked like GET; the connection knows that it must not send the body.
        req.head_mut().method = Method::GET;
    }
    let (Some(shared), Some(doors)) = (req.app_data::<web::Data<Shared>>().cloned(), req.app_data::<web::Data<Gate>>().cloned()) else {
        return Ok(req.into_response(HttpResponse::InternalServerError().finish()));
    };
    let _in_flight = shared.metrics.enter();
    let place = Place { lang: Lang::of(req.headers()), path: req.path().to_owned(), id: id.clone() };
    req.extensions_mut().insert(id.clone());
    let (mut _under_way, mut _turn, mut standing) = (None, None, None);
    let watched = matches!(req.path(), "/health/live" | "/health/ready" | "/metrics");
    let mut refused = None;
    if !watched {
        match doors.arrive() {
            Ok(count) => _under_way = Some(count),
            Err(error) => refused = Some(error),
        }
        if refused.is_none() && matches!(*req.method(), Method::GET | Method::DELETE) {
            match doors.turn().await {
                Ok(turn) => _turn = Some(turn),
                Err(error) => refused = Some(error),
            }
        }
    }
    let mut who = String::new();
    if refused.is_none() {
        let admission = auth::admit(&req).await;
        let mut caller = Caller::Address(rate::address(req.head(), shared.settings.http.behind_proxy));
        if let Admission::Actor(actor) = &admission {
            caller = Caller::Subject(actor.user_id);
            who = actor.username.clone();
        }
        req.extensions_mut().insert(admission);
        standing = if watched { None } else { shared.buckets.take(&shared.settings.limits, caller, started) };
        if let Some(seconds) = standing.and_then(|s| s.retry_after) {
            shared.metrics.turned_away(TurnedAway::Rate);
            let (vi, en) = (format!("Hãy thử lại sau {seconds} giây."), format!("Try again in {seconds} s."));
            refused = Some(ApiError::new(Code::TooManyRequests).say(vi, en).retry_after(seconds.into()));
        }
    }
    if let Some(error) = refused {
        // As cheap as can be: there may be many.
        let mut response = req.into_response(problem::render(&error, place.lang, &place.path, &id.0));
        finish(&mut response, &id, standing);
        shared.metrics.answered("", None, response.status().as_u16(), started.elapsed());
        tracing::debug!(id = %id.0, who, code = error.code().name(), "turned away");
        return Ok(response);
    }
    let span = tracing::info_span!("request", id = %id.0, method = %req.method(), path = %req.path(), who = %who);
    let outcome = AssertUnwindSafe(next.call(req).instrument(span.clone())).catch_unwind().await;
    let _entered = span.enter();
    let mut response = match outcome {
        Ok(Ok(response)) => {
            let problem = response.response().error().and_then(|e| e.as_error::<ApiError>()).map(|e| place.render(e));
            match problem {
                Some(problem) => response.into_response(problem),
                None => place.complete(response.map_into_boxed_body()),
            }
        }
        Ok(Err(error)) => {
            let answer = match error.as_error::<ApiError>() {
                Some(known) => place.render(known),
                None => return Err(error),
            };
            return Err(InternalError::from_response(error, answer).into());
        }
        Err(panic) => {
            let cause = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            let cause = cause.unwrap_or_else(|| "panic".into());
            let answer = place.render(&ApiError::new(Code::Internal).because(&cause));
            return Err(InternalError::from_response(cause, answer).into());
        }
    };
    // What is left is to send the answer, which takes no turn.
    gate::step_aside(response.request());
    finish(&mut response, &id, standing);
    count(&response, &shared, started.elapsed());
    let millis = started.elapsed().as_millis() as u64;
    tracing::info!(status = response.status().as_u16(), millis, "answered");
    Ok(response)
}

fn count(response: &ServiceResponse<BoxBody>, shared: &Shared, took: Duration) {
    let request = response.request();
    shared.metrics.answered(request.method().as_str(), request.match_pattern().as_deref(), response.status().as_u16(), took);
    if let Some(summary) = response.response().extensions().get::<Summary>() {
        shared.metrics.rows(summary.counts());
    }
}

/// Where a request came from, for the problem that may answer it.
struct Place {
    lang: Lang,
    path: String,
    id: RequestId,
}

impl Place {
    fn render(&self, error: &ApiError) -> HttpResponse {
        if error.code().status().is_server_error() {
            let cause = error.source_text().unwrap_or("unknown");
            tracing::error!(code = error.code().name(), cause, "request failed");
        }
        problem::render(error, self.lang, &self.path, &self.id.0)
    }

    /// Errors of the framework itself (no route, a path it could not read) carry no problem document yet.
    fn complete(&self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let status = response.status();
        let described = response.headers().get("content-type").is_some_and(|t| t.as_bytes().starts_with(b"application/"));
        if !(status.is_client_error() || status.is_server_error()) || described {
            return response;
        }
        let code = match status.as_u16() {
            404 => Code::NotFound,
            405 => Code::MethodNotAllowed,
            406 => Code::NotAcceptable,
            408 => Code::RequestTimeout,
            413 => Code::BodyTooLarge,
            415 => Code::UnsupportedMediaType,
            500.. => Code::Internal,
            _ => Code::MalformedBody,
        };
        let mut problem = self.render(&ApiError::new(code));
        let allow = response.headers().get("allow").cloned();
        if let Some(allow) = allow.or_else(|| self.allow(status, response.request())) {
            problem.headers_mut().insert(HeaderName::from_static("allow"), allow);
        }
        response.into_response(problem)
    }

    /// What 405 must say: the methods of the contract, or of the documentation page's files, which may be read only.
    fn allow(&self, status: StatusCode, req: &HttpRequest) -> Option<HeaderValue> {
        let shared = req.app_data::<web::Data<Shared>>().filter(|_| status == StatusCode::METHOD_NOT_ALLOWED)?;
        let methods = shared.methods_at(&self.path);
        let methods = if methods.is_empty() { "GET, HEAD".to_owned() } else { methods.join(", ") };
        HeaderValue::from_str(&methods).ok()
    }
}

fn finish(response: &mut ServiceResponse<BoxBody>, id: &RequestId, standing: Option<Standing>) {
    let headers = response.headers_mut();
    for (name, value) in standing.iter().flat_map(Standing::headers) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    if !headers.contains_key("cache-control") {
        headers.insert(HeaderName::from_static("cache-control"), HeaderValue::from_static("no-store"));
    }
}

/// The answer where no route matches: 404, or 405 with the methods that are offered.
pub async fn no_route(req: HttpRequest) -> HttpResponse {
    let Some(shared) = req.app_data::<web::Data<Shared>>() else { return HttpResponse::InternalServerError().finish() };
    let allowed = shared.methods_at(req.path());
    if allowed.is_empty() {
        return HttpResponse::NotFound().finish();
    }
    HttpResponse::MethodNotAllowed().insert_header(("Allow", allowed.join(", "))).finish()
}
