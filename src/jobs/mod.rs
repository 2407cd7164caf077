//! Work that outlives the request which asked for it. A job is a row in the database; one server at a time holds it by a lease that it
//! must keep renewing, and whoever finds the lease run out goes on from the last checkpoint. What a job does is known by the slice it
//! belongs to: jobs know no slice.

mod acts;
mod board;
mod errors;
mod intake;
mod model;
mod pack;
mod routes;
mod run;
mod runner;
mod store;
mod together;
mod wire;

pub use acts::ask;
pub use board::Board;
pub use intake::{Intake, take_in, wanted};
pub use model::{Job, Kind, Mark, Outcome, Params, State};
pub use routes::configure;
pub use run::{Halt, RawRows, Run, Work};
pub use runner::run;
pub use store::{
    EXPIRED_INTAKES, FINISHED_JOBS, Lease, Row, add_export_piece, checkpoint, checkpoint_on, end_export, export_piece, find, finish,
    finish_on, start_export,
};
pub use together::{Loads, Together};
pub use wire::{JobView, retry_after};
