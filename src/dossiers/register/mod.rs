//! The register: every dossier accepted in a period, in order of acceptance, with what became of it. JSON in pages; CSV and
//! XLSX whole, read page by page so that memory does not grow with the period.

mod files;
mod routes;
mod sheet;
mod store;
mod wire;

pub use routes::{configure, exported};
