//! The catalogue's operations on real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod answers;
mod artwork;
mod attach_asset;
mod bad_input;
mod create_title;
mod delete_title;
mod erasure;
mod function;
mod list_admin_titles;
mod list_titles;
mod outbox;
mod publish_title;
mod read_title;
mod studio;
mod update_title;
mod visibility;

testkit::drift_tests!(catalog);
