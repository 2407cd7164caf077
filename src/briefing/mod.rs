//! The monthly briefing (họp giao ban): everything that the director and the heads look at together, put together from the figures,
//! tasks, dossiers, explanations, obstacles and duties of a month; as JSON, as a workbook, and as a page to print. What is decided
//! there is recorded against an item of the briefing and becomes a task.

mod acts;
mod book;
mod compose;
mod items;
mod model;
mod page;
mod routes;
mod rules;
mod store;
mod view;
mod wire;

pub use routes::{configure, exported};
