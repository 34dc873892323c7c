//! What an assumption consists of: each says why.

use serde::Deserialize;

use super::{decimal::Factor, kind::Kind};

/// A cinema.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Size {
    /// Who watches something in a month.
    pub(super) viewers: u128,
    pub(super) titles: u128,
    /// Films that come in a month.
    pub(super) uploads: u128,
    /// Whose `size.tf` it begins with.
    pub(super) environment: String,
    pub(super) reason: String,
}

/// How often people do something in a month.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Activity {
    pub(super) each: String,
    pub(super) times: Factor,
    pub(super) reason: String,
}

/// How often something happens to each of some in a month.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Demand {
    /// Functions, types of events, queues or streams.
    pub(super) of: Vec<String>,
    pub(super) each: String,
    pub(super) times: Factor,
    pub(super) reason: String,
}

/// What a call or an item of functions asks of engines, where it is something else than usual.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub(super) of: Vec<String>,
    /// Units of DynamoDB.
    pub(super) reads: Option<Factor>,
    /// Units of DynamoDB.
    pub(super) writes: Option<Factor>,
    /// Of Postgres.
    pub(super) transactions: Option<Factor>,
    /// How many items of a batch ask engines at the same time.
    pub(super) side_by_side: Option<u128>,
    pub(super) reason: String,
}

/// CPU of a call, or of an item of a batch.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Processor {
    pub(super) function: String,
    pub(super) cpu_ms: Factor,
    /// Where it was measured.
    pub(super) source: String,
    /// Whether it uses all processors that come with its memory.
    #[serde(default)]
    pub(super) is_parallel: bool,
}

/// CPU of a call of a kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KindProcessor {
    pub(super) kind: Kind,
    pub(super) cpu_ms: Factor,
    pub(super) reason: String,
}

/// A number.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quantity {
    pub(super) value: Factor,
    pub(super) unit: String,
    pub(super) reason: String,
}

/// A class of an engine.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rung {
    pub(super) class: String,
    /// What it does in a second.
    pub(super) capacity: Factor,
    /// By which a proxy is paid.
    #[serde(default)]
    pub(super) vcpus: u128,
    pub(super) reason: String,
}

/// What must not be exceeded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limit {
    /// Its name.
    pub(super) limit: String,
    pub(super) value: Factor,
    pub(super) unit: String,
    pub(super) reason: String,
    /// What to do when it is near.
    pub(super) next_step: String,
}
