//! What tests share: real engines, a service wired in process, tokens, the Runtime API for shipped binaries, and the checks that hold
//! manifest, code and documents together.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

pub mod access;
pub mod contract;
mod costs;
mod cpu;
mod databases;
pub mod document;
pub mod drift;
pub mod engines;
pub mod films;
pub mod gateway;
mod golden;
pub mod hls;
pub mod http;
pub mod lambda;
mod programs;
pub mod records;
mod redacted;
mod resources;
pub mod service;
pub mod titles;
pub mod token;
pub mod watch;

pub use costs::Costs;
pub use cpu::cpu;
pub use engines::Engines;
pub use golden::{golden, golden_anew};
pub use http::{Answer, App};
pub use lambda::Function;
pub use programs::Programs;
pub use redacted::Redacted;
pub use service::Service;
pub use token::Token;

use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}
