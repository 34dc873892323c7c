//! Event source mappings: queues, streams and table changes that start functions.

use anyhow::{Context, Result, bail};
use aws_sdk_lambda::types::{
    DestinationConfig, EventSourceMappingConfiguration, EventSourcePosition, FunctionResponseType, OnFailure,
    ScalingConfig,
};
use manifest::Plan;
use manifest::plan::{Mapping, Source};

use crate::clients::Clients;
use crate::streams::Streams;
use crate::tables::Tables;
use crate::together::together;
use crate::wait;

/// A mapping with the ARN of its source.
struct Wanted<'a> {
    function: &'a str,
    source: String,
    mapping: &'a Mapping,
}

pub(crate) async fn deploy(clients: &Clients, plan: &Plan, streams: &Streams, tables: &Tables) -> Result<usize> {
    let wanted = wanted(clients, plan, streams, tables)?;
    let known = list(clients).await?;
    let is_ours = |mapping: &&EventSourceMappingConfiguration| plan.functions.contains_key(function_name(mapping));
    let stale = known.iter().filter(is_ours).filter(|mapping| !wanted.iter().any(|wanted| wanted.is(mapping)));
    let mut changed = 0;
    for mapping in stale {
        let delete = clients.lambda.delete_event_source_mapping().set_uuid(mapping.uuid.clone());
        delete.send().await.context("deleting an event source mapping")?;
        changed += 1;
    }
    let jobs = wanted.iter().map(|wanted| wanted.put(clients, known.iter().find(|mapping| wanted.is(mapping))));
    Ok(changed + together(jobs).await?)
}

fn wanted<'a>(clients: &Clients, plan: &'a Plan, streams: &Streams, tables: &Tables) -> Result<Vec<Wanted<'a>>> {
    let mut all = Vec::new();
    for (function, entry) in &plan.functions {
        for mapping in &entry.mappings {
            let source = match &mapping.source {
                Source::Queue(queue) => clients.queue_arn(queue),
                Source::Stream(stream) => {
                    streams.arns.get(stream).with_context(|| format!("stream {stream} was not deployed"))?.clone()
                }
                Source::Changes(table) => {
                    tables.streams.get(table).with_context(|| format!("table {table} has no stream"))?.clone()
                }
            };
            all.push(Wanted { function, source, mapping });
        }
    }
    Ok(all)
}

async fn list(clients: &Clients) -> Result<Vec<EventSourceMappingConfiguration>> {
    let mut items = clients.lambda.list_event_source_mappings().into_paginator().items().send();
    let mut known = Vec::new();
    while let Some(mapping) = items.next().await {
        let mapping = mapping.context("listing event source mappings")?;
        if mapping.state() != Some("Deleting") {
            known.push(mapping);
        }
    }
    Ok(known)
}

fn function_name(mapping: &EventSourceMappingConfiguration) -> &str {
    mapping.function_arn().unwrap_or_default().rsplit(':').next().unwrap_or_default()
}

impl Wanted<'_> {
    fn is(&self, mapping: &EventSourceMappingConfiguration) -> bool {
        function_name(mapping) == self.function && mapping.event_source_arn() == Some(&self.source)
    }

    async fn put(&self, clients: &Clients, known: Option<&EventSourceMappingConfiguration>) -> Result<usize> {
        let failed = || format!("mapping {} to {}", self.source, self.function);
        let Some(known) = known else {
            let uuid = self.create(clients).await.with_context(failed)?;
            self.enabled(clients, &uuid).await.with_context(failed)?;
            return Ok(1);
        };
        let (batch, window) = self.limits()?;
        if known.batch_size == Some(batch) && known.maximum_batching_window_in_seconds.unwrap_or_default() == window {
            return Ok(0);
        }
        let uuid = known.uuid.clone().unwrap_or_default();
        self.enabled(clients, &uuid).await.with_context(failed)?;
        let update = clients
            .lambda
            .update_event_source_mapping()
            .uuid(&uuid)
            .batch_size(batch)
            .maximum_batching_window_in_seconds(window);
        update.send().await.with_context(failed)?;
        self.enabled(clients, &uuid).await.with_context(failed)?;
        Ok(1)
    }

    /// Items and seconds.
    fn limits(&self) -> Result<(i32, i32)> {
        Ok((self.mapping.batch.try_into()?, self.mapping.window_seconds.try_into()?))
    }

    async fn create(&self, clients: &Clients) -> Result<String> {
        let (batch, window) = self.limits()?;
        let create = clients
            .lambda
            .create_event_source_mapping()
            .function_name(clients.function_arn(self.function))
            .event_source_arn(&self.source)
            .batch_size(batch)
            .function_response_types(FunctionResponseType::ReportBatchItemFailures);
        let create = if let Some(replay) = &self.mapping.replay {
            let on_failure = OnFailure::builder().destination(clients.queue_arn(&replay.dead_letters)).build();
            create
                .maximum_batching_window_in_seconds(window)
                .starting_position(EventSourcePosition::from(replay.start.as_str()))
                .maximum_retry_attempts(replay.retries.try_into()?)
                .bisect_batch_on_function_error(replay.bisect)
                .destination_config(DestinationConfig::builder().on_failure(on_failure).build())
        } else if let Some(most) = self.mapping.max_concurrency {
            create.scaling_config(ScalingConfig::builder().maximum_concurrency(most.try_into()?).build())
        } else {
            create
        };
        Ok(create.send().await?.uuid.unwrap_or_default())
    }

    async fn enabled(&self, clients: &Clients, uuid: &str) -> Result<()> {
        wait::until("the mapping is enabled", async || {
            let found = clients.lambda.get_event_source_mapping().uuid(uuid).send().await?;
            match found.state() {
                Some("Enabled") => Ok(true),
                Some("CreateFailed" | "UpdateFailed") => {
                    bail!("the mapping failed: {}", found.state_transition_reason().unwrap_or_default())
                }
                _ => Ok(false),
            }
        })
        .await
    }
}
