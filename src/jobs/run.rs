//! A job at work, as the slice that does it sees it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::DatabaseConnection;
use serde::de::DeserializeOwned;

use super::model::{End, Job, Kind, Outcome, State};
use super::store::{self, Lease};
use super::{pack, wire};
use crate::app::Shared;
use crate::auth::{Actor, Permission};
use crate::error::{ApiError, Code};
use crate::http::Call;

/// Something that can be done in the background. Each belongs to a slice; the server has a table of them.
#[async_trait]
pub trait Work: Send + Sync {
    fn kind(&self) -> Kind;

    /// To which resources, by the word in the job.
    fn resources(&self) -> Vec<&'static str>;

    /// Does the job to its end, which it writes down itself, or says why not.
    async fn run(&self, run: &Run) -> Result<(), Halt>;
}

/// Why a job did not come to its end.
#[derive(Debug)]
pub enum Halt {
    /// Its end was asked for.
    Cancelled,
    /// The server stops.
    Stopping,
    /// Another server has taken it.
    Lost,
    Failed(ApiError),
}

impl<E: Into<ApiError>> From<E> for Halt {
    fn from(error: E) -> Self {
        Halt::Failed(error.into())
    }
}

pub struct Run {
    pub shared: Arc<Shared>,
    pub job: Job,
    pub lease: Lease,
    /// A connection for the job's own transactions.
    pub db: DatabaseConnection,
    pub(super) progress: AtomicI64,
    pub(super) cancelled: AtomicBool,
    pub(super) lost: AtomicBool,
}

/// Rows of a piece as they came in; the first one's place among all.
pub struct RawRows {
    pub first: u64,
    pub rows: Vec<Vec<u8>>,
}

impl Run {
    /// # Errors
    /// The job was written by another version of the server.
    pub fn params<T: DeserializeOwned>(&self) -> Result<T, Halt> {
        Ok(serde_json::from_value(self.job.params.clone()).map_err(|e| ApiError::new(Code::Internal).because(e))?)
    }

    /// To be asked between chunks.
    ///
    /// # Errors
    /// The job was cancelled or taken over, or the server stops.
    pub fn check(&self) -> Result<(), Halt> {
        match () {
            () if self.lost.load(Ordering::Acquire) => Err(Halt::Lost),
            () if self.cancelled.load(Ordering::Acquire) => Err(Halt::Cancelled),
            () if self.shared.jobs.stopping() => Err(Halt::Stopping),
            () => Ok(()),
        }
    }

    /// Lets others at the processor and the disk.
    pub async fn rest(&self) {
        tokio::time::sleep(Duration::from_millis(self.shared.settings.jobs.pause_ms)).await;
    }

    /// How far a job is that has no checkpoints.
    pub fn tell(&self, rows_done: i64) {
        self.progress.store(rows_done, Ordering::Release);
    }

    /// The creator with the rights that he has now.
    ///
    /// # Errors
    /// 403 when he may not sign in any more, or has lost the permission.
    pub async fn rights(&self, permission: Permission) -> Result<Arc<Actor>, Halt> {
        let actor = crate::auth::actor_now(&self.shared.background, self.job.creator_id, self.job.scope.as_deref()).await?;
        let refused = |vi: &str, en: &str| Halt::Failed(ApiError::new(Code::Forbidden).say(vi, en));
        let Some(actor) = actor else {
            return Err(refused("Người tạo việc này không còn được đăng nhập.", "Who asked for this job may not sign in any more."));
        };
        if !actor.has(permission) {
            return Err(refused("Người tạo việc này không còn quyền thực hiện.", "Who asked for this job has lost the right to it."));
        }
        Ok(Arc::new(actor))
    }

    /// What the job does is done in the name of its creator.
    pub fn call(&self, actor: Arc<Actor>) -> Call {
        let seal = self.shared.keys.retries.clone();
        Call::later(actor, self.shared.now(), self.job.lang, self.job.request_id.clone(), seal)
    }

    /// The rows from this one on, as they were taken in together; none after the last.
    ///
    /// # Errors
    /// The database's, and what cannot be unsealed.
    pub async fn rows_from(&self, row: u64) -> Result<Option<RawRows>, Halt> {
        let first = i64::try_from(row).unwrap_or(i64::MAX);
        let Some(piece) = store::piece(&self.shared.background, self.job.id, first).await? else { return Ok(None) };
        let rows = pack::open(&self.shared.vault, self.job.id, row, piece.data)?;
        Ok(Some(RawRows { first: piece.first_row.unsigned_abs(), rows }))
    }

    /// Every key that stands twice among the rows.
    ///
    /// # Errors
    /// The database's.
    pub async fn duplicates(&self) -> Result<HashSet<String>, Halt> {
        Ok(store::duplicates(&self.shared.background, self.job.id).await?)
    }

    /// Those of some keys that stand twice among all rows.
    ///
    /// # Errors
    /// The database's.
    pub async fn duplicates_among(&self, codes: Vec<String>) -> Result<Vec<String>, Halt> {
        Ok(store::duplicates_among(&self.shared.background, self.job.id, codes).await?)
    }

    /// Keeps a refused row with its outcome, to be mended by who sent it.
    ///
    /// # Errors
    /// Only a row that is larger than there are.
    pub fn keep_input(&self, outcome: &mut Outcome, bytes: &[u8]) -> Result<(), Halt> {
        outcome.input = Some(pack::seal_row(&self.shared.vault, self.job.id, outcome.index, bytes)?);
        Ok(())
    }

    /// Keeps outcomes of rows before it is known whether the load as a whole holds.
    ///
    /// # Errors
    /// The hold is lost; the database's.
    pub async fn keep_outcomes(&self, outcomes: &[Outcome]) -> Result<(), Halt> {
        if outcomes.is_empty() || store::keep_outcomes(&self.shared.background, &self.lease, outcomes).await? {
            Ok(())
        } else {
            Err(Halt::Lost)
        }
    }

    pub fn end(&self, state: State, problem: Option<&ApiError>) -> End {
        End { state, problem: problem.map(|error| wire::problem(error, &self.job)), at: self.shared.now() }
    }
}
