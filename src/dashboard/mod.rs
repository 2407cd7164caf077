//! The dashboard: everything that a landing page shows of a period in one answer, as of one moment, and that page itself. It counts
//! nothing of its own but what waits for someone: every figure is that of the indicators and reports, and leads to what it is made of.

mod contents;
mod links;
mod page;
mod routes;
mod rules;
mod store;
mod wire;

pub use page::serve as page;
pub use routes::configure;
