//! Playback: who may watch what, on how many screens at once, and where they stopped.
//!
//! The hot path reads and writes one DynamoDB table and nothing else. A stream slot is a lease with a fencing token; the lease and the session
//! that holds it change in one transaction, so a live session always has a slot and a slot always has a live session.

mod copy;
mod device;
mod film;
pub mod grant;
pub mod lease;
pub mod master;
mod millis;
pub mod operations;
mod page;
mod pass;
pub mod playlist;
pub mod position;
pub mod rendition;
pub mod report;
mod seconds;
mod secret;
pub mod session;
mod signer;
mod start;
mod store;
pub mod title;
