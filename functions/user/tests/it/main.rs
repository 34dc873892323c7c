//! The service `user` on real engines.

mod create_profile;
mod function;
mod home;
mod outbox;
mod project_accounts;
mod project_subscriptions;
mod read;

testkit::drift_tests!(user);
