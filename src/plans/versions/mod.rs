//! The texts that a plan has had: each in full, what it changed, and what became of a task through them.

pub mod routes;
mod rules;
pub mod store;
pub mod wire;
