//! Table `assets`: one partition per asset with its item and its ledger, one per upload, one per idempotency key.
//!
//! Every item counts its changes in `version`; a write names the version it was decided on, so that of two writers one decides again.

mod item;
mod ledger;
mod people;
mod uploads;

use std::collections::HashMap;

use kernel::World;
use stores::aws_sdk_dynamodb::error::SdkError;
use stores::aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use stores::{StoreError, Table};

pub use item::{ASSET, Item, Key};
pub use ledger::Due;
pub use uploads::Begun;

/// So often a change is decided again when others were faster.
const MOST_CONFLICTS: usize = 20;

/// The table.
#[derive(Clone)]
pub struct Store {
    table: Table,
    world: World,
}

/// How a change ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed<T> {
    /// Stored.
    To(T),
    /// Nothing to change.
    Not(T),
    /// There is no such item.
    Absent,
}

/// An item to be written if its version is still the one that was read.
pub struct Write {
    attributes: HashMap<String, AttributeValue>,
    read_version: i64,
    /// Takes the place of the condition on the version.
    unless_alive_at: Option<i64>,
}

impl Write {
    /// Prepares an item; its stored version is one higher.
    pub fn of<T: Item>(item: &T) -> Result<Self, StoreError> {
        Ok(Self { attributes: item::attributes(item)?, read_version: item.version(), unless_alive_at: None })
    }

    fn put(self, table: &str) -> Result<Put, StoreError> {
        let put = Put::builder().table_name(table).set_item(Some(self.attributes));
        let put = match (self.unless_alive_at, self.read_version) {
            (Some(now), _) => put
                .condition_expression("attribute_not_exists(pk) OR expires_at <= :now")
                .expression_attribute_values(":now", AttributeValue::N(now.to_string())),
            (None, 0) => put.condition_expression("attribute_not_exists(pk)"),
            (None, version) => put
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", AttributeValue::N(version.to_string())),
        };
        put.build().map_err(|error| StoreError::new("dynamodb", error))
    }
}

impl Store {
    /// Without I/O.
    pub fn new(table: Table, world: World) -> Self {
        Self { table, world }
    }

    /// Clock and entropy.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The item as it is now.
    pub async fn get<T: Item>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        let request = self.table.client.get_item().table_name(&self.table.name).consistent_read(true);
        let request = request.key("pk", AttributeValue::S(key.pk.clone())).key("sk", AttributeValue::S(key.sk.clone()));
        let answer = request.send().await.map_err(|error| StoreError::new("dynamodb", error))?;
        answer.item.map(item::parse).transpose()
    }

    /// Writes all or none; `false` when one of them has changed meanwhile.
    pub async fn write(&self, writes: Vec<Write>) -> Result<bool, StoreError> {
        let mut puts = Vec::with_capacity(writes.len());
        for write in writes {
            puts.push(write.put(&self.table.name)?);
        }
        match <[Put; 1]>::try_from(puts) {
            Ok([put]) => self.write_one(put).await,
            Err(puts) => self.write_together(puts).await,
        }
    }

    async fn write_one(&self, put: Put) -> Result<bool, StoreError> {
        let request = self.table.client.put_item().table_name(put.table_name);
        let request = request
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression)
            .set_expression_attribute_names(put.expression_attribute_names)
            .set_expression_attribute_values(put.expression_attribute_values);
        match request.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => Ok(false),
            Err(error) => Err(StoreError::new("dynamodb", error)),
        }
    }

    async fn write_together(&self, puts: Vec<Put>) -> Result<bool, StoreError> {
        let items = puts.into_iter().map(|put| TransactWriteItem::builder().put(put).build()).collect();
        match self.table.client.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error)) if error.err().is_transaction_canceled_exception() => Ok(false),
            Err(error) => Err(StoreError::new("dynamodb", error)),
        }
    }

    /// Reads, decides and writes, again when somebody else was faster.
    pub async fn change<T: Item>(&self, key: &Key, decide: impl Fn(&T) -> Option<T>) -> Result<Changed<T>, StoreError> {
        for _ in 0..MOST_CONFLICTS {
            let Some(item) = self.get::<T>(key).await? else { return Ok(Changed::Absent) };
            let Some(next) = decide(&item) else { return Ok(Changed::Not(item)) };
            if self.write(vec![Write::of(&next)?]).await? {
                return Ok(Changed::To(next.stored()));
            }
        }
        Err(StoreError { engine: "dynamodb", detail: format!("{} {} changes all the time", key.pk, key.sk) })
    }
}
