//! Rule sets: the law that held from one day to another, as data: legal texts, the numbers and titles of the standard
//! forms, the grounds of acts. A dossier keeps the set of the day it was accepted, whatever becomes of validities later.

mod acts;
mod model;
mod routes;
mod rules;
mod store;
mod wire;

pub use model::{FormKind, GroundedAct, PageSize, Validities, Validity};
pub use routes::{configure, exported};
pub use store::{EXPANDED, find, on, validities};
pub use wire::{RuleSetForm, RuleSetView};
