//! Playback on real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod active;
mod bad_input;
mod calls;
mod captions;
mod erasure;
mod fixture;
mod function;
mod heartbeat;
mod kick;
mod playlists;
mod positions;
mod projections;
mod relay;
mod slots;
mod start_session;
mod sweep;
mod visibility;

testkit::drift_tests!(streaming);
