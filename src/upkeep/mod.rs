//! House-keeping: what has served its time is removed in small batches. Any number of servers may do so at once: each takes
//! rows that no other holds.

mod store;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::Shared;
use crate::error::ApiError;

/// Rows removed, by table.
pub type Swept = Vec<(&'static str, u64)>;

/// Removes everything that is past its time at `now`: answers kept for retries by the server's clock, sessions and counts of
/// failed sign-ins by `wall`, as they are made. Personal data of dossiers that ended long ago goes, too; they stay.
///
/// # Errors
/// The database's; what was removed before stays removed.
pub async fn sweep(shared: &Shared, now: DateTime<Utc>, wall: DateTime<Utc>) -> Result<Swept, ApiError> {
    let settings = &shared.settings.upkeep;
    let ended = wall - TimeDelta::days(settings.session_days);
    let work = [
        ("idempotency_keys", store::IDEMPOTENCY_KEYS, now - TimeDelta::days(settings.idempotency_days)),
        // Their refresh tokens go with them.
        ("sessions", store::EXPIRED_SESSIONS, ended),
        ("sessions", store::REVOKED_SESSIONS, ended),
        ("jobs", crate::jobs::FINISHED_JOBS, now - TimeDelta::days(shared.settings.jobs.keep_days)),
        ("jobs", crate::jobs::EXPIRED_INTAKES, wall),
        ("sign_in_throttles", store::SIGN_IN_THROTTLES, wall - TimeDelta::days(1)),
    ];
    let mut swept: Swept = Vec::new();
    for (table, statement, before) in work {
        loop {
            let rows = store::remove(&shared.background, statement, before, settings.batch).await?;
            shared.metrics.swept([(table, rows)]);
            match swept.iter_mut().find(|(t, _)| *t == table) {
                Some((_, sum)) => *sum += rows,
                None => swept.push((table, rows)),
            }
            if rows < u64::from(settings.batch) {
                break;
            }
            // Others want the disk, too.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let purged = crate::dossiers::purge_personal_data(&shared.background, now, shared.settings.personal_data.keep_days).await?;
    shared.metrics.swept([("dossiers", purged)]);
    swept.push(("personal data", purged));
    Ok(swept)
}

/// Sweeps every now and then. Runs until the runtime stops.
pub async fn run(shared: Arc<Shared>) {
    let pause = Duration::from_secs(shared.settings.upkeep.every_s);
    loop {
        match sweep(&shared, shared.now(), Utc::now()).await {
            Ok(swept) if swept.iter().any(|(_, rows)| *rows > 0) => tracing::info!(?swept, "house kept"),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, cause = error.source_text().unwrap_or_default(), "house-keeping failed; it will be tried again")
            }
        }
        tokio::time::sleep(pause).await;
    }
}
