//! The seven engines: what each is made of, how it starts, and how one sees that it is well.

mod clickhouse;
mod executor;
mod issuer;
mod localstack;
mod opensearch;
pub(crate) mod postgres;
mod redis;
mod sandbox;

use std::time::Duration;

use anyhow::Result;
pub use issuer::with_local_provider;
use rustix::process::Signal;
pub use sandbox::{with_sandbox, with_stand_in};

use crate::endpoints::Endpoints;
use crate::home::Home;
use crate::packages::{Component, Installed};
use crate::passwords::Passwords;
use crate::probe;
use crate::process::{Launch, Process};
use crate::pulse;
use crate::setup::Setup;

/// One engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Engine {
    /// AWS.
    LocalStack,
    /// The database.
    Postgres,
    /// Limits and caches.
    Redis,
    /// Analytics.
    ClickHouse,
    /// Search.
    OpenSearch,
    /// Other people's sign-in.
    Issuer,
    /// Payments without money, and what stands in for other providers.
    Sandbox,
}

impl Engine {
    /// In the order in which they are listed.
    pub const ALL: [Self; 7] = [
        Self::LocalStack,
        Self::Postgres,
        Self::Redis,
        Self::ClickHouse,
        Self::OpenSearch,
        Self::Issuer,
        Self::Sandbox,
    ];

    /// Its name: in the state file, on the screen, in front of `.log`.
    pub fn name(self) -> &'static str {
        self.component().name()
    }

    /// Its version.
    pub fn version(self) -> &'static str {
        self.component().version()
    }

    /// What it is started from.
    pub(crate) fn build(self, installed: &Installed) -> String {
        let folder = installed.folder(self.component());
        let component = folder.file_name().unwrap_or_default().to_string_lossy();
        match self {
            Self::LocalStack => format!("{component}+{}", executor::build()),
            _ => component.into_owned(),
        }
    }

    pub(crate) fn component(self) -> Component {
        match self {
            Self::LocalStack => Component::LocalStack,
            Self::Postgres => Component::Postgres,
            Self::Redis => Component::Redis,
            Self::ClickHouse => Component::ClickHouse,
            Self::OpenSearch => Component::OpenSearch,
            Self::Issuer => Component::Issuer,
            Self::Sandbox => Component::Sandbox,
        }
    }

    pub(crate) fn components(self) -> &'static [Component] {
        match self {
            Self::LocalStack => {
                &[Component::Tools, Component::LocalStack, Component::Kinesis, Component::DynamoDb, Component::Ffmpeg]
            }
            Self::Postgres => &[Component::Postgres],
            Self::Redis => &[Component::Redis],
            Self::ClickHouse => &[Component::ClickHouse],
            Self::OpenSearch => &[Component::Tools, Component::OpenSearch],
            Self::Issuer => &[Component::Tools, Component::Issuer],
            Self::Sandbox => &[Component::Tools, Component::Sandbox],
        }
    }

    /// Not the engines' own ports: a developer's machine often runs those already.
    pub(crate) fn usual_port(self) -> u16 {
        match self {
            Self::LocalStack => 4566,
            Self::Postgres => 5442,
            Self::Redis => 6389,
            Self::ClickHouse => 8133,
            Self::OpenSearch => 9210,
            Self::Issuer => 9410,
            Self::Sandbox => 9420,
        }
    }

    pub(crate) async fn launch(self, setup: &Setup<'_>, port: u16) -> Result<Launch> {
        match self {
            Self::LocalStack => localstack::launch(setup, port),
            Self::Postgres => postgres::launch(setup, port).await,
            Self::Redis => redis::launch(setup, port),
            Self::ClickHouse => clickhouse::launch(setup, port),
            Self::OpenSearch => opensearch::launch(setup, port),
            Self::Issuer => issuer::launch(setup, port),
            Self::Sandbox => sandbox::launch(setup, port),
        }
    }

    /// Whether it does what it is there for.
    pub(crate) async fn works(self, home: &Home, port: u16) -> bool {
        match self {
            Self::LocalStack => pulse::beat(home, port).await.is_ok(),
            _ => match Passwords::of(home) {
                Ok(passwords) => self.answers(port, &passwords).await,
                Err(_) => false,
            },
        }
    }

    /// Whether it answers.
    pub(crate) async fn answers(self, port: u16, passwords: &Passwords) -> bool {
        match self {
            Self::LocalStack => matches!(probe::get(port, "/_localstack/health", &[]).await, Ok((200, _))),
            Self::Postgres => postgres::accepts(port).await,
            Self::Redis => probe::exchange(port, b"PING\r\n").await.is_ok_and(|answer| answer == b"+PONG\r\n"),
            Self::ClickHouse => {
                let password = [("X-ClickHouse-Key", passwords.clickhouse.as_str())];
                let answer = probe::get(port, "/?query=SELECT+1", &password).await;
                answer.is_ok_and(|answer| answer == (200, "1\n".into()))
            }
            Self::OpenSearch => {
                // Yellow: an index with replicas on a single node is as well as it can be.
                let path = "/_cluster/health?wait_for_status=yellow&timeout=2s";
                probe::get(port, path, &[]).await.is_ok_and(|(status, body)| status == 200 && !body.contains("\"red\""))
            }
            Self::Issuer => matches!(probe::get(port, issuer::DISCOVERY, &[]).await, Ok((200, _))),
            Self::Sandbox => matches!(probe::get(port, sandbox::HEALTH, &[]).await, Ok((200, _))),
        }
    }

    /// Ends it; what it keeps on disk is complete afterwards.
    pub(crate) async fn stop(self, process: &Process) -> std::io::Result<bool> {
        match self {
            // Fast shutdown: it waits for no client.
            Self::Postgres => process.stop_by(Signal::INT, Duration::from_secs(20)).await,
            // It ends its functions one after another; what matters was mirrored before.
            Self::LocalStack => process.stop(Duration::from_secs(5)).await,
            _ => process.stop(Duration::from_secs(15)).await,
        }
    }

    pub(crate) fn write_endpoint(self, port: u16, passwords: &Passwords, endpoints: &mut Endpoints) {
        match self {
            Self::LocalStack => endpoints.aws = format!("http://127.0.0.1:{port}"),
            Self::Postgres => {
                endpoints.postgres = format!("postgres://postgres:{}@127.0.0.1:{port}/postgres", passwords.postgres);
            }
            Self::Redis => endpoints.redis = format!("redis://127.0.0.1:{port}"),
            // Not in front of the host: not every client looks for them there.
            Self::ClickHouse => {
                let password = &passwords.clickhouse;
                endpoints.clickhouse = format!("http://127.0.0.1:{port}/?user=default&password={password}");
            }
            Self::OpenSearch => endpoints.opensearch = format!("http://127.0.0.1:{port}"),
            Self::Issuer => endpoints.issuer = format!("http://127.0.0.1:{port}"),
            Self::Sandbox => endpoints.sandbox = format!("http://127.0.0.1:{port}"),
        }
    }
}
