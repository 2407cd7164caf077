//! People, their roles and their sessions.

mod acts;
mod load;
pub mod passwords;
mod routes;
mod rules;
mod sessions;
mod store;
pub mod throttle;
mod wire;

pub use acts::{create_admin, create_demo_admin, demo_users_exist};
pub use load::Rows;
pub use routes::{configure, exported};
pub use sessions::watch_revocations;
