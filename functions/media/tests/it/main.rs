//! Integration tests of the media service.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod bad_sources;
mod crashes;
mod erasure;
mod function;
mod ingest;
mod pipeline;
mod recipe;
mod recipe_bad;
mod recipe_changes;
mod recipe_sources;
mod relay;
mod studio;
mod uploads;

testkit::drift_tests!(media);
