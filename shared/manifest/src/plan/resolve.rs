//! From the yaml to the plan: defaults, rules of thumb and what follows from what.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Bucket, Cors, DeadLetterQueue, Endpoint, Function, Gateway, Mapping, ObjectsCreated, Plan, Queue, Redrive,
    Reference, Replay, Route, Source, Value,
    environment::{self, PUBLIC_URL},
    permissions,
};
use crate::access::Access;
use crate::function;
use crate::manifest::Manifest;
use crate::resources;
use crate::trigger::Trigger;
use crate::uses::Use;

/// Ending of a dead-letter queue's name.
const DEAD_SUFFIX: &str = "-dlq";
/// What Lambda gives without being asked.
const EPHEMERAL_MIB: u32 = 512;
/// Most messages per invocation of an `events` consumer.
const EVENTS_BATCH: u32 = 10;
/// Attempts of a stream's batch after the first.
const STREAM_RETRIES: u32 = 5;
/// AWS refuses a limit of one poller.
const LEAST_POLLERS: u32 = 2;
/// Of a queue without a consumer: what SQS does.
const VISIBILITY_SECONDS: u32 = 30;
/// Dead letters wait as long as SQS allows.
const DEAD_RETENTION_SECONDS: u32 = 14 * DAY_SECONDS;
const DAY_SECONDS: u32 = 86_400;

impl Plan {
    /// Resolves a manifest.
    pub fn of(manifest: &Manifest) -> Plan {
        let events = events(manifest);
        let event_queues: BTreeSet<String> = events.values().flatten().cloned().collect();
        let resources = &manifest.resources;
        let resolve = |entry: &function::Function| (entry.name.clone(), function(entry, resources));
        let mut functions: BTreeMap<String, Function> = manifest.functions.iter().map(resolve).collect();
        let queues = queues(manifest, &functions);
        let dead_letter_queues = dead_letter_queues(&functions, &queues);
        let reach = permissions::Reach {
            resources,
            event_queues: &event_queues,
            queues: &queues,
            dead_letter_queues: &dead_letter_queues,
        };
        for entry in &manifest.functions {
            if let Some(function) = functions.get_mut(&entry.name) {
                function.permissions = permissions::of(&entry.name, function, &entry.uses, &reach);
            }
        }
        Plan {
            events,
            dead_letter_queues,
            queues,
            streams: manifest.resources.streams.clone(),
            tables: manifest.resources.tables.clone(),
            buckets: manifest.resources.buckets.iter().map(|(name, entry)| (name.clone(), bucket(entry))).collect(),
            secrets: manifest.resources.secrets.clone(),
            gateway: gateway(&manifest.resources.gateway, &functions),
            functions,
        }
    }
}

/// Without its permissions, which follow from the rest.
fn function(entry: &function::Function, resources: &resources::Resources) -> Function {
    let is_object = |trigger: &Trigger| matches!(trigger, Trigger::S3 { .. });
    let mut function = Function {
        service: entry.service.clone(),
        memory_mib: entry.memory,
        timeout_seconds: entry.timeout,
        ephemeral_mib: entry.ephemeral_mib.unwrap_or(EPHEMERAL_MIB),
        concurrency: entry.concurrency,
        layers: entry.layers().map(str::to_owned).collect(),
        environment: environment::of(entry, resources),
        permissions: Vec::new(),
        network: entry.uses.iter().filter_map(engine).collect(),
        routes: routes(entry),
        mappings: entry.triggers.iter().filter_map(|trigger| mapping(entry, trigger)).collect(),
        schedules: Vec::new(),
        objects_created: Vec::new(),
        invoked_by: Vec::new(),
        dead_letters: entry.triggers.iter().any(is_object).then(|| dead(&entry.name)),
    };
    for trigger in &entry.triggers {
        match trigger {
            Trigger::Schedule(expression) => function.schedules.push(expression.clone()),
            Trigger::S3 { bucket, prefix } => {
                function.objects_created.push(ObjectsCreated { bucket: bucket.clone(), prefix: prefix.clone() });
            }
            Trigger::Events(_) | Trigger::Sqs { .. } | Trigger::Kinesis { .. } | Trigger::Dynamodb { .. } => {}
        }
    }
    let invokers = [
        (!function.routes.is_empty(), "apigateway.amazonaws.com"),
        (!function.schedules.is_empty(), "events.amazonaws.com"),
        (!function.objects_created.is_empty(), "s3.amazonaws.com"),
    ];
    function.invoked_by =
        invokers.into_iter().filter(|(invokes, _)| *invokes).map(|(_, service)| service.to_owned()).collect();
    function
}

fn routes(entry: &function::Function) -> Vec<Route> {
    // `check` has refused a route without access.
    let access = entry.access.unwrap_or(Access::Internal);
    let route = |route: &crate::route::Route| Route {
        method: route.method.clone(),
        path: route.path.clone(),
        access,
        proof: entry.proof,
    };
    entry.routes.iter().map(route).collect()
}

fn engine(word: &Use) -> Option<Endpoint> {
    match word {
        Use::Postgres => Some(Endpoint::Postgres),
        Use::Redis => Some(Endpoint::Redis),
        Use::Opensearch => Some(Endpoint::Opensearch),
        Use::Clickhouse => Some(Endpoint::Clickhouse),
        _ => None,
    }
}

fn mapping(entry: &function::Function, trigger: &Trigger) -> Option<Mapping> {
    let max_concurrency = entry.concurrency.map(|most| most.max(LEAST_POLLERS));
    let queue = |name: &str, batch| Mapping {
        source: Source::Queue(name.to_owned()),
        batch,
        window_seconds: 0,
        max_concurrency,
        replay: None,
    };
    let stream = |source, batch, window_seconds| {
        let replay = Replay {
            start: "TRIM_HORIZON".to_owned(),
            retries: STREAM_RETRIES,
            bisect: true,
            dead_letters: dead(&entry.name),
        };
        Mapping { source, batch, window_seconds, max_concurrency: None, replay: Some(replay) }
    };
    match trigger {
        Trigger::Events(_) => Some(queue(&entry.name, EVENTS_BATCH)),
        Trigger::Sqs { queue: name, batch } => Some(queue(name, *batch)),
        Trigger::Kinesis { stream: name, batch, window } => Some(stream(Source::Stream(name.clone()), *batch, *window)),
        Trigger::Dynamodb { table, batch } => Some(stream(Source::Changes(table.clone()), *batch, 0)),
        Trigger::Schedule(_) | Trigger::S3 { .. } => None,
    }
}

fn events(manifest: &Manifest) -> BTreeMap<String, Vec<String>> {
    let mut events: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for function in &manifest.functions {
        for trigger in &function.triggers {
            let Trigger::Events(types) = trigger else { continue };
            for event_type in types {
                events.entry(event_type.clone()).or_default().push(function.name.clone());
            }
        }
    }
    for queues in events.values_mut() {
        queues.sort_unstable();
        queues.dedup();
    }
    events
}

/// The listed queues and one per `events` consumer, which has its name.
fn queues(manifest: &Manifest, functions: &BTreeMap<String, Function>) -> BTreeMap<String, Queue> {
    let own = manifest.functions.iter().filter(|entry| entry.triggers.iter().any(is_events));
    let own = own.map(|entry| (entry.name.clone(), resources::Queue::default()));
    let listed = manifest.resources.queues.iter().map(|(name, entry)| (name.clone(), entry.clone()));
    let queue = |(name, entry): (String, resources::Queue)| {
        let queue = Queue {
            visibility_seconds: visibility_seconds(&name, functions),
            retention_seconds: entry.retention_days * DAY_SECONDS,
            redrive: Redrive { queue: dead(&name), max_receives: entry.max_receives },
        };
        (name, queue)
    };
    own.chain(listed).map(queue).collect()
}

fn is_events(trigger: &Trigger) -> bool {
    matches!(trigger, Trigger::Events(_))
}

/// A killed batch-1 job comes back soon after its deadline; a batch may wait behind throttling, hence AWS's factor of six.
fn visibility_seconds(queue: &str, functions: &BTreeMap<String, Function>) -> u32 {
    let consumers =
        functions.values().flat_map(|function| function.mappings.iter().map(move |mapping| (function, mapping)));
    let mut consumers =
        consumers.filter(|(_, mapping)| matches!(&mapping.source, Source::Queue(name) if name == queue));
    consumers.next().map_or(VISIBILITY_SECONDS, |(function, mapping)| {
        let timeout = function.timeout_seconds;
        if mapping.batch == 1 { timeout + 30 } else { timeout * 6 }
    })
}

fn dead_letter_queues(
    functions: &BTreeMap<String, Function>,
    queues: &BTreeMap<String, Queue>,
) -> BTreeMap<String, DeadLetterQueue> {
    let of_streams =
        functions.values().flat_map(|function| function.mappings.iter().filter_map(|mapping| mapping.replay.as_ref()));
    let names = queues
        .values()
        .map(|queue| &queue.redrive.queue)
        .chain(of_streams.map(|replay| &replay.dead_letters))
        .chain(functions.values().filter_map(|function| function.dead_letters.as_ref()));
    names.map(|name| (name.clone(), DeadLetterQueue { retention_seconds: DEAD_RETENTION_SECONDS })).collect()
}

fn dead(name: &str) -> String {
    format!("{name}{DEAD_SUFFIX}")
}

fn bucket(entry: &resources::Bucket) -> Bucket {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    // The pages come from another origin than the bucket, and a browser must read the ETag of each part.
    let cors = entry.cors.then(|| Cors {
        origins: vec![Value::Reference(Reference::Setting(PUBLIC_URL.to_owned()))],
        methods: owned(&["PUT", "GET", "HEAD"]),
        headers: owned(&["*"]),
        exposed_headers: owned(&["ETag"]),
        max_age_seconds: 3_600,
    });
    Bucket {
        versioned: entry.versioned,
        cors,
        abort_multipart_days: entry.abort_multipart_days,
        expire_days: entry.expire_days,
        public: entry.public.clone(),
    }
}

fn gateway(entry: &resources::Gateway, functions: &BTreeMap<String, Function>) -> Gateway {
    let mut paths: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (name, function) in functions {
        for route in &function.routes {
            let methods = paths.entry(route.path.clone()).or_default();
            methods.insert(route.method.clone(), name.clone());
            // RFC 9110, 9.1: whoever supports GET supports HEAD.
            if route.method == "GET" {
                methods.insert("HEAD".to_owned(), name.clone());
            }
        }
    }
    Gateway {
        binary_media_types: entry.binary_media_types.clone(),
        errors: entry.errors.clone(),
        wrong_method: entry.wrong_method.clone(),
        paths,
    }
}
