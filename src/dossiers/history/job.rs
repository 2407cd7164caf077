//! The load as a job: in best effort chunk by chunk, each committed with its checkpoint; otherwise in one transaction with the end of
//! the job.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use sea_orm::TransactionTrait;
use sqlx::{Connection, Executor, PgConnection};

use super::existing::Editions;
use super::load::{Desk, Load, connect, count, know, write};
use super::row::HistoryRow;
use super::stage::{self, Chunk};
use crate::auth::Permission;
use crate::error::{ApiError, Code, Fault};
use crate::http::bulk::split::RawRow;
use crate::http::bulk::{Parsed, RowParser, RowStatus, Summary, summary_problem};
use crate::jobs::{self, Halt, Kind, Mark, Outcome, Params, RawRows, Run, State, Work};

/// Outcomes kept at a time.
const BATCH: usize = 1000;

pub struct HistoryLoad;

#[async_trait]
impl Work for HistoryLoad {
    fn kind(&self) -> Kind {
        Kind::Load
    }

    fn resources(&self) -> Vec<&'static str> {
        vec!["dossiers"]
    }

    async fn run(&self, run: &Run) -> Result<(), Halt> {
        let params: Params = run.params()?;
        let mut connection = connect(&run.shared).await?;
        connection.execute(stage::TABLES).await?;
        let done = if params.atomic() { all(run, &params, &mut connection).await } else { chunks(run, &params, &mut connection).await };
        // Whatever came of it, the connection is not needed any more.
        drop(connection.close().await);
        done
    }
}

/// The load in the name of its creator, by the rights that he has now.
async fn load_now(run: &Run, params: &Params) -> Result<Load, Halt> {
    let actor = run.rights(Permission::LoadDossier).await?;
    Ok(Load {
        reach: actor.reach(Permission::LoadDossier),
        actor,
        now: run.shared.clock.now(),
        lang: run.job.lang,
        request_id: run.job.request_id.clone(),
        params: params.bulk,
        format: params.format,
        retry: None,
    })
}

async fn desk<'s>(run: &'s Run, load: &Load) -> Result<Desk<'s>, Halt> {
    let editions = Editions { db: run.shared.background.clone(), loaded: std::collections::HashMap::new() };
    Ok(Desk { known: know(&run.shared, load).await?, lang: load.lang, editions, chunk: Chunk::default() })
}

fn parse(run: &Run, params: &Params, piece: &RawRows) -> Result<Vec<Parsed<HistoryRow>>, Halt> {
    let mut parser = RowParser::resume(params.format, run.job.header.as_deref(), piece.first)?;
    let mut rows = Vec::with_capacity(piece.rows.len());
    for (index, bytes) in (piece.first..).zip(&piece.rows) {
        rows.extend(parser.parse(&RawRow { bytes, line: index + 1, offset: 0 })?);
    }
    Ok(rows)
}

/// Decides the rows of a piece and refuses those whose code stands twice anywhere in the load.
async fn settle(run: &Run, desk: &mut Desk<'_>, tx: &mut PgConnection, mut rows: Vec<Parsed<HistoryRow>>) -> Result<(), Halt> {
    let codes: Vec<String> = rows.iter().filter_map(|r| r.code.clone()).filter(|code| !code.contains('\0')).collect();
    desk.settle(tx, &mut rows).await?;
    let twice = run.duplicates_among(codes).await?;
    if !twice.is_empty() {
        let word = crate::http::problem::fault_json(&Fault::plain(Code::DuplicateInPayload, "/code"), desk.lang);
        stage::refuse_codes(tx, &word.to_string(), twice).await?;
    }
    Ok(())
}

async fn chunks(run: &Run, params: &Params, connection: &mut PgConnection) -> Result<(), Halt> {
    let (mut next, mut rejected) = (run.job.rows_done.unsigned_abs(), run.job.rejected.unsigned_abs());
    while let Some(piece) = run.rows_from(next).await? {
        let mut tries = 0;
        let summary = loop {
            run.check()?;
            match chunk(run, params, connection, &piece).await {
                Err(Halt::Failed(error)) if (error.retryable() || error.code() == Code::ConcurrentChange) && tries < 3 => tries += 1,
                other => break other?,
            }
        };
        next += piece.rows.len() as u64;
        rejected += summary.rejected;
        run.rest().await;
    }
    let state = if rejected > 0 { State::SucceededWithRefusals } else { State::Succeeded };
    if jobs::finish_on(connection, &run.lease, &run.end(state, None)).await? { Ok(()) } else { Err(Halt::Lost) }
}

async fn chunk(run: &Run, params: &Params, connection: &mut PgConnection, piece: &RawRows) -> Result<Summary, Halt> {
    let load = load_now(run, params).await?;
    let mut desk = desk(run, &load).await?;
    let mut tx = connection.begin().await?;
    tx.execute(stage::EMPTY).await?;
    settle(run, &mut desk, &mut tx, parse(run, params, piece)?).await?;
    let counts = count(&mut tx).await?;
    let mut outcomes = Vec::new();
    for mut outcome in stage::outcomes(&mut tx).try_collect::<Vec<_>>().await? {
        if params.lists(&outcome, false) {
            keep(run, &mut outcome, piece)?;
            outcomes.push(outcome);
        }
    }
    if !params.bulk.dry_run {
        write(&mut tx, &load, counts).await?;
    }
    let mark = Mark { rows_done: piece.first + piece.rows.len() as u64, counts, outcomes };
    if !jobs::checkpoint_on(&mut tx, &run.lease, &mark).await? {
        return Err(Halt::Lost);
    }
    tx.commit().await?;
    Ok(counts)
}

fn keep(run: &Run, outcome: &mut Outcome, piece: &RawRows) -> Result<(), Halt> {
    let at = usize::try_from(outcome.index.wrapping_sub(piece.first)).ok().and_then(|at| piece.rows.get(at));
    match at.filter(|_| outcome.status == RowStatus::Rejected) {
        Some(bytes) => run.keep_input(outcome, bytes),
        None => Ok(()),
    }
}

async fn all(run: &Run, params: &Params, connection: &mut PgConnection) -> Result<(), Halt> {
    let mut load = load_now(run, params).await?;
    let mut desk = desk(run, &load).await?;
    let mut tx = connection.begin().await?;
    let mut next = 0;
    while let Some(piece) = run.rows_from(next).await? {
        run.check()?;
        load = load_now(run, params).await?;
        desk.known.reach = load.reach.clone();
        settle(run, &mut desk, &mut tx, parse(run, params, &piece)?).await?;
        next += piece.rows.len() as u64;
        run.tell(i64::try_from(next).unwrap_or(i64::MAX));
        run.rest().await;
    }
    run.check()?;
    let counts = count(&mut tx).await?;
    let refused = counts.rejected > 0;
    tell(run, params, &mut tx, refused).await?;
    if refused || params.bulk.dry_run {
        tx.rollback().await?;
        let problem = refused.then(|| summary_problem(counts, Vec::new()));
        return nothing(run, counts, next, problem).await;
    }
    write(&mut tx, &load, counts).await?;
    let mark = Mark { rows_done: next, counts, outcomes: Vec::new() };
    let held = jobs::checkpoint_on(&mut tx, &run.lease, &mark).await?
        && jobs::finish_on(&mut tx, &run.lease, &run.end(State::Succeeded, None)).await?;
    if !held {
        return Err(Halt::Lost);
    }
    tx.commit().await?;
    Ok(())
}

/// The job ends, and nothing is written.
async fn nothing(run: &Run, counts: Summary, rows_done: u64, problem: Option<ApiError>) -> Result<(), Halt> {
    let (state, counts) = match &problem {
        Some(_) => (State::Failed, Summary { received: counts.received, rejected: counts.rejected, ..Summary::default() }),
        None => (State::Succeeded, counts),
    };
    let tx = run.db.begin().await?;
    let mark = Mark { rows_done, counts, outcomes: Vec::new() };
    if !(jobs::checkpoint(&tx, &run.lease, &mark).await? && jobs::finish(&tx, &run.lease, &run.end(state, problem.as_ref())).await?) {
        return Err(Halt::Lost);
    }
    tx.commit().await?;
    Ok(())
}

/// Keeps the outcomes that are told of, with the refused rows as they came.
async fn tell(run: &Run, params: &Params, tx: &mut PgConnection, refused: bool) -> Result<(), Halt> {
    let mut piece = RawRows { first: 0, rows: Vec::new() };
    let mut kept = Vec::new();
    let mut outcomes = Box::pin(stage::outcomes(tx));
    while let Some(mut outcome) = outcomes.try_next().await? {
        if !params.lists(&outcome, refused) {
            continue;
        }
        while outcome.status == RowStatus::Rejected && outcome.index >= piece.first + piece.rows.len() as u64 {
            match run.rows_from(piece.first + piece.rows.len() as u64).await? {
                Some(next) => piece = next,
                None => break,
            }
        }
        keep(run, &mut outcome, &piece)?;
        kept.push(outcome);
        if kept.len() >= BATCH {
            run.keep_outcomes(&kept).await?;
            kept.clear();
            run.check()?;
        }
    }
    run.keep_outcomes(&kept).await
}
