//! What functions share, with its final settings. Streams, tables and secrets are as the yaml has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::function::Value;
use crate::public::KeyPattern;
use crate::resources::{Document, WrongMethod};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// How long a received message stays hidden.
    pub visibility_seconds: u32,
    /// How long a message waits that nobody takes.
    pub retention_seconds: u32,
    /// Where it goes when it failed too often.
    pub redrive: Redrive,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redrive {
    pub queue: String,
    /// Deliveries before that.
    pub max_receives: u32,
}

/// An SQS queue that only people read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLetterQueue {
    /// How long a message waits.
    pub retention_seconds: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Keeps old versions of objects.
    pub versioned: bool,
    /// What browsers may do from another origin.
    pub cors: Option<Cors>,
    /// Unfinished multipart uploads end after this many days.
    pub abort_multipart_days: Option<u32>,
    pub expire_days: Option<u32>,
    /// Keys that need no signed URL.
    pub public: Vec<KeyPattern>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// Of pages.
    pub origins: Vec<Value>,
    /// Upper case.
    pub methods: Vec<String>,
    /// That a page may send.
    pub headers: Vec<String>,
    /// Headers that a page may read.
    pub exposed_headers: Vec<String>,
    /// How long a browser remembers it.
    pub max_age_seconds: u32,
}

/// What the REST API answers without a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Bodies of these types are bytes, not text.
    pub binary_media_types: Vec<String>,
    /// API Gateway's name of an error of its own → the document it answers with.
    pub errors: BTreeMap<String, Document>,
    /// The answer to a method that a path does not have.
    pub wrong_method: Option<WrongMethod>,
    /// Path → method → the function that answers. Any other method is wrong.
    pub paths: BTreeMap<String, BTreeMap<String, String>>,
}
