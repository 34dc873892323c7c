//! Who began an upload: the one thing here that is about a person. Answers to Idempotency-Keys lie under a digest and say nothing of who sent them.

use std::collections::HashMap;

use kernel::{AccountId, tombstone};
use stores::StoreError;
use stores::aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::{Changed, Key, Store};
use crate::upload::Upload;

/// The index of uploads by account.
const INDEX: &str = "accounts";

impl Key {
    fn tombstone(account: AccountId) -> Self {
        Self { pk: format!("erased#{}", tombstone(account)), sk: "erased".to_owned() }
    }

    fn attributes(&self) -> HashMap<String, AttributeValue> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        HashMap::from([("pk".to_owned(), text(&self.pk)), ("sk".to_owned(), text(&self.sk))])
    }
}

impl Store {
    /// Whether the account was erased: an access token outlives it by minutes.
    pub async fn is_erased(&self, account: AccountId) -> Result<bool, StoreError> {
        let key = Key::tombstone(account).attributes();
        let request = self.table.client.get_item().table_name(&self.table.name).set_key(Some(key));
        let answer = request.consistent_read(true).send().await.map_err(|error| StoreError::new("dynamodb", error))?;
        Ok(answer.item.is_some())
    }

    /// Forgets who began the uploads of an account. How many there were, now and in earlier tries.
    pub async fn forget(&self, account: AccountId) -> Result<u64, StoreError> {
        self.bury(account, 0).await?;
        let mut records = 0;
        for key in self.uploads_of(account).await? {
            let forget =
                |upload: &Upload| upload.account_id.is_some().then(|| Upload { account_id: None, ..upload.clone() });
            if let Changed::To(_) = self.change(&key, forget).await? {
                records += 1;
            }
        }
        self.bury(account, records).await
    }

    /// Makes sure that there is a tombstone and adds to what it counts; the sum.
    async fn bury(&self, account: AccountId, records: u64) -> Result<u64, StoreError> {
        let update = self.table.client.update_item().table_name(&self.table.name);
        let answer = update
            .set_key(Some(Key::tombstone(account).attributes()))
            .update_expression("ADD records :records")
            .expression_attribute_values(":records", AttributeValue::N(records.to_string()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(|error| StoreError::new("dynamodb", error))?;
        let sum = answer.attributes.as_ref().and_then(|item| item.get("records")?.as_n().ok()?.parse().ok());
        Ok(sum.unwrap_or(records))
    }

    async fn uploads_of(&self, account: AccountId) -> Result<Vec<Key>, StoreError> {
        let query = self.table.client.query().table_name(&self.table.name).index_name(INDEX);
        let query = query
            .key_condition_expression("account_id = :account")
            .expression_attribute_values(":account", AttributeValue::S(account.to_string()));
        let items: Result<Vec<HashMap<String, AttributeValue>>, _> =
            query.into_paginator().items().send().collect().await;
        let part = |item: &HashMap<String, AttributeValue>, name: &str| {
            item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
        };
        let items = items.map_err(|error| StoreError::new("dynamodb", error))?;
        Ok(items.iter().map(|item| Key { pk: part(item, "pk"), sk: part(item, "sk") }).collect())
    }
}
