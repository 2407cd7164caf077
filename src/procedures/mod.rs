//! Administrative procedures: what is promised to whoever files a dossier, and by which department.

mod model;

pub use model::{
    DEFAULT_SAME_DAY_CUTOFF, Limit, LimitOutOfRange, LimitUnit, MAX_LIMIT_DAYS, MAX_LIMIT_HOURS, OnlineLevel, SupplementPolicy,
};

pub fn configure(_: &mut utoipa_actix_web::service_config::ServiceConfig) {}
