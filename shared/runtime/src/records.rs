//! What the triggers deliver, without the parts that nobody reads.

use aws_lambda_events::event::{dynamodb::EventRecord, kinesis::KinesisEventRecord, s3::S3EventRecord, sqs};
use serde::{Deserialize, de::DeserializeOwned};
use time::OffsetDateTime;

/// A message of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqsMessage {
    /// SQS's id.
    pub id: String,
    /// The text that was sent.
    pub body: String,
    /// 1 at the first delivery.
    pub receive_count: u32,
}

impl From<sqs::SqsMessage> for SqsMessage {
    fn from(message: sqs::SqsMessage) -> Self {
        let receive_count = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
        Self {
            id: message.message_id.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
            receive_count: receive_count.unwrap_or(1),
        }
    }
}

/// A record of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KinesisRecord {
    /// Its place in the shard.
    pub sequence_number: String,
    /// The data that was put.
    pub data: Vec<u8>,
}

impl From<KinesisEventRecord> for KinesisRecord {
    fn from(record: KinesisEventRecord) -> Self {
        Self { sequence_number: record.kinesis.sequence_number, data: record.kinesis.data.0 }
    }
}

/// An object that was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Object {
    /// The bucket's real name.
    pub bucket: String,
    /// Decoded.
    pub key: String,
    /// Of a versioned bucket.
    pub version: Option<String>,
    /// Orders events of one key (compare as text after left-padding with zeros).
    pub sequencer: Option<String>,
    /// In bytes.
    pub size: u64,
}

impl From<S3EventRecord> for S3Object {
    fn from(record: S3EventRecord) -> Self {
        let object = record.s3.object;
        // AWS writes a space as `+`, some emulators as `%20`; a real plus is always `%2B`.
        let key = object.key.unwrap_or_default().replace('+', " ");
        Self {
            bucket: record.s3.bucket.name.unwrap_or_default(),
            key: percent_encoding::percent_decode_str(&key).decode_utf8_lossy().into_owned(),
            version: object.version_id.filter(|version| !version.is_empty() && version != "null"),
            sequencer: object.sequencer,
            size: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        }
    }
}

/// A change of an item in a table.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its place in the stream.
    pub sequence_number: String,
    old: serde_dynamo::Item,
    new: serde_dynamo::Item,
}

impl Change {
    /// The item before; `None` when it was created or is of another shape.
    pub fn before<T: DeserializeOwned>(&self) -> Option<T> {
        read(&self.old)
    }

    /// The item now; `None` when it was deleted or is of another shape.
    pub fn after<T: DeserializeOwned>(&self) -> Option<T> {
        read(&self.new)
    }
}

fn read<T: DeserializeOwned>(item: &serde_dynamo::Item) -> Option<T> {
    if item.is_empty() { None } else { serde_dynamo::from_item(item.clone()).ok() }
}

impl From<EventRecord> for Change {
    fn from(record: EventRecord) -> Self {
        Self {
            sequence_number: record.change.sequence_number.unwrap_or_default(),
            old: record.change.old_image,
            new: record.change.new_image,
        }
    }
}

/// One run of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Tick {
    /// When the run was due; absent when somebody invoked the function by hand.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub time: Option<OffsetDateTime>,
}
