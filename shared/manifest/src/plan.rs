//! `functions/plan.json`: every function and resource with its final settings. Made from the yaml by `cargo cinema generate`; who deploys, tests or
//! provisions reads only this.

mod environment;
mod function;
mod json;
mod permissions;
mod resolve;
mod resource;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::ManifestError;
use crate::resources::{Secret, Stream, Table};
pub use function::{
    Endpoint, Function, Mapping, ObjectPlace, ObjectsCreated, Permission, Reference, Replay, Resource, Route, Source,
    Value,
};
pub use resource::{Bucket, Cors, DeadLetterQueue, Gateway, Queue, Redrive};

/// The platform, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// By name.
    pub functions: BTreeMap<String, Function>,
    /// Event type → the queues that get a copy of each event, sorted.
    pub events: BTreeMap<String, Vec<String>>,
    /// SQS; each has a dead-letter queue.
    pub queues: BTreeMap<String, Queue>,
    /// SQS, for what a queue, a stream, a table or an asynchronous call could not hand over.
    pub dead_letter_queues: BTreeMap<String, DeadLetterQueue>,
    /// Kinesis.
    pub streams: BTreeMap<String, Stream>,
    /// DynamoDB.
    pub tables: BTreeMap<String, Table>,
    /// S3.
    pub buckets: BTreeMap<String, Bucket>,
    /// Secrets Manager.
    pub secrets: BTreeMap<String, Secret>,
    /// The REST API.
    pub gateway: Gateway,
}

impl Plan {
    /// Where it lies, relative to the repository.
    pub const FILE: &str = "functions/plan.json";

    /// Reads what was generated.
    ///
    /// # Errors
    /// When the file is missing or is no plan.
    pub fn read(root: &Path) -> Result<Plan, ManifestError> {
        let file = Path::new(Plan::FILE);
        let unreadable = |source| ManifestError::Unreadable { file: file.to_owned(), source };
        let text = fs::read_to_string(root.join(file)).map_err(unreadable)?;
        serde_json::from_str(&text).map_err(|error| ManifestError::Invalid {
            file: file.to_owned(),
            line: error.line().max(1),
            reason: format!("{error}: run `cargo cinema generate`"),
        })
    }

    /// The file's text.
    pub fn text(&self) -> String {
        json::text(self)
    }

    /// The functions of one service, by name.
    pub fn service<'a>(&'a self, service: &'a str) -> impl Iterator<Item = (&'a str, &'a Function)> {
        let functions = self.functions.iter().filter(move |(_, function)| function.service == service);
        functions.map(|(name, function)| (name.as_str(), function))
    }
}

#[cfg(test)]
mod tests;
