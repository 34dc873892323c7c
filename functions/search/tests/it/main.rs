//! Search on real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod answers;
mod degraded;
mod function;
mod index_title;
mod library;
mod titles;
mod visibility;

testkit::drift_tests!(search);
