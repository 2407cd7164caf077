//! Working days: calendars as data, and pure counting over them.

pub mod model;
pub mod rules;

pub use model::{Calendar, CalendarMissing, Day, DayKind, OffHoursReceipt, OfficeHours};
pub use rules::vn_offset;

pub fn configure(_: &mut utoipa_actix_web::service_config::ServiceConfig) {}
