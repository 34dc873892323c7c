//! Playback: who may watch what, on how many screens at once, and where they stopped.
//!
//! The hot path reads and writes one DynamoDB table and nothing else. A stream slot is a lease with a fencing token; the lease and the session
//! that holds it change in one transaction, so a live session always has a slot and a slot always has a live session.

mod active;
mod admission;
pub mod captions;
mod copy;
mod device;
pub mod grant;
pub mod lease;
pub mod master;
mod millis;
pub mod operations;
pub mod playlist;
mod playlist_cache;
pub mod position;
mod problems;
pub mod rendition;
mod seconds;
pub mod session;
pub mod session_event;
mod start;
mod store;
pub mod title;
