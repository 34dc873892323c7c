//! The operations of notification on real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod function;
mod post_office;
mod send_email;

testkit::drift_tests!(notification);
