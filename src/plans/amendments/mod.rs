//! A plan is amended by a later document: a new version of its text, in which each task keeps its lineage.

pub mod acts;
pub mod routes;
pub mod rules;
pub mod wire;
