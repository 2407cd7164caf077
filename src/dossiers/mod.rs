//! Dossiers: what a citizen or enterprise files at the one-stop counter, and how the office ends it well: on time, late
//! only with an apology and a new date, supplemented by notice, refused in writing with the reason.
//!
//! `model` holds what is known of one ([`model::Facts`]); `clock` and `rules` derive everything else from it, purely;
//! `deeds` decides acts; `history` takes in rows of other systems; `store` keeps it all.

mod acts;
pub mod calculator;
pub mod clock;
mod deeds;
mod history;
mod model;
mod routes;
mod rules;
mod store;
mod view;
mod wire;

pub use history::HistoryRow;
pub use routes::configure;
