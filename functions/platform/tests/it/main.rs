//! The platform's operations on real engines.

mod function;
mod get_health;
mod isolation;
mod route_events;

testkit::drift_tests!(platform);
