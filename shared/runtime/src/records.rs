//! What the triggers deliver, without the parts that nobody reads.

use aws_lambda_events::event::{dynamodb::EventRecord, kinesis::KinesisEventRecord, s3::S3EventRecord, sqs};
use events::{Event, Outcome, Record};
use kernel::TraceParent;
use serde::{Deserialize, de::DeserializeOwned};
use stores::Stream;
use time::OffsetDateTime;
use tracing::Span;

/// A message of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqsMessage {
    /// SQS's id.
    pub id: String,
    /// The text that was sent.
    pub body: String,
    /// 1 at the first delivery.
    pub receive_count: u32,
    /// The trace of whoever sent it.
    pub trace: Option<TraceParent>,
}

impl Record for SqsMessage {
    fn trace(&self) -> Option<TraceParent> {
        self.trace
    }

    fn name(&self) -> String {
        "message".to_owned()
    }

    fn span(&self) -> Span {
        let traceparent = self.trace.map(|trace| trace.to_string());
        tracing::info_span!("message", message_id = self.id, receive_count = self.receive_count, traceparent)
    }
}

impl From<sqs::SqsMessage> for SqsMessage {
    fn from(message: sqs::SqsMessage) -> Self {
        let receive_count = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
        let attribute = message.message_attributes.get(stores::trace::ATTRIBUTE);
        let trace = attribute.and_then(|attribute| attribute.string_value.as_deref()?.parse().ok());
        Self {
            trace,
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

/// The part of a CloudEvents document that log lines name.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    subject: String,
    traceparent: Option<String>,
}

impl KinesisRecord {
    fn envelope(&self) -> Envelope {
        serde_json::from_slice(&self.data).unwrap_or_default()
    }
}

impl Record for KinesisRecord {
    fn trace(&self) -> Option<TraceParent> {
        self.envelope().traceparent?.parse().ok()
    }

    fn name(&self) -> String {
        self.envelope().kind
    }

    fn span(&self) -> Span {
        let (sequence_number, Envelope { id, kind, subject, traceparent }) = (&self.sequence_number, self.envelope());
        tracing::info_span!("record", sequence_number, event_id = id, event_type = kind, subject, traceparent)
    }
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

impl Record for S3Object {
    /// S3 carries none: whoever knows the object's story continues it.
    fn trace(&self) -> Option<TraceParent> {
        None
    }

    fn name(&self) -> String {
        format!("object in {}", self.bucket)
    }

    fn span(&self) -> Span {
        tracing::info_span!("object", bucket = self.bucket, key = self.key, sequencer = self.sequencer)
    }
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

/// The part of an item that continues a trace.
#[derive(Deserialize)]
struct Traced {
    #[serde(default)]
    traceparent: Option<String>,
}

impl Record for Change {
    fn trace(&self) -> Option<TraceParent> {
        self.after::<Traced>().or_else(|| self.before())?.traceparent?.parse().ok()
    }

    fn name(&self) -> String {
        "change of an item".to_owned()
    }

    fn span(&self) -> Span {
        let traceparent = self.trace().map(|trace| trace.to_string());
        tracing::info_span!("change", sequence_number = self.sequence_number, traceparent)
    }
}

/// Puts the events of a table's changes onto a stream, in one call: the table's own stream is the outbox.
///
/// `event_of` answers with the event of a change, if it has one, or why it can have none. After a failure everything from the first refused
/// change on comes again: events of one change must have the same id each time.
pub async fn relay_changes(
    stream: &Stream,
    changes: &[Change],
    event_of: impl Fn(&Change) -> Result<Option<Event>, String>,
) -> Vec<Outcome> {
    let mut outcomes = vec![Outcome::Done; changes.len()];
    let (mut places, mut entries) = (Vec::new(), Vec::new());
    for (at, change) in changes.iter().enumerate() {
        match event_of(change) {
            Ok(Some(mut event)) => {
                event.traceparent = event.traceparent.or_else(|| change.trace().map(|trace| trace.to_string()));
                entries.push((event.subject.clone(), event.json().into_bytes()));
                places.push(at);
            }
            Ok(None) => {}
            Err(reason) => outcomes[at] = Outcome::Poison(reason),
        }
    }
    let refused: Vec<(usize, String)> = match stream.put(&entries).await {
        Ok(refused) => refused.into_iter().map(|index| (index, "the stream is throttled".to_owned())).collect(),
        Err(error) => (0..entries.len()).map(|index| (index, error.to_string())).collect(),
    };
    for (index, reason) in refused {
        outcomes[places[index]] = Outcome::Retry(reason);
    }
    outcomes
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

impl Record for Tick {
    fn trace(&self) -> Option<TraceParent> {
        None
    }

    fn name(&self) -> String {
        "tick".to_owned()
    }

    fn span(&self) -> Span {
        tracing::info_span!("tick")
    }
}
