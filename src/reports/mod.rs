//! Reports on dossiers: results of handling (II.06a), outcomes, and the counts that indicators are made of.
//! Every one of them is judged as of the end of a day, so that a report on the past does not change.

pub mod filter;
pub mod period;
mod routes;
mod store;
mod wire;

pub use routes::configure;
pub use store::{Chosen, Counts, Question, choose, counts};
