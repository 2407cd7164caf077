//! Machine clients: other systems that load and read with a secret of their own, as far as their scopes and departments go.
//! They hold the role `integration` and nothing else.

mod acts;
mod routes;
mod rules;
mod store;
mod token;
mod wire;

pub use routes::{configure, exported};
