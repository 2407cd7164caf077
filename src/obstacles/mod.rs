//! Obstacles (vướng mắc): a department raises what keeps it from its work; the office answers or puts it to the director, who
//! decides; then it is closed. What was done is kept step by step.

mod acts;
mod model;
mod routes;
mod rules;
mod store;
mod wire;

pub use acts::decide;
pub use model::{ObstacleRuling, ObstacleState};
pub use routes::{configure, exported};
pub use store::{Awaiting, Filter, awaiting_decision, list};
pub use wire::{ObstacleAbout, ObstacleSummary};
