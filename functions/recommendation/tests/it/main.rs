//! Recommendations on real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod bad_input;
mod erasure;
mod experiments;
mod fixture;
mod function;
mod hidden;
mod home;
mod lists;
mod models;
mod projection;
mod stores_down;

testkit::drift_tests!(recommendation);
