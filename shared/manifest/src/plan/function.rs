//! One Lambda with its final settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::access::{Access, Proof};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// The folder of `functions/` that it comes from.
    pub service: String,
    /// CPU comes with it.
    pub memory_mib: u32,
    /// Limit of one invocation.
    pub timeout_seconds: u32,
    /// Size of `/tmp`.
    pub ephemeral_mib: u32,
    /// Limit of simultaneous invocations.
    pub concurrency: Option<u32>,
    /// Mounted beside the code, in this order.
    pub layers: Vec<String>,
    /// Its only configuration.
    pub environment: BTreeMap<String, Value>,
    /// What its role may do.
    pub permissions: Vec<Permission>,
    /// Engines that it reaches over the private network.
    pub network: Vec<Endpoint>,
    /// What it answers over HTTP.
    pub routes: Vec<Route>,
    /// Queues, streams and table changes that start it.
    pub mappings: Vec<Mapping>,
    /// EventBridge rules that start it.
    pub schedules: Vec<String>,
    /// Objects that start it.
    pub objects_created: Vec<ObjectsCreated>,
    /// AWS services that invoke it themselves; mappings poll with the function's own role.
    pub invoked_by: Vec<String>,
    /// Where asynchronous invocations end that failed three times.
    pub dead_letters: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// The same everywhere.
    Literal(String),
    /// Known to whoever deploys.
    Reference(Reference),
}

/// What a variable says about something that is deployed: its name, unless another thing is said here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// A setting of the platform, by name.
    Setting(String),
    /// The URL of an engine, with the service's own role where it has roles. In AWS there is none for `aws`.
    Endpoint(Endpoint),
    Bucket(String),
    Table(String),
    /// The URL of a queue.
    Queue(String),
    Stream(String),
    Secret(String),
    /// The URL of an object that everybody may read.
    Object(ObjectPlace),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectPlace {
    pub bucket: String,
    /// The whole key.
    pub key: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// All AWS APIs.
    Aws,
    /// The service's schema.
    Postgres,
    /// Limits and caches.
    Redis,
    /// Search indexes.
    Opensearch,
    /// Analytics.
    Clickhouse,
}

/// A statement of the role's policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    pub resource: Resource,
    /// Never with a wildcard.
    pub actions: Vec<String>,
}

/// What a permission is about; `arn:` is the deployer's business.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// The bucket itself.
    Bucket(String),
    /// Everything in a bucket.
    Objects(String),
    Table(String),
    /// All indexes of a table.
    Indexes(String),
    /// The change stream of a table.
    Changes(String),
    /// A queue or a dead-letter queue.
    Queue(String),
    Stream(String),
    Secret(String),
    /// The verified sender that a setting names.
    Sender(String),
    /// The log group of a function.
    LogGroup(String),
}

/// A method and a path of the REST API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub method: String,
    /// `/v1/titles/{id}`
    pub path: String,
    pub access: Access,
    /// How fresh the proof of identity must be.
    pub proof: Option<Proof>,
}

/// An event source mapping. All of them report which items of a batch failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What is polled.
    pub source: Source,
    pub batch: u32,
    /// Longest wait for a batch to fill.
    pub window_seconds: u32,
    /// Most pollers of a queue at the same time.
    pub max_concurrency: Option<u32>,
    /// How a stream is read; queues have visibility and a redrive policy instead.
    pub replay: Option<Replay>,
}

/// What a mapping polls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// SQS.
    Queue(String),
    /// Kinesis.
    Stream(String),
    /// The change stream of a table.
    Changes(String),
}

/// What happens to a batch that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Where reading begins: AWS's name of the position.
    pub start: String,
    /// After the first attempt.
    pub retries: u32,
    /// Halves a batch that failed, so that one record cannot stop the others.
    pub bisect: bool,
    /// The queue for what failed every time.
    pub dead_letters: String,
}

/// Objects whose creation starts a function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectsCreated {
    pub bucket: String,
    /// Of the key; possibly empty.
    pub prefix: String,
}
