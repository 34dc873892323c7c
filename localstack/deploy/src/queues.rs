//! SQS queues, each with its dead-letter queue.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use futures::{StreamExt, TryStreamExt, stream};
use manifest::Manifest;

use crate::clients::Clients;
use crate::together::CONCURRENCY;

/// Dead letters wait as long as SQS allows.
const DEAD_RETENTION: &str = "1209600";

pub(crate) struct Queues {
    /// Queue → its URL; always as the service says it, emulators differ.
    pub urls: BTreeMap<String, String>,
    pub changed: usize,
}

pub(crate) async fn deploy(clients: &Clients, manifest: &Manifest) -> Result<Queues> {
    let known = list(clients).await?;
    // Dead-letter queues first: a redrive policy must point at something.
    let mut dead: Vec<Plan> = manifest.queues().into_iter().map(|queue| Plan::dead(queue.dead)).collect();
    dead.extend(manifest.failure_queues().into_iter().map(Plan::dead));
    let live = manifest.queues().into_iter().map(|queue| {
        let redrive =
            serde_json::json!({"deadLetterTargetArn": clients.queue_arn(&queue.dead), "maxReceiveCount": queue.max_receives});
        let attributes = HashMap::from([
            (Attribute::VisibilityTimeout, queue.visibility_seconds.to_string()),
            (Attribute::RedrivePolicy, redrive.to_string()),
        ]);
        Plan { name: queue.name, attributes }
    });
    let mut queues = Queues { urls: BTreeMap::new(), changed: 0 };
    for plans in [dead, live.collect()] {
        let jobs = plans.into_iter().map(|plan| put(clients, plan, &known));
        let done: Vec<(String, String, bool)> = stream::iter(jobs).buffer_unordered(CONCURRENCY).try_collect().await?;
        for (name, url, is_changed) in done {
            queues.urls.insert(name, url);
            queues.changed += usize::from(is_changed);
        }
    }
    Ok(queues)
}

struct Plan {
    name: String,
    attributes: HashMap<Attribute, String>,
}

impl Plan {
    fn dead(name: String) -> Plan {
        Plan { name, attributes: HashMap::from([(Attribute::MessageRetentionPeriod, DEAD_RETENTION.to_owned())]) }
    }
}

async fn list(clients: &Clients) -> Result<HashMap<String, String>> {
    let mut pages = clients.sqs.list_queues().max_results(1000).into_paginator().send();
    let mut known = HashMap::new();
    while let Some(page) = pages.next().await {
        for url in page.context("listing queues")?.queue_urls() {
            known.insert(url.rsplit('/').next().unwrap_or(url).to_owned(), url.clone());
        }
    }
    Ok(known)
}

async fn put(clients: &Clients, plan: Plan, known: &HashMap<String, String>) -> Result<(String, String, bool)> {
    let failed = || format!("deploying queue {}", plan.name);
    let Some(url) = known.get(&plan.name) else {
        let create = clients.sqs.create_queue().queue_name(&plan.name).set_attributes(Some(plan.attributes.clone()));
        let url = create.send().await.with_context(failed)?.queue_url.with_context(failed)?;
        return Ok((plan.name, url, true));
    };
    let get = clients.sqs.get_queue_attributes().queue_url(url).attribute_names(Attribute::All);
    let found = get.send().await.with_context(failed)?.attributes.unwrap_or_default();
    let is_same = |(name, value): (&Attribute, &String)| found.get(name).is_some_and(|found| equal(found, value));
    if plan.attributes.iter().all(is_same) {
        return Ok((plan.name, url.clone(), false));
    }
    let set = clients.sqs.set_queue_attributes().queue_url(url).set_attributes(Some(plan.attributes.clone()));
    set.send().await.with_context(failed)?;
    Ok((plan.name, url.clone(), true))
}

/// A policy comes back with other spaces, and its numbers as strings.
fn equal(found: &str, wanted: &str) -> bool {
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    match (parse(found), parse(wanted)) {
        (Some(serde_json::Value::Object(found)), Some(serde_json::Value::Object(wanted))) => {
            wanted.iter().all(|(key, value)| {
                let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                found.get(key).is_some_and(|found| text(found) == text(value))
            })
        }
        _ => found == wanted,
    }
}
