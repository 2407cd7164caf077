//! Sends a request until it is answered: a lost connection, an overloaded server and an old token are waited out.

use std::time::{Duration, Instant};

use reqwest::Body;

use crate::cli::progress::Progress;
use crate::client::bulk::{Format, Options, Outcome};
use crate::client::{Client, ClientError, Credentials};

pub struct Sender {
    pub client: Client,
    pub credentials: Credentials,
    pub resource: String,
    /// How long a request is tried again.
    pub patience: Duration,
}

/// Between two tries at most.
const LONGEST: Duration = Duration::from_secs(30);

impl Sender {
    /// `body` makes it anew for every try.
    ///
    /// # Errors
    /// A refusal, or none of the tries came through.
    pub async fn send(
        &mut self,
        options: &Options,
        key: Option<&str>,
        progress: &Progress,
        body: impl Fn() -> std::io::Result<Body>,
    ) -> Result<Outcome, ClientError> {
        let began = Instant::now();
        let mut pause = Duration::from_millis(500);
        let mut entered = false;
        loop {
            let body = body().map_err(|e| ClientError::Unexpected(format!("reading: {e}")))?;
            let error = match self.client.bulk(&self.resource, options, key, Format::Ndjson, body).await {
                Ok(outcome) => return Ok(outcome),
                // Tokens end while a long load goes on.
                Err(ClientError::Refused(refused)) if refused.status == 401 && !entered => {
                    entered = true;
                    match self.client.enter(self.credentials.clone()).await {
                        Ok(()) => continue,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            let wait = match &error {
                ClientError::Unreachable(_) => pause,
                ClientError::Refused(refused) if matches!(refused.status, 429 | 502..=504) || refused.code == "idempotency_in_progress" => {
                    refused.retry_after.map_or(pause, Duration::from_secs).max(pause)
                }
                _ => return Err(error),
            };
            if began.elapsed() + wait > self.patience {
                return Err(error);
            }
            progress.say(&format!("{error}; trying again in {:.0} s", wait.as_secs_f64().ceil()));
            tokio::time::sleep(wait).await;
            (pause, entered) = ((pause * 2).min(LONGEST), false);
        }
    }
}
