//! People, their roles and their sessions.

mod acts;
pub mod passwords;
mod routes;
mod rules;
mod sessions;
mod store;
pub mod throttle;
mod wire;

pub use acts::{create_admin, create_demo_admin, demo_users_exist};
pub use routes::configure;
pub use sessions::watch_revocations;
