//! Puts a cinema's functions and resources behind an AWS endpoint, with plain API calls and only where something changed.

mod api;
mod buckets;
mod clients;
mod deployment;
mod environment;
mod functions;
mod layers;
mod mail;
mod mappings;
mod migrate;
mod notifications;
pub mod pack;
mod queues;
mod rules;
mod secrets;
mod settings;
mod streams;
mod tables;
mod target;
mod together;
mod wait;

pub use deployment::{Deployed, deploy, deploy_plan};
pub use environment::of_all as environment_of_all;
pub use migrate::{Migrated, migrate};
pub use secrets::generated as generated_secret;
pub use settings::Settings;
pub use target::{DATABASE, Target};
