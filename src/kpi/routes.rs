//! The operations of the parts, together.

use crate::http::ServiceConfig;

pub fn configure(cfg: &mut ServiceConfig) {
    super::definitions::routes::configure(cfg);
    super::targets::routes::configure(cfg);
    super::measurements::configure(cfg);
    super::submissions::configure(cfg);
    super::results::configure(cfg);
}
