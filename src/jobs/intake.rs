//! Taking in the rows of a load: piece by piece, each row looked at for whether it is one at all. Whoever sends it waits for the
//! database between two pieces, and holds no connection while the server waits for the sender.

use actix_web::{HttpRequest, web};
use uuid::Uuid;

use super::model::Params;
use super::pack::Bundle;
use super::{acts, store};
use crate::app::Shared;
use crate::db::Db;
use crate::error::{ApiError, Code};
use crate::http::body::Body;
use crate::http::bulk::split::{RawRow, Splitter};
use crate::http::bulk::{BulkParams, BulkRow, MOST_AT_ONCE, RowParser, media_format};
use crate::http::gate::take_turn;
use crate::http::{Answer, Call};

/// A piece is full with so many bytes, if not with rows before.
const PIECE: usize = 2 << 20;

/// Whether the caller would rather not wait (`Prefer: respond-async`, RFC 7240).
pub fn wanted(req: &HttpRequest) -> bool {
    let sent = req.headers().get_all("prefer").filter_map(|v| v.to_str().ok());
    let mut preferences = sent.flat_map(|v| v.split(',')).map(|p| p.split(';').next().unwrap_or_default().trim());
    preferences.any(|p| p.eq_ignore_ascii_case("respond-async"))
}

/// A load that is to be a job.
pub struct Intake<'a> {
    pub call: &'a Call,
    pub params: BulkParams,
    pub req: &'a HttpRequest,
    pub db: &'a Db,
    pub shared: &'a web::Data<Shared>,
    pub resource: &'static str,
    /// Its rows are decided all together, in memory, and so are fewer.
    pub together: bool,
}

/// Takes in the rows of a load; 202 with the job.
///
/// # Errors
/// 400 for what is no row at all, 408, 413, 415 of the body, 429 for who has too many jobs open.
pub async fn take_in<T: BulkRow>(intake: Intake<'_>, payload: web::Payload) -> Answer {
    let (shared, http) = (intake.shared, &intake.shared.settings.http);
    let format = media_format(intake.req)?;
    let most = if intake.together { http.max_bulk_bytes.min(MOST_AT_ONCE) } else { http.max_bulk_bytes };
    let mut body = Body::stream(intake.req, payload.into_inner(), http, most)?;
    let json_columns = T::JSON_COLUMNS.iter().map(|c| (*c).to_owned()).collect();
    let params = serde_json::to_value(Params { bulk: intake.params, format, json_columns });
    let params = params.map_err(|e| ApiError::new(Code::Internal).because(e))?;
    let id = acts::begin(&intake, params).await?;
    let mut taker = Taker { id, first: 0, bundle: Bundle::default(), codes: Vec::new(), header: None };
    let taken = async {
        let (mut splitter, mut parser) = (Splitter::new(format), RowParser::new(format));
        while let Some(chunk) = body.next().await? {
            splitter.push(&chunk, &mut |raw| taker.row::<T>(&mut parser, &raw))?;
            if taker.full(shared) {
                taker.send(shared).await?;
            }
        }
        splitter.finish(&mut |raw| taker.row::<T>(&mut parser, &raw))?;
        taker.send(shared).await
    };
    let taken = taken.await;
    let (rows, header) = (taker.first, taker.header.take());
    let answer = match taken {
        Ok(()) => match take_turn(intake.req).await {
            Ok(()) => acts::queue(&intake, id, (rows, header), &body.hash()).await,
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    // A repetition is answered with the job of the first time, and what broke off is none.
    if !matches!(&answer, Ok(acts::Queued { own: true, .. })) {
        let dropping = shared.clone();
        let dropped = shared.runtime.spawn(async move { store::drop_intake(&dropping.background, id).await }).await;
        if !matches!(dropped, Ok(Ok(()))) {
            tracing::warn!(job = %id, "an intake that came to nothing is left to house-keeping");
        }
    }
    shared.jobs.ring();
    Ok(answer?.reply.respond())
}

struct Taker {
    id: Uuid,
    first: u64,
    bundle: Bundle,
    codes: Vec<String>,
    header: Option<Vec<u8>>,
}

impl Taker {
    fn row<T: BulkRow>(&mut self, parser: &mut RowParser, raw: &RawRow<'_>) -> Result<(), ApiError> {
        match parser.parse::<T>(raw)? {
            None => self.header = Some(raw.bytes.to_vec()),
            Some(parsed) => {
                // What PostgreSQL does not take is refused for its shape, whatever else is like it.
                self.codes.extend(parsed.code.filter(|code| !code.contains('\0')));
                self.bundle.push(raw.bytes);
            }
        }
        Ok(())
    }

    fn full(&self, shared: &Shared) -> bool {
        self.bundle.rows >= shared.settings.jobs.chunk_rows || self.bundle.size() >= PIECE
    }

    /// On the background's own threads: packing and sealing take long enough to hold up others.
    async fn send(&mut self, shared: &web::Data<Shared>) -> Result<(), ApiError> {
        if self.bundle.rows == 0 {
            return Ok(());
        }
        let (bundle, codes) = (std::mem::take(&mut self.bundle), std::mem::take(&mut self.codes));
        let rows = bundle.rows;
        let (id, first, there) = (self.id, self.first, shared.clone());
        let kept = shared.runtime.spawn(async move {
            let data = bundle.seal(&there.vault, id, first)?;
            Ok::<_, ApiError>(store::add_piece(&there.background, id, (first, rows), codes, data).await?)
        });
        if !kept.await.map_err(|e| ApiError::new(Code::Internal).because(e))?? {
            return Err(ApiError::new(Code::RequestTimeout).because("the intake was given up"));
        }
        self.first += rows as u64;
        Ok(())
    }
}
