//! What indicators have to reach: targets by authority, department, field, procedure and period, and how a figure stands against them.

pub mod acts;
pub mod routes;
pub mod rules;
pub mod store;
pub mod wire;
