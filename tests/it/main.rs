//! Everything over HTTP against a real PostgreSQL: one binary, one module for each act.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod access;
mod bad_acts;
mod bad_input;
mod calendar;
mod contract;
mod demo;
mod departments;
mod dossiers;
mod examples;
mod harness;
mod history;
mod house;
mod identity;
mod kpis;
mod life;
mod load_command;
mod model;
mod personal;
mod plans;
mod procedures;
mod reports;
mod schema;
mod tour;
mod work_list;
