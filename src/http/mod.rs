//! What every handler uses: bodies, query parameters, preconditions, pages, problems, and the one way to write.

pub mod accept;
pub mod body;
pub mod bulk;
pub mod call;
pub mod decimal;
pub mod export;
pub mod gate;
pub mod html;
pub mod json;
pub mod lang;
pub mod middleware;
pub mod nesting;
pub mod page;
pub mod problem;
pub mod query;
pub mod rate;
pub mod retry;
pub mod routes;
pub mod shape;
pub mod sheet;
pub mod table;
pub mod values;
pub mod write;

pub use call::Call;
pub use json::Json;
pub use lang::Lang;
pub use page::{Cursor, PageInfo};
pub use problem::{Problem, ReadProblems, WriteProblems};
pub use query::{Query, QueryReader};
pub use routes::ServiceConfig;
pub use shape::{Shape, Shaped};
pub use values::{At, Day, Line, Prose, ResourceCode, Vnd};
pub use write::{Reply, write};

/// What a handler returns: an answer or a problem.
pub type Answer = Result<actix_web::HttpResponse, crate::error::ApiError>;

/// A resource whose view depends on the day of asking, too: its version is told, but never taken for "not modified".
pub fn found_today<T: serde::Serialize>(version: i32, body: &T) -> actix_web::HttpResponse {
    actix_web::HttpResponse::Ok().insert_header(("ETag", format!("\"{version}\""))).json(body)
}

/// A single resource with its version as a strong `ETag`; 304 when the caller has it already.
pub fn found<T: serde::Serialize>(call: &Call, version: i32, body: &T) -> actix_web::HttpResponse {
    let etag = format!("\"{version}\"");
    let mut response = if call.has_version(version) { actix_web::HttpResponse::NotModified() } else { actix_web::HttpResponse::Ok() };
    response.insert_header(("ETag", etag)).insert_header(("Cache-Control", "private, no-cache"));
    if call.has_version(version) { response.finish() } else { response.json(body) }
}
