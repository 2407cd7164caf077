//! The load: bytes in, chunks decided and staged, one merge.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Row as _};
use tokio::sync::mpsc::{self, error::SendTimeoutError};

use super::decide::{Decided, Known, decide};
use super::existing::{Editions, existing};
use super::row::HistoryRow;
use super::stage::{self, Chunk, Place};
use crate::app::Shared;
use crate::audit::Teller;
use crate::auth::{Actor, Reach};
use crate::dossiers::numbers;
use crate::error::{ApiError, Code, Fault};
use crate::http::bulk::split::{Format, Splitter};
use crate::http::bulk::{BulkParams, LISTED, Mode, Parsed, Return, RowParser, Summary};
use crate::http::retry::{Claim, MOST_KEPT, Retry};
use crate::http::{Lang, Reply};
use crate::{calendar, departments, procedures, rule_sets};

/// Rows decided and sent at a time.
const CHUNK: usize = 2000;

/// What arrives of a body. A channel that closes without `End` is a sender that vanished, not a body that is complete.
pub enum Piece {
    Bytes(Bytes),
    /// The body is complete; its hash.
    End([u8; 32]),
    Broken(ApiError),
}

/// All a load needs to know of the request it serves.
pub struct Load {
    pub actor: Arc<Actor>,
    pub reach: Reach,
    pub now: DateTime<Utc>,
    pub lang: Lang,
    pub request_id: String,
    pub params: BulkParams,
    pub format: Format,
    pub retry: Option<Retry>,
}

/// What came of a request to load.
pub enum Outcome {
    Loaded(Loaded),
    /// With an idempotency key: the answer as it is kept, and the counts when rows were written just now.
    Kept(Reply, Option<Summary>),
}

/// A finished load. The verdicts stay in the connection's temporary tables until they are read.
pub struct Loaded {
    pub summary: Summary,
    /// Nothing was written, since a row was refused in atomic mode.
    pub refused: bool,
    connection: PgConnection,
    params: BulkParams,
}

/// Takes in a body that arrives in pieces. Runs on the background runtime.
///
/// # Errors
/// 400 for a body that is no rows at all, 409 when another request wrote one of the codes meanwhile, and the database's.
pub async fn load(shared: &Shared, load: Load, mut body: mpsc::Receiver<Piece>) -> Result<Outcome, ApiError> {
    let known = know(shared, &load).await?;
    let mut connection = connect(shared).await?;
    connection.execute(stage::TABLES).await?;
    let mut tx = connection.begin().await?;
    if let Some(retry) = &load.retry
        && let Claim::Kept(kept) = retry.claim_on(&mut tx).await?
    {
        let hash = loop {
            if let Arrived::End(hash) = next(&mut body).await? {
                break hash;
            }
        };
        return Ok(Outcome::Kept(retry.replay(kept, &hash)?, None));
    }
    let (mut splitter, mut parser) = (Splitter::new(load.format), RowParser::new(load.format));
    let mut waiting = Vec::with_capacity(CHUNK);
    let mut desk = Desk {
        known,
        lang: load.lang,
        editions: Editions { db: shared.background.clone(), loaded: HashMap::new() },
        chunk: Chunk::default(),
    };
    let hash = loop {
        let bytes = match next(&mut body).await? {
            Arrived::Bytes(bytes) => bytes,
            Arrived::End(hash) => break hash,
        };
        splitter.push(&bytes, &mut |raw| {
            waiting.extend(parser.parse::<HistoryRow>(&raw)?);
            Ok(())
        })?;
        if waiting.len() >= CHUNK {
            desk.settle(&mut tx, &mut waiting).await?;
        }
    };
    splitter.finish(&mut |raw| {
        waiting.extend(parser.parse::<HistoryRow>(&raw)?);
        Ok(())
    })?;
    desk.settle(&mut tx, &mut waiting).await?;

    let twice = crate::http::problem::fault_json(&Fault::plain(Code::DuplicateInPayload, "/code"), load.lang);
    stage::refuse_duplicates(&mut tx, &twice.to_string()).await?;
    let summary = count(&mut tx).await?;
    let refused = summary.rejected > 0 && load.params.mode == Mode::Atomic;
    if !refused && !load.params.dry_run {
        write(&mut tx, &load, summary).await?;
    }
    let kept = match &load.retry {
        Some(retry) if !refused => {
            let reply = Reply::text(if summary.rejected > 0 { 207 } else { 200 }, answer(&mut tx, summary, load.params).await?);
            retry.keep_on(&mut tx, &hash, &reply).await?;
            Some(reply)
        }
        Some(retry) => {
            // A refused load keeps no answer, and its key is free again.
            retry.release_on(&mut tx).await?;
            None
        }
        None => None,
    };
    tx.commit().await?;
    tracing::info!(
        received = summary.received,
        created = summary.created,
        updated = summary.updated,
        rejected = summary.rejected,
        "history loaded"
    );
    if let Some(reply) = kept {
        connection.close().await?;
        return Ok(Outcome::Kept(reply, Some(summary)));
    }
    Ok(Outcome::Loaded(Loaded { summary, refused, connection, params: load.params }))
}

/// Writes what was staged.
///
/// # Errors
/// 409 when another request was faster; the database's.
pub async fn write(tx: &mut PgConnection, load: &Load, summary: Summary) -> Result<(), ApiError> {
    if summary.created + summary.updated == 0 {
        return Ok(());
    }
    let teller =
        Teller { actor_id: Some(load.actor.user_id), actor: &load.actor.username, request_id: Some(&load.request_id), now: load.now };
    // First: a receipt that is under way takes a later number.
    stage::push_numbers(tx).await?;
    // A block that was reserved while the rows came in: sent again, they are told apart.
    let reserved = stage::reserved_meanwhile(tx, load.now).await?;
    if reserved || stage::merge(tx, &teller, summary.updated > 0).await? != summary.created {
        return Err(ApiError::new(Code::ConcurrentChange).say(
            "Một yêu cầu khác vừa ghi hồ sơ cùng mã hoặc giữ số; không ghi gì, hãy gửi lại.",
            "Another request wrote a dossier with one of these codes or reserved its number; nothing was written, send it again.",
        ));
    }
    Ok(())
}

enum Arrived {
    Bytes(Bytes),
    End([u8; 32]),
}

async fn next(body: &mut mpsc::Receiver<Piece>) -> Result<Arrived, ApiError> {
    match body.recv().await {
        Some(Piece::Bytes(bytes)) => Ok(Arrived::Bytes(bytes)),
        Some(Piece::End(hash)) => Ok(Arrived::End(hash)),
        Some(Piece::Broken(error)) => Err(error),
        None => Err(ApiError::new(Code::MalformedBody).because("the sender vanished before the end of the body")),
    }
}

pub async fn know<'s>(shared: &'s Shared, load: &Load) -> Result<Known<'s>, ApiError> {
    let db = &shared.background;
    let departments = departments::known(db).await?;
    Ok(Known {
        agencies: departments.values().map(|d| d.agency.clone()).collect(),
        departments,
        blocks: numbers::open_blocks(db, load.now).await?,
        procedures: procedures::known(db).await?,
        calendars: calendar::load_all(db).await?,
        rule_sets: rule_sets::validities(db).await?,
        reach: load.reach.clone(),
        strategy: load.params.strategy,
        now: load.now,
        vault: &shared.vault,
    })
}

/// A connection of the load's own, without the time limit of a request.
pub async fn connect(shared: &Shared) -> Result<PgConnection, ApiError> {
    let options: PgConnectOptions = shared.settings.database.url.expose_secret().parse()?;
    let options = options.application_name("dunghen load").options([("temp_buffers", "64MB"), ("work_mem", "64MB"), ("jit", "off")]);
    Ok(options.disable_statement_logging().connect().await?)
}

/// Where rows are decided.
pub struct Desk<'s> {
    pub known: Known<'s>,
    pub lang: Lang,
    pub editions: Editions,
    pub chunk: Chunk,
}

impl Desk<'_> {
    /// Decides the waiting rows and sends them to the temporary tables.
    pub async fn settle(&mut self, tx: &mut PgConnection, waiting: &mut Vec<Parsed<HistoryRow>>) -> Result<(), ApiError> {
        if waiting.is_empty() {
            return Ok(());
        }
        let codes: Vec<&str> = waiting.iter().filter_map(|p| p.code.as_deref()).collect();
        let existing = existing(tx, &codes, &mut self.editions).await?;
        for parsed in waiting.drain(..) {
            let (index, code) = (parsed.index, parsed.code);
            let old = code.as_ref().and_then(|c| existing.get(c));
            let decided = match parsed.row {
                Ok(row) => decide(&self.known, row, old),
                Err(faults) => Decided::Rejected(faults),
            };
            match decided {
                Decided::Unchanged => self.chunk.verdict(index, code.as_deref(), "unchanged", None, None),
                Decided::Rejected(faults) => {
                    self.chunk.verdict(index, code.as_deref(), "rejected", Some(&in_words(&faults, self.lang)), None);
                }
                Decided::Write { dossier, derived, hash, warnings, number } => {
                    let warnings = (!warnings.is_empty()).then(|| in_words(&warnings, self.lang));
                    let word = if old.is_some() { "updated" } else { "created" };
                    self.chunk.verdict(index, code.as_deref(), word, None, warnings.as_deref());
                    let place = Place { index, existing: old.is_some(), number: number.as_ref() };
                    self.chunk.dossier(&place, &dossier, &derived, &hash, self.known.now);
                }
            }
        }
        Ok(self.chunk.send(tx).await?)
    }
}

fn in_words(faults: &[Fault], lang: Lang) -> String {
    Value::from(faults.iter().map(|f| crate::http::problem::fault_json(f, lang)).collect::<Vec<_>>()).to_string()
}

pub async fn count(tx: &mut PgConnection) -> Result<Summary, ApiError> {
    let mut summary = Summary::default();
    for row in sqlx::query("SELECT status, count(*) FROM stage_rows GROUP BY status").fetch_all(tx).await? {
        let n = u64::try_from(row.get::<i64, _>(1)).unwrap_or_default();
        summary.received += n;
        match row.get::<&str, _>(0) {
            "created" => summary.created = n,
            "updated" => summary.updated = n,
            "unchanged" => summary.unchanged = n,
            _ => summary.rejected = n,
        }
    }
    Ok(summary)
}

/// The rows that the answer lists: which, and how many at most.
fn listed(params: BulkParams, refused: bool, kept: bool) -> String {
    // One more than a kept answer lists, to tell that there are more.
    let most = if kept {
        LISTED as i64 + 1
    } else if refused {
        LISTED as i64
    } else {
        i64::MAX
    };
    let (only, most) = match params.listing {
        Return::Summary => ("status = 'none'", 0),
        Return::All if !refused => ("true", most),
        Return::All => ("status = 'rejected'", most),
        Return::Errors => ("status = 'rejected' OR warnings IS NOT NULL", most),
    };
    format!("SELECT idx, code, status, errors, warnings FROM stage_rows WHERE {only} ORDER BY idx LIMIT {most}")
}

/// A row as the answer tells it.
fn told(row: &PgRow) -> String {
    let list = |i: usize| row.get::<Option<&str>, _>(i).unwrap_or("[]");
    let head = serde_json::json!({"index": row.get::<i64, _>(0), "code": row.get::<Option<&str>, _>(1), "status": row.get::<&str, _>(2)});
    // The lists are JSON already: they are put in before the closing brace.
    let mut head = head.to_string();
    head.pop();
    format!("{head},\"errors\":{},\"warnings\":{}}}", list(3), list(4))
}

/// The whole answer, bounded, while the transaction is still open.
async fn answer(tx: &mut PgConnection, summary: Summary, params: BulkParams) -> Result<Vec<u8>, ApiError> {
    let head = serde_json::to_string(&summary).map_err(|e| ApiError::new(Code::Internal).because(e))?;
    let mut body = format!("{{\"summary\":{head},\"results\":[");
    let mut rows = sqlx::query(sqlx::AssertSqlSafe(listed(params, false, true))).fetch(tx);
    let (mut count, mut end) = (0, "]}");
    while let Some(row) = futures_util::TryStreamExt::try_next(&mut rows).await? {
        let row = told(&row);
        if count == LISTED || body.len() + row.len() > MOST_KEPT {
            end = "],\"truncated\":true}";
            break;
        }
        if count > 0 {
            body.push(',');
        }
        count += 1;
        body.push_str(&row);
    }
    body.push_str(end);
    Ok(body.into_bytes())
}

/// False when the reader has gone; then nobody misses the rest.
async fn hand_on(out: &mpsc::Sender<Bytes>, block: Vec<u8>, patience: Duration) -> Result<bool, ApiError> {
    match out.send_timeout(block.into(), patience).await {
        Ok(()) => Ok(true),
        Err(SendTimeoutError::Closed(_)) => Ok(false),
        Err(SendTimeoutError::Timeout(_)) => Err(ApiError::new(Code::RequestTimeout).because("the results of a load are not read")),
    }
}

impl Loaded {
    /// The rows that the answer lists, at most [`LISTED`] where nothing was written, as JSON in input order.
    ///
    /// # Errors
    /// The database's, and 408 for who does not read on in time: the connection is for others, too.
    pub async fn results(mut self, out: mpsc::Sender<Bytes>, patience: Duration) -> Result<(), ApiError> {
        let query = sqlx::query(sqlx::AssertSqlSafe(listed(self.params, self.refused, false)));
        let mut rows = query.fetch(&mut self.connection);
        let (mut block, mut first) = (Vec::new(), true);
        while let Some(row) = futures_util::TryStreamExt::try_next(&mut rows).await? {
            if !first {
                block.push(b',');
            }
            first = false;
            block.extend_from_slice(told(&row).as_bytes());
            if block.len() > 32 << 10 && !hand_on(&out, std::mem::take(&mut block), patience).await? {
                return Ok(());
            }
        }
        drop(rows);
        hand_on(&out, block, patience).await?;
        self.connection.close().await?;
        Ok(())
    }
}
