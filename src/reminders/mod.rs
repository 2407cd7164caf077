//! What each person is to be reminded of: computed from what is there on the day of asking, never clicked away. The inbox shows it at
//! any time; a digest of it goes out by e-mail on the morning of each working day.

mod digest;
mod inbox;
mod model;
mod post;
mod routes;
mod store;
mod wire;

pub use inbox::last_month;
pub use post::{post_digests, run};
pub use routes::configure;
