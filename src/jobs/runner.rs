//! Takes jobs one after the other: one at a time, so that they never keep people from their work.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use sea_orm::DatabaseConnection;
use uuid::Uuid;

use super::model::State;
use super::run::{Halt, Run, Work};
use super::store;
use crate::app::Shared;
use crate::error::{ApiError, Code};

/// Times a job is taken without getting any further before it is given up.
const MOST_ATTEMPTS: i32 = 10;

/// Seconds before a job is tried again that the database was too busy for.
const LATER_S: u32 = 5;

/// Does jobs until the server stops.
pub async fn run(shared: Arc<Shared>, works: Vec<Box<dyn Work>>) {
    let db = match crate::db::connect_lazy(&shared.settings.database, 1) {
        Ok(db) => db,
        Err(error) => return tracing::error!(%error, "no jobs are done"),
    };
    let known: Vec<String> = works.iter().flat_map(|w| w.resources().into_iter().map(|r| format!("{} {r}", w.kind().name()))).collect();
    let poll = Duration::from_millis(shared.settings.jobs.poll_ms);
    while !shared.jobs.stopping() {
        match next(&shared, &db, &known).await {
            Ok(Some(run)) => attend(run, &works).await,
            Ok(None) => shared.jobs.wait(poll).await,
            Err(error) => {
                tracing::warn!(%error, cause = error.source_text().unwrap_or_default(), "no job could be taken; it will be tried again");
                shared.jobs.wait(poll).await;
            }
        }
    }
}

async fn next(shared: &Arc<Shared>, db: &DatabaseConnection, known: &[String]) -> Result<Option<Run>, ApiError> {
    let lease_s = shared.settings.jobs.lease_s;
    let claimed = store::claim(&shared.background, Uuid::now_v7(), known.to_vec(), lease_s, shared.now()).await?;
    Ok(claimed.map(|(lease, job)| Run {
        shared: shared.clone(),
        lease,
        db: db.clone(),
        progress: AtomicI64::new(0),
        cancelled: AtomicBool::new(job.cancelled),
        lost: AtomicBool::new(false),
        job,
    }))
}

async fn attend(run: Run, works: &[Box<dyn Work>]) {
    let run = Arc::new(run);
    let (id, kind, resource) = (run.job.id, run.job.kind, run.job.resource.as_str());
    let started = Instant::now();
    tracing::info!(job = %id, kind = kind.name(), resource, from = run.job.rows_done, "job taken");
    let heart = tokio::spawn(beat(run.clone()));
    let work = works.iter().find(|w| w.kind() == kind && w.resources().contains(&resource));
    let outcome = match work {
        None => Err(Halt::Stopping),
        Some(_) if run.job.attempts > MOST_ATTEMPTS => Err(given_up()),
        Some(work) => match run.check() {
            Err(halt) => Err(halt),
            Ok(()) => AssertUnwindSafe(work.run(&run)).catch_unwind().await.unwrap_or_else(|panic| {
                let cause = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
                Err(Halt::Failed(ApiError::new(Code::Internal).because(cause.unwrap_or_else(|| "panic".into()))))
            }),
        },
    };
    heart.abort();
    let millis = started.elapsed().as_millis() as u64;
    match &outcome {
        Ok(()) => tracing::info!(job = %id, millis, "job done"),
        Err(halt) => tracing::info!(job = %id, millis, ?halt, "job left"),
    }
    if let Err(halt) = outcome
        && let Err(error) = leave(&run, halt).await
    {
        tracing::warn!(job = %id, %error, "what became of the job could not be written down; it will be taken again");
    }
}

fn given_up() -> Halt {
    let (vi, en) = ("Việc này nhiều lần không tiến triển và đã bị dừng.", "The job was tried many times without getting further.");
    Halt::Failed(ApiError::new(Code::Internal).say(vi, en).because("too many attempts"))
}

/// Writes down why a job did not come to its end.
async fn leave(run: &Run, halt: Halt) -> Result<(), ApiError> {
    let db = &run.shared.background;
    match halt {
        Halt::Lost => {}
        Halt::Stopping => store::release(db, &run.lease, 0).await?,
        Halt::Cancelled => drop(store::finish(db, &run.lease, &run.end(State::Cancelled, None)).await?),
        // Too busy now is not too busy for ever.
        Halt::Failed(error) if later(&error) && run.job.attempts < MOST_ATTEMPTS => store::release(db, &run.lease, LATER_S).await?,
        Halt::Failed(error) => {
            if error.code().status().is_server_error() {
                tracing::error!(job = %run.job.id, cause = error.source_text().unwrap_or("unknown"), "job failed");
            }
            store::finish(db, &run.lease, &run.end(State::Failed, Some(&error))).await?;
        }
    }
    Ok(())
}

fn later(error: &ApiError) -> bool {
    error.retryable() || matches!(error.code(), Code::Unavailable | Code::ConcurrentChange)
}

/// Renews the hold, and learns whether the end of the job is asked for.
async fn beat(run: Arc<Run>) {
    let lease = Duration::from_secs(run.shared.settings.jobs.lease_s.into());
    let pause = (lease / 4).min(Duration::from_millis(500));
    let mut held = Instant::now();
    loop {
        tokio::time::sleep(pause).await;
        let progress = run.progress.load(Ordering::Acquire);
        match store::beat(&run.shared.background, &run.lease, run.shared.settings.jobs.lease_s, progress).await {
            Ok(Some(cancelled)) => {
                held = Instant::now();
                run.cancelled.fetch_or(cancelled, Ordering::AcqRel);
            }
            Ok(None) => run.lost.store(true, Ordering::Release),
            Err(error) => {
                tracing::warn!(%error, "the hold on a job could not be renewed");
                if held.elapsed() > lease {
                    run.lost.store(true, Ordering::Release);
                }
            }
        }
    }
}
