//! The local platform behind `cargo cinema`.

mod accounts;
mod cargo;
mod client;
mod commands;
mod films;
mod generate;
mod platform;
mod repository;
mod scratch;
mod shipped;
mod studio;
mod variables;
mod web;

pub use accounts::grant_plan;
pub use client::Cinema;
pub use commands::main;
pub use repository::root;
pub use studio::{film as upload_film, publish};
