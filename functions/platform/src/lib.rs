//! What belongs to no single service: the health of the platform and the way of events to their consumers.

pub mod operations;
pub mod routes;
