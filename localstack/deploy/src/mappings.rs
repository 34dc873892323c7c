//! Event source mappings: queues, streams and table changes that start functions.

use anyhow::{Context, Result, bail};
use aws_sdk_lambda::types::{
    DestinationConfig, EventSourceMappingConfiguration, EventSourcePosition, FunctionResponseType, OnFailure,
    ScalingConfig,
};
use manifest::{DEAD_SUFFIX, Function, Manifest, Trigger};

use crate::clients::Clients;
use crate::streams::Streams;
use crate::tables::Tables;
use crate::together::together;
use crate::wait;

/// Attempts before a batch of a stream goes to the dead-letter queue.
const STREAM_RETRIES: i32 = 5;
/// AWS refuses a limit of one poller.
const LEAST_POLLERS: u32 = 2;

struct Wanted<'a> {
    function: &'a Function,
    source: String,
    batch: i32,
    window: i32,
    /// A stream, with its position and its dead-letter queue; otherwise a queue.
    is_stream: bool,
}

pub(crate) async fn deploy(
    clients: &Clients,
    manifest: &Manifest,
    streams: &Streams,
    tables: &Tables,
) -> Result<usize> {
    let wanted = wanted(clients, manifest, streams, tables)?;
    let known = list(clients).await?;
    let is_ours = |mapping: &&EventSourceMappingConfiguration| manifest.function(function_name(mapping)).is_some();
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

fn wanted<'a>(
    clients: &Clients,
    manifest: &'a Manifest,
    streams: &Streams,
    tables: &Tables,
) -> Result<Vec<Wanted<'a>>> {
    let mut all = Vec::new();
    for function in &manifest.functions {
        for trigger in &function.triggers {
            let (source, batch, window, is_stream) = match trigger {
                Trigger::Events(_) => (clients.queue_arn(&function.name), Trigger::EVENTS_BATCH, 0, false),
                Trigger::Sqs { queue, batch } => (clients.queue_arn(queue), *batch, 0, false),
                Trigger::Kinesis { stream, batch, window } => {
                    let arn = streams.arns.get(stream).with_context(|| format!("stream {stream} was not deployed"))?;
                    (arn.clone(), *batch, *window, true)
                }
                Trigger::Dynamodb { table, batch } => {
                    let arn = tables.streams.get(table).with_context(|| format!("table {table} has no stream"))?;
                    (arn.clone(), *batch, 0, true)
                }
                Trigger::Schedule(_) | Trigger::S3 { .. } => continue,
            };
            let (batch, window) = (batch.try_into()?, window.try_into()?);
            all.push(Wanted { function, source, batch, window, is_stream });
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
        function_name(mapping) == self.function.name && mapping.event_source_arn() == Some(&self.source)
    }

    async fn put(&self, clients: &Clients, known: Option<&EventSourceMappingConfiguration>) -> Result<usize> {
        let failed = || format!("mapping {} to {}", self.source, self.function.name);
        let Some(known) = known else {
            let uuid = self.create(clients).await.with_context(failed)?;
            self.enabled(clients, &uuid).await.with_context(failed)?;
            return Ok(1);
        };
        let window = known.maximum_batching_window_in_seconds.unwrap_or_default();
        if known.batch_size == Some(self.batch) && window == self.window {
            return Ok(0);
        }
        let uuid = known.uuid.clone().unwrap_or_default();
        self.enabled(clients, &uuid).await.with_context(failed)?;
        let update = clients
            .lambda
            .update_event_source_mapping()
            .uuid(&uuid)
            .batch_size(self.batch)
            .maximum_batching_window_in_seconds(self.window);
        update.send().await.with_context(failed)?;
        self.enabled(clients, &uuid).await.with_context(failed)?;
        Ok(1)
    }

    async fn create(&self, clients: &Clients) -> Result<String> {
        let create = clients
            .lambda
            .create_event_source_mapping()
            .function_name(clients.function_arn(&self.function.name))
            .event_source_arn(&self.source)
            .batch_size(self.batch)
            .function_response_types(FunctionResponseType::ReportBatchItemFailures);
        let create = if self.is_stream {
            let dead = clients.queue_arn(&format!("{}{DEAD_SUFFIX}", self.function.name));
            let on_failure = OnFailure::builder().destination(dead).build();
            create
                .maximum_batching_window_in_seconds(self.window)
                .starting_position(EventSourcePosition::TrimHorizon)
                .maximum_retry_attempts(STREAM_RETRIES)
                .bisect_batch_on_function_error(true)
                .destination_config(DestinationConfig::builder().on_failure(on_failure).build())
        } else if let Some(most) = self.function.concurrency {
            let pollers = most.max(LEAST_POLLERS).try_into()?;
            create.scaling_config(ScalingConfig::builder().maximum_concurrency(pollers).build())
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
