//! Queries: the items of one partition, of the table or of an index.

use aws_sdk_dynamodb::{Client, operation::query::builders::QueryFluentBuilder};

use super::{Value, condition::Placeholders};

/// The items of a partition, in the order of their sort keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    index: Option<&'static str>,
    partition: (&'static str, Value),
    sort: Option<Sort>,
    limit: Option<usize>,
    is_backwards: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Sort {
    BeginsWith(&'static str, Value),
    AtMost(&'static str, Value),
    Above(&'static str, Value),
}

impl Query {
    /// A partition of the table.
    pub fn partition(pk: impl Into<Value>) -> Self {
        Self { index: None, partition: ("pk", pk.into()), sort: None, limit: None, is_backwards: false }
    }

    /// The items of an index that have this value in its partition key. An index lags behind the table by moments.
    pub fn index(index: &'static str, attribute: &'static str, value: impl Into<Value>) -> Self {
        Self { index: Some(index), partition: (attribute, value.into()), ..Self::partition("") }
    }

    /// Only sort keys that begin so.
    #[must_use]
    pub fn begins_with(self, attribute: &'static str, prefix: impl Into<Value>) -> Self {
        Self { sort: Some(Sort::BeginsWith(attribute, prefix.into())), ..self }
    }

    /// Only sort keys up to this one.
    #[must_use]
    pub fn at_most(self, attribute: &'static str, value: impl Into<Value>) -> Self {
        Self { sort: Some(Sort::AtMost(attribute, value.into())), ..self }
    }

    /// Only sort keys beyond this one.
    #[must_use]
    pub fn above(self, attribute: &'static str, value: impl Into<Value>) -> Self {
        Self { sort: Some(Sort::Above(attribute, value.into())), ..self }
    }

    /// At most so many items.
    #[must_use]
    pub fn first(self, items: usize) -> Self {
        Self { limit: Some(items), ..self }
    }

    /// From the last sort key to the first.
    #[must_use]
    pub fn backwards(self) -> Self {
        Self { is_backwards: true, ..self }
    }

    pub(super) fn limit(&self) -> Option<usize> {
        self.limit
    }

    /// One page of at most `left` items.
    pub(super) fn request(&self, client: &Client, table: &str, left: Option<usize>) -> QueryFluentBuilder {
        let (condition, placeholders) = self.condition();
        let (names, values) = placeholders.into_parts();
        let request = client.query().table_name(table).set_index_name(self.index.map(str::to_owned));
        // An index cannot be read consistently.
        let request = request.consistent_read(self.index.is_none());
        let request = request.set_limit(left.map(|left| i32::try_from(left).unwrap_or(i32::MAX)));
        let request = request.scan_index_forward(!self.is_backwards).key_condition_expression(condition);
        request.set_expression_attribute_names(names).set_expression_attribute_values(values)
    }

    fn condition(&self) -> (String, Placeholders) {
        let mut placeholders = Placeholders::default();
        let (attribute, value) = &self.partition;
        let (name, value) = (placeholders.name(attribute), placeholders.value(value.clone()));
        let mut text = format!("{name} = {value}");
        match &self.sort {
            None => {}
            Some(Sort::BeginsWith(attribute, prefix)) => {
                let (name, prefix) = (placeholders.name(attribute), placeholders.value(prefix.clone()));
                text = format!("{text} AND begins_with({name}, {prefix})");
            }
            Some(Sort::AtMost(attribute, value)) => {
                let (name, value) = (placeholders.name(attribute), placeholders.value(value.clone()));
                text = format!("{text} AND {name} <= {value}");
            }
            Some(Sort::Above(attribute, value)) => {
                let (name, value) = (placeholders.name(attribute), placeholders.value(value.clone()));
                text = format!("{text} AND {name} > {value}");
            }
        }
        (text, placeholders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_narrowed_by_its_sort_key() {
        let jobs = Query::partition("ast_1").begins_with("sk", "job#");
        assert_eq!(jobs.condition().0, "#pk = :0 AND begins_with(#sk, :1)");
        let due = Query::index("due", "due_shard", "3").at_most("due_at", "2026-11-28T00:00:00Z");
        assert_eq!(due.condition().0, "#due_shard = :0 AND #due_at <= :1");
        let live = Query::index("due", "due_shard", "3").above("due_at", "2026-11-28T00:00:00Z");
        assert_eq!(live.condition().0, "#due_shard = :0 AND #due_at > :1");
        assert_eq!(Query::partition("ast_1").condition().0, "#pk = :0");
    }
}
