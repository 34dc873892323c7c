//! The operations of notification on real engines.

mod function;
mod post_office;
mod send_email;

testkit::drift_tests!(notification);
