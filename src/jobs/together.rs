//! Loads whose rows may refer to each other: they come by the thousand and are decided all together, in one transaction with the end
//! of the job. So they are applied once, whatever becomes of the server.

use std::collections::HashMap;

use async_trait::async_trait;
use sea_orm::{DatabaseTransaction, TransactionTrait};

use super::model::{Kind, Mark, Outcome, Params, State};
use super::run::{Halt, Run, Work};
use super::store;
use crate::app::Shared;
use crate::auth::Permission;
use crate::error::ApiError;
use crate::http::Call;
use crate::http::bulk::split::RawRow;
use crate::http::bulk::{BulkParams, BulkRow, Mode, RowParser, RowStatus, Summary, Verdict, sort_out, summary_problem};

/// The load of a slice: what a handler of its own would do with the rows.
#[async_trait]
pub trait Loads: Send + Sync {
    type Row: BulkRow + Send + Sync;
    /// As in the path.
    const RESOURCE: &'static str;
    const PERMISSION: Permission;

    /// Decides and writes the well-formed rows, and gives a verdict on each.
    async fn apply(
        &self,
        tx: &DatabaseTransaction,
        call: &Call,
        rows: &[(u64, Self::Row)],
        params: BulkParams,
        shared: &Shared,
    ) -> Result<Vec<Verdict>, ApiError>;

    /// The rows are written.
    fn written(&self, _shared: &Shared) {}
}

pub struct Together<L>(pub L);

#[async_trait]
impl<L: Loads> Work for Together<L> {
    fn kind(&self) -> Kind {
        Kind::Load
    }

    fn resources(&self) -> Vec<&'static str> {
        vec![L::RESOURCE]
    }

    async fn run(&self, run: &Run) -> Result<(), Halt> {
        let params: Params = run.params()?;
        let (mut raw, mut parsed) = (HashMap::new(), Vec::new());
        let mut next = 0;
        while let Some(piece) = run.rows_from(next).await? {
            let mut parser = RowParser::resume(params.format, run.job.header.as_deref(), piece.first)?;
            for (index, bytes) in (piece.first..).zip(piece.rows) {
                parsed.extend(parser.parse::<L::Row>(&RawRow { bytes: &bytes, line: index + 1, offset: 0 })?);
                raw.insert(index, bytes);
                next = index + 1;
            }
        }
        let twice = run.duplicates().await?;
        let (good, refused) = sort_out(parsed, |code| twice.contains(code));
        let mut tries = 0;
        loop {
            run.check()?;
            let call = run.call(run.rights(L::PERMISSION).await?);
            match self.once(run, &params, &call, (&good, &refused), (&raw, next)).await {
                Err(Halt::Failed(error)) if error.retryable() && tries < 2 => tries += 1,
                other => return other,
            }
        }
    }
}

type Sorted<'a, T> = (&'a [(u64, T)], &'a [Verdict]);

impl<L: Loads> Together<L> {
    async fn once(
        &self,
        run: &Run,
        params: &Params,
        call: &Call,
        (good, refused): Sorted<'_, L::Row>,
        (raw, rows): (&HashMap<u64, Vec<u8>>, u64),
    ) -> Result<(), Halt> {
        let tx = run.db.begin().await?;
        let mut verdicts = refused.to_vec();
        verdicts.extend(self.0.apply(&tx, call, good, params.bulk, &run.shared).await?);
        verdicts.sort_by_key(|v| v.index);
        let mut counts = Summary::default();
        verdicts.iter().for_each(|v| counts.count(v.status));
        let nothing = counts.rejected > 0 && params.bulk.mode == Mode::Atomic;
        let mut outcomes = Vec::new();
        for verdict in verdicts {
            let mut outcome = Outcome::of(verdict, run.job.lang);
            if params.lists(&outcome, nothing) {
                if let Some(bytes) = raw.get(&outcome.index).filter(|_| outcome.status == RowStatus::Rejected) {
                    run.keep_input(&mut outcome, bytes)?;
                }
                outcomes.push(outcome);
            }
        }
        let problem = nothing.then(|| summary_problem(counts, Vec::new()));
        if nothing {
            counts = Summary { received: counts.received, rejected: counts.rejected, ..Summary::default() };
        }
        let state = match (nothing, counts.rejected) {
            (true, _) => State::Failed,
            (false, 0) => State::Succeeded,
            (false, _) => State::SucceededWithRefusals,
        };
        let (mark, end) = (Mark { rows_done: rows, counts, outcomes }, run.end(state, problem.as_ref()));
        let tx = if nothing || params.bulk.dry_run {
            tx.rollback().await?;
            run.db.begin().await?
        } else {
            tx
        };
        if !(store::checkpoint(&tx, &run.lease, &mark).await? && store::finish(&tx, &run.lease, &end).await?) {
            tx.rollback().await?;
            return Err(Halt::Lost);
        }
        tx.commit().await?;
        self.0.written(&run.shared);
        Ok(())
    }
}
