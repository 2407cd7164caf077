//! The national quality index of handling procedures (Decision 766/QĐ-TTg): six groups of components, computed from dossiers and
//! procedures as far as they tell. Points and thresholds are data; what cannot be computed says which data are missing.

mod index;
mod routes;
mod rules;
mod scheme;
mod wire;

pub use routes::configure;
