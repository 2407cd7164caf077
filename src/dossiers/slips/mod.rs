//! Slips: the papers that a dossier is handed over with, by the standard forms of the rule set it was accepted under. As
//! JSON, or as a page to print that needs nothing from elsewhere.

mod page;
mod routes;
mod rules;
mod store;
mod view;
mod wire;

pub use routes::configure;
