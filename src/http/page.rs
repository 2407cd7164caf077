//! Pages by keyset: a cursor names the last row seen, signed together with the list, its filter and its order.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{DatabaseConnection, DbErr};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::db::count::{Counter, Counting};
use crate::error::{ApiError, Code, Fault};
use crate::http::QueryReader;
use crate::http::query::Seal;

pub const DEFAULT_LIMIT: u32 = 50;
pub const MAX_LIMIT: u32 = 500;

/// Where a page stands in its list.
#[derive(Clone, Serialize, ToSchema)]
pub struct PageInfo {
    /// Rows asked for.
    pub limit: u32,
    /// Give this as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// Number of rows in the whole list, only when asked for with `count`.
    pub total: Option<i64>,
    /// `exact` or `estimated`.
    #[schema(value_type = Option<String>)]
    pub total_kind: Option<&'static str>,
}

/// The parameters of every list, for the contract.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by Cursor::read; named here for the contract")]
pub struct PageParams {
    /// Rows a page.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; belongs to the same filter and order.
    #[param(pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
    /// Tell the number of rows in the whole list, too: `exact`, or `estimated` at little cost.
    #[param(pattern = "^(exact|estimated)$", example = "estimated")]
    count: Option<String>,
}

/// A limit that takes the whole list, for counting it.
pub const EVERY: u32 = i32::MAX as u32 - 1;

/// Length of a cursor's signature.
const SIGNED: usize = 16;

/// `limit`, `cursor` and `count` of a request.
#[derive(Clone, Debug)]
pub struct Cursor {
    pub limit: u32,
    token: Option<String>,
    counting: Option<Counting>,
    seal: Option<Seal>,
    /// Every other parameter that chooses rows, in an order of its own.
    filter: String,
}

impl Cursor {
    /// Reads `limit`, `cursor` and `count`. The cursor is bound to every other parameter that says which rows, and in which order.
    pub fn read(query: &mut QueryReader) -> Cursor {
        let limit = query.parse::<u32>("limit", "Phải là số từ 1 đến 500.", "Must be a number from 1 to 500.");
        if limit.is_some_and(|l| l == 0 || l > MAX_LIMIT) {
            query.fault(Fault::new(Code::InvalidParameter, "limit", "Từ 1 đến 500.", "From 1 to 500."));
        }
        let token = query.text("cursor");
        let counting = match query.choice("count", &["exact", "estimated"]) {
            Some("exact") => Some(Counting::Exact),
            Some(_) => Some(Counting::Estimated),
            None => None,
        };
        let own = |p: &&str| ["cursor=", "limit=", "count=", "expand=", "fields="].iter().any(|name| p.starts_with(name));
        let mut parts: Vec<&str> = query.raw.split('&').filter(|p| !p.is_empty() && !own(p)).collect();
        parts.sort_unstable();
        let filter = parts.join("&");
        Cursor { limit: limit.unwrap_or(DEFAULT_LIMIT), token, counting, seal: query.seal.clone(), filter }
    }

    /// The signature of a key in this list under this filter.
    fn sign(&self, key: &[u8]) -> Option<[u8; SIGNED]> {
        let seal = self.seal.as_ref()?;
        let mut signing = hmac::Context::with_key(&seal.key);
        for part in [seal.path.as_bytes(), b"?", self.filter.as_bytes(), b"\0", key] {
            signing.update(part);
        }
        signing.sign().as_ref().first_chunk().copied()
    }

    /// The key of the last row of the page before.
    ///
    /// # Errors
    /// 400 `cursor_mismatch` for a cursor of another list, filter or order, and for one that nobody gave out.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, ApiError> {
        let Some(token) = &self.token else { return Ok(None) };
        let bytes = URL_SAFE_NO_PAD.decode(token).ok();
        let key = bytes
            .as_deref()
            .and_then(|bytes| bytes.split_at_checked(SIGNED))
            .filter(|(signature, key)| self.sign(key).is_some_and(|own| verify_slices_are_equal(&own, signature).is_ok()))
            .and_then(|(_, key)| serde_json::from_slice(key).ok());
        key.map(Some).ok_or_else(|| ApiError::new(Code::CursorMismatch))
    }

    /// Cuts the one row too many and says how to go on from the last row kept.
    pub fn page<R, K: Serialize>(&self, mut rows: Vec<R>, key: impl Fn(&R) -> K) -> (Vec<R>, PageInfo) {
        let limit = self.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).and_then(|last| {
            let key = serde_json::to_vec(&key(last)).unwrap_or_default();
            Some(URL_SAFE_NO_PAD.encode([self.sign(&key)?.as_slice(), &key].concat()))
        });
        (rows, PageInfo { limit: self.limit, next_cursor, total: None, total_kind: None })
    }

    /// Adds the number of rows, if it was asked for. `list` reads the list from its beginning with the limit [`EVERY`].
    ///
    /// # Errors
    /// The database's: 503 where counting takes too long.
    pub async fn counted<F>(&self, db: &DatabaseConnection, page: PageInfo, list: F) -> Result<PageInfo, ApiError>
    where
        F: AsyncFnOnce(&Counter<'_>) -> Result<(), DbErr>,
    {
        let Some(counting) = self.counting else { return Ok(page) };
        let counter = Counter::new(db, counting);
        list(&counter).await?;
        let kind = if counting == Counting::Exact { "exact" } else { "estimated" };
        Ok(PageInfo { total: Some(counter.total()?), total_kind: Some(kind), ..page })
    }
}

/// Declares the page type of a list, `{"items": […], "page": {…}}`; one type a list, so that the contract names it.
#[macro_export]
macro_rules! page_of {
    ($(#[$doc:meta])* $page:ident, $item:ty) => {
        $(#[$doc])*
        #[derive(serde::Serialize, utoipa::ToSchema)]
        pub struct $page {
            pub items: Vec<$item>,
            pub page: $crate::http::PageInfo,
        }

        impl $crate::http::shape::Paged for $page {
            type Item = $item;

            fn parts(&self) -> (&[$item], &$crate::http::PageInfo) {
                (&self.items, &self.page)
            }
        }
    };
}

/// A page as a response, with `Link: rel="next"` when there is one.
pub fn respond<T: Serialize>(req: &actix_web::HttpRequest, info: &PageInfo, body: &T) -> actix_web::HttpResponse {
    let mut response = actix_web::HttpResponse::Ok();
    if let Some(next) = &info.next_cursor {
        let kept: Vec<&str> = req.query_string().split('&').filter(|p| !p.starts_with("cursor=") && !p.is_empty()).collect();
        let separator = if kept.is_empty() { "" } else { "&" };
        let link = format!("<{}?{}{separator}cursor={next}>; rel=\"next\"", req.path(), kept.join("&"));
        response.insert_header(("Link", link));
    }
    response.json(body)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn cursor(path: &str, raw: &str) -> Cursor {
        let mut reader = QueryReader::new(raw);
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
        reader.seal = Some(Seal { key, path: path.into() });
        reader
            .finish_with(|q| {
                q.text("status");
                q.text("sort");
                q.text("fields");
                q.text("expand");
                Cursor::read(q)
            })
            .unwrap()
    }

    #[test]
    fn a_cursor_belongs_to_one_list_and_filter() {
        let (rows, info) = cursor("/a", "status=open&limit=2&sort=x").page(vec![1, 2, 3], |r| *r);
        assert_eq!(rows, [1, 2]);
        let token = info.next_cursor.unwrap();
        let after = |path: &str, raw: &str| cursor(path, raw).after::<i32>();
        assert_eq!(after("/a", &format!("sort=x&limit=5&status=open&count=exact&fields=id&expand=a&cursor={token}")).unwrap(), Some(2));
        let mut forged = URL_SAFE_NO_PAD.decode(&token).unwrap();
        forged[SIGNED] = b'7';
        let forged = URL_SAFE_NO_PAD.encode(forged);
        for (path, raw) in [
            ("/a", format!("cursor={token}")),
            ("/a", format!("status=open&sort=y&cursor={token}")),
            ("/b", format!("status=open&sort=x&cursor={token}")),
            ("/a", format!("status=open&sort=x&cursor={forged}")),
            ("/a", "cursor=%%%".into()),
            ("/a", "cursor=".into()),
        ] {
            assert_eq!(after(path, &raw).unwrap_err().code(), Code::CursorMismatch, "{path} {raw}");
        }
    }
}
