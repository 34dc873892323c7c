//! Kinesis streams.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use aws_sdk_kinesis::types::StreamStatus;
use manifest::Plan;

use crate::clients::Clients;
use crate::wait;

pub(crate) struct Streams {
    /// Stream → its ARN.
    pub arns: BTreeMap<String, String>,
    pub changed: usize,
}

pub(crate) async fn deploy(clients: &Clients, plan: &Plan) -> Result<Streams> {
    let known = clients.kinesis.list_streams().limit(1000).send().await.context("listing streams")?;
    let mut streams = Streams { arns: BTreeMap::new(), changed: 0 };
    for (name, stream) in &plan.streams {
        if !known.stream_names().contains(name) {
            let shards = stream.shards.try_into()?;
            let create = clients.kinesis.create_stream().stream_name(name).shard_count(shards);
            create.send().await.with_context(|| format!("creating stream {name}"))?;
            streams.changed += 1;
        }
    }
    for (name, stream) in &plan.streams {
        let mut kept_hours = None;
        wait::until(&format!("stream {name} is active"), async || {
            let describe = clients.kinesis.describe_stream_summary().stream_name(name);
            let answer = describe.send().await.with_context(|| format!("describing stream {name}"))?;
            let summary = answer.stream_description_summary.context("no description")?;
            streams.arns.insert(name.clone(), summary.stream_arn);
            kept_hours = Some(summary.retention_period_hours);
            Ok(summary.stream_status == StreamStatus::Active)
        })
        .await?;
        let hours = stream.retention_hours.try_into()?;
        if kept_hours.is_some_and(|kept| kept < hours) {
            let increase = clients.kinesis.increase_stream_retention_period().stream_name(name);
            let increase = increase.retention_period_hours(hours).send().await;
            increase.with_context(|| format!("keeping the records of stream {name}"))?;
            streams.changed += 1;
        }
    }
    Ok(streams)
}
