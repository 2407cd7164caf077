//! Making an export: every page of the list on one snapshot, by the rights its creator has.

use async_trait::async_trait;
use sea_orm::{AccessMode, IsolationLevel, TransactionTrait};

use super::file::File;
use super::sources::{source, sources};
use super::wire::Params;
use crate::auth::still_holds;
use crate::error::{ApiError, Code};
use crate::http::export::Ask;
use crate::http::page::MAX_LIMIT;
use crate::jobs::{self, Halt, Kind, Run, State, Work};

/// Bytes of the file that are kept together.
const PIECE: usize = 1 << 20;

pub struct Export;

#[async_trait]
impl Work for Export {
    fn kind(&self) -> Kind {
        Kind::Export
    }

    fn resources(&self) -> Vec<&'static str> {
        sources().iter().map(|s| s.resource).collect()
    }

    async fn run(&self, run: &Run) -> Result<(), Halt> {
        let params: Params = run.params()?;
        let source = source(&run.job.resource).ok_or_else(|| ApiError::new(Code::Internal).because("a list that is not known"))?;
        let actor = run.rights(source.permission).await?;
        let authority = actor.authority();
        let tx = run.db.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await?;
        let reach = actor.reach(source.permission);
        let call = run.call(actor);
        let first = if source.at_once { params.query.clone() } else { with(&params.query, None) };
        let mut ask = Ask { db: &tx, shared: &run.shared, call: &call, reach, query: first, keys: &params.keys };
        let mut file = File::begin(params.format, params.columns.clone())?;
        let mut writer = Writer { run, n: 0, rows: 0, bytes: 0 };
        let mut told = false;
        loop {
            run.check()?;
            let batch = (source.page)(&ask).await?;
            if !told {
                // The first page has taken the snapshot.
                let moment = run.shared.now();
                told = jobs::start_export(&run.shared.background, &run.lease, moment, authority.clone()).await?;
                if !told {
                    return Err(Halt::Lost);
                }
            }
            for item in &batch.items {
                file.row(item)?;
            }
            writer.rows += batch.items.len() as i64;
            run.tell(writer.rows);
            if let Some(piece) = file.take(PIECE) {
                writer.keep(piece).await?;
            }
            let Some(next) = batch.next_cursor else { break };
            ask.query = with(&params.query, Some(&next));
            // Who sees less than at the beginning gets nothing.
            if !still_holds(&run.rights(source.permission).await?.authority(), &authority) {
                let (vi, en) = ("Quyền của người tạo đã thay đổi.", "The rights of who asked for it have changed.");
                return Err(Halt::Failed(ApiError::new(Code::Forbidden).say(vi, en)));
            }
            run.rest().await;
        }
        drop(ask);
        tx.rollback().await?;
        let mut rest = file.finish().await?;
        while let Some(piece) = rest.next(PIECE)? {
            writer.keep(piece).await?;
        }
        // Also an empty file has its size.
        let made =
            jobs::end_export(&run.shared.background, &run.lease, (writer.rows, writer.bytes), &run.end(State::Succeeded, None)).await?;
        if made { Ok(()) } else { Err(Halt::Lost) }
    }
}

fn with(query: &str, cursor: Option<&str>) -> String {
    let mut parts = vec![format!("limit={MAX_LIMIT}")];
    parts.extend((!query.is_empty()).then(|| query.to_owned()));
    parts.extend(cursor.map(|c| format!("cursor={c}")));
    parts.join("&")
}

struct Writer<'a> {
    run: &'a Run,
    n: i32,
    rows: i64,
    bytes: i64,
}

impl Writer<'_> {
    async fn keep(&mut self, piece: Vec<u8>) -> Result<(), Halt> {
        self.bytes += piece.len() as i64;
        let so_far = (self.rows, self.bytes);
        if !jobs::add_export_piece(&self.run.shared.background, &self.run.lease, self.n, piece, so_far).await? {
            return Err(Halt::Lost);
        }
        self.n += 1;
        Ok(())
    }
}
