//! What tests share: real engines, a service wired in process, tokens, the Runtime API for shipped binaries, and the checks that hold
//! manifest, code and documents together.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

pub mod access;
pub mod contract;
pub mod document;
pub mod drift;
pub mod engines;
pub mod gateway;
pub mod http;
pub mod lambda;
mod redacted;
mod resources;
pub mod service;
pub mod titles;
pub mod token;

pub use engines::Engines;
pub use http::{Answer, App};
pub use lambda::Function;
pub use redacted::Redacted;
pub use service::Service;
pub use token::Token;

use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// A golden trigger payload from `events/<name>.json`.
pub fn golden(name: &str) -> serde_json::Value {
    let file = root().join("events").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
