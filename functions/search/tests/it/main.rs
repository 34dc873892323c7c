//! Search on real engines.

mod degraded;
mod function;
mod index_title;
mod library;
mod titles;
mod visibility;

testkit::drift_tests!(search);
