//! A change of a title as the audit tells it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::store::audit::Recorded;

/// A change of a title.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The account or the function that made it; `erased` for an account that is gone.
    pub actor: String,
    /// created, updated, imported, published, withdrawn, availability_set, asset_changed, artwork_requested, artwork_changed, artwork_removed,
    /// window_opened, window_closed
    pub action: String,
    /// The title's version after it.
    pub version: i64,
    /// What is different; empty when only time has passed.
    pub changes: Vec<Change>,
}

/// A part that is different.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// JSON pointer (RFC 6901) into the title as its editor sees it.
    pub pointer: String,
    /// Absent when it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Absent when it was taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

impl AuditEntry {
    /// The entry for an editor.
    pub(crate) fn of(recorded: Recorded) -> Self {
        let Recorded { actor, action, before, after, at, .. } = recorded;
        let version = after["version"].as_i64().unwrap_or_default();
        Self { at, actor, action, version, changes: changes(before, after) }
    }
}

/// What is different between two stored versions of a title; all of it when there was none before. Lists differ as a whole.
pub fn changes(before: Option<Value>, after: Value) -> Vec<Change> {
    let mut found = Vec::new();
    compare(String::new(), seen(before.unwrap_or_default()), seen(after), &mut found);
    found
}

/// The parts of a stored title that an editor sees changing: what was written lies beside the rest.
fn seen(document: Value) -> Map<String, Value> {
    let Value::Object(mut title) = document else { return Map::new() };
    if let Some(Value::Object(about)) = title.remove("about") {
        title.extend(about);
    }
    // Who wrote a field stands beside it in every entry.
    title.retain(|name, value| !matches!(name.as_str(), "id" | "version" | "provenance") && !says_nothing(value));
    title
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn compare(pointer: String, mut before: Map<String, Value>, after: Map<String, Value>, found: &mut Vec<Change>) {
    for (name, after) in after {
        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        match (before.remove(&name), after) {
            (Some(before), after) if before == after => {}
            (Some(Value::Object(before)), Value::Object(after)) => compare(pointer, before, after, found),
            (before, after) => found.push(Change { pointer, before, after: Some(after) }),
        }
    }
    for (name, before) in before {
        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        found.push(Change { pointer, before: Some(before), after: None });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(before: Value, after: Value) -> Value {
        serde_json::to_value(changes(Some(before), after)).unwrap()
    }

    #[test]
    fn what_differs_is_named_part_by_part() {
        let before = json!({
            "version": 1, "rating": null, "about": {
                "year": 2009, "genres": ["short"], "windows": [], "localisations": {"en": {"name": "A"}, "de": {"name": "B"}}
            }
        });
        let after = json!({
            "version": 2, "rating": 12, "about": {
                "genres": ["short", "drama"], "windows": [], "localisations": {"en": {"name": "C"}, "fr/x": {"name": "D"}}
            }
        });
        let expected = json!([
            {"pointer": "/rating", "after": 12},
            {"pointer": "/genres", "before": ["short"], "after": ["short", "drama"]},
            {"pointer": "/localisations/en/name", "before": "A", "after": "C"},
            {"pointer": "/localisations/fr~1x", "after": {"name": "D"}},
            {"pointer": "/localisations/de", "before": {"name": "B"}},
            {"pointer": "/year", "before": 2009},
        ]);
        assert_eq!(told(before.clone(), after), expected);
        assert_eq!(told(before.clone(), before), json!([]));
    }

    #[test]
    fn a_new_title_is_told_whole_and_only_what_it_says() {
        let after = json!({"id": "x", "version": 1, "asset": null, "people": [], "about": {"kind": "film"}});
        assert_eq!(
            changes(None, after),
            [Change { pointer: "/kind".into(), before: None, after: Some("film".into()) }]
        );
    }
}
