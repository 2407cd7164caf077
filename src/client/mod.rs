//! The HTTP client that the program's own commands use: they speak to a server like any script.

pub mod bulk;
pub mod generate;
mod session;

use std::time::Duration;

use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, IF_MATCH};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

pub use session::Credentials;
use session::Session;

/// Someone signed in at a server.
#[derive(Clone)]
pub struct Client {
    base: String,
    http: reqwest::Client,
    session: Option<Session>,
    lang: &'static str,
}

/// What a natural-key `PUT` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    Created,
    Changed,
    Unchanged,
}

/// Why a request came to nothing.
#[derive(Debug)]
pub enum ClientError {
    /// No server answered, or the connection broke.
    Unreachable(String),
    /// The server answered with a problem.
    Refused(Box<Refused>),
    /// The answer is not what the contract says.
    Unexpected(String),
}

/// A problem document.
#[derive(Debug)]
pub struct Refused {
    /// Method and path of the request.
    pub request: String,
    pub status: u16,
    pub code: String,
    /// Seconds after which to ask again, where the server says so.
    pub retry_after: Option<u64>,
    pub body: Value,
}

impl std::fmt::Display for ClientError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ClientError::Unreachable(text) | ClientError::Unexpected(text) => f.write_str(text),
            ClientError::Refused(refused) => refused.fmt(f),
        }
    }
}

impl std::error::Error for ClientError {}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |name: &str| self.body[name].as_str().unwrap_or_default();
        write!(f, "{}: {} {}: {}", self.request, self.status, self.code, text("title"))?;
        if !text("detail").is_empty() && text("detail") != text("title") {
            write!(f, ". {}", text("detail"))?;
        }
        for fault in faults(&self.body["errors"]).into_iter().take(20) {
            write!(f, "\n  {fault}")?;
        }
        let rows = self.body["results"].as_array().into_iter().flatten();
        for row in rows.take(20) {
            for fault in faults(&row["errors"]) {
                write!(f, "\n  row {} {}: {fault}", row["index"], row["code"].as_str().unwrap_or_default())?;
            }
        }
        Ok(())
    }
}

/// The faults of a request or a row, one line each.
pub fn faults(errors: &Value) -> Vec<String> {
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let line = |e: &Value| format!("{} {}: {}", text(e, "pointer"), text(e, "code"), text(e, "detail"));
    errors.as_array().into_iter().flatten().map(line).collect()
}

/// Whether the address is on this machine.
fn is_local(base: &str) -> bool {
    let host = reqwest::Url::parse(base).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

impl ClientError {
    /// Whether the server refused this with one of its codes.
    pub fn is(&self, code: &str) -> bool {
        matches!(self, ClientError::Refused(refused) if refused.code == code)
    }

    fn broken(url: &str, error: &reqwest::Error) -> ClientError {
        let (mut text, mut cause) = (String::new(), std::error::Error::source(error));
        while let Some(source) = cause {
            text = source.to_string();
            cause = source.source();
        }
        if text.is_empty() {
            text = error.to_string();
        }
        ClientError::Unreachable(format!("no answer from {url}: {text}"))
    }
}

impl Client {
    /// Nobody yet. `lang` is the language of the server's texts, `vi` or `en`.
    ///
    /// # Errors
    /// The machine has no means for secure connections.
    pub fn at(base: &str, lang: &'static str) -> Result<Client, ClientError> {
        let base = base.trim_end_matches('/').to_owned();
        // Answers to loads may take minutes; a server that is gone is noticed by the connection.
        let mut http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .tcp_keepalive(Duration::from_secs(30))
            .user_agent(concat!("dunghen/", env!("CARGO_PKG_VERSION")));
        if is_local(&base) {
            // A proxy named in the environment does not reach this machine's own ports.
            http = http.no_proxy();
        }
        let http = http.build().map_err(|e| ClientError::Unexpected(e.to_string()))?;
        Ok(Client { base, http, session: None, lang })
    }

    /// A user signs in.
    ///
    /// # Errors
    /// No server, or `invalid_credentials`.
    pub async fn sign_in(base: &str, username: &str, password: &str, lang: &'static str) -> Result<Client, ClientError> {
        let mut client = Client::at(base, lang)?;
        client.enter(Credentials::user(username, password)).await?;
        Ok(client)
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base)).header(ACCEPT_LANGUAGE, self.lang);
        match &self.session {
            None => request,
            Some(session) => request.bearer_auth(session.token()),
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        request.send().await.map_err(|e| ClientError::broken(&self.base, &e))
    }

    /// The status, body and `Unchanged` of an answer that is no problem.
    async fn answer(&self, what: &str, request: RequestBuilder) -> Result<(StatusCode, Value, bool), ClientError> {
        let response = self.send(request).await?;
        let (status, unchanged) = (response.status(), response.headers().contains_key("unchanged"));
        let retry_after = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
        let bytes = response.bytes().await.map_err(|e| ClientError::broken(&self.base, &e))?;
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        if status.is_success() {
            let body = body.ok_or_else(|| ClientError::Unexpected(format!("{what}: {status}, but the body is no JSON")))?;
            return Ok((status, body, unchanged));
        }
        match body.as_ref().and_then(|b| b["code"].as_str()).map(str::to_owned) {
            Some(code) => {
                let body = body.unwrap_or_default();
                Err(ClientError::Refused(Box::new(Refused { request: what.to_owned(), status: status.as_u16(), code, retry_after, body })))
            }
            // A proxy speaks for a server that is not there.
            None if matches!(status.as_u16(), 502..=504) => {
                Err(ClientError::Unreachable(format!("no answer from {}: {status}", self.base)))
            }
            None => Err(ClientError::Unexpected(format!("{what}: {status}, and no problem document: is {} Đúng Hẹn?", self.base))),
        }
    }

    /// # Errors
    /// No server, or a problem.
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        Ok(self.answer(&format!("GET {path}"), self.request(Method::GET, path)).await?.1)
    }

    /// The resource, or none where there is none.
    ///
    /// # Errors
    /// No server, or another problem than `not_found`.
    pub async fn find(&self, path: &str) -> Result<Option<Value>, ClientError> {
        match self.get(path).await {
            Ok(body) => Ok(Some(body)),
            Err(error) if error.is("not_found") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The answer to something that is done.
    ///
    /// # Errors
    /// No server, or a refusal.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        let request = self.request(Method::POST, path).json(body);
        let (_, answer, _) = self.answer(&format!("POST {path}"), request).await?;
        Ok(answer)
    }

    /// The answer to something that is done with a resource, whatever its version.
    ///
    /// # Errors
    /// No server, or a refusal.
    pub async fn act(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        let request = self.request(Method::POST, path).header(IF_MATCH, "*").json(body);
        let (_, answer, _) = self.answer(&format!("POST {path}"), request).await?;
        Ok(answer)
    }

    /// Creates the resource or changes it, whatever its version.
    ///
    /// # Errors
    /// No server, or a problem.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Put, ClientError> {
        let request = self.request(Method::PUT, path).header(IF_MATCH, "*").json(body);
        Ok(match self.answer(&format!("PUT {path}"), request).await? {
            (StatusCode::CREATED, ..) => Put::Created,
            (_, _, true) => Put::Unchanged,
            _ => Put::Changed,
        })
    }

    /// Sends rows to a bulk endpoint; with a key a repetition is answered from what was kept, and applies nothing twice.
    ///
    /// # Errors
    /// No server, or a problem other than refused rows.
    pub async fn bulk(
        &self,
        resource: &str,
        options: &bulk::Options,
        key: Option<&str>,
        format: bulk::Format,
        body: impl Into<reqwest::Body>,
    ) -> Result<bulk::Outcome, ClientError> {
        let path = format!("/api/v1/{resource}/bulk{}", options.query());
        let mut request = self.request(Method::POST, &path).header(CONTENT_TYPE, format.media_type()).body(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        match self.answer(&format!("POST {path}"), request).await {
            Ok((_, body, _)) => bulk::Outcome::read(&body, options.dry_run),
            Err(ClientError::Refused(refused)) if refused.code == "rows_rejected" => {
                let mut outcome = bulk::Outcome::read(&refused.body, options.dry_run)?;
                outcome.nothing_written = true;
                Ok(outcome)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn local_addresses_are_known() {
        for base in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80/"] {
            assert!(super::is_local(base), "{base}");
        }
        assert!(!super::is_local("https://dunghen.example.vn") && !super::is_local("?"));
    }
}
