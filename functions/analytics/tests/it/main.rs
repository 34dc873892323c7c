//! Analytics on real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod alerts;
mod collect_events;
mod dashboards;
mod erasure;
mod exactness;
mod experiments;
mod fixture;
mod function;
mod get_title_overview;
mod ingest;
mod money;
mod quality;
mod rankings;
mod refusals;
mod roll_up_day;
mod roll_up_hour;
mod simulation;
mod titles;

testkit::drift_tests!(analytics);
