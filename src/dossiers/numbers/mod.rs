//! Numbers of dossiers, `{agency}-{yymmdd}-{nnnn}`: allotted one by one at receipt, or held in blocks for a counter that
//! goes offline and brings them along later. Every number below the last is used, or its absence is explained.

mod acts;
mod routes;
mod rules;
mod store;
mod wire;

pub use acts::{allot, fault_of_brought};
pub use routes::{configure, exported_gaps, exported_reservations};
pub use rules::{Number, OpenBlocks, parse, pushes};
pub use store::open_blocks;
