//! The local platform behind `cargo cinema`.

pub mod engines;
pub mod fetch;
pub mod process;
pub mod progress;
pub mod deploy;
pub mod generate;
pub mod migrate;
pub mod pack;
pub mod settings;
pub mod stack;
pub mod commands;
pub mod edge;
pub mod platform;
pub mod api;
#[cfg(test)]
mod architecture;
pub mod web;
pub mod films;
