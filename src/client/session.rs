//! Who a client is, and the token that says so.

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{Client, ClientError};

/// What someone signs in with.
#[derive(Clone, Debug)]
pub enum Credentials {
    User {
        name: String,
        password: SecretString,
    },
    /// A machine, which has no session.
    Machine {
        id: String,
        secret: SecretString,
    },
}

impl Credentials {
    pub fn user(name: &str, password: &str) -> Credentials {
        Credentials::User { name: name.to_owned(), password: password.to_owned().into() }
    }

    pub fn machine(id: &str, secret: &str) -> Credentials {
        Credentials::Machine { id: id.to_owned(), secret: secret.to_owned().into() }
    }
}

/// The token of who is signed in.
#[derive(Clone)]
pub(super) struct Session {
    token: SecretString,
}

impl Session {
    pub(super) fn token(&self) -> &str {
        self.token.expose_secret()
    }
}

impl Client {
    /// Signs in, in place of whoever was.
    ///
    /// # Errors
    /// No server, or wrong credentials.
    pub async fn enter(&mut self, credentials: Credentials) -> Result<(), ClientError> {
        self.session = None;
        let answer = match &credentials {
            Credentials::User { name, password } => {
                let body = json!({"username": name, "password": password.expose_secret()});
                let request = self.request(Method::POST, "/api/v1/auth/sessions").json(&body);
                self.answer("POST /api/v1/auth/sessions", request).await?.1
            }
            Credentials::Machine { id, secret } => self.machine(id, secret.expose_secret()).await?,
        };
        self.session = Some(self.read(&answer)?);
        Ok(())
    }

    /// The token of a machine; its refusals are those of RFC 6749 and no problem documents.
    async fn machine(&self, id: &str, secret: &str) -> Result<Value, ClientError> {
        let request = self.request(Method::POST, "/oauth/token").basic_auth(id, Some(secret));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body("grant_type=client_credentials");
        let response = self.send(request).await?;
        let status = response.status();
        let body: Value = response.json().await.unwrap_or_default();
        match (status.is_success(), body["error"].as_str()) {
            (true, _) => Ok(body),
            (false, Some(error)) => {
                let why = body["error_description"].as_str().unwrap_or_default();
                Err(ClientError::Unexpected(format!("POST /oauth/token: {} {error}: {why}", status.as_u16())))
            }
            (false, None) if matches!(status.as_u16(), 429 | 502..=504) => {
                Err(ClientError::Unreachable(format!("no token from {}: {status}", self.base)))
            }
            (false, None) => Err(ClientError::Unexpected(format!("POST /oauth/token: {status}: is {} Đúng Hẹn?", self.base))),
        }
    }

    fn read(&self, answer: &Value) -> Result<Session, ClientError> {
        let token = answer["access_token"].as_str();
        let token = token.ok_or_else(|| ClientError::Unexpected(format!("{} gave no access token: is this Đúng Hẹn?", self.base)))?;
        Ok(Session { token: token.to_owned().into() })
    }
}
