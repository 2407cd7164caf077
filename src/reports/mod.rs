//! Reports on dossiers: results of handling (II.06a), outcomes, causes of delay, handling times, findings, and the counts that
//! indicators are made of. Every one of them is judged as of the end of a day, so that a report on the past does not
//! change, but for handling times, which are counted by the calendars as they are; one that was sent is frozen, and a later
//! difference is shown.

mod acts;
mod figures;
pub mod filter;
pub mod period;
mod routes;
mod rules;
mod store;
mod wire;

pub use figures::{Asked, Report, make, results_statement};
pub use routes::configure;
pub use store::{
    Caused, Chosen, Counts, DailyFinish, DocumentCounts, Found, LateDossier, Question, choose, counts, document_counts, findings,
    finished_daily, late_dossiers, reasons,
};
pub use wire::{Cause, CauseCounts, DaysTaken, OutcomeCounts, TimesTaken};
