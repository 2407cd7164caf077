//! Reporting duties (chế độ báo cáo): who reports what to whom and when. From a duty follow its reports, one a period, with the day
//! for the departments and the day for the outside; departments hand in their parts, the office puts them together, and
//! that it was sent is proven. Where a report stands follows from what was done and from today.

mod acts;
mod model;
mod occurrences;
mod routes;
mod rules;
mod store;
mod wire;

pub use model::DutyState;
pub use occurrences::{Window, due};
pub use routes::{configure, exported, exported_hand_ins, exported_occurrences};
pub use wire::DutyOccurrenceSummary;
