//! What functions share: `functions/resources.yaml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::public::KeyPattern;

/// Every shared resource by its logical name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resources {
    pub buckets: BTreeMap<String, Bucket>,
    /// SQS queues with a consumer; the queues of `events` consumers are not listed.
    pub queues: BTreeMap<String, Queue>,
    pub streams: BTreeMap<String, Stream>,
    pub tables: BTreeMap<String, Table>,
    pub secrets: BTreeMap<String, Secret>,
    /// What the API answers by itself.
    pub gateway: Gateway,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bucket {
    /// Keeps old versions of objects.
    pub versioned: bool,
    /// Browsers may PUT parts and read their ETags.
    pub cors: bool,
    /// Unfinished multipart uploads end after this many days.
    pub abort_multipart_days: Option<u32>,
    pub expire_days: Option<u32>,
    /// Keys that need no signed URL.
    pub public: Vec<KeyPattern>,
}

/// An SQS queue. Its visibility follows from its consumer, and each has a dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    /// Deliveries before a message goes to the dead-letter queue.
    pub max_receives: u32,
    /// Messages that nobody takes end after this many days.
    pub retention_days: u32,
}

impl Queue {
    /// Deliveries where nothing else is said.
    pub const MAX_RECEIVES: u32 = 5;
    /// What SQS does where nothing else is said.
    const RETENTION_DAYS: u32 = 4;
}

impl Default for Queue {
    fn default() -> Self {
        Queue { max_receives: Queue::MAX_RECEIVES, retention_days: Queue::RETENTION_DAYS }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stream {
    pub shards: u32,
    /// Records can be read again for this long.
    pub retention_hours: u32,
}

impl Default for Stream {
    fn default() -> Self {
        Stream { shards: 1, retention_hours: 24 }
    }
}

/// A DynamoDB table; all key attributes are strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether any second of the last 35 days can be restored.
    #[serde(default = "yes")]
    pub point_in_time_recovery: bool,
}

fn yes() -> bool {
    true
}

/// Keys of a global secondary index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Partition key attribute.
    pub hash: String,
    /// Sort key attribute.
    #[serde(default)]
    pub range: Option<String>,
}

/// A secret. Without `generate` and `members` a function or a person writes the first value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Secret {
    /// How the deployer makes the first value.
    pub generate: Option<Generate>,
    /// A first value that is a JSON object: how the deployer makes its members. A person adds others.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, Generate>,
    /// The setting with the id under which others know the public half; whoever uses the secret gets it.
    pub public_id: Option<String>,
}

impl Secret {
    /// The first value, of what `make` makes; `None` where the deployer makes none.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn first_value<E>(&self, mut make: impl FnMut(Generate) -> Result<String, E>) -> Result<Option<String>, E> {
        if let Some(kind) = self.generate {
            return make(kind).map(Some);
        }
        if self.members.is_empty() {
            return Ok(None);
        }
        let member = |(name, kind): (&String, &Generate)| Ok((name.clone(), make(*kind)?.into()));
        let members = self.members.iter().map(member).collect::<Result<serde_json::Map<_, _>, E>>()?;
        Ok(Some(serde_json::Value::Object(members).to_string()))
    }
}

/// A first value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Generate {
    /// 32 random bytes, base64.
    #[serde(rename = "random-32")]
    Random32,
    /// A P-256 private key, PKCS#8, base64.
    #[serde(rename = "ec-p256")]
    EcP256,
}

/// What the API answers without a function.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gateway {
    /// Bodies of these types are bytes, not text.
    pub binary_media_types: Vec<String>,
    /// API Gateway's name of an error of its own → the document it answers with.
    pub errors: BTreeMap<String, Document>,
    /// The answer to a method that a path does not have; without it the gateway says 403.
    pub wrong_method: Option<WrongMethod>,
}

/// A problem document (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// What kind of problem it is.
    #[serde(rename = "type", default = "about_blank")]
    pub kind: String,
    /// The HTTP status, too.
    pub status: u16,
    pub code: String,
    pub title: String,
}

fn about_blank() -> String {
    "about:blank".to_owned()
}

/// See [`Gateway::wrong_method`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrongMethod {
    /// The answer, beside `Allow` and the detail that names the methods.
    pub document: Document,
    /// What a client may send with it; the gateway answers 500 to a body of any other type.
    pub media_types: Vec<String>,
}
