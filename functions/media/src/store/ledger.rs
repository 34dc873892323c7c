//! The ledger of an asset, and what is due in all of them.

use futures::FutureExt;
use kernel::AssetId;
use stores::StoreError;
use stores::aws_sdk_dynamodb::types::AttributeValue;
use time::OffsetDateTime;

use super::item::{ASSET, JOB, SHARDS, UPLOAD, moment, parse};
use super::{Changed, Key, Store, Write};
use crate::asset::{Asset, Step};
use crate::job::{Job, JobRow};
use crate::objects::in_order;
use crate::upload::Upload;

/// Rows on their way at the same time.
const WRITES: usize = 16;

/// Something that the reconciler has to look at.
#[derive(Debug, Clone)]
pub enum Due {
    /// An asset on its way, or one whose source goes to the archive.
    Asset(Box<Asset>),
    /// A job that should be further.
    Job(Box<JobRow>),
    /// A completed upload whose source should have been noticed.
    Upload(Box<Upload>),
}

impl Store {
    /// An asset.
    pub async fn asset(&self, id: AssetId) -> Result<Option<Asset>, StoreError> {
        self.get(&Key::asset(id)).await
    }

    /// The ledger row of a job.
    pub async fn job(&self, id: AssetId, job: &Job) -> Result<Option<JobRow>, StoreError> {
        self.get(&Key::job(id, job)).await
    }

    /// Changes an asset.
    pub async fn change_asset(
        &self,
        id: AssetId,
        decide: impl Fn(&Asset) -> Option<Asset>,
    ) -> Result<Changed<Asset>, StoreError> {
        self.change(&Key::asset(id), decide).await
    }

    /// Changes a ledger row.
    pub async fn change_job(
        &self,
        id: AssetId,
        job: &Job,
        decide: impl Fn(&JobRow) -> Option<JobRow>,
    ) -> Result<Changed<JobRow>, StoreError> {
        self.change(&Key::job(id, job), decide).await
    }

    /// Writes an asset and the first row of its next stage together; `false` when somebody else was faster.
    pub async fn write_step(&self, (asset, row): &Step) -> Result<bool, StoreError> {
        let mut writes = vec![Write::of(asset)?];
        if let Some(row) = row {
            writes.push(Write::of(row)?);
        }
        self.write(writes).await
    }

    /// Adds rows that are not there yet.
    pub async fn add_jobs(&self, rows: Vec<JobRow>) -> Result<(), StoreError> {
        let add = |row: JobRow| async move { self.write(vec![Write::of(&row)?]).await };
        in_order(rows.into_iter().map(|row| add(row).boxed()).collect(), WRITES).await.map(drop)
    }

    /// All rows of an asset's ledger, as they are now, in the order of their keys.
    pub async fn ledger(&self, id: AssetId) -> Result<Vec<JobRow>, StoreError> {
        let query = self.table.client.query().table_name(&self.table.name).consistent_read(true);
        let query = query
            .key_condition_expression("pk = :pk AND begins_with(sk, :job)")
            .expression_attribute_values(":pk", AttributeValue::S(id.to_string()))
            .expression_attribute_values(":job", AttributeValue::S(JOB.to_owned()));
        let mut items = query.into_paginator().items().send();
        let mut rows = Vec::new();
        while let Some(item) = items.next().await {
            rows.push(parse(item.map_err(|error| StoreError::new("dynamodb", error))?)?);
        }
        Ok(rows)
    }

    /// Up to `limit` items of each shard of the index that are due.
    pub async fn due(&self, now: OffsetDateTime, limit: i32) -> Result<Vec<Due>, StoreError> {
        let mut due = Vec::new();
        for shard in 0..SHARDS {
            let query = self.table.client.query().table_name(&self.table.name).index_name("due").limit(limit);
            let query = query
                .key_condition_expression("due_shard = :shard AND due_at <= :now")
                .expression_attribute_values(":shard", AttributeValue::S(shard.to_string()))
                .expression_attribute_values(":now", AttributeValue::S(moment(now)));
            let answer = query.send().await.map_err(|error| StoreError::new("dynamodb", error))?;
            for item in answer.items.unwrap_or_default() {
                let sk = item.get("sk").and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
                due.push(match sk.as_str() {
                    ASSET => Due::Asset(Box::new(parse(item)?)),
                    UPLOAD => Due::Upload(Box::new(parse(item)?)),
                    _ => Due::Job(Box::new(parse(item)?)),
                });
            }
        }
        Ok(due)
    }
}
