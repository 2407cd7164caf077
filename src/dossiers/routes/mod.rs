//! HTTP in, HTTP out.

mod acts;
mod bulk;
mod read;
mod requests;

use crate::http::ServiceConfig;
pub use read::exported;

pub fn configure(cfg: &mut ServiceConfig) {
    super::calculator::configure(cfg);
    super::work::configure(cfg);
    super::personal::configure(cfg);
    bulk::configure(cfg);
    read::configure(cfg);
    acts::configure(cfg);
    requests::configure(cfg);
    super::numbers::configure(cfg);
    super::revision::configure(cfg);
    super::slips::configure(cfg);
    super::register::configure(cfg);
}
