//! The catalogue's operations on real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod answers;
mod artwork;
mod artwork_uploads;
mod attach_asset;
mod audit;
mod availability;
mod bad_input;
mod collation;
mod collections;
mod create_title;
mod delete_title;
mod episodes;
mod erasure;
mod function;
mod genres;
mod imported_seasons;
mod imports;
mod leaving;
mod library;
mod list_admin_titles;
mod list_titles;
mod outbox;
mod persons;
mod publish_title;
mod read_title;
mod stand_in;
mod studio;
mod update_title;
mod visibility;
mod withdraw_title;

testkit::drift_tests!(catalog);
