//! Personal data of applicants: sealed numbers, and the purge of all that names a person once a dossier is old enough.

mod numbers;
mod purge;
mod routes;

pub use numbers::{IdentityNo, Numbers, PhoneNo};
pub use purge::keep_house;
pub use routes::configure;
