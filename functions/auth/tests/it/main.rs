//! The operations of auth on real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod browser;
mod brute_force;
mod ceiling;
mod change_email;
mod change_password;
mod erasure;
mod forgot_password;
mod function;
mod issuer;
mod keys;
mod known_devices;
mod leaked;
mod links;
mod log_in;
mod log_out;
mod matrix;
mod mfa;
mod new_sign_in;
mod oauth;
mod oracle;
mod outbox;
mod projection;
mod provider_endpoints;
mod provider_proof;
mod purge;
mod refresh;
mod refresh_model;
mod register;
mod reset_password;
mod security_events;
mod sessions;
mod sign_in_failed;
mod staff;
mod stage;
mod step_up;
mod switch_profile;
mod tokens;
mod verify_email;

testkit::drift_tests!(auth);
