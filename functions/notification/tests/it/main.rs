//! The operations of notification on real engines.

// The futures of whole histories lie deeper in each other than 128.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod campaigns;
mod crashes;
mod digest;
mod email_events;
mod episodes;
mod erasure;
mod function;
mod house;
mod inbox;
mod leaving;
mod preferences;
mod provider;
mod push;
mod route_events;
mod send_email;
mod ses;
mod templates;
mod unsubscribe;

testkit::drift_tests!(notification);
