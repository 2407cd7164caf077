//! Everything over HTTP against a real PostgreSQL: one binary, one module for each act.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod calendar;
mod departments;
mod dossiers;
mod examples;
mod harness;
mod history;
mod identity;
mod kpis;
mod plans;
mod procedures;
mod reports;
mod tour;
