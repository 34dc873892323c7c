//! The engines that `cargo cinema test` has started.

use std::path::PathBuf;

/// Where the engines of this test run answer.
#[derive(Debug, Clone)]
pub struct Engines {
    /// Superuser, database `postgres`.
    pub postgres: String,
    /// Redis.
    pub redis: String,
    /// The AWS emulator.
    pub aws: String,
    /// OpenSearch.
    pub opensearch: String,
    /// ClickHouse.
    pub clickhouse: String,
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests with `cargo cinema test`"))
}

impl Engines {
    /// From the environment; a missing engine fails the test, nothing is skipped.
    pub fn from_env() -> Self {
        Self {
            postgres: variable("CINEMA_TEST_POSTGRES_URL"),
            redis: variable("CINEMA_TEST_REDIS_URL"),
            aws: variable("CINEMA_TEST_AWS_URL"),
            opensearch: variable("CINEMA_TEST_OPENSEARCH_URL"),
            clickhouse: variable("CINEMA_TEST_CLICKHOUSE_URL"),
        }
    }
}

/// The OpenID Connect issuer with its client `cinema`; see `localstack/engines/programs/issuer.mjs`.
pub fn issuer() -> String {
    variable("CINEMA_TEST_ISSUER_URL")
}

/// Node, which runs `localstack/engines/programs/sandbox.mjs`.
pub fn node() -> PathBuf {
    variable("CINEMA_TEST_NODE").into()
}

/// The folder with `ffmpeg` and `ffprobe`.
pub fn ffmpeg() -> PathBuf {
    variable("CINEMA_TEST_FFMPEG_DIR").into()
}
