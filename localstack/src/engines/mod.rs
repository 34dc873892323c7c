//! The engines a cinema runs on: LocalStack, Postgres, Redis, ClickHouse, OpenSearch and an OpenID Connect issuer, as
//! processes of this machine or, with `--engines docker`, as containers. Whoever uses them sees only [`Endpoints`].

mod aws;
pub mod buckets;
mod clickhouse;
pub mod docker;
mod doctor;
mod engine;
mod executor;
mod home;
mod issuer;
mod localstack;
mod mirror;
mod opensearch;
mod port;
mod postgres;
mod probe;
mod redis;
pub mod secrets;
mod stack;
mod state;

pub use doctor::{Finding, Severity, doctor};
pub use engine::Engine;
pub use home::Home;
pub use issuer::with_local_provider;
pub use mirror::{Mirrored, Restored, mirror, restore};
pub use probe::get as http_get;
pub use stack::{EngineStatus, Engines, Mode, Options};
pub use state::{Daemon, State};

use serde::{Deserialize, Serialize};

/// Where the engines answer; an engine that was not asked for has an empty address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// LocalStack: `http://127.0.0.1:4566`.
    pub aws: String,
    /// Postgres, as superuser: `postgres://postgres@127.0.0.1:5442/postgres`.
    pub postgres: String,
    /// `redis://127.0.0.1:6389`.
    pub redis: String,
    /// ClickHouse's HTTP protocol.
    pub clickhouse: String,
    /// OpenSearch.
    pub opensearch: String,
    /// An OpenID Connect issuer.
    #[serde(default)]
    pub issuer: String,
}

impl Endpoints {
    /// Of a stack that was started; `None` when it was not.
    pub fn of(state: &State) -> Option<Self> {
        if state.docker {
            return Some(docker::from_here());
        }
        let mut endpoints = Self::default();
        for engine in Engine::ALL {
            let daemon = state.daemons.get(engine.name()).filter(|daemon| daemon.process.is_alive())?;
            engine.write_endpoint(daemon.port, &mut endpoints);
        }
        Some(endpoints)
    }
}
