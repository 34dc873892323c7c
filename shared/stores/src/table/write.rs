//! Writes, alone or as a part of a transaction.

use aws_sdk_dynamodb::{
    Client,
    types::{ConditionCheck, Delete, Put, TransactWriteItem, Update as UpdateItem},
};

use super::{Condition, Item, Key, Value, WriteError, condition::Placeholders, failed};
use crate::{StoreError, trace};

/// A change of some attributes of an item; what it does not name stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Update {
    set: Vec<(&'static str, Value)>,
    add: Vec<(&'static str, i64)>,
    remove: Vec<&'static str>,
}

impl Update {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives an attribute this value.
    #[must_use]
    pub fn set(mut self, attribute: &'static str, value: impl Into<Value>) -> Self {
        self.set.push((attribute, value.into()));
        self
    }

    /// Adds to a number; an absent one counts as 0.
    #[must_use]
    pub fn add(mut self, attribute: &'static str, number: i64) -> Self {
        self.add.push((attribute, number));
        self
    }

    /// Removes an attribute.
    #[must_use]
    pub fn remove(mut self, attribute: &'static str) -> Self {
        self.remove.push(attribute);
        self
    }

    /// The expression; continues the caller's trace in the item.
    pub(super) fn expression(mut self, placeholders: &mut Placeholders) -> String {
        if let Some(trace) = trace::current() {
            self = self.set(trace::ATTRIBUTE, trace.to_string());
        }
        let set = self.set.into_iter().map(|(name, value)| {
            let name = placeholders.name(name);
            format!("{name} = {}", placeholders.value(value))
        });
        let set: Vec<String> = set.collect();
        let add = self.add.into_iter().map(|(name, number)| {
            let name = placeholders.name(name);
            format!("{name} {}", placeholders.value(number.into()))
        });
        let add: Vec<String> = add.collect();
        let remove: Vec<String> = self.remove.into_iter().map(|name| placeholders.name(name)).collect();
        let clauses = [("SET", set), ("ADD", add), ("REMOVE", remove)];
        let clauses = clauses.into_iter().filter(|(_, parts)| !parts.is_empty());
        clauses.map(|(word, parts)| format!("{word} {}", parts.join(", "))).collect::<Vec<_>>().join(" ")
    }
}

/// One write, with the condition under which it happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    action: Action,
    condition: Option<Condition>,
}

#[derive(Debug, Clone, PartialEq)]
enum Action {
    Put(Item),
    Update(Key, Update),
    Delete(Key),
    Check(Key),
}

impl Write {
    /// Stores an item in the place of whatever has its key.
    pub fn put(item: Item) -> Self {
        Self { action: Action::Put(item), condition: None }
    }

    /// Changes an item; one that does not exist is created, unless a condition says otherwise.
    pub fn update(key: Key, update: Update) -> Self {
        Self { action: Action::Update(key, update), condition: None }
    }

    /// Removes an item.
    pub fn delete(key: Key) -> Self {
        Self { action: Action::Delete(key), condition: None }
    }

    /// Writes nothing: lets a transaction depend on another item.
    pub fn check(key: Key, condition: Condition) -> Self {
        Self { action: Action::Check(key), condition: Some(condition) }
    }

    /// Only under this condition.
    #[must_use]
    pub fn when(self, condition: Condition) -> Self {
        Self { condition: Some(condition), ..self }
    }

    /// Writes alone. Half the price of a transaction, unless it is a check, which DynamoDB knows only there.
    pub(super) async fn send(self, client: &Client, table: &str) -> Result<(), WriteError> {
        match self.prepared(table)? {
            TransactWriteItem { put: Some(put), .. } => {
                let request = client.put_item().table_name(put.table_name).set_item(Some(put.item));
                let request = request
                    .set_condition_expression(put.condition_expression)
                    .set_expression_attribute_names(put.expression_attribute_names)
                    .set_expression_attribute_values(put.expression_attribute_values);
                request.send().await.map(drop).map_err(WriteError::of_write)
            }
            TransactWriteItem { update: Some(update), .. } => {
                let request = client.update_item().table_name(update.table_name).set_key(Some(update.key));
                let request = request
                    .update_expression(update.update_expression)
                    .set_condition_expression(update.condition_expression)
                    .set_expression_attribute_names(update.expression_attribute_names)
                    .set_expression_attribute_values(update.expression_attribute_values);
                request.send().await.map(drop).map_err(WriteError::of_write)
            }
            TransactWriteItem { delete: Some(delete), .. } => {
                let request = client.delete_item().table_name(delete.table_name).set_key(Some(delete.key));
                let request = request
                    .set_condition_expression(delete.condition_expression)
                    .set_expression_attribute_names(delete.expression_attribute_names)
                    .set_expression_attribute_values(delete.expression_attribute_values);
                request.send().await.map(drop).map_err(WriteError::of_write)
            }
            check => {
                let request = client.transact_write_items().transact_items(check);
                request.send().await.map(drop).map_err(WriteError::of_transaction)
            }
        }
    }

    /// In the SDK's words.
    pub(super) fn prepared(self, table: &str) -> Result<TransactWriteItem, StoreError> {
        let mut placeholders = Placeholders::default();
        let condition = self.condition.map(|condition| placeholders.condition(condition));
        let item = TransactWriteItem::builder();
        let item = match self.action {
            Action::Put(attributes) => {
                let (names, values) = placeholders.into_parts();
                let put = Put::builder().table_name(table).set_item(Some(attributes.0));
                let put = put.set_condition_expression(condition).set_expression_attribute_names(names);
                item.put(put.set_expression_attribute_values(values).build().map_err(failed)?)
            }
            Action::Update(key, update) => {
                let expression = update.expression(&mut placeholders);
                let (names, values) = placeholders.into_parts();
                let update = UpdateItem::builder().table_name(table).set_key(Some(key.attributes()));
                let update = update.update_expression(expression).set_condition_expression(condition);
                let update = update.set_expression_attribute_names(names).set_expression_attribute_values(values);
                item.update(update.build().map_err(failed)?)
            }
            Action::Delete(key) => {
                let (names, values) = placeholders.into_parts();
                let delete = Delete::builder().table_name(table).set_key(Some(key.attributes()));
                let delete = delete.set_condition_expression(condition).set_expression_attribute_names(names);
                item.delete(delete.set_expression_attribute_values(values).build().map_err(failed)?)
            }
            Action::Check(key) => {
                let (names, values) = placeholders.into_parts();
                let check = ConditionCheck::builder().table_name(table).set_key(Some(key.attributes()));
                let check = check.set_condition_expression(condition).set_expression_attribute_names(names);
                item.condition_check(check.set_expression_attribute_values(values).build().map_err(failed)?)
            }
        };
        Ok(item.build())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    fn number(number: i64) -> AttributeValue {
        AttributeValue::N(number.to_string())
    }

    #[test]
    fn an_update_and_its_condition_share_their_placeholders() {
        let update = Update::new().set("state", "over").set("at", 12).add("version", 1).remove("due_at");
        let write = Write::update(Key::new("session#1", "session"), update).when(Condition::is("version", 3));
        let update = write.prepared("playback").unwrap().update.unwrap();
        assert_eq!(update.update_expression, "SET #state = :1, #at = :2 ADD #version :3 REMOVE #due_at");
        assert_eq!(update.condition_expression.as_deref(), Some("#version = :0"));
        let values = update.expression_attribute_values.unwrap();
        assert_eq!((values.get(":0"), values.get(":3")), (Some(&number(3)), Some(&number(1))));
        assert_eq!(values.get(":1"), Some(&AttributeValue::S("over".to_owned())));
        assert_eq!(update.expression_attribute_names.unwrap().len(), 4);
    }

    #[tokio::test]
    async fn an_update_continues_the_trace_of_the_caller() {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let write = Write::update(Key::new("a", "b"), Update::new().add("records", 2));
        let prepared = trace::within(trace.parse().ok(), async { write.prepared("assets").unwrap() }).await;
        let update = prepared.update.unwrap();
        assert_eq!(update.update_expression, "SET #traceparent = :0 ADD #records :1");
        assert_eq!(update.expression_attribute_values.unwrap().get(":0"), Some(&AttributeValue::S(trace.to_owned())));
    }

    #[test]
    fn a_write_without_values_sends_no_empty_maps() {
        let delete = Write::delete(Key::new("a", "b")).when(Condition::Exists).prepared("assets").unwrap();
        let delete = delete.delete.unwrap();
        assert_eq!(
            delete.key,
            HashMap::from([
                ("pk".to_owned(), AttributeValue::S("a".to_owned())),
                ("sk".to_owned(), AttributeValue::S("b".to_owned())),
            ])
        );
        assert_eq!(delete.condition_expression.as_deref(), Some("attribute_exists(pk)"));
        assert_eq!((delete.expression_attribute_names, delete.expression_attribute_values), (None, None));
    }
}
