//! ClickHouse over HTTP.

use clickhouse::Client;
use transport::query_value;

/// A lazy client of one database.
pub fn client(url: &str, database: &str) -> Client {
    let client = Client::default().with_url(url).with_database(database);
    // It forgets the query of its URL.
    match (query_value(url, "user"), query_value(url, "password")) {
        (Some(user), Some(password)) => client.with_user(user).with_password(password),
        _ => client,
    }
}

impl From<clickhouse::error::Error> for crate::StoreError {
    fn from(error: clickhouse::error::Error) -> Self {
        Self::new("clickhouse", error)
    }
}
