//! What functions are, as far as their costs go.

use manifest::plan::Function;
use serde::{Deserialize, Serialize};

/// From this memory on a function that answers requests hashes passwords: it has a processor for it.
const HASHING_MIB: u32 = 1024;

/// What starts a function, and what it mostly does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Answers over HTTP.
    Request,
    /// The same, with a hash of a password or PIN.
    Hash,
    /// Takes batches; its CPU is that of an item.
    Consumer,
    /// Runs at times.
    Schedule,
    /// Is started by an object.
    Object,
    /// Works on films or pictures, or learns from them.
    Film,
}

impl Kind {
    /// By what the plan says of a function.
    pub(super) fn of(function: &Function) -> Self {
        let is_http = !function.routes.is_empty();
        let is_large = function.memory_mib >= HASHING_MIB;
        match (is_http, is_large) {
            (true, true) => Self::Hash,
            (true, false) => Self::Request,
            (false, true) => Self::Film,
            (false, false) if !function.mappings.is_empty() => Self::Consumer,
            (false, false) if !function.schedules.is_empty() => Self::Schedule,
            (false, false) => Self::Object,
        }
    }
}
