//! A revision: open dossiers, counted with an edition of their calendar that is no longer the current one, are recomputed
//! with the current one. Nothing else moves a due date when a calendar changes, and closed dossiers never move.

mod acts;
mod routes;
mod rules;
mod store;
mod wire;

pub use routes::{configure, exported, exported_moves};
pub use store::{Moved, edition_at, moves_of};
