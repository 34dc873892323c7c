//! Integration tests of the media service.

mod bad_sources;
mod crashes;
mod erasure;
mod function;
mod ingest;
mod pipeline;
mod recipe;
mod recipe_bad;
mod recipe_sources;
mod relay;
mod studio;
mod uploads;

testkit::drift_tests!(media);
