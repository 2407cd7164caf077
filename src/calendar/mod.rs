//! Working days: calendars as data, and pure counting over them.
//! The base calendar `vn` holds for everyone; the calendar of a department is laid over it and holds for that
//! department and for all below it that have none of their own.

mod layers;
pub mod model;
mod routes;
pub mod rules;
mod store;
mod wire;

pub use layers::Calendars;
pub use model::{Calendar, CalendarMissing, Day, DayKind, OffHoursReceipt, OfficeHours};
pub use routes::configure;
pub use rules::{is_working, vn_date, vn_local, vn_offset};
pub use store::{load, load_all};
pub use wire::{AsOf, TimeOfDay};
