//! Items and where they lie.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Serialize, de::DeserializeOwned};
use time::OffsetDateTime;

use super::failed;
use crate::{StoreError, trace};

pub(super) type Attributes = HashMap<String, AttributeValue>;

/// Primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The partition.
    pub pk: String,
    /// The place in the partition.
    pub sk: String,
}

impl Key {
    /// Ids and words, put into text.
    pub fn new(pk: impl ToString, sk: impl ToString) -> Self {
        Self { pk: pk.to_string(), sk: sk.to_string() }
    }

    pub(super) fn attributes(&self) -> Attributes {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// One attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Value(pub(super) AttributeValue);

impl Value {
    /// Whatever serde makes of it.
    pub fn of(value: &impl Serialize) -> Result<Self, StoreError> {
        serde_dynamo::to_attribute_value(value).map(Self).map_err(failed)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self(AttributeValue::N(number.to_string()))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(AttributeValue::S(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(AttributeValue::S(text))
    }
}

/// An item with its key.
#[derive(Debug, Clone, PartialEq)]
pub struct Item(pub(super) Attributes);

impl Item {
    /// The value's fields as attributes, under a key, with the trace of the caller: whoever reads the table's stream continues it.
    pub fn new(key: &Key, value: &impl Serialize) -> Result<Self, StoreError> {
        let mut attributes: Attributes = serde_dynamo::to_item(value).map_err(failed)?;
        attributes.extend(key.attributes());
        if let Some(trace) = trace::current() {
            attributes.insert(trace::ATTRIBUTE.to_owned(), AttributeValue::S(trace.to_string()));
        }
        Ok(Self(attributes))
    }

    /// With one more attribute, for an index.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into().0);
        self
    }

    /// Without an attribute: an item that lacks the key of an index is not in it.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// From then on the table may remove the item, within days.
    #[must_use]
    pub fn expiring(self, at: OffsetDateTime) -> Self {
        self.with("expires_at", at.unix_timestamp())
    }

    /// Where it lies.
    pub fn key(&self) -> Key {
        let text = |name: &str| self.0.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        Key { pk: text("pk"), sk: text("sk") }
    }

    /// The value.
    ///
    /// # Errors
    /// When the item has another shape.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, StoreError> {
        serde_dynamo::from_item(self.0).map_err(failed)
    }
}

impl From<Attributes> for Item {
    fn from(attributes: Attributes) -> Self {
        Self(attributes)
    }
}

/// What a batch read has found.
#[derive(Debug)]
pub struct Found(pub(super) HashMap<Key, Item>);

impl Found {
    /// The value under a key; `None` when there is none, or when it was taken before.
    ///
    /// # Errors
    /// When the item has another shape.
    pub fn take<T: DeserializeOwned>(&mut self, key: &Key) -> Result<Option<T>, StoreError> {
        self.0.remove(key).map(Item::read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Film {
        title: String,
        frames: u64,
    }

    #[tokio::test]
    async fn an_item_is_read_as_it_was_written_and_carries_key_and_trace() {
        let film = Film { title: "Nosferatu".to_owned(), frames: 81_000 };
        let key = Key::new("film#1", "film");
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let item = trace::within(traceparent.parse().ok(), async { Item::new(&key, &film).unwrap() }).await;
        assert_eq!(item.key(), key);
        assert_eq!(item.0.get("traceparent"), Some(&AttributeValue::S(traceparent.to_owned())));
        assert_eq!(item.read::<Film>().unwrap(), film);
    }

    #[test]
    fn times_are_removed_by_whole_seconds() {
        let at = OffsetDateTime::from_unix_timestamp_nanos(1_700_000_000_900_000_000).unwrap();
        let item = Item::new(&Key::new("a", "b"), &Film { title: String::new(), frames: 0 }).unwrap().expiring(at);
        assert_eq!(item.0.get("expires_at"), Some(&AttributeValue::N("1700000000".to_owned())));
    }
}
