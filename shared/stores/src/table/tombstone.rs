//! Tombstones: what is left of somebody who was erased, so that a late write does not bring them back. The key is a digest of the id.

use aws_sdk_dynamodb::types::ReturnValue;
use kernel::{AccountId, tombstone};

use super::{Condition, Key, Table, Update, Write, condition::Placeholders, failed};
use crate::StoreError;

/// Where the tombstone of an account lies.
fn key(account: AccountId) -> Key {
    Key::new(format!("erased#{}", tombstone(account)), "erased")
}

impl Write {
    /// Lets a transaction happen only if the account was not erased.
    pub fn unless_erased(account: AccountId) -> Self {
        Self::check(key(account), Condition::Absent)
    }
}

impl Table {
    /// Whether the account was erased.
    pub async fn is_erased(&self, account: AccountId) -> Result<bool, StoreError> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key(account).attributes()));
        let answer = request.consistent_read(true).send().await.map_err(failed)?;
        Ok(answer.item.is_some())
    }

    /// Marks the account as erased, before its items are removed and after; `records` is how many were removed since the last call.
    /// How many were removed in all calls, earlier tries included.
    pub async fn mark_erased(&self, account: AccountId, records: u64) -> Result<u64, StoreError> {
        let mut placeholders = Placeholders::default();
        let added = i64::try_from(records).unwrap_or(i64::MAX);
        let update = Update::new().add("records", added).expression(&mut placeholders);
        let (names, values) = placeholders.into_parts();
        let request = self.client.update_item().table_name(&self.name).set_key(Some(key(account).attributes()));
        let request = request.update_expression(update).return_values(ReturnValue::AllNew);
        let request = request.set_expression_attribute_names(names).set_expression_attribute_values(values);
        let answer = request.send().await.map_err(failed)?;
        let sum = answer.attributes.as_ref().and_then(|item| item.get("records")?.as_n().ok()?.parse().ok());
        Ok(sum.unwrap_or(records))
    }
}
