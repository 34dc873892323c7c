//! A DynamoDB table: items under `pk` and `sk`, written only if a condition holds, alone or in transactions.

mod condition;
mod error;
mod item;
mod query;
mod tombstone;
mod write;

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    types::{DeleteRequest, KeysAndAttributes, ReturnValue, Select, TransactWriteItem, WriteRequest},
};
use serde::de::DeserializeOwned;

pub use condition::Condition;
pub use error::{WriteError, took_place};
pub use item::{Found, Item, Key, Value};
pub use query::Query;
pub use write::{Update, Write};

use crate::{Aws, StoreError};

/// DynamoDB takes at most so many keys in one batch read.
const READ_BATCH: usize = 100;
/// DynamoDB takes at most so many deletions in one batch.
const DELETE_BATCH: usize = 25;
/// How often a batch is sent: the first time, and again with what was throttled.
const ATTEMPTS: u32 = 4;

/// A table and the client to reach it with.
#[derive(Clone)]
pub struct Table {
    /// The SDK's client.
    pub client: Client,
    /// The table's name.
    pub name: String,
}

impl Table {
    /// Without I/O.
    pub fn new(aws: &Aws, name: String) -> Self {
        Self { client: Client::new(&aws.quick()), name }
    }

    /// The item as it is now (consistent read); `None` when there is none.
    pub async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key.attributes()));
        let answer = request.consistent_read(true).send().await.map_err(failed)?;
        answer.item.map(|item| Item::from(item).read()).transpose()
    }

    /// The items as they are now (consistent reads), in as few calls as possible.
    pub async fn get_all(&self, keys: &[Key]) -> Result<Found, StoreError> {
        let mut found = HashMap::with_capacity(keys.len());
        for keys in keys.chunks(READ_BATCH) {
            let wanted = KeysAndAttributes::builder().consistent_read(true);
            let wanted = wanted.set_keys(Some(keys.iter().map(Key::attributes).collect())).build().map_err(failed)?;
            let mut waiting = HashMap::from([(self.name.clone(), wanted)]);
            for attempt in 0..ATTEMPTS {
                pause_before(attempt).await;
                let request = self.client.batch_get_item().set_request_items(Some(waiting));
                let answer = request.send().await.map_err(failed)?;
                let items = answer.responses.unwrap_or_default().into_values().flatten().map(Item::from);
                found.extend(items.map(|item| (item.key(), item)));
                waiting = answer.unprocessed_keys.unwrap_or_default();
                if waiting.is_empty() {
                    break;
                }
            }
            if !waiting.is_empty() {
                return Err(throttled("reads"));
            }
        }
        Ok(Found(found))
    }

    /// The items of a partition, over all pages, up to the query's limit. Consistent, except from an index.
    pub async fn query(&self, query: Query) -> Result<Vec<Item>, StoreError> {
        let (mut items, mut after) = (Vec::new(), None);
        loop {
            let left = query.limit().map(|limit| limit - items.len());
            let request = query.request(&self.client, &self.name, left).set_exclusive_start_key(after);
            let answer = request.send().await.map_err(failed)?;
            items.extend(answer.items.unwrap_or_default().into_iter().map(Item::from));
            after = answer.last_evaluated_key;
            if after.is_none() || query.limit().is_some_and(|limit| items.len() >= limit) {
                return Ok(items);
            }
        }
    }

    /// How many items a partition has, over all pages, without sending them; the query's limit does not count.
    pub async fn count(&self, query: Query) -> Result<u64, StoreError> {
        let (mut count, mut after) = (0, None);
        loop {
            let request = query.request(&self.client, &self.name, None).select(Select::Count);
            let answer = request.set_exclusive_start_key(after).send().await.map_err(failed)?;
            count += u64::try_from(answer.count).unwrap_or_default();
            after = answer.last_evaluated_key;
            if after.is_none() {
                return Ok(count);
            }
        }
    }

    /// Writes one item if its condition holds.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub async fn write(&self, write: Write) -> Result<(), WriteError> {
        write.send(&self.client, &self.name).await
    }

    /// Writes all or nothing, at most a hundred.
    ///
    /// # Errors
    /// See [`WriteError`]: which conditions did not hold, by the position of their writes.
    pub async fn transact(&self, writes: Vec<Write>) -> Result<(), WriteError> {
        let items = writes.into_iter().map(|write| write.prepared(&self.name));
        let items: Vec<TransactWriteItem> = items.collect::<Result<_, StoreError>>()?;
        let request = self.client.transact_write_items().set_transact_items(Some(items));
        request.send().await.map(drop).map_err(WriteError::of_transaction)
    }

    /// Removes an item and returns what it was; `None` when there was none.
    pub async fn take<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        let request = self.client.delete_item().table_name(&self.name).set_key(Some(key.attributes()));
        let answer = request.return_values(ReturnValue::AllOld).send().await.map_err(failed)?;
        let item = answer.attributes.filter(|item| !item.is_empty());
        item.map(|item| Item::from(item).read()).transpose()
    }

    /// Removes items unconditionally; a key without an item is no error.
    pub async fn delete_all(&self, keys: &[Key]) -> Result<(), StoreError> {
        for keys in keys.chunks(DELETE_BATCH) {
            let mut requests = Vec::with_capacity(keys.len());
            for key in keys {
                let delete = DeleteRequest::builder().set_key(Some(key.attributes())).build().map_err(failed)?;
                requests.push(WriteRequest::builder().delete_request(delete).build());
            }
            let mut waiting = HashMap::from([(self.name.clone(), requests)]);
            for attempt in 0..ATTEMPTS {
                pause_before(attempt).await;
                let request = self.client.batch_write_item().set_request_items(Some(waiting));
                let answer = request.send().await.map_err(failed)?;
                waiting = answer.unprocessed_items.unwrap_or_default();
                if waiting.is_empty() {
                    break;
                }
            }
            if !waiting.is_empty() {
                return Err(throttled("deletions"));
            }
        }
        Ok(())
    }
}

/// 20, 40, 80 ms before the second, third and fourth attempt.
async fn pause_before(attempt: u32) {
    if attempt > 0 {
        tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
    }
}

fn failed(error: impl std::error::Error) -> StoreError {
    StoreError::new(ENGINE, error)
}

fn throttled(what: &str) -> StoreError {
    StoreError { engine: ENGINE, detail: format!("{what} are throttled") }
}

/// As in the yaml's `uses`.
const ENGINE: &str = "dynamodb";
