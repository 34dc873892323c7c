//! What holds across services: their merged routers side by side on real engines.

// Consumers of two services lie in one future.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod caps;
mod household;
mod references;
