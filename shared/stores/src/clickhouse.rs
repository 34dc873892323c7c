//! ClickHouse over HTTP.

use clickhouse::Client;

/// A lazy client of one database.
pub fn client(url: &str, database: &str) -> Client {
    Client::default().with_url(url).with_database(database)
}

impl From<clickhouse::error::Error> for crate::StoreError {
    fn from(error: clickhouse::error::Error) -> Self {
        Self::new("clickhouse", error)
    }
}
