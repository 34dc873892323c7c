//! One word of `uses`: an engine or resource that a function may reach.

use std::fmt;
use std::str::FromStr;

use crate::env;

/// What a function may reach. It becomes the IAM policy, the environment and the network path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// The service's own schema.
    Postgres,
    /// Limits and caches.
    Redis,
    /// Search indexes.
    Opensearch,
    /// Analytics.
    Clickhouse,
    /// Outgoing mail (v1 API).
    Ses,
    /// `s3:<bucket>:<read|write>`
    S3 {
        /// Logical name of the bucket.
        bucket: String,
        /// Reading or writing.
        access: ObjectAccess,
    },
    /// `dynamodb:<table>:<read|write>`
    Dynamodb {
        /// Logical name of the table.
        table: String,
        /// Reading or writing.
        access: ObjectAccess,
    },
    /// `sqs:<queue>`: sending to a queue.
    Sqs(String),
    /// `kinesis:<stream>`: putting records on a stream.
    Kinesis(String),
    /// `secret:<name>:<read|write>`
    Secret {
        /// Logical name of the secret.
        name: String,
        /// Reading or writing.
        access: ObjectAccess,
    },
    /// `layer:<name>`: a folder of `layers/`, mounted beside the code.
    Layer(String),
    /// Sending to the queue of every `events` consumer; found by name.
    EventQueues,
    /// Counting what waits in every dead-letter queue; found by name.
    DeadLetters,
    /// Moving the dead letters of every queue back into it; found by name.
    Redrive,
}

/// Reading or writing; a function that does both lists both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectAccess {
    /// Get, list, query.
    Read,
    /// Put, update, delete.
    Write,
}

impl Use {
    /// The environment variable that carries this client's configuration, where there is one.
    pub fn variable(&self) -> Option<String> {
        match self {
            Use::Postgres => Some(env::POSTGRES_URL.to_owned()),
            Use::Redis => Some(env::REDIS_URL.to_owned()),
            Use::Opensearch => Some(env::OPENSEARCH_URL.to_owned()),
            Use::Clickhouse => Some(env::CLICKHOUSE_URL.to_owned()),
            Use::Ses => Some(env::EMAIL_FROM.to_owned()),
            Use::S3 { bucket, .. } => Some(env::bucket(bucket)),
            Use::Dynamodb { table, .. } => Some(env::table(table)),
            Use::Sqs(queue) => Some(env::queue(queue)),
            Use::Kinesis(stream) => Some(env::stream(stream)),
            Use::Secret { name, .. } => Some(env::secret(name)),
            Use::Layer(_) | Use::EventQueues | Use::DeadLetters | Use::Redrive => None,
        }
    }
}

/// A word that `uses` does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a use: expected postgres, redis, opensearch, clickhouse, ses, event-queues, dead-letters, redrive, s3:<bucket>:<read|write>, dynamodb:<table>:<read|write>, sqs:<queue>, kinesis:<stream>, secret:<name>:<read|write> or layer:<name>"
)]
pub struct UseError(String);

impl FromStr for Use {
    type Err = UseError;

    fn from_str(word: &str) -> Result<Self, UseError> {
        let unknown = || UseError(word.to_owned());
        let mut parts = word.split(':');
        let kind = parts.next().unwrap_or_default();
        let name = parts.next();
        let access = parts.next();
        if parts.next().is_some() || name.is_some_and(|name| !is_name(name)) {
            return Err(unknown());
        }
        let access = match access {
            None => None,
            Some("read") => Some(ObjectAccess::Read),
            Some("write") => Some(ObjectAccess::Write),
            Some(_) => return Err(unknown()),
        };
        match (kind, name.map(str::to_owned), access) {
            ("postgres", None, None) => Ok(Use::Postgres),
            ("redis", None, None) => Ok(Use::Redis),
            ("opensearch", None, None) => Ok(Use::Opensearch),
            ("clickhouse", None, None) => Ok(Use::Clickhouse),
            ("ses", None, None) => Ok(Use::Ses),
            ("event-queues", None, None) => Ok(Use::EventQueues),
            ("dead-letters", None, None) => Ok(Use::DeadLetters),
            ("redrive", None, None) => Ok(Use::Redrive),
            ("s3", Some(bucket), Some(access)) => Ok(Use::S3 { bucket, access }),
            ("dynamodb", Some(table), Some(access)) => Ok(Use::Dynamodb { table, access }),
            ("sqs", Some(queue), None) => Ok(Use::Sqs(queue)),
            ("kinesis", Some(stream), None) => Ok(Use::Kinesis(stream)),
            ("secret", Some(name), Some(access)) => Ok(Use::Secret { name, access }),
            ("layer", Some(name), None) => Ok(Use::Layer(name)),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Use::Postgres => f.write_str("postgres"),
            Use::Redis => f.write_str("redis"),
            Use::Opensearch => f.write_str("opensearch"),
            Use::Clickhouse => f.write_str("clickhouse"),
            Use::Ses => f.write_str("ses"),
            Use::EventQueues => f.write_str("event-queues"),
            Use::DeadLetters => f.write_str("dead-letters"),
            Use::Redrive => f.write_str("redrive"),
            Use::S3 { bucket, access } => write!(f, "s3:{bucket}:{access}"),
            Use::Dynamodb { table, access } => write!(f, "dynamodb:{table}:{access}"),
            Use::Sqs(queue) => write!(f, "sqs:{queue}"),
            Use::Kinesis(stream) => write!(f, "kinesis:{stream}"),
            Use::Secret { name, access } => write!(f, "secret:{name}:{access}"),
            Use::Layer(name) => write!(f, "layer:{name}"),
        }
    }
}

impl fmt::Display for ObjectAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ObjectAccess::Read => "read",
            ObjectAccess::Write => "write",
        })
    }
}

/// Lower-case words joined by hyphens: what every name in a manifest looks like.
pub(crate) fn is_name(text: &str) -> bool {
    text.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
        && text.starts_with(|first: char| first.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_survives_reading_and_printing() {
        let words = [
            "postgres",
            "redis",
            "opensearch",
            "clickhouse",
            "ses",
            "event-queues",
            "dead-letters",
            "redrive",
            "s3:media:read",
            "s3:events-dead:write",
            "dynamodb:assets:read",
            "sqs:media-chunks",
            "kinesis:domain-events",
            "secret:signing-keys:write",
            "layer:ffmpeg",
        ];
        for word in words {
            assert_eq!(word.parse::<Use>().unwrap().to_string(), word);
        }
    }

    #[test]
    fn what_is_not_a_word_is_refused() {
        for word in [
            "",
            "mysql",
            "postgres:x",
            "event-queues:x",
            "redrive:email",
            "s3:media",
            "s3::read",
            "s3:media:rw",
            "s3:a:read:b",
            "sqs:q:read",
            "s3:Media:read",
        ] {
            assert!(word.parse::<Use>().is_err(), "{word}");
        }
    }

    #[test]
    fn variables_are_upper_case() {
        let variable = |word: &str| word.parse::<Use>().unwrap().variable();
        assert_eq!(variable("s3:events-dead:read").as_deref(), Some("BUCKET_EVENTS_DEAD"));
        assert_eq!(variable("sqs:media-chunks").as_deref(), Some("QUEUE_MEDIA_CHUNKS"));
        assert_eq!(variable("layer:ffmpeg"), None);
    }
}
