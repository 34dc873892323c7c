//! Analytics on real engines.

mod collect_events;
mod erasure;
mod exactness;
mod function;
mod get_title_overview;
mod ingest;
mod lab;
mod roll_up_hour;

testkit::drift_tests!(analytics);
