//! The yaml as it is written: lists may be single values, names are keys, defaults are absent.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::access::{Access, Proof};
use crate::function::Function;
use crate::resources::{self, Bucket, Gateway, Queue, Secret, Stream, Table};
use crate::route::Route;
use crate::trigger::Trigger;
use crate::uses::{Use, is_name};

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

/// A mapping from names, in the order of the file; a repeated or ill-formed name is an error, which a map would hide.
pub(super) struct Entries<T>(pub Vec<(String, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Entries(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Names<T> {
            type Value = Entries<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping from names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries: Vec<(String, T)> = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if !is_name(&name) {
                        return Err(A::Error::custom(format!("name `{name}`: lower-case words joined by hyphens")));
                    }
                    if entries.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom(format!("`{name}` is listed twice")));
                    }
                    entries.push((name, map.next_value()?));
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Names(PhantomData))
    }
}

/// `http: GET /v1/x` or `http: [GET /v1/x, GET /v1/y]`.
struct OneOrMany<T>(Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        OneOrMany(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one value or a list")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                T::deserialize(StrDeserializer::new(text)).map(|one| OneOrMany(vec![one]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|one| OneOrMany(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut many = Vec::new();
                while let Some(one) = list.next_element()? {
                    many.push(one);
                }
                if many.is_empty() {
                    return Err(A::Error::custom("an empty list: leave the key out"));
                }
                Ok(OneOrMany(many))
            }
        }

        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// A value written as a string.
struct Parsed<T>(T);

impl<'de, T> Deserialize<'de> for Parsed<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Parsed).map_err(D::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct EventType(String);

impl TryFrom<String> for EventType {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let parts: Vec<&str> = text.split('.').collect();
        match parts[..] {
            ["cinema", service, noun, version]
                if is_word(service) && is_word(noun) && version.starts_with('v') && is_word(version) =>
            {
                Ok(EventType(text))
            }
            _ => Err(format!("event type `{text}`: expected cinema.<service>.<noun>_<past participle>.v<n>")),
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Schedule(String);

impl TryFrom<String> for Schedule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let has_form = |kind: &str| text.strip_prefix(kind).is_some_and(|rest| rest.len() > 1 && rest.ends_with(')'));
        if has_form("rate(") || has_form("cron(") {
            Ok(Schedule(text))
        } else {
            Err(format!("schedule `{text}`: expected rate(…) or cron(…)"))
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct SettingName(String);

impl TryFrom<String> for SettingName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_variable = text.starts_with(|first: char| first.is_ascii_uppercase())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if is_variable { Ok(SettingName(text)) } else { Err(format!("setting `{text}`: expected UPPER_CASE")) }
    }
}
