//! The boundary: request id, span, sign-in read, panics caught, problems rendered, common headers set.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
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
    let place = Place { lang: Lang::of(req.headers()), method: req.method().clone(), path: req.path().to_owned(), id: id.clone() };
    req.extensions_mut().insert(id.clone());
    let watched = matches!(req.path(), "/health/live" | "/health/ready" | "/metrics");
    let turn_first = !watched && matches!(*req.method(), Method::GET | Method::DELETE);
    let (who, standing, refused) = if turn_first && doors.is_closed() {
        // As cheap as can be: there may be many.
        (String::new(), None, Some(doors.turned_away(TurnedAway::Full).await))
    } else {
        let admission = auth::admit(&req).await;
        let (caller, who) = match &admission {
            Admission::Actor(actor) => (Caller::Subject(actor.user_id), actor.username.clone()),
            _ => (Caller::Address(rate::address(req.head(), shared.settings.http.behind_proxy)), String::new()),
        };
        req.extensions_mut().insert(admission);
        // Who comes too often waits for nothing and takes nobody's place.
        let standing = if watched { None } else { shared.buckets.take(&shared.settings.limits, caller, started) };
        let refused = if let Some(seconds) = standing.and_then(|s| s.retry_after) {
            shared.metrics.turned_away(TurnedAway::Rate);
            let (vi, en) = (format!("Hãy thử lại sau {seconds} giây."), format!("Try again in {seconds} s."));
            Some(ApiError::new(Code::TooManyRequests).say(vi, en).retry_after(seconds.into()))
        } else if watched {
            None
        } else if turn_first {
            gate::take_turn(req.request()).await.err()
        } else {
            doors.arrive(caller).map(|arriving| drop(req.extensions_mut().insert(arriving))).err()
        };
        (who, standing, refused)
    };
    if let Some(error) = refused {
        let mut response = req.into_response(problem::render(&error, place.lang, &place.path, &id.0));
        gate::leave(response.request());
        finish(response.headers_mut(), &id, standing);
        shared.metrics.answered("", None, response.status().as_u16(), started.elapsed());
        tracing::debug!(id = %id.0, who, code = error.code().name(), "turned away");
        return Ok(response);
    }
    if shared.methods_kept_at(&place.path).is_some_and(|offered| !offered.contains(&place.method.as_str())) {
        let mut response = place.complete(req.into_response(HttpResponse::MethodNotAllowed().finish()));
        gate::leave(response.request());
        finish(response.headers_mut(), &id, standing);
        count(&response, &shared, started.elapsed());
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
        // The request is gone with whoever dropped it: what is known of it answers.
        Ok(Err(error)) => {
            let mut answer = match error.as_error::<ApiError>() {
                Some(known) => place.render(known),
                None => place.render(&ApiError::new(code_of(error.as_response_error().status_code())).because(&error)),
            };
            place.end(&mut answer, &shared, standing, started.elapsed());
            return Err(InternalError::from_response(error, answer).into());
        }
        Err(panic) => {
            let cause = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            let cause = cause.unwrap_or_else(|| "panic".into());
            let mut answer = place.render(&ApiError::new(Code::Internal).because(&cause));
            place.end(&mut answer, &shared, standing, started.elapsed());
            return Err(InternalError::from_response(cause, answer).into());
        }
    };
    // What is left is to send the answer, which takes no turn.
    gate::leave(response.request());
    finish(response.headers_mut(), &id, standing);
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
    method: Method,
    path: String,
    id: RequestId,
}

/// What a bare status is told as.
fn code_of(status: StatusCode) -> Code {
    match status.as_u16() {
        404 => Code::NotFound,
        405 => Code::MethodNotAllowed,
        406 => Code::NotAcceptable,
        408 => Code::RequestTimeout,
        413 => Code::BodyTooLarge,
        415 => Code::UnsupportedMediaType,
        500.. => Code::Internal,
        _ => Code::MalformedBody,
    }
}

impl Place {
    fn render(&self, error: &ApiError) -> HttpResponse {
        if error.code().status().is_server_error() {
            let cause = error.source_text().unwrap_or("unknown");
            tracing::error!(code = error.code().name(), cause, "request failed");
        }
        problem::render(error, self.lang, &self.path, &self.id.0)
    }

    /// An answer without its request: headers and figures all the same.
    fn end(&self, answer: &mut HttpResponse, shared: &Shared, standing: Option<Standing>, took: Duration) {
        finish(answer.headers_mut(), &self.id, standing);
        let (status, millis) = (answer.status().as_u16(), took.as_millis() as u64);
        shared.metrics.failed(self.method.as_str(), &self.path, status, took);
        tracing::info!(status, millis, "answered");
    }

    /// Errors of the framework itself (no route, a path it could not read) carry no problem document yet.
    fn complete(&self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let status = response.status();
        let described = response.headers().get("content-type").is_some_and(|t| t.as_bytes().starts_with(b"application/"));
        if !(status.is_client_error() || status.is_server_error()) || described {
            return response;
        }
        let mut problem = self.render(&ApiError::new(code_of(status)));
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

fn finish(headers: &mut HeaderMap, id: &RequestId, standing: Option<Standing>) {
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
