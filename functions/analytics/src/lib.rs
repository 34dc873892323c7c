//! Views, watch time, quality and money: events in, exact figures out.
//!
//! `playback-events` is the only source of views; what players post themselves feeds quality metrics alone.

pub mod concurrency;
pub mod experiment;
pub mod forgotten;
pub mod hour;
pub mod interval;
mod moment;
pub mod money;
pub mod month;
pub mod objective;
pub mod operations;
pub mod overview;
pub mod own_year;
mod problems;
pub mod quality;
pub mod ranking;
pub mod retention;
pub mod revenue;
pub mod row;
pub mod royalties;
pub mod sample;
pub mod series;
mod share;
pub mod span;
mod store;
pub mod view;
pub mod week;
