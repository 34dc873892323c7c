//! The platform's operations on real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod dead_letters;
mod function;
mod get_health;
mod isolation;
mod route_events;

testkit::drift_tests!(platform);
