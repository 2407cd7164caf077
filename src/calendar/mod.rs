//! Working days: calendars as data, and pure counting over them.
//! The base calendar `vn` holds for everyone; the calendar of a department is laid over it and holds for that
//! department and for all below it that have none of their own. Every change makes a version, and every version stays
//! readable: what was counted with one goes on being counted with it.

mod acts;
mod layers;
pub mod model;
mod routes;
pub mod rules;
mod store;
mod wire;

pub use layers::Calendars;
pub use model::{Calendar, CalendarMissing, Day, DayKind, Edition, OffHoursReceipt, OfficeHours};
pub use routes::{configure, exported, exported_days};
pub use rules::{Change, differences, is_working, vn_date, vn_local, vn_offset};
pub use store::{EXPANDED, Subject, held, load, load_all, load_edition, lock, subject};
pub use wire::{AsOf, TimeOfDay};
