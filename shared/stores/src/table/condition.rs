//! Conditions of writes, as DynamoDB's expressions.

use std::{collections::HashMap, fmt::Write as _};

use super::item::{Attributes, Value};

/// What must be true of the item as it is, for a write to happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// There is no such item.
    Absent,
    /// There is such an item.
    Exists,
    /// The attribute has this value; false when it is absent.
    Is(&'static str, Value),
    /// The attribute is lower; false when it is absent.
    Below(&'static str, Value),
    /// The attribute is this or lower; false when it is absent.
    AtMost(&'static str, Value),
    /// Both.
    And(Box<Condition>, Box<Condition>),
    /// Either.
    Or(Box<Condition>, Box<Condition>),
}

impl Condition {
    /// The attribute has this value.
    pub fn is(attribute: &'static str, value: impl Into<Value>) -> Self {
        Self::Is(attribute, value.into())
    }

    /// The attribute is lower.
    pub fn below(attribute: &'static str, value: impl Into<Value>) -> Self {
        Self::Below(attribute, value.into())
    }

    /// The attribute is this or lower.
    pub fn at_most(attribute: &'static str, value: impl Into<Value>) -> Self {
        Self::AtMost(attribute, value.into())
    }

    /// The attribute `version` is still the one that was read; 0 was read when there was no item.
    pub fn version(read: i64) -> Self {
        if read == 0 { Self::Absent } else { Self::is("version", read) }
    }

    /// This one and another.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::And(Box::new(self), Box::new(other))
    }

    /// This one or another.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::Or(Box::new(self), Box::new(other))
    }
}

/// The names and values of a request's expressions. Every name is a placeholder: DynamoDB reserves 573 words, `state` and `at` among them.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    names: HashMap<String, String>,
    values: Attributes,
}

impl Placeholders {
    pub(super) fn name(&mut self, attribute: &str) -> String {
        let placeholder = format!("#{attribute}");
        self.names.insert(placeholder.clone(), attribute.to_owned());
        placeholder
    }

    pub(super) fn value(&mut self, value: Value) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values.insert(placeholder.clone(), value.0);
        placeholder
    }

    /// DynamoDB refuses empty maps.
    pub(super) fn into_parts(self) -> (Option<HashMap<String, String>>, Option<Attributes>) {
        (Some(self.names).filter(|names| !names.is_empty()), Some(self.values).filter(|values| !values.is_empty()))
    }

    pub(super) fn condition(&mut self, condition: Condition) -> String {
        let mut text = String::new();
        self.append(condition, &mut text);
        text
    }

    fn append(&mut self, condition: Condition, text: &mut String) {
        match condition {
            Condition::Absent => text.push_str("attribute_not_exists(pk)"),
            Condition::Exists => text.push_str("attribute_exists(pk)"),
            Condition::Is(attribute, value) => self.compare(attribute, "=", value, text),
            Condition::Below(attribute, value) => self.compare(attribute, "<", value, text),
            Condition::AtMost(attribute, value) => self.compare(attribute, "<=", value, text),
            Condition::And(one, other) => self.join(*one, "AND", *other, text),
            Condition::Or(one, other) => self.join(*one, "OR", *other, text),
        }
    }

    fn compare(&mut self, attribute: &str, operator: &str, value: Value, text: &mut String) {
        let _ = write!(text, "{} {operator} {}", self.name(attribute), self.value(value));
    }

    fn join(&mut self, one: Condition, word: &str, other: Condition, text: &mut String) {
        text.push('(');
        self.append(one, text);
        let _ = write!(text, " {word} ");
        self.append(other, text);
        text.push(')');
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    fn expression(condition: Condition) -> (String, HashMap<String, String>, Attributes) {
        let mut placeholders = Placeholders::default();
        let text = placeholders.condition(condition);
        (text, placeholders.names, placeholders.values)
    }

    #[test]
    fn what_was_not_there_is_created_and_what_was_there_replaced() {
        assert_eq!(expression(Condition::version(0)).0, "attribute_not_exists(pk)");
        let (text, names, values) = expression(Condition::version(7));
        assert_eq!(text, "#version = :0");
        assert_eq!(names, HashMap::from([("#version".to_owned(), "version".to_owned())]));
        assert_eq!(values, HashMap::from([(":0".to_owned(), AttributeValue::N("7".to_owned()))]));
    }

    #[test]
    fn each_value_has_a_placeholder_of_its_own_and_parentheses_keep_the_order() {
        let newer = Condition::below("fence", 3).or(Condition::is("fence", 3).and(Condition::below("client_at", 9)));
        let (text, names, values) = expression(Condition::Absent.or(newer));
        assert_eq!(text, "(attribute_not_exists(pk) OR (#fence < :0 OR (#fence = :1 AND #client_at < :2)))");
        assert_eq!(names.len(), 2);
        assert_eq!(values.get(":2"), Some(&AttributeValue::N("9".to_owned())));
    }
}
