//! Analytics on real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod collect_events;
mod erasure;
mod exactness;
mod fixture;
mod function;
mod get_title_overview;
mod ingest;
mod roll_up_hour;

testkit::drift_tests!(analytics);
