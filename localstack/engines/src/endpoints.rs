//! Where the engines answer: all that their users know of them.

use serde::{Deserialize, Serialize};

/// One address per engine; an engine that was not asked for has an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// LocalStack: `http://127.0.0.1:4566`.
    pub aws: String,
    /// Postgres, as superuser: `postgres://postgres:<password>@127.0.0.1:5442/postgres`.
    pub postgres: String,
    /// `redis://127.0.0.1:6389`.
    pub redis: String,
    /// ClickHouse's HTTP protocol, with user and password as parameters.
    pub clickhouse: String,
    /// OpenSearch.
    pub opensearch: String,
    /// An OpenID Connect issuer.
    #[serde(default)]
    pub issuer: String,
    /// A payment provider without money.
    #[serde(default)]
    pub sandbox: String,
}
