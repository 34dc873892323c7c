//! Whatever an entry names exists.

use super::{has_event_queue, refuse};
use crate::error::ManifestError;
use crate::function::Function;
use crate::manifest::Manifest;
use crate::trigger::Trigger;
use crate::uses::Use;

pub(super) fn check(manifest: &Manifest, function: &Function) -> Result<(), ManifestError> {
    let resources = &manifest.resources;
    let known = |kind: &str, name: &str| match kind {
        "bucket" => resources.buckets.contains_key(name),
        "table" => resources.tables.contains_key(name),
        "stream" => resources.streams.contains_key(name),
        "secret" => resources.secrets.contains_key(name),
        // A function may send to any queue, the one of an `events` consumer included.
        _ => resources.queues.contains_key(name) || manifest.function(name).is_some_and(has_event_queue),
    };
    let used = function.uses.iter().filter_map(|word| match word {
        Use::S3 { bucket, .. } => Some(("bucket", bucket)),
        Use::Dynamodb { table, .. } => Some(("table", table)),
        Use::Sqs(queue) => Some(("queue", queue)),
        Use::Kinesis(stream) => Some(("stream", stream)),
        Use::Secret { name, .. } => Some(("secret", name)),
        _ => None,
    });
    let triggered = function.triggers.iter().filter_map(|trigger| match trigger {
        Trigger::S3 { bucket, .. } => Some(("bucket", bucket)),
        Trigger::Sqs { queue, .. } => Some(("queue", queue)),
        Trigger::Kinesis { stream, .. } => Some(("stream", stream)),
        Trigger::Dynamodb { table, .. } => Some(("table", table)),
        _ => None,
    });
    for (kind, name) in used.chain(triggered) {
        if !known(kind, name) {
            return Err(refuse(function, format!("{kind} `{name}` is not in functions/resources.yaml")));
        }
    }
    for trigger in &function.triggers {
        if let Trigger::Dynamodb { table, .. } = trigger
            && !resources.tables[table].stream
        {
            return Err(refuse(function, format!("table `{table}` has no stream")));
        }
    }
    Ok(())
}
