//! The load: bytes in, chunks decided and staged, one merge.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sea_orm::DatabaseConnection;
use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Row as _};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::decide::{Decided, Existing, Known, decide};
use super::row::HistoryRow;
use super::stage::{self, Chunk};
use crate::app::Shared;
use crate::audit::Teller;
use crate::auth::{Actor, Reach};
use crate::calendar::{Calendar, Edition};
use crate::dossiers::clock::Terms;
use crate::dossiers::numbers;
use crate::error::{ApiError, Code, Fault};
use crate::http::Lang;
use crate::http::bulk::split::{Format, Splitter};
use crate::http::bulk::{BulkParams, LISTED, Mode, Parsed, Return, RowParser, Summary};
use crate::procedures::{Limit, LimitUnit, SupplementPolicy};
use crate::{calendar, departments, procedures, rule_sets};

/// Rows decided and sent at a time.
const CHUNK: usize = 2000;

/// What arrives of a body. A channel that closes without `End` is a sender that vanished, not a body that is complete.
pub enum Piece {
    Bytes(Bytes),
    End,
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
pub async fn load(shared: &Shared, load: Load, mut body: mpsc::Receiver<Piece>) -> Result<Loaded, ApiError> {
    let known = know(shared, &load).await?;
    let mut connection = connect(shared).await?;
    connection.execute(stage::TABLES).await?;
    let mut tx = connection.begin().await?;
    let (mut splitter, mut parser) = (Splitter::new(load.format), RowParser::new(load.format));
    let mut waiting = Vec::with_capacity(CHUNK);
    let mut desk = Desk {
        known,
        lang: load.lang,
        editions: Editions { db: shared.background.clone(), loaded: HashMap::new() },
        numbers: HashMap::new(),
        chunk: Chunk::default(),
    };
    loop {
        let bytes = match body.recv().await {
            Some(Piece::Bytes(bytes)) => bytes,
            Some(Piece::End) => break,
            Some(Piece::Broken(error)) => return Err(error),
            None => return Err(ApiError::new(Code::MalformedBody).because("the sender vanished before the end of the body")),
        };
        splitter.push(&bytes, &mut |raw| {
            waiting.extend(parser.parse::<HistoryRow>(&raw)?);
            Ok(())
        })?;
        if waiting.len() >= CHUNK {
            desk.settle(&mut tx, &mut waiting).await?;
        }
    }
    splitter.finish(&mut |raw| {
        waiting.extend(parser.parse::<HistoryRow>(&raw)?);
        Ok(())
    })?;
    desk.settle(&mut tx, &mut waiting).await?;

    let twice = crate::http::problem::fault_json(&Fault::plain(Code::DuplicateInPayload, "/code"), load.lang);
    stage::refuse_duplicates(&mut tx, &twice.to_string()).await?;
    let summary = count(&mut tx).await?;
    let refused = summary.rejected > 0 && load.params.mode == Mode::Atomic;
    if !refused && !load.params.dry_run && summary.created + summary.updated > 0 {
        let teller =
            Teller { actor_id: Some(load.actor.user_id), actor: &load.actor.username, request_id: Some(&load.request_id), now: load.now };
        // First: a receipt that is under way takes a later number.
        stage::push_numbers(&mut tx, &desk.numbers).await?;
        let created = stage::merge(&mut tx, &teller).await?;
        if created != summary.created {
            return Err(ApiError::new(Code::ConcurrentChange).say(
                "Một yêu cầu khác vừa ghi hồ sơ cùng mã; không ghi gì, hãy gửi lại.",
                "Another request wrote a dossier with one of these codes; nothing was written, send it again.",
            ));
        }
    }
    tx.commit().await?;
    tracing::info!(
        received = summary.received,
        created = summary.created,
        updated = summary.updated,
        rejected = summary.rejected,
        "history loaded"
    );
    Ok(Loaded { summary, refused, connection, params: load.params })
}

async fn know<'s>(shared: &'s Shared, load: &Load) -> Result<Known<'s>, ApiError> {
    let db = &shared.background;
    let departments = departments::known(db).await?;
    Ok(Known {
        agencies: departments.values().map(|d| d.agency.clone()).collect(),
        departments,
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
async fn connect(shared: &Shared) -> Result<PgConnection, ApiError> {
    let options: PgConnectOptions = shared.settings.database.url.expose_secret().parse()?;
    let options = options.application_name("dunghen load").options([("temp_buffers", "64MB"), ("work_mem", "64MB"), ("jit", "off")]);
    Ok(options.disable_statement_logging().connect().await?)
}

/// The calendars that stored dossiers were counted with, each read once a load.
struct Editions {
    db: DatabaseConnection,
    loaded: HashMap<Edition, Arc<Calendar>>,
}

impl Editions {
    async fn get(&mut self, edition: Edition) -> Result<Arc<Calendar>, ApiError> {
        if let Some(calendar) = self.loaded.get(&edition) {
            return Ok(calendar.clone());
        }
        let calendar = calendar::load_edition(&self.db, &edition).await?;
        self.loaded.insert(edition, calendar.clone());
        Ok(calendar)
    }
}

/// Where rows are decided.
struct Desk<'s> {
    known: Known<'s>,
    lang: Lang,
    editions: Editions,
    /// The highest number brought along, by agency and day.
    numbers: HashMap<(String, NaiveDate), i32>,
    chunk: Chunk,
}

impl Desk<'_> {
    /// Decides the waiting rows and sends them to the temporary tables.
    async fn settle(&mut self, tx: &mut PgConnection, waiting: &mut Vec<Parsed<HistoryRow>>) -> Result<(), ApiError> {
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
                Decided::Write { dossier, derived, hash, warnings } => {
                    let warnings = (!warnings.is_empty()).then(|| in_words(&warnings, self.lang));
                    let word = if old.is_some() { "updated" } else { "created" };
                    self.chunk.verdict(index, code.as_deref(), word, None, warnings.as_deref());
                    self.chunk.dossier(index, old.is_some(), &dossier, &derived, &hash, self.known.now);
                    if old.is_none() {
                        self.number(&dossier.identity.code);
                    }
                }
            }
        }
        Ok(self.chunk.send(tx).await?)
    }

    /// A history may bring any number of ours along; numbers allotted later come after it.
    fn number(&mut self, code: &str) {
        if let Some(number) = numbers::parse(code, |agency| self.known.agencies.contains(agency)) {
            let last = self.numbers.entry((number.agency, number.day)).or_default();
            *last = number.n.max(*last);
        }
    }
}

fn in_words(faults: &[Fault], lang: Lang) -> String {
    Value::from(faults.iter().map(|f| crate::http::problem::fault_json(f, lang)).collect::<Vec<_>>()).to_string()
}

/// What is stored under these codes, locked until the load ends.
async fn existing(tx: &mut PgConnection, codes: &[&str], editions: &mut Editions) -> Result<HashMap<String, Existing>, ApiError> {
    let rows = sqlx::query(
        "SELECT code, id, version, facts_hash, limit_value, limit_unit, supplement_policy, same_day_cutoff, procedure_id,
                resolving_department_id, accepted_at, first_due_on, created_at, calendar_code, calendar_version, calendar_base_version,
                purged_at IS NOT NULL, rule_set_id
           FROM dossiers WHERE code = ANY($1) ORDER BY code FOR UPDATE",
    )
    .bind(codes)
    .fetch_all(tx)
    .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let limit = match (row.get::<Option<i32>, _>(4), row.get::<Option<String>, _>(5).as_deref().and_then(LimitUnit::parse)) {
            (Some(value), Some(unit)) => Some(Limit { value: value.unsigned_abs(), unit }),
            _ => None,
        };
        let calendar = match (row.get(13), row.get(14), row.get(15)) {
            (Some(code), Some(version), Some(base_version)) => Some(editions.get(Edition { code, version, base_version }).await?),
            _ => None,
        };
        let existing = Existing {
            id: row.get::<Uuid, _>(1),
            version: row.get(2),
            hash: row.get(3),
            terms: Terms {
                limit,
                policy: SupplementPolicy::parse(row.get::<&str, _>(6)).unwrap_or_default(),
                same_day_cutoff: row.get::<NaiveTime, _>(7),
            },
            procedure_id: row.get(8),
            resolving_id: row.get(9),
            calendar,
            accepted_at: row.get(10),
            first_due_on: row.get::<Option<NaiveDate>, _>(11),
            created_at: row.get(12),
            purged: row.get(16),
            rule_set_id: row.get(17),
        };
        found.insert(row.get(0), existing);
    }
    Ok(found)
}

async fn count(tx: &mut PgConnection) -> Result<Summary, ApiError> {
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

impl Loaded {
    /// The rows that the answer lists, at most [`LISTED`] unless all were asked for, as JSON in input order.
    ///
    /// # Errors
    /// The database's.
    pub async fn results(mut self, out: mpsc::Sender<Bytes>) -> Result<(), ApiError> {
        let (only, most) = match self.params.listing {
            Return::Summary => ("status = 'none'", 0),
            Return::All if !self.refused => ("true", i64::MAX),
            Return::All => ("status = 'rejected'", LISTED as i64),
            Return::Errors => ("status = 'rejected' OR warnings IS NOT NULL", LISTED as i64),
        };
        let text = format!("SELECT idx, code, status, errors, warnings FROM stage_rows WHERE {only} ORDER BY idx LIMIT {most}");
        let query = sqlx::query(sqlx::AssertSqlSafe(text));
        let mut rows = query.fetch(&mut self.connection);
        let (mut block, mut first) = (Vec::new(), true);
        while let Some(row) = futures_util::TryStreamExt::try_next(&mut rows).await? {
            if !first {
                block.push(b',');
            }
            first = false;
            let list = |i: usize| row.get::<Option<&str>, _>(i).unwrap_or("[]");
            let head =
                serde_json::json!({"index": row.get::<i64, _>(0), "code": row.get::<Option<&str>, _>(1), "status": row.get::<&str, _>(2)});
            // The lists are JSON already: they are put in before the closing brace.
            let mut head = head.to_string();
            head.pop();
            block.extend_from_slice(format!("{head},\"errors\":{},\"warnings\":{}}}", list(3), list(4)).as_bytes());
            if block.len() > 32 << 10 && out.send(std::mem::take(&mut block).into()).await.is_err() {
                return Ok(());
            }
        }
        drop(rows);
        // The reader may have gone; then nobody misses the rest.
        let _ = out.send(block.into()).await;
        self.connection.close().await?;
        Ok(())
    }
}
