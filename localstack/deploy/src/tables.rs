//! DynamoDB tables with their indexes, change streams and expiry.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, IndexStatus, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType, TableDescription, TableStatus, TimeToLiveSpecification,
    TimeToLiveStatus,
};
use aws_sdk_dynamodbstreams::types::StreamStatus;
use futures::{StreamExt, TryStreamExt, stream};
use manifest::{Index, Plan, Table};

use crate::clients::Clients;
use crate::together::CONCURRENCY;
use crate::wait;

pub(crate) struct Tables {
    /// Table → ARN of its change stream.
    pub streams: BTreeMap<String, String>,
    pub changed: usize,
}

pub(crate) async fn deploy(clients: &Clients, plan: &Plan) -> Result<Tables> {
    let known = list(clients).await?;
    let jobs = plan.tables.iter().map(|(name, table)| {
        let exists = known.contains(name);
        async move {
            let one = One { clients, name, table };
            let is_changed = if exists { one.update().await? } else { one.create().await? };
            anyhow::Ok((name.clone(), one.stream().await?, is_changed))
        }
    });
    let done: Vec<(String, Option<String>, bool)> =
        stream::iter(jobs).buffer_unordered(CONCURRENCY).try_collect().await?;
    let changed = done.iter().filter(|(_, _, is_changed)| *is_changed).count();
    let streams = done.into_iter().filter_map(|(name, stream, _)| Some((name, stream?))).collect();
    Ok(Tables { streams, changed })
}

async fn list(clients: &Clients) -> Result<BTreeSet<String>> {
    let mut pages = clients.dynamodb.list_tables().into_paginator().items().send();
    let mut known = BTreeSet::new();
    while let Some(name) = pages.next().await {
        known.insert(name.context("listing tables")?);
    }
    Ok(known)
}

/// One table under way.
struct One<'a> {
    clients: &'a Clients,
    name: &'a str,
    table: &'a Table,
}

impl One<'_> {
    fn step(&self, step: &str) -> String {
        format!("{step} table {}", self.name)
    }

    async fn create(&self) -> Result<bool> {
        let mut indexes = Vec::new();
        for (name, index) in &self.table.indexes {
            let index = GlobalSecondaryIndex::builder()
                .index_name(name)
                .set_key_schema(Some(index_keys(index)?))
                .projection(everything());
            indexes.push(index.build()?);
        }
        let indexes = (!indexes.is_empty()).then_some(indexes);
        let create = self
            .clients
            .dynamodb
            .create_table()
            .table_name(self.name)
            .set_key_schema(Some(keys(&self.table.hash, self.table.range.as_deref())?))
            .set_attribute_definitions(Some(self.attributes()?))
            .set_global_secondary_indexes(indexes)
            .set_stream_specification(self.table.stream.then(changes).transpose()?)
            .billing_mode(BillingMode::PayPerRequest);
        create.send().await.with_context(|| self.step("creating"))?;
        self.active().await?;
        self.expire().await?;
        Ok(true)
    }

    /// Adds what is missing; the keys of a table cannot change.
    async fn update(&self) -> Result<bool> {
        self.active().await?;
        let found = self.describe().await?;
        ensure!(
            found.key_schema() == keys(&self.table.hash, self.table.range.as_deref())?,
            "table {} has other keys: delete it or choose another name",
            self.name
        );
        let mut is_changed = false;
        let indexes: Vec<&str> =
            found.global_secondary_indexes().iter().filter_map(|index| index.index_name()).collect();
        for (name, index) in &self.table.indexes {
            if !indexes.contains(&name.as_str()) {
                self.add_index(name, index).await?;
                is_changed = true;
            }
        }
        if self.table.stream && !self.is_streaming(&found).await? {
            self.start_stream(&found).await?;
            is_changed = true;
        }
        Ok(self.expire().await? || is_changed)
    }

    async fn add_index(&self, name: &str, index: &Index) -> Result<()> {
        let create = CreateGlobalSecondaryIndexAction::builder()
            .index_name(name)
            .set_key_schema(Some(index_keys(index)?))
            .projection(everything())
            .build()?;
        let update = self
            .clients
            .dynamodb
            .update_table()
            .table_name(self.name)
            .set_attribute_definitions(Some(self.attributes()?))
            .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(create).build());
        update.send().await.with_context(|| self.step("adding an index to"))?;
        self.active().await
    }

    /// An emulator that was restarted over kept data knows the table, but its stream is gone.
    async fn is_streaming(&self, found: &TableDescription) -> Result<bool> {
        let Some(arn) = found.latest_stream_arn() else { return Ok(false) };
        let describe = self.clients.streams.describe_stream().stream_arn(arn).send().await;
        match describe {
            Ok(answer) => {
                let status = answer.stream_description.and_then(|stream| stream.stream_status);
                Ok(matches!(status, Some(StreamStatus::Enabled | StreamStatus::Enabling)))
            }
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                Ok(false)
            }
            Err(error) => Err(error).with_context(|| self.step("describing the stream of")),
        }
    }

    async fn start_stream(&self, found: &TableDescription) -> Result<()> {
        let update = |specification| {
            self.clients.dynamodb.update_table().table_name(self.name).stream_specification(specification).send()
        };
        if found.stream_specification().is_some_and(|stream| stream.stream_enabled()) {
            let off = StreamSpecification::builder().stream_enabled(false).build()?;
            update(off).await.with_context(|| self.step("stopping the stream of"))?;
            self.active().await?;
        }
        update(changes()?).await.with_context(|| self.step("starting the stream of"))?;
        self.active().await
    }

    /// What is written between ACTIVE and ENABLED never reaches the stream.
    async fn stream(&self) -> Result<Option<String>> {
        if !self.table.stream {
            return Ok(None);
        }
        wait::until(&format!("table {} streams its changes", self.name), async || {
            self.is_enabled(&self.describe().await?).await
        })
        .await?;
        Ok(self.describe().await?.latest_stream_arn)
    }

    async fn is_enabled(&self, found: &TableDescription) -> Result<bool> {
        let Some(arn) = found.latest_stream_arn() else { return Ok(false) };
        let answer = self.clients.streams.describe_stream().stream_arn(arn).send().await;
        let answer = answer.with_context(|| self.step("describing the stream of"))?;
        Ok(answer.stream_description.and_then(|stream| stream.stream_status) == Some(StreamStatus::Enabled))
    }

    async fn expire(&self) -> Result<bool> {
        let Some(attribute) = &self.table.ttl else { return Ok(false) };
        let describe = self.clients.dynamodb.describe_time_to_live().table_name(self.name);
        let found = describe.send().await.with_context(|| self.step("describing"))?.time_to_live_description;
        let is_set = found.is_some_and(|found| {
            matches!(found.time_to_live_status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
                && found.attribute_name.as_deref() == Some(attribute)
        });
        if is_set {
            return Ok(false);
        }
        let expiry = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build()?;
        let update =
            self.clients.dynamodb.update_time_to_live().table_name(self.name).time_to_live_specification(expiry);
        update.send().await.with_context(|| self.step("setting the expiry of"))?;
        Ok(true)
    }

    async fn active(&self) -> Result<()> {
        wait::until(&format!("table {} is active", self.name), async || {
            let found = self.describe().await?;
            let is_ready = |index: &aws_sdk_dynamodb::types::GlobalSecondaryIndexDescription| {
                index.index_status().is_none_or(|status| *status == IndexStatus::Active)
            };
            Ok(found.table_status == Some(TableStatus::Active) && found.global_secondary_indexes().iter().all(is_ready))
        })
        .await
    }

    async fn describe(&self) -> Result<TableDescription> {
        let answer = self.clients.dynamodb.describe_table().table_name(self.name).send().await;
        answer.with_context(|| self.step("describing"))?.table.context("no description")
    }

    /// Only attributes that are part of a key may be defined.
    fn attributes(&self) -> Result<Vec<AttributeDefinition>> {
        let mut names = BTreeSet::from([self.table.hash.as_str()]);
        names.extend(self.table.range.as_deref());
        for index in self.table.indexes.values() {
            names.insert(&index.hash);
            names.extend(index.range.as_deref());
        }
        let define =
            |name| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
        Ok(names.into_iter().map(define).collect::<Result<_, _>>()?)
    }
}

fn index_keys(index: &Index) -> Result<Vec<KeySchemaElement>> {
    keys(&index.hash, index.range.as_deref())
}

fn keys(hash: &str, range: Option<&str>) -> Result<Vec<KeySchemaElement>> {
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let mut keys = vec![key(hash, KeyType::Hash)?];
    if let Some(range) = range {
        keys.push(key(range, KeyType::Range)?);
    }
    Ok(keys)
}

fn everything() -> Projection {
    Projection::builder().projection_type(ProjectionType::All).build()
}

fn changes() -> Result<StreamSpecification> {
    let images = StreamViewType::NewAndOldImages;
    Ok(StreamSpecification::builder().stream_enabled(true).stream_view_type(images).build()?)
}
