//! Đúng Hẹn: the backend that a department keeps its promises with. `src/README.md` is the map.

// The row of a dossier is one long JSON object.
#![recursion_limit = "256"]

pub mod app;
pub mod audit;
pub mod auth;
pub mod briefing;
pub mod calendar;
pub mod cli;
pub mod client;
pub mod clients;
pub mod config;
pub mod criteria;
pub mod dashboard;
pub mod db;
pub mod departments;
pub mod documents;
pub mod dossiers;
pub mod duties;
pub mod error;
pub mod explanations;
pub mod exports;
pub mod http;
pub mod identity;
pub mod jobs;
pub mod kpi;
pub mod mail;
pub mod metrics;
pub mod obstacles;
pub mod openapi;
pub mod plans;
pub mod procedures;
pub mod quality;
pub mod reminders;
pub mod reports;
pub mod rule_sets;
pub mod surveys;
pub mod telemetry;
pub mod text;
pub mod upkeep;
pub mod vault;
