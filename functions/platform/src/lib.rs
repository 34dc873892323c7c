//! What belongs to no single service: the health of the platform, the way of events to their consumers, and the way back of dead letters.

pub mod dead_letters;
pub mod operations;
pub mod routes;
mod view;
