//! The calculator of due dates: the clock for facts that are sent along, nothing stored. It belongs to the calendars in
//! the contract, and lies here because the clock does.

mod routes;
mod rules;
mod wire;

pub use routes::configure;
pub use wire::{ClockStep, ClockView};
