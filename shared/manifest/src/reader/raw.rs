//! The yaml as it is written: lists may be single values, names are keys, defaults are absent.

mod entries;
mod one_or_many;
mod words;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;

use crate::access::{Access, Proof};
use crate::function::Function;
use crate::resources::{self, Bucket, Gateway, Queue, Secret, Stream, Table};
use crate::route::Route;
use crate::trigger::Trigger;
use crate::uses::Use;
use entries::Entries;
use one_or_many::OneOrMany;
use words::{EventType, Parsed, Schedule, SettingName};

/// MiB; enough for any function without a password hash or a decoder.
const DEFAULT_MEMORY: u32 = 256;
/// Seconds; an HTTP caller has given up by then.
const DEFAULT_HTTP_TIMEOUT: u32 = 10;
/// Seconds.
const DEFAULT_EVENT_TIMEOUT: u32 = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub service: String,
    pub functions: Entries<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    #[serde(default)]
    http: OneOrMany<Parsed<Route>>,
    access: Option<Parsed<Access>>,
    proof: Option<Parsed<Proof>>,
    #[serde(default)]
    events: OneOrMany<EventType>,
    #[serde(default)]
    schedule: OneOrMany<Schedule>,
    #[serde(default)]
    s3: OneOrMany<S3>,
    #[serde(default)]
    sqs: OneOrMany<Sqs>,
    #[serde(default)]
    kinesis: OneOrMany<Kinesis>,
    #[serde(default)]
    dynamodb: OneOrMany<Dynamodb>,
    memory: Option<u32>,
    timeout: Option<u32>,
    #[serde(default)]
    uses: Vec<Parsed<Use>>,
    #[serde(default)]
    settings: Vec<SettingName>,
    ephemeral_mib: Option<u32>,
    concurrency: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct S3 {
    bucket: String,
    #[serde(default)]
    prefix: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sqs {
    queue: String,
    #[serde(default = "one")]
    batch: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kinesis {
    stream: String,
    #[serde(default = "hundred")]
    batch: u32,
    #[serde(default)]
    window: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dynamodb {
    table: String,
    #[serde(default = "hundred")]
    batch: u32,
}

fn one() -> u32 {
    1
}

fn hundred() -> u32 {
    100
}

impl Entry {
    pub fn into_function(self, name: String, service: &str, file: PathBuf, line: usize) -> Function {
        let mut triggers = Vec::new();
        if !self.events.0.is_empty() {
            triggers.push(Trigger::Events(self.events.0.into_iter().map(|event_type| event_type.0).collect()));
        }
        triggers.extend(self.schedule.0.into_iter().map(|schedule| Trigger::Schedule(schedule.0)));
        triggers.extend(self.s3.0.into_iter().map(|s3| Trigger::S3 { bucket: s3.bucket, prefix: s3.prefix }));
        triggers.extend(self.sqs.0.into_iter().map(|sqs| Trigger::Sqs { queue: sqs.queue, batch: sqs.batch }));
        triggers.extend(self.kinesis.0.into_iter().map(|kinesis| Trigger::Kinesis {
            stream: kinesis.stream,
            batch: kinesis.batch,
            window: kinesis.window,
        }));
        triggers.extend(
            self.dynamodb.0.into_iter().map(|change| Trigger::Dynamodb { table: change.table, batch: change.batch }),
        );
        let is_http = !self.http.0.is_empty();
        let default_timeout = if is_http { DEFAULT_HTTP_TIMEOUT } else { DEFAULT_EVENT_TIMEOUT };
        Function {
            name,
            service: service.to_owned(),
            routes: self.http.0.into_iter().map(|route| route.0).collect(),
            access: self.access.map(|access| access.0),
            proof: self.proof.map(|proof| proof.0),
            triggers,
            memory: self.memory.unwrap_or(DEFAULT_MEMORY),
            timeout: self.timeout.unwrap_or(default_timeout),
            uses: self.uses.into_iter().map(|word| word.0).collect::<BTreeSet<_>>(),
            settings: self.settings.into_iter().map(|setting| setting.0).collect(),
            ephemeral_mib: self.ephemeral_mib,
            concurrency: self.concurrency,
            file,
            line,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resources {
    #[serde(default)]
    buckets: Entries<Bucket>,
    #[serde(default)]
    queues: Entries<Queue>,
    #[serde(default)]
    streams: Entries<Stream>,
    #[serde(default)]
    tables: Entries<Table>,
    #[serde(default)]
    secrets: Entries<Secret>,
    #[serde(default)]
    gateway: Gateway,
}

impl From<Resources> for resources::Resources {
    fn from(raw: Resources) -> Self {
        resources::Resources {
            buckets: raw.buckets.0.into_iter().collect(),
            queues: raw.queues.0.into_iter().collect(),
            streams: raw.streams.0.into_iter().collect(),
            tables: raw.tables.0.into_iter().collect(),
            secrets: raw.secrets.0.into_iter().collect(),
            gateway: raw.gateway,
        }
    }
}
