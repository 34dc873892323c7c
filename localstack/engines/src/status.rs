//! How one engine is.

use serde::Serialize;

/// What `cargo cinema status` says of an engine.
#[derive(Clone, Debug, Serialize)]
pub struct EngineStatus {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its process, while that runs.
    pub pid: Option<u32>,
    /// Where it listens.
    pub port: Option<u16>,
    /// Whether it answers.
    pub healthy: bool,
    /// Memory of it and of everything it started.
    pub rss_mib: u64,
}
