//! SQS queues, each with its dead-letter queue.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use futures::{StreamExt, TryStreamExt, stream};
use manifest::Plan;
use serde_json::{Value, json};

use crate::clients::Clients;
use crate::together::CONCURRENCY;

pub(crate) struct Queues {
    /// Queue → its URL; always as the service says it, emulators differ.
    pub urls: BTreeMap<String, String>,
    pub changed: usize,
}

pub(crate) async fn deploy(clients: &Clients, plan: &Plan) -> Result<Queues> {
    let known = list(clients).await?;
    let dead = plan.dead_letter_queues.iter().map(|(name, queue)| {
        let retention = (Attribute::MessageRetentionPeriod, queue.retention_seconds.to_string());
        Wanted { name, attributes: HashMap::from([retention]) }
    });
    let live = plan.queues.iter().map(|(name, queue)| {
        let target = clients.queue_arn(&queue.redrive.queue);
        let redrive = json!({"deadLetterTargetArn": target, "maxReceiveCount": queue.redrive.max_receives});
        let attributes = HashMap::from([
            (Attribute::MessageRetentionPeriod, queue.retention_seconds.to_string()),
            (Attribute::VisibilityTimeout, queue.visibility_seconds.to_string()),
            (Attribute::RedrivePolicy, redrive.to_string()),
        ]);
        Wanted { name, attributes }
    });
    let mut queues = Queues { urls: BTreeMap::new(), changed: 0 };
    // Dead-letter queues first: a redrive policy must point at something.
    for wanted in [dead.collect::<Vec<_>>(), live.collect()] {
        let jobs = wanted.into_iter().map(|wanted| put(clients, wanted, &known));
        let done: Vec<(String, String, bool)> = stream::iter(jobs).buffer_unordered(CONCURRENCY).try_collect().await?;
        for (name, url, is_changed) in done {
            queues.urls.insert(name, url);
            queues.changed += usize::from(is_changed);
        }
    }
    Ok(queues)
}

struct Wanted<'a> {
    name: &'a str,
    attributes: HashMap<Attribute, String>,
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

async fn put(clients: &Clients, wanted: Wanted<'_>, known: &HashMap<String, String>) -> Result<(String, String, bool)> {
    let failed = || format!("deploying queue {}", wanted.name);
    let Some(url) = known.get(wanted.name) else {
        let create = clients.sqs.create_queue().queue_name(wanted.name).set_attributes(Some(wanted.attributes.clone()));
        let url = create.send().await.with_context(failed)?.queue_url.with_context(failed)?;
        return Ok((wanted.name.to_owned(), url, true));
    };
    let get = clients.sqs.get_queue_attributes().queue_url(url).attribute_names(Attribute::All);
    let found = get.send().await.with_context(failed)?.attributes.unwrap_or_default();
    let is_same = |(name, value): (&Attribute, &String)| found.get(name).is_some_and(|found| equal(found, value));
    if wanted.attributes.iter().all(is_same) {
        return Ok((wanted.name.to_owned(), url.clone(), false));
    }
    let set = clients.sqs.set_queue_attributes().queue_url(url).set_attributes(Some(wanted.attributes.clone()));
    set.send().await.with_context(failed)?;
    Ok((wanted.name.to_owned(), url.clone(), true))
}

/// A policy comes back with other spaces, and its numbers as strings.
fn equal(found: &str, wanted: &str) -> bool {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    match (parse(found), parse(wanted)) {
        (Some(Value::Object(found)), Some(Value::Object(wanted))) => wanted.iter().all(|(key, value)| {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            found.get(key).is_some_and(|found| text(found) == text(value))
        }),
        _ => found == wanted,
    }
}
