//! The digests of a morning: each goes out once, whichever server sends it, and not on a day off.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::inbox::{self, Asked};
use super::{digest, store};
use crate::app::Shared;
use crate::auth::actor_now;
use crate::calendar::{self, is_working, vn_local};
use crate::error::ApiError;
use crate::http::Lang;
use crate::mail::Mailer;

/// Attempts at one digest before it is given up for the day.
const ATTEMPTS: i32 = 5;

/// Sends what is due at `now`; answers how many digests went out.
///
/// # Errors
/// The database's. A mail server that refuses is no error: the digest is tried again later.
pub async fn post_digests(shared: &Shared, mailer: &Mailer, now: DateTime<Utc>) -> Result<u64, ApiError> {
    let db = &shared.background;
    let local = vn_local(now);
    let (today, at) = (local.date(), NaiveTime::parse_from_str(&shared.settings.reminders.digest_at, "%H:%M").unwrap_or(NaiveTime::MIN));
    let calendar = calendar::load_all(db).await?.base();
    match is_working(&calendar, today) {
        Ok(true) if local.time() >= at => {}
        Ok(_) => return Ok(0),
        Err(missing) => {
            tracing::warn!(%today, ?missing, "no digests: the calendar does not say whether today is a working day");
            return Ok(0);
        }
    }
    store::make_due(db, today, now).await?;
    let asked = Asked::of(db, today, &shared.settings, None).await?;
    let mut sent = 0;
    while let Some(claimed) = store::claim(db, today, now).await? {
        let key = (claimed.user_id, today);
        let contents = match actor_now(db, claimed.user_id, None).await? {
            Some(actor) => inbox::read(db, &actor, &asked, Lang::Vi).await?,
            None => inbox::Contents { rows: Vec::new() },
        };
        let count: i64 = contents.counts().iter().map(|(_, n)| n).sum();
        let (Some(address), 1..) = (&claimed.email, count) else {
            store::settle(db, key, "nothing", 0, None, now).await?;
            continue;
        };
        let url = &shared.settings.http.public_url;
        let (subject, body) = digest::compose(&claimed.display_name, today, &inbox::sections(&contents, Lang::Vi), url);
        let id = format!("{}.{today}", claimed.user_id);
        match mailer.send(&claimed.display_name, address, &id, &subject, body).await {
            Ok(()) => {
                store::settle(db, key, "sent", count, None, now).await?;
                sent += 1;
            }
            Err(error) => {
                let again = claimed.attempts < ATTEMPTS;
                tracing::warn!(user = %claimed.user_id, %error, again, "a digest could not be sent");
                let next = now + TimeDelta::minutes(2_i64.pow(claimed.attempts.clamp(0, 6).unsigned_abs()));
                store::settle(db, key, if again { "due" } else { "failed" }, count, Some(&error.to_string()), next).await?;
            }
        }
    }
    Ok(sent)
}

/// Looks every minute whether digests are due, where mail is set up. Runs until the runtime stops.
pub async fn run(shared: Arc<Shared>) {
    let mailer = match Mailer::of(&shared.settings) {
        Ok(Some(mailer)) => mailer,
        Ok(None) => return,
        Err(error) => {
            tracing::error!(%error, "no digests are sent: the mail settings do not work");
            return;
        }
    };
    loop {
        match post_digests(&shared, &mailer, shared.clock.now()).await {
            Ok(0) => {}
            Ok(sent) => tracing::info!(sent, "digests sent"),
            Err(error) => {
                tracing::warn!(%error, cause = error.source_text().unwrap_or_default(), "digests failed; they will be tried again")
            }
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}
