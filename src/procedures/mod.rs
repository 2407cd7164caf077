//! Administrative procedures: what is promised to whoever files a dossier, and by which department.
//! A dossier keeps the terms it was accepted with; a change here touches the dossiers to come only.

mod acts;
mod model;
mod routes;
mod rules;
mod store;
mod wire;

pub use model::{
    DEFAULT_SAME_DAY_CUTOFF, Limit, LimitOutOfRange, LimitUnit, MAX_LIMIT_DAYS, MAX_LIMIT_HOURS, OnlineLevel, SupplementPolicy,
};
pub use routes::configure;
pub use store::{EXPANDED, Known, find, known, known_by_codes};
pub use wire::{Component, NewProcedure};
