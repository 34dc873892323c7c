//! Playback on real engines.

mod bad_input;
mod calls;
mod erasure;
mod function;
mod hall;
mod heartbeat;
mod playlists;
mod positions;
mod projections;
mod relay;
mod slots;
mod start_session;

testkit::drift_tests!(streaming);
