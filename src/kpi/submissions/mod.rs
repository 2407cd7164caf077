//! Submissions (nộp số liệu): the figures of a department for a period are submitted by its head, approved or returned by the office or the
//! director, and locked. From its submission on a figure changes by a correction only, which stays on record. What was approved stays
//! readable, and a later difference is shown.

mod acts;
mod figures;
mod model;
mod routes;
mod rules;
mod store;
mod wire;

pub use routes::{configure, exported};
