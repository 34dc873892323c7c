//! Thin constructors and handles for the engines; each handle knows one bucket, table, queue, stream or secret.
//!
//! Every constructor is lazy: building one does no I/O, so an engine that is down never keeps a function from starting.

pub mod aws;
pub mod bucket;
pub mod clickhouse;
pub mod dead_letter_queues;
pub mod fetch;
pub mod mailer;
pub mod opensearch;
pub mod postgres;
pub mod queue;
pub mod redis;
pub mod secret;
pub mod stream;
pub mod table;
mod this_machine;
pub use telemetry::trace;

pub use aws::Aws;
pub use bucket::Bucket;
pub use dead_letter_queues::DeadLetterQueues;
pub use fetch::{Fetch, NoAnswer};
pub use mailer::{MailError, Mailer};
pub use queue::Queue;
pub use redis::Redis;
pub use secret::SecretHandle;
pub use stream::Stream;
pub use table::Table;
pub use this_machine::is_on_this_machine;

pub use ::clickhouse::Client as ClickHouse;
pub use ::opensearch::OpenSearch;
pub use aws_sdk_dynamodb;
pub use aws_sdk_s3;
pub use sqlx::PgPool;

/// An engine did not do what was asked of it; for the log, never for a client.
#[derive(Debug, thiserror::Error)]
#[error("{engine}: {detail}")]
pub struct StoreError {
    /// The engine, as in the yaml's `uses`.
    pub engine: &'static str,
    /// What happened, with the chain of causes.
    pub detail: String,
}

impl StoreError {
    /// Wraps an engine's error with its chain of causes.
    pub fn new(engine: &'static str, error: impl std::error::Error) -> Self {
        let mut detail = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            detail = format!("{detail}: {error}");
            cause = error.source();
        }
        Self { engine, detail }
    }
}
