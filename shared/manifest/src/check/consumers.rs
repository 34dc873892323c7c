//! Queues have one consumer, streams few, and prefixes of buckets do not overlap.

use std::collections::{BTreeMap, HashMap};

use super::refuse;
use crate::error::ManifestError;
use crate::function::Function;
use crate::manifest::Manifest;
use crate::trigger::Trigger;

/// A Kinesis shard serves five reads a second in all.
const MAX_STREAM_CONSUMERS: usize = 4;

pub(super) fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    let mut queues: HashMap<&str, &Function> = HashMap::new();
    let mut streams: BTreeMap<&str, usize> = BTreeMap::new();
    let mut prefixes: Vec<(&str, &str, &Function)> = Vec::new();
    for function in &manifest.functions {
        for trigger in &function.triggers {
            match trigger {
                Trigger::Sqs { queue, .. } => {
                    if let Some(other) = queues.insert(queue, function) {
                        let reason = format!("queue `{queue}` already has the consumer {}", other.name);
                        return Err(refuse(function, reason));
                    }
                }
                Trigger::Kinesis { stream, .. } => {
                    let consumers = streams.entry(stream).or_default();
                    *consumers += 1;
                    if *consumers > MAX_STREAM_CONSUMERS {
                        return Err(refuse(function, format!("stream `{stream}` has more than four direct consumers")));
                    }
                }
                Trigger::S3 { bucket, prefix } => {
                    let overlaps = |(other, known, _): &&(&str, &str, &Function)| {
                        *other == bucket && (known.starts_with(prefix.as_str()) || prefix.starts_with(known))
                    };
                    if let Some((_, known, other)) = prefixes.iter().find(overlaps) {
                        let reason = format!("prefix `{prefix}` of `{bucket}` overlaps `{known}` of {}", other.name);
                        return Err(refuse(function, reason));
                    }
                    prefixes.push((bucket, prefix, function));
                }
                Trigger::Events(_) | Trigger::Schedule(_) | Trigger::Dynamodb { .. } => {}
            }
        }
    }
    Ok(())
}
