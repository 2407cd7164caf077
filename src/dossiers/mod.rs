//! Dossiers: what a citizen or enterprise files at the one-stop counter, and how the office ends it well: on time, late
//! only with an apology and a new date, supplemented by notice, refused in writing with the reason.
//!
//! `model` holds what is known of one ([`model::Facts`]); `clock` and `rules` derive everything else from it, purely;
//! `deeds` decides acts; `history` takes in rows of other systems; `store` keeps it all.

mod acts;
pub mod calculator;
pub mod clock;
mod deeds;
mod findings;
mod history;
mod ledger;
mod model;
mod numbers;
mod personal;
mod register;
mod revision;
mod routes;
mod rules;
mod slips;
mod store;
mod timeline;
mod view;
mod wire;
mod work;

pub use history::HistoryLoad;
pub use history::HistoryRow;
pub use model::Finding;
pub use numbers::{exported_gaps, exported_reservations};
pub use personal::keep_house as purge_personal_data;
pub use register::exported as exported_register;
pub use revision::{exported as exported_revisions, exported_moves};
pub use routes::{configure, exported};
pub use work::exported as exported_work;

/// The statements that the two most frequent reads run, with their values written in: what a benchmark holds the server
/// against.
pub fn read_statements(dossiers: &[uuid::Uuid], department: &str, today: chrono::NaiveDate) -> (Vec<String>, String) {
    use crate::auth::Reach;
    let details = dossiers.iter().map(|id| store::find_statement(&crate::http::values::Key::Id(*id), &Reach::All).to_string()).collect();
    let filter = store::Filter { departments: vec![department.to_owned()], ..store::Filter::default() };
    (details, store::list_statement(&Reach::All, &filter, None, 50, today).to_string())
}
