//! Pages by keyset: a cursor names the last row seen, bound to the list's filter and order.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::error::{ApiError, Code, Fault};
use crate::http::QueryReader;

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
    cursor: Option<String>,
}

/// `limit` and `cursor` of a request.
#[derive(Clone, Debug)]
pub struct Cursor {
    pub limit: u32,
    token: Option<String>,
    binding: [u8; 8],
}

impl Cursor {
    /// Reads `limit` and `cursor`. The cursor is bound to every other parameter of the request.
    pub fn read(query: &mut QueryReader) -> Cursor {
        let limit = query.parse::<u32>("limit", "Phải là số từ 1 đến 500.", "Must be a number from 1 to 500.");
        if limit.is_some_and(|l| l == 0 || l > MAX_LIMIT) {
            query.fault(Fault::new(Code::InvalidParameter, "limit", "Từ 1 đến 500.", "From 1 to 500."));
        }
        let token = query.text("cursor");
        let mut parts: Vec<&str> =
            query.raw.split('&').filter(|p| !p.starts_with("cursor=") && !p.starts_with("limit=") && !p.is_empty()).collect();
        parts.sort_unstable();
        let hash = crate::http::json::digest(parts.join("&").as_bytes());
        let mut binding = [0; 8];
        binding.copy_from_slice(&hash[..8]);
        Cursor { limit: limit.unwrap_or(DEFAULT_LIMIT), token, binding }
    }

    /// The key of the last row of the page before.
    ///
    /// # Errors
    /// 400 `cursor_mismatch` for a cursor of another list, filter or order.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, ApiError> {
        let Some(token) = &self.token else { return Ok(None) };
        let bytes = URL_SAFE_NO_PAD.decode(token).ok();
        let key = bytes
            .as_deref()
            .and_then(|bytes| bytes.split_at_checked(8))
            .filter(|(binding, _)| *binding == self.binding)
            .and_then(|(_, key)| serde_json::from_slice(key).ok());
        key.map(Some).ok_or_else(|| ApiError::new(Code::CursorMismatch))
    }

    /// Cuts the one row too many and says how to go on from the last row kept.
    pub fn page<R, K: Serialize>(&self, mut rows: Vec<R>, key: impl Fn(&R) -> K) -> (Vec<R>, PageInfo) {
        let limit = self.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| {
            let mut bytes = self.binding.to_vec();
            bytes.extend(serde_json::to_vec(&key(last)).unwrap_or_default());
            URL_SAFE_NO_PAD.encode(bytes)
        });
        (rows, PageInfo { limit: self.limit, next_cursor, total: None, total_kind: None })
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

    fn cursor(raw: &str) -> Cursor {
        QueryReader::new(raw)
            .finish_with(|q| {
                q.text("status");
                Cursor::read(q)
            })
            .unwrap()
    }

    #[test]
    fn a_cursor_belongs_to_one_filter() {
        let (rows, info) = cursor("status=open&limit=2").page(vec![1, 2, 3], |r| *r);
        assert_eq!(rows, [1, 2]);
        let token = info.next_cursor.unwrap();
        assert_eq!(cursor(&format!("limit=5&status=open&cursor={token}")).after::<i32>().unwrap(), Some(2));
        assert_eq!(cursor(&format!("cursor={token}")).after::<i32>().unwrap_err().code(), Code::CursorMismatch);
        assert_eq!(cursor("cursor=%%%").after::<i32>().unwrap_err().code(), Code::CursorMismatch);
    }
}
