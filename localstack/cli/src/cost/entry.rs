//! Named entries of a file of data: whatever is wrong with one is told with the file and its name.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A file of the repository as JSON.
pub(super) fn document(root: &Path, file: &str) -> Result<Value> {
    let text = fs::read_to_string(root.join(file)).with_context(|| file.to_owned())?;
    serde_json::from_str(&text).with_context(|| file.to_owned())
}

fn section(file: &str, document: &mut Value, name: &str) -> Result<Value> {
    document.get_mut(name).map(Value::take).with_context(|| format!("{file}: there is no `{name}`"))
}

/// The entries of a section, by name.
pub(super) fn entries<T: DeserializeOwned>(
    file: &str,
    document: &mut Value,
    name: &str,
) -> Result<BTreeMap<String, T>> {
    let section: Map<String, Value> = serde_json::from_value(section(file, document, name)?)
        .with_context(|| format!("{file}: {name} are no named entries"))?;
    let entry = |(key, value)| {
        let entry = serde_json::from_value(value).with_context(|| format!("{file}: {name}: {key}"))?;
        Ok((key, entry))
    };
    section.into_iter().map(entry).collect()
}

/// The entries of a section without names; each is told as it is written.
pub(super) fn list<T: DeserializeOwned>(file: &str, document: &mut Value, name: &str) -> Result<Vec<T>> {
    let section: Vec<Value> = serde_json::from_value(section(file, document, name)?)
        .with_context(|| format!("{file}: {name} are no list"))?;
    let entry = |value: Value| {
        let written = value.to_string();
        serde_json::from_value(value).with_context(|| format!("{file}: {name}: {written}"))
    };
    section.into_iter().map(entry).collect()
}
