//! The local platform behind `cargo cinema`.

#![warn(clippy::print_stdout, reason = "`output::line` lets `… | head` end a command quietly")]

mod accounts;
mod asyncapi;
mod cargo;
mod client;
mod commands;
mod cost;
pub mod figures;
mod films;
mod generate;
mod made_up;
mod names;
mod openapi;
mod output;
mod part;
mod plans;
mod platform;
mod repository;
mod scratch;
mod shipped;
mod soak;
mod studio;
mod variables;
mod viewers;
mod web;

pub use accounts::grant_plan;
pub use client::Cinema;
pub use commands::main;
pub use repository::root;
pub use studio::{film as upload_film, open as open_upload, publish};
