//! The service `user` on real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod answers;
mod continue_watching;
mod create_profile;
mod delete_profile;
mod erasure;
mod exports;
mod function;
mod history;
mod home;
mod imports;
mod library;
mod outbox;
mod project_accounts;
mod project_playback;
mod project_purchases;
mod project_sessions;
mod project_subscriptions;
mod project_titles;
mod ratings;
mod read;
mod update_account;
mod update_profile;
mod visibility;
mod watchlist;

testkit::drift_tests!(user);
