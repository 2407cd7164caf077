//! Bodies as they arrive: unpacked, counted, hashed, and given up on when they are too large or come too slowly.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::dev::{Decompress, Payload};
use actix_web::error::PayloadError;
use aws_lc_rs::digest;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use crate::config::Http;
use crate::error::{ApiError, Code};

/// What a compressed body may become before its ratio is looked at.
const HARMLESS: u64 = 8 << 20;

/// Compressed bytes are unpacked this many at a time: a piece that is a thousand times as large unpacked does no harm.
const SMALL_PIECE: usize = 2 << 10;
const LARGE_PIECE: usize = 16 << 10;

/// A body on its way in.
pub struct Body {
    pieces: Decompress<Pieces>,
    wire: Rc<Cell<u64>>,
    unpacked: u64,
    most: u64,
    ratio: u64,
    pace: Pace,
    digest: digest::Context,
}

/// How long the sender may take.
enum Pace {
    /// All of it by then.
    By(Instant),
    /// So many bytes in each window of waiting; the time in which the server does not read is not counted.
    Rate { window: Duration, least: u64, waited: Duration, before: u64 },
}

impl Body {
    /// A body that is read as a whole.
    ///
    /// # Errors
    /// 415 for a coding that is not offered.
    pub fn whole(req: &HttpRequest, payload: Payload, http: &Http) -> Result<Body, ApiError> {
        let pace = Pace::By(Instant::now() + Duration::from_secs(http.body_timeout_s));
        Body::new(req, payload, http, http.max_body_bytes as u64, SMALL_PIECE, pace)
    }

    /// A body of rows that is used while it arrives.
    ///
    /// # Errors
    /// 415 for a coding that is not offered.
    pub fn stream(req: &HttpRequest, payload: Payload, http: &Http, most: u64) -> Result<Body, ApiError> {
        let window = Duration::from_secs(http.body_timeout_s);
        let least = http.min_bulk_bytes_per_s * http.body_timeout_s;
        Body::new(req, payload, http, most, LARGE_PIECE, Pace::Rate { window, least, waited: Duration::ZERO, before: 0 })
    }

    fn new(req: &HttpRequest, payload: Payload, http: &Http, most: u64, piece: usize, pace: Pace) -> Result<Body, ApiError> {
        let mut codings = req.headers().get_all("content-encoding").filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
        let packed = match (codings.next().map(|c| c.trim().to_ascii_lowercase()), codings.next()) {
            (None, _) => false,
            (Some(one), None) if one == "identity" => false,
            (Some(one), None) if ["gzip", "deflate", "br", "zstd"].contains(&one.as_str()) => true,
            _ => {
                let (vi, en) =
                    ("Content-Encoding dùng được: gzip, deflate, br, zstd.", "Content-Encoding may be gzip, deflate, br or zstd.");
                return Err(ApiError::new(Code::UnsupportedMediaType).say(vi, en));
            }
        };
        let wire = Rc::new(Cell::new(0));
        let pieces = Pieces { payload, rest: Bytes::new(), piece: if packed { piece } else { usize::MAX }, wire: wire.clone() };
        Ok(Body {
            pieces: Decompress::from_headers(pieces, req.headers()),
            wire,
            unpacked: 0,
            most,
            ratio: http.max_body_ratio,
            pace,
            digest: digest::Context::new(&digest::SHA256),
        })
    }

    /// The next bytes, unpacked; none at the end.
    ///
    /// # Errors
    /// 400 for a body that breaks off or is badly packed, 408 for one that comes too slowly, 413 for one that is too large.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        let started = Instant::now();
        let patience = match &self.pace {
            Pace::By(end) => end.saturating_duration_since(started),
            Pace::Rate { window, .. } => *window,
        };
        let chunk = tokio::time::timeout(patience, self.pieces.next()).await.map_err(|_| ApiError::new(Code::RequestTimeout))?;
        if let Pace::Rate { window, least, waited, before } = &mut self.pace {
            *waited += started.elapsed();
            if *waited >= *window {
                let arrived = self.wire.get();
                if chunk.is_some() && arrived - *before < *least {
                    return Err(ApiError::new(Code::RequestTimeout));
                }
                (*waited, *before) = (Duration::ZERO, arrived);
            }
        }
        let Some(chunk) = chunk else { return Ok(None) };
        let chunk = chunk.map_err(|e| {
            ApiError::new(Code::MalformedBody)
                .say("Nội dung bị ngắt quãng hoặc nén sai.", "The body broke off or is badly compressed.")
                .because(e)
        })?;
        self.unpacked += chunk.len() as u64;
        if self.unpacked > self.most {
            let most = self.most;
            return Err(ApiError::new(Code::BodyTooLarge).say(format!("Tối đa {most} byte."), format!("At most {most} bytes.")));
        }
        if self.unpacked > HARMLESS && self.unpacked / self.ratio > self.wire.get() {
            let ratio = self.ratio;
            return Err(ApiError::new(Code::BodyTooLarge).say(
                format!("Nội dung giải nén lớn hơn {ratio} lần nội dung gửi."),
                format!("Unpacked it is more than {ratio} times what was sent."),
            ));
        }
        self.digest.update(&chunk);
        Ok(Some(chunk))
    }

    /// SHA-256 of all that was read.
    pub fn hash(self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.digest.finish().as_ref());
        hash
    }
}

/// The bytes as sent, counted and cut into pieces.
struct Pieces {
    payload: Payload,
    rest: Bytes,
    piece: usize,
    wire: Rc<Cell<u64>>,
}

impl Stream for Pieces {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if !self.rest.is_empty() {
                let size = self.rest.len().min(self.piece);
                let piece = self.rest.split_to(size);
                self.wire.set(self.wire.get() + size as u64);
                return Poll::Ready(Some(Ok(piece)));
            }
            match ready!(Pin::new(&mut self.payload).poll_next(cx)) {
                Some(Ok(bytes)) => self.rest = bytes,
                other => return Poll::Ready(other),
            }
        }
    }
}
