//! The work list: what has to be done about open dossiers, the most urgent first.

mod routes;
mod todo;
mod wire;

pub use routes::{configure, exported};
pub use todo::Todo;
