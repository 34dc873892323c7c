//! A plan as `terraform show -json` prints it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// What will be there after an apply.
pub struct Planned(Vec<Resource>);

/// One resource.
pub struct Resource {
    /// Where it stands in the configuration.
    pub address: String,
    kind: String,
    /// The resource's own name in its module.
    pub name: String,
    /// Of `for_each`; empty without.
    pub key: String,
    /// What is known before the apply.
    pub values: Value,
    /// `true` in the place of each value that is not.
    pub unknown: Value,
}

impl Planned {
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::of(&serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    pub fn of(document: &Value) -> Self {
        let changes = document["resource_changes"].as_array().into_iter().flatten();
        let managed = changes.filter(|change| change["mode"] == "managed" && !change["change"]["after"].is_null());
        Self(managed.map(Resource::of).collect())
    }

    /// Every resource of a type.
    pub fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.0.iter().filter(move |resource| resource.kind == kind)
    }
}

impl Resource {
    fn of(change: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            address: text(&change["address"]),
            kind: text(&change["type"]),
            name: text(&change["name"]),
            key: text(&change["index"]),
            values: change["change"]["after"].clone(),
            unknown: change["change"]["after_unknown"].clone(),
        }
    }

    /// A text; empty where it is absent or not known.
    pub fn text(&self, pointer: &str) -> &str {
        self.values.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn number(&self, pointer: &str) -> Option<i64> {
        self.values.pointer(pointer).and_then(Value::as_i64)
    }

    /// Keys of a map, whether their values are known or not.
    pub fn keys(&self, pointer: &str) -> BTreeSet<String> {
        let of = |value: &Value| {
            value.pointer(pointer).and_then(Value::as_object).map(|map| map.keys().cloned().collect::<Vec<_>>())
        };
        [of(&self.values), of(&self.unknown)].into_iter().flatten().flatten().collect()
    }

    /// A JSON document that a text holds.
    pub fn document(&self, pointer: &str) -> Option<Value> {
        serde_json::from_str(self.text(pointer)).ok()
    }
}
