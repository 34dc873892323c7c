//! What starts a function besides HTTP.

/// What starts a function besides HTTP. A trigger grants consuming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// Event types; the function has a queue of its own, filled from `domain-events`.
    Events(Vec<String>),
    /// `rate(1 minute)` or `cron(…)`.
    Schedule(String),
    /// Objects created under a prefix.
    S3 {
        /// Logical name of the bucket.
        bucket: String,
        /// Key prefix, possibly empty.
        prefix: String,
    },
    /// Messages of a queue.
    Sqs {
        /// Logical name of the queue.
        queue: String,
        /// Most messages per invocation.
        batch: u32,
    },
    /// Records of a stream.
    Kinesis {
        /// Logical name of the stream.
        stream: String,
        /// Most records per invocation.
        batch: u32,
        /// Longest wait for a batch to fill, in seconds.
        window: u32,
    },
    /// Changes of a table.
    Dynamodb {
        /// Logical name of the table.
        table: String,
        /// Most records per invocation.
        batch: u32,
    },
}
