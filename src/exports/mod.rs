//! Exports: a list as a file, all of it, as of one moment. Each is a job; what it holds is exactly what the list shows to who asked for it.

mod file;
mod make;
mod routes;
mod sources;
mod wire;

pub use make::Export;
pub use routes::configure;
