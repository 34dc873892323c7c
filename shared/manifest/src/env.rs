//! Names of the environment variables that carry a function's configuration.

/// Connection URL of the service's own role and schema.
pub const POSTGRES_URL: &str = "POSTGRES_URL";
/// Connection URL of Redis.
pub const REDIS_URL: &str = "REDIS_URL";
/// Base URL of OpenSearch.
pub const OPENSEARCH_URL: &str = "OPENSEARCH_URL";
/// Base URL of ClickHouse (HTTP).
pub const CLICKHOUSE_URL: &str = "CLICKHOUSE_URL";
/// Sender address of outgoing mail.
pub const EMAIL_FROM: &str = "EMAIL_FROM";

/// Variable with the name of a bucket: `BUCKET_MEDIA`.
pub fn bucket(name: &str) -> String {
    variable("BUCKET", name)
}

/// Variable with the name of a table: `TABLE_ASSETS`.
pub fn table(name: &str) -> String {
    variable("TABLE", name)
}

/// Variable with the URL of a queue: `QUEUE_MEDIA_CHUNKS`.
pub fn queue(name: &str) -> String {
    variable("QUEUE", name)
}

/// Variable with the name of a stream: `STREAM_DOMAIN_EVENTS`.
pub fn stream(name: &str) -> String {
    variable("STREAM", name)
}

/// Variable with the id of a secret: `SECRET_SIGNING_KEYS`.
pub fn secret(name: &str) -> String {
    variable("SECRET", name)
}

fn variable(kind: &str, name: &str) -> String {
    let name = name.to_ascii_uppercase().replace('-', "_");
    format!("{kind}_{name}")
}
