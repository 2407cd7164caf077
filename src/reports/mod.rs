//! Reports on dossiers: results of handling (II.06a), outcomes, causes of delay, handling times, findings, and the counts that
//! indicators are made of. Every one of them is judged as of the end of a day, so that a report on the past does not
//! change, but for handling times, which are counted by the calendars as they are; one that was sent is frozen, and a later
//! difference is shown.

mod acts;
mod census;
mod figures;
pub mod filter;
pub mod period;
mod routes;
mod rules;
mod store;
pub mod wanted;
mod wire;

pub use census::{Census, Verdict};
pub use figures::{Asked, Report, make, results_statement};
pub use routes::{configure, exported_snapshots};
pub use store::{
    Caused, Chosen, Counted, Counts, DailyFinish, DocumentBehind, DocumentCounts, DossierBehind, Found, LateDossier, Named, QualityCounts,
    QualityServices, Question, Sent, census, choose, counts, document_counts, document_counts_over, documents_behind, dossiers_behind,
    findings, finished_daily, late_dossiers, quality_counts, quality_services, reasons,
};
pub use wire::{Cause, CauseCounts, DaysTaken, FindingReport, HandlingCounts, OutcomeCounts, Outcomes, TimesTaken};
