//! Rows of history: what a one-stop system or a script sends, one object a dossier. They stream in, are decided by the
//! same rules as acts, staged by COPY and merged set by set, in constant memory and one transaction.

mod changes;
mod decide;
mod existing;
mod job;
mod load;
mod row;
mod stage;

pub use job::HistoryLoad;
pub use load::{Load, Loaded, Outcome, Piece, load};
pub use row::HistoryRow;
