//! The digests of a morning: each goes out once, whichever server sends it, and not on a day off.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::digest;
use super::inbox::{self, Asked};
use super::store::{self, Claimed};
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
        match deliver(shared, mailer, &asked, &claimed).await {
            Ok(0) => store::settle(db, key, "nothing", 0, None, now).await?,
            Ok(count) => {
                store::settle(db, key, "sent", count, None, now).await?;
                sent += 1;
            }
            Err(error) => {
                let again = claimed.attempts < ATTEMPTS;
                tracing::warn!(user = %claimed.user_id, %error, again, "a digest could not be sent");
                let next = now + TimeDelta::minutes(2_i64.pow(claimed.attempts.clamp(0, 6).unsigned_abs()));
                store::settle(db, key, if again { "due" } else { "failed" }, 0, Some(&error.to_string()), next).await?;
            }
        }
    }
    Ok(sent)
}

/// Sends one digest; answers how many reminders it told of, 0 where there was nothing to say and nothing was sent.
async fn deliver(
    shared: &Shared,
    mailer: &Mailer,
    asked: &Asked,
    claimed: &Claimed,
) -> Result<i64, Box<dyn std::error::Error + Send + Sync>> {
    let db = &shared.background;
    let (Some(address), Some(actor)) = (&claimed.email, actor_now(db, claimed.user_id, None).await?) else { return Ok(0) };
    let contents = inbox::read(db, &actor, asked, Lang::Vi).await?;
    let count: i64 = contents.counts().iter().map(|(_, n)| n).sum();
    if count > 0 {
        let sections = inbox::sections(&contents, Lang::Vi);
        let (subject, body) = digest::compose(&claimed.display_name, asked.today, &sections, &shared.settings.http.public_url);
        let id = format!("{}.{}", claimed.user_id, asked.today);
        mailer.send(&claimed.display_name, address, &id, &subject, body).await?;
    }
    Ok(count)
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
        match post_digests(&shared, &mailer, shared.now()).await {
            Ok(0) => {}
            Ok(sent) => tracing::info!(sent, "digests sent"),
            Err(error) => {
                tracing::warn!(%error, cause = error.source_text().unwrap_or_default(), "digests failed; they will be tried again")
            }
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}
