//! Dossiers.

pub mod calculator;
pub mod clock;

pub fn configure(cfg: &mut utoipa_actix_web::service_config::ServiceConfig) {
    calculator::configure(cfg);
}
