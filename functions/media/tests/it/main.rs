//! Integration tests of the media service.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod bad_sources;
mod captions;
mod crashes;
mod erasure;
mod function;
mod ingest;
mod pipeline;
mod planted;
mod recipe;
mod recipe_bad;
mod recipe_changes;
mod recipe_sources;
mod relay;
mod retries;
mod studio;
mod titles;
mod uploads;
mod workers;

testkit::drift_tests!(media);
