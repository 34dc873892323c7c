//! Views, watch time and quality: player events in, exact figures out.
//!
//! `playback-events` is the only source of views; what players post themselves feeds quality metrics alone.

pub mod forgotten;
pub mod hour;
pub mod operations;
pub mod overview;
pub mod row;
pub mod sample;
mod store;
pub mod view;
