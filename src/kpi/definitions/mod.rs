//! What an indicator is: formula or expression, unit, scope, periods, and from when to when that holds.
//!
//! What is counted for a period follows from the definition in force on its last day: `store::histories` reads all of them at once,
//! `rules::in_force` picks; `rules::has_figures` and `rules::narrowed` say whether it has figures for such a period and place at all.

pub mod acts;
pub mod routes;
pub mod rules;
pub mod store;
pub mod wire;
