//! What no single entry can break: names, references and limits across the whole repository.

use std::collections::{BTreeMap, HashMap};

use crate::access::Access;
use crate::error::ManifestError;
use crate::function::Function;
use crate::manifest::Manifest;
use crate::trigger::Trigger;
use crate::uses::{Use, is_name};

/// A Kinesis shard serves five reads a second in all.
const MAX_STREAM_CONSUMERS: usize = 4;
/// API Gateway gives up after 29 s.
const MAX_HTTP_TIMEOUT: u32 = 29;

pub(crate) fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    for function in &manifest.functions {
        alone(function)?;
        references(manifest, function)?;
    }
    names(manifest)?;
    routes(manifest)?;
    consumers(manifest)
}

fn refuse(function: &Function, reason: String) -> ManifestError {
    let reason = format!("{}: {reason}", function.name);
    ManifestError::Invalid { file: function.file.clone(), line: function.line, reason }
}

fn alone(function: &Function) -> Result<(), ManifestError> {
    let refuse = |reason: &str| Err(refuse(function, reason.to_owned()));
    let folder = function.file.parent().and_then(|folder| folder.file_name()).unwrap_or_default();
    if folder != function.service.as_str() {
        return refuse("`service` is not the name of the folder");
    }
    let verb = function.name.strip_prefix(&function.service).and_then(|rest| rest.strip_prefix('-'));
    if !verb.is_some_and(is_name) {
        return refuse("the name does not begin with the service");
    }
    if function.routes.is_empty() && function.triggers.is_empty() {
        return refuse("nothing starts it: give it `http` or a trigger");
    }
    match function.access {
        None if function.is_http() => return refuse("a route needs `access`"),
        Some(Access::Internal) if function.is_http() => return refuse("a route cannot be internal"),
        Some(access) if !function.is_http() && access != Access::Internal => return refuse("`access` without a route"),
        _ => {}
    }
    let has_identity = matches!(function.access, Some(Access::Account | Access::Profile | Access::Role(_)));
    if function.proof.is_some() && !has_identity {
        return refuse("`proof` needs access account, profile or a role");
    }
    if !(128..=10_240).contains(&function.memory) {
        return refuse("memory is 128 to 10240 MiB");
    }
    if !(1..=900).contains(&function.timeout) {
        return refuse("timeout is 1 to 900 s");
    }
    if function.is_http() && function.timeout > MAX_HTTP_TIMEOUT {
        return refuse("the gateway gives up after 29 s");
    }
    if function.ephemeral_mib.is_some_and(|size| !(512..=10_240).contains(&size)) {
        return refuse("ephemeral_mib is 512 to 10240");
    }
    if function.concurrency == Some(0) {
        return refuse("a concurrency of 0 switches the function off");
    }
    for trigger in &function.triggers {
        let (batch, most) = match trigger {
            Trigger::Sqs { batch, .. } => (*batch, 10),
            Trigger::Kinesis { batch, .. } | Trigger::Dynamodb { batch, .. } => (*batch, 1_000),
            _ => continue,
        };
        if batch == 0 || batch > most {
            return refuse(&format!("batch is 1 to {most}"));
        }
    }
    Ok(())
}

fn references(manifest: &Manifest, function: &Function) -> Result<(), ManifestError> {
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

fn has_event_queue(function: &Function) -> bool {
    function.triggers.iter().any(|trigger| matches!(trigger, Trigger::Events(_)))
}

fn names(manifest: &Manifest) -> Result<(), ManifestError> {
    let mut seen = HashMap::new();
    for function in &manifest.functions {
        if let Some(other) = seen.insert(function.name.as_str(), function) {
            return Err(refuse(function, format!("the name is taken by {}:{}", other.file.display(), other.line)));
        }
        if has_event_queue(function) && manifest.resources.queues.contains_key(&function.name) {
            return Err(refuse(
                function,
                "its events queue has the name of a queue in functions/resources.yaml".into(),
            ));
        }
    }
    Ok(())
}

/// API Gateway gives a resource one variable child at most.
fn routes(manifest: &Manifest) -> Result<(), ManifestError> {
    let mut owners = HashMap::new();
    let mut variables: HashMap<String, (&str, &Function)> = HashMap::new();
    for function in &manifest.functions {
        for route in &function.routes {
            if let Some(other) = owners.insert(route, function) {
                return Err(refuse(function, format!("`{route}` is also a route of {}", other.name)));
            }
            let mut parent = String::new();
            for segment in route.segments() {
                if segment.starts_with('{') {
                    let (known, other) = variables.entry(parent.clone()).or_insert((segment, function));
                    if *known != segment {
                        let reason = format!("`{route}`: the segment {segment} is called {known} by {}", other.name);
                        return Err(refuse(function, reason));
                    }
                }
                parent.push('/');
                parent.push_str(segment);
            }
        }
    }
    Ok(())
}

fn consumers(manifest: &Manifest) -> Result<(), ManifestError> {
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

impl Manifest {
    /// What nothing uses: a queue without a consumer, a bucket, stream, table or secret that no function names.
    pub fn loose_ends(&self) -> Vec<String> {
        let used = |word: &dyn Fn(&Use) -> bool| self.functions.iter().any(|function| function.uses.iter().any(word));
        let triggers =
            |with: &dyn Fn(&Trigger) -> bool| self.functions.iter().any(|function| function.triggers.iter().any(with));
        let resources = &self.resources;
        let mut loose = Vec::new();
        for name in resources.queues.keys() {
            if !triggers(&|trigger| matches!(trigger, Trigger::Sqs { queue, .. } if queue == name)) {
                loose.push(format!("queue `{name}` has no consumer"));
            }
        }
        for name in resources.buckets.keys() {
            if !used(&|word| matches!(word, Use::S3 { bucket, .. } if bucket == name)) {
                loose.push(format!("bucket `{name}` is not used"));
            }
        }
        for name in resources.streams.keys() {
            if !used(&|word| matches!(word, Use::Kinesis(stream) if stream == name)) {
                loose.push(format!("stream `{name}` is never written"));
            }
            if !triggers(&|trigger| matches!(trigger, Trigger::Kinesis { stream, .. } if stream == name)) {
                loose.push(format!("stream `{name}` is never read"));
            }
        }
        for (name, table) in &resources.tables {
            if !used(&|word| matches!(word, Use::Dynamodb { table, .. } if table == name)) {
                loose.push(format!("table `{name}` is not used"));
            }
            if table.stream && !triggers(&|trigger| matches!(trigger, Trigger::Dynamodb { table, .. } if table == name))
            {
                loose.push(format!("the stream of table `{name}` is never read"));
            }
        }
        for secret in resources.secrets.keys() {
            if !used(&|word| matches!(word, Use::Secret { name, .. } if name == secret)) {
                loose.push(format!("secret `{secret}` is not used"));
            }
        }
        loose
    }
}
