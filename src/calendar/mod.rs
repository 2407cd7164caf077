//! Calendars.
pub fn vn_offset() -> chrono::FixedOffset {
    chrono::FixedOffset::east_opt(7 * 3600).unwrap_or_else(|| chrono::Offset::fix(&chrono::Utc))
}
pub fn configure(_: &mut utoipa_actix_web::service_config::ServiceConfig) {}
