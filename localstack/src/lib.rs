//! The local platform behind `cargo cinema`.

pub mod api;
#[cfg(test)]
mod architecture;
pub mod cargo;
pub mod commands;
pub mod deploy;
pub mod edge;
pub mod engines;
pub mod fetch;
pub mod films;
pub mod generate;
pub mod migrate;
pub mod pack;
pub mod platform;
#[cfg(test)]
mod privacy;
pub mod process;
pub mod progress;
pub mod settings;
pub mod stack;
pub mod web;
