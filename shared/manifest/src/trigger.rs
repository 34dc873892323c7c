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

/// What a function is invoked with that does not answer HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// Events, from a queue or a stream.
    Events,
    /// Records of a stream, whatever is in them.
    Kinesis,
    /// Messages of a queue.
    Sqs,
    /// Changes of a table.
    Dynamodb,
    /// Objects of a bucket.
    S3,
    /// The tick of a clock, or of whoever invokes it by hand.
    Schedule,
}
