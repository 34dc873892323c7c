//! What functions share: `functions/resources.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Every shared resource by its logical name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resources {
    /// S3 buckets.
    pub buckets: BTreeMap<String, Bucket>,
    /// SQS queues with a consumer; the queues of `events` consumers are not listed.
    pub queues: BTreeMap<String, Queue>,
    /// Kinesis streams.
    pub streams: BTreeMap<String, Stream>,
    /// DynamoDB tables.
    pub tables: BTreeMap<String, Table>,
    /// Secrets Manager secrets.
    pub secrets: BTreeMap<String, Secret>,
}

/// An S3 bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bucket {
    /// Keeps old versions of objects.
    pub versioned: bool,
    /// Browsers may PUT parts and read their ETags.
    pub cors: bool,
    /// Unfinished multipart uploads end after this many days.
    pub abort_multipart_days: Option<u32>,
    /// Objects end after this many days.
    pub expire_days: Option<u32>,
}

/// An SQS queue. Its visibility follows from its consumer, and each has a dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    /// Deliveries before a message goes to the dead-letter queue.
    pub max_receives: u32,
}

impl Queue {
    /// Deliveries where nothing else is said.
    pub const MAX_RECEIVES: u32 = 5;
}

impl Default for Queue {
    fn default() -> Self {
        Queue { max_receives: Queue::MAX_RECEIVES }
    }
}

/// A Kinesis stream.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stream {
    /// Number of shards.
    pub shards: u32,
}

impl Default for Stream {
    fn default() -> Self {
        Stream { shards: 1 }
    }
}

/// A DynamoDB table; all key attributes are strings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Partition key attribute.
    pub hash: String,
    /// Sort key attribute.
    #[serde(default)]
    pub range: Option<String>,
    /// Whether changes are streamed (new and old images).
    #[serde(default)]
    pub stream: bool,
    /// Attribute with the expiry in epoch seconds.
    #[serde(default)]
    pub ttl: Option<String>,
    /// Global secondary indexes, all attributes projected.
    #[serde(default)]
    pub indexes: BTreeMap<String, Index>,
}

/// Keys of a global secondary index.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Partition key attribute.
    pub hash: String,
    /// Sort key attribute.
    #[serde(default)]
    pub range: Option<String>,
}

/// A secret. Without `generate` a function writes the first value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Secret {
    /// How the deployer makes the first value.
    pub generate: Option<Generate>,
}

/// A first value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Generate {
    /// 32 random bytes, base64.
    #[serde(rename = "random-32")]
    Random32,
    /// A P-256 private key, PKCS#8, base64.
    #[serde(rename = "ec-p256")]
    EcP256,
}
