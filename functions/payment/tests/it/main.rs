//! The operations of payment on real engines, with a bank that fails as it is told.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod bank;
mod changes;
mod erasure;
mod function;
mod holder;
mod ledger;
mod methods;
mod plans;
mod printed;
mod promos;
mod purchases;
mod reconciling;
mod refunds;
mod renewals;
mod sandbox;
mod simulation;
mod stage;
mod subscribing;
mod trials;
mod unknown;
mod webhooks;

testkit::drift_tests!(payment);
