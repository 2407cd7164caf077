//! Obstacles (vướng mắc): a department raises what keeps it from its work; the office answers or puts it to the director, who
//! decides; then it is closed. What was done is kept step by step.

mod acts;
mod model;
mod routes;
mod rules;
mod store;
mod wire;

pub use model::ObstacleState;
pub use routes::{configure, exported};
pub use store::{Filter, list};
pub use wire::ObstacleSummary;
