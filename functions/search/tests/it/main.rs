//! Search on real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod answers;
mod clicks;
mod degraded;
mod function;
mod golden;
mod index_title;
mod library;
mod reindex;
mod sort;
mod suggest;
mod synonyms;
mod titles;
mod visibility;

testkit::drift_tests!(search);
