//! One authenticated call: who asks, when, in which language, and on which conditions.

use std::sync::Arc;

use actix_web::HttpRequest;
use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::auth::Actor;
use crate::error::{ApiError, Code, Fault};
use crate::http::query::LONGEST;
use crate::http::retry::read_key;
use crate::http::{Lang, QueryReader};

pub struct Call {
    pub actor: Arc<Actor>,
    pub now: DateTime<Utc>,
    pub lang: Lang,
    pub request_id: String,
    pub dry_run: bool,
    /// `METHOD /matched/{pattern}` with the path asked for: what an idempotency key is bound to.
    pub route: String,
    /// The query as sent.
    pub query: String,
    pub idempotency_key: Option<String>,
    /// The server's key for the fingerprints of requests that may be repeated.
    pub retry_seal: hmac::Key,
    if_match: Option<Vec<String>>,
    if_none_match: Option<Vec<String>>,
}

impl Call {
    /// # Errors
    /// 400 for a header or `dry_run` that cannot be read.
    pub fn of(
        req: &HttpRequest,
        actor: Arc<Actor>,
        now: DateTime<Utc>,
        request_id: String,
        retry_seal: hmac::Key,
    ) -> Result<Call, ApiError> {
        let text = |name: &str| req.headers().get(name).map(|v| v.to_str().map(str::to_owned).map_err(|_| bad_header(name))).transpose();
        if req.headers().get_all("idempotency-key").count() > 1 {
            return Err(bad_header("Idempotency-Key"));
        }
        let idempotency_key = text("idempotency-key")?.map(|key| read_key(&key)).transpose()?;
        for name in ["if-match", "if-none-match", "prefer"] {
            if text(name)?.is_some_and(|value| value.len() > LONGEST) {
                return Err(bad_header(name));
            }
        }
        let tags = |value: Option<String>| value.map(|v| v.split(',').map(|t| t.trim().to_owned()).collect());
        let dry_run = QueryReader::new(req.query_string()).text("dry_run").as_deref() == Some("true");
        Ok(Call {
            actor,
            now,
            lang: Lang::of(req.headers()),
            request_id,
            dry_run,
            route: format!("{} {}", req.method(), req.path()),
            query: req.query_string().to_owned(),
            idempotency_key,
            retry_seal,
            if_match: tags(text("if-match")?),
            if_none_match: tags(text("if-none-match")?),
        })
    }

    /// What a caller asked for earlier, done by the server in the background.
    pub fn later(actor: Arc<Actor>, now: DateTime<Utc>, lang: Lang, request_id: String, retry_seal: hmac::Key) -> Call {
        Call {
            actor,
            now,
            lang,
            request_id,
            dry_run: false,
            route: String::new(),
            query: String::new(),
            idempotency_key: None,
            retry_seal,
            if_match: None,
            if_none_match: None,
        }
    }

    /// The caller already holds this version (`If-None-Match`).
    pub fn has_version(&self, version: i32) -> bool {
        let tag = format!("\"{version}\"");
        self.if_none_match.as_ref().is_some_and(|tags| tags.iter().any(|t| t == "*" || *t == tag || t.strip_prefix("W/") == Some(&tag)))
    }

    /// The caller wants to create only (`If-None-Match: *`).
    pub fn create_only(&self) -> bool {
        self.if_none_match.as_ref().is_some_and(|tags| tags.iter().any(|t| t == "*"))
    }

    /// The caller named a version (`If-Match`).
    pub fn names_version(&self) -> bool {
        self.if_match.is_some()
    }

    /// The version that the caller has seen, as far as it can be told.
    pub fn seen_version(&self) -> Option<i32> {
        self.if_match.as_ref()?.iter().find_map(|tag| tag.trim_matches('"').parse().ok())
    }

    /// Whether a `PUT` changes what stands at its key already; `equal` says that the body is the same.
    ///
    /// # Errors
    /// 412 when the caller wants to create only, and those of [`Call::check_version`] when something changes.
    pub fn changes(&self, subject: Uuid, current: i32, equal: bool) -> Result<bool, ApiError> {
        if self.create_only() {
            return Err(ApiError::new(Code::AlreadyExists).member("current_version", current));
        }
        if !equal {
            self.check_version(subject, current)?;
        }
        Ok(!equal)
    }

    /// A change to an existing resource must name the version it was decided on.
    ///
    /// # Errors
    /// 428 without `If-Match`; 412 when it names another than the current version, with what has changed since and by whom.
    pub fn check_version(&self, subject: Uuid, current: i32) -> Result<(), ApiError> {
        let Some(tags) = &self.if_match else {
            return Err(ApiError::new(Code::PreconditionRequired)
                .member("current_version", current)
                .say("Hãy gửi kèm If-Match với phiên bản bạn đã xem.", "Send If-Match with the version you have seen."));
        };
        let tag = format!("\"{current}\"");
        if tags.iter().any(|t| *t == tag || t == "*") {
            return Ok(());
        }
        let error = ApiError::new(Code::VersionMismatch).member("current_version", current);
        if !tags.iter().all(|t| is_tag(t)) {
            return Err(error.say(
                format!("If-Match phải là ETag, trong dấu ngoặc kép: phiên bản hiện tại là {tag}."),
                format!("If-Match must be an ETag, in quotes: the current version is {tag}."),
            ));
        }
        Err(error.about(subject).say(
            format!("Phiên bản hiện tại là {current}; hãy tải lại rồi thử lại."),
            format!("The current version is {current}; load it again and retry."),
        ))
    }
}

/// A version in quotes, as an `ETag` has it.
fn is_tag(text: &str) -> bool {
    let inner = text.strip_prefix("W/").unwrap_or(text).strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    inner.is_some_and(|inner| !inner.contains('"'))
}

fn bad_header(name: &str) -> ApiError {
    ApiError::new(Code::InvalidHeader).faults(vec![Fault::new(
        Code::InvalidHeader,
        name.to_owned(),
        "Giá trị tiêu đề không hợp lệ.",
        "The header's value is not valid.",
    )])
}

/// Documents and admits `dry_run` on writes.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WriteParams {
    /// Same checks, status and body, but nothing is stored.
    #[allow(dead_code, reason = "read by Call::of; named here for the contract")]
    pub dry_run: Option<bool>,
}

impl crate::http::query::FromQuery for WriteParams {
    fn read(query: &mut crate::http::QueryReader) -> Self {
        WriteParams { dry_run: query.flag("dry_run") }
    }
}

/// Headers of a change, for the contract.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "read by Call::of; named here for the contract")]
pub struct ChangeHeaders {
    /// The version the change was decided on, as its `ETag`; needed when the resource exists.
    #[param(rename = "If-Match", max_length = 2000, pattern = "^[ -~]*$", example = "\"1\"")]
    pub if_match: Option<String>,
    /// Makes a repetition of the same request harmless for 7 days.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^(?:[!#-~][ -~]*|\"[ !#-\\[\\]-~]+\")$",
        example = "7f2c9a"
    )]
    pub idempotency_key: Option<String>,
}

/// Headers of a write that creates, for the contract.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "read by Call::of; named here for the contract")]
pub struct RetryHeaders {
    /// Makes a repetition of the same request harmless for 7 days.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^(?:[!#-~][ -~]*|\"[ !#-\\[\\]-~]+\")$",
        example = "7f2c9a"
    )]
    pub idempotency_key: Option<String>,
}
