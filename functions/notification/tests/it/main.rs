//! The operations of notification on real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod function;
mod send_email;
mod ses;

testkit::drift_tests!(notification);
