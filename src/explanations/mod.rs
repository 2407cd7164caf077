//! Explanations (giải trình): for every figure that was not reached, every late task, the late dossiers and the findings of a
//! period, a department owes a cause and a remedy. Who owes what follows from what is there; what was explained stays, even
//! when the figure changes later. One explanation may cover several things.

mod acts;
mod model;
mod owed;
mod routes;
mod rules;
mod store;
mod wire;

pub use model::{ExplanationState, ExplanationSubjectKind, OwedState};
pub use owed::{due_on, owed};
pub use routes::{configure, exported};
pub use store::{Filter, list};
pub use wire::{ExplanationSummary, OwedItem};
