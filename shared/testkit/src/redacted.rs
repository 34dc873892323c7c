//! Answers for snapshots: what differs in every run is replaced by what it stands for.

use std::collections::BTreeMap;

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::Answer;

/// Digits of an id behind its prefix.
const DIGITS: usize = 26;

/// Replaces ids by their prefix and a number in the order of appearance, times by `<time>`, and what is signed or hashed by its name.
#[derive(Debug, Default)]
pub struct Redacted {
    ids: BTreeMap<String, String>,
}

impl Redacted {
    /// Status, the headers that a client decides by, and the body.
    pub fn answer(&mut self, answer: &Answer) -> String {
        let mut text = answer.status.as_u16().to_string();
        for name in ["content-type", "cache-control", "etag", "location", "retry-after", "idempotent-replayed"] {
            if let Some(value) = answer.header(name) {
                let value = match name {
                    "etag" => "<etag>",
                    // What is left of an hour or a day depends on the clock.
                    "retry-after" if value.len() > 2 => "<seconds>",
                    _ => value,
                };
                text.push_str(&format!("\n{name}: {value}"));
            }
        }
        if !answer.body.is_empty() {
            let body = self.value(answer.json());
            text.push_str(&format!("\n{body:#}"));
        }
        text
    }

    /// The same for any JSON.
    pub fn value(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) => self.text(&text).into(),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                let member = |(name, value): (String, Value)| {
                    let value = match name.as_str() {
                        "next_cursor" | "request_id" | "url" => format!("<{name}>").into(),
                        _ => self.value(value),
                    };
                    (name, value)
                };
                Value::Object(members.into_iter().map(member).collect())
            }
            plain => plain,
        }
    }

    fn text(&mut self, text: &str) -> String {
        if OffsetDateTime::parse(text, &Rfc3339).is_ok() {
            return "<time>".to_owned();
        }
        let is_id = |text: &str| {
            let digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            text.split_once('_').is_some_and(|(prefix, digits)| {
                prefix.len() == 3 && digits.len() == DIGITS && digits.bytes().all(digit)
            })
        };
        if !is_id(text) {
            return text.to_owned();
        }
        let prefix = &text[..3];
        let number = self.ids.keys().filter(|known| known.starts_with(prefix)).count() + 1;
        self.ids.entry(text.to_owned()).or_insert_with(|| format!("<{prefix} {number}>")).clone()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_id_keeps_its_number() {
        let (one, two) = ("ttl_01jd3k5m7n9pqrstvwxyz01234", "ttl_01jd3k5m7n9pqrstvwxyz01235");
        let value =
            json!({"items": [one, two, one], "at": "2026-01-01T12:00:00Z", "next_cursor": "x", "name": "ttl_1"});
        let expected = json!({"items": ["<ttl 1>", "<ttl 2>", "<ttl 1>"], "at": "<time>", "next_cursor": "<next_cursor>", "name": "ttl_1"});
        assert_eq!(Redacted::default().value(value), expected);
    }
}
