//! The laws of the repository, run in the ring `unit`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod architecture;
mod contracts;
mod documents;
mod drift;
mod faults;
mod imports;
mod observability;
mod one_build;
mod page;
mod privacy;
mod schema;
mod terraform;
