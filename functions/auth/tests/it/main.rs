//! The operations of auth on real engines.

mod function;
mod keys;
mod log_in;
mod log_out;
mod matrix;
mod outbox;
mod projection;
mod refresh;
mod register;
mod stage;
mod switch_profile;
mod verify_email;

testkit::drift_tests!(auth);
