//! The documents of all services as one: `docs/api/openapi.json`, which the page `/docs` shows.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

/// Where it lies.
pub(crate) const FILE: &str = "docs/api/openapi.json";
/// What a document has beside its paths.
const COMPONENTS: [&str; 3] = ["schemas", "responses", "securitySchemes"];

/// The one document of some services, as the file has it.
///
/// # Errors
/// When a service has none, two serve one operation, or two say different things under a name that is no schema's.
pub(crate) fn merged(root: &Path, services: &[&str]) -> Result<String> {
    let documents = services.iter().map(|service| Ok((*service, read(root, service)?))).collect::<Result<Vec<_>>>()?;
    let mut text = serde_json::to_string_pretty(&merge(documents)?)?;
    text.push('\n');
    Ok(text)
}

fn read(root: &Path, service: &str) -> Result<Value> {
    let file = format!("docs/api/{service}.json");
    let text = std::fs::read_to_string(root.join(&file)).with_context(|| format!("{file} cannot be read"))?;
    serde_json::from_str(&text).with_context(|| format!("{file} is no JSON"))
}

fn merge(mut documents: Vec<(&str, Value)>) -> Result<Value> {
    name_apart(&mut documents);
    let (mut version, mut tags, mut paths) = (Value::Null, Vec::new(), Map::new());
    let mut components = Map::new();
    for (service, document) in documents {
        version = document["openapi"].clone();
        tags.push(json!({ "name": service }));
        for (path, operations) in members(&document["paths"]) {
            let known = paths.entry(path).or_insert_with(|| json!({}));
            for (method, operation) in members(operations) {
                ensure!(known.get(method).is_none(), "{service}: another service has {method} {path}");
                known[&method] = operation.clone();
            }
        }
        for kind in COMPONENTS {
            let known = components.entry(kind).or_insert_with(|| json!({}));
            for (name, said) in members(&document["components"][kind]) {
                match known.get(name) {
                    Some(other) if other != said => bail!("{service}: {kind} {name} is another one elsewhere"),
                    _ => known[&name] = said.clone(),
                }
            }
        }
    }
    Ok(json!({
        "openapi": version,
        "info": { "title": "Online Cinema", "version": "1" },
        "tags": tags,
        "paths": paths,
        "components": components,
    }))
}

/// Schemas of one name that differ get the name of their service in front.
fn name_apart(documents: &mut [(&str, Value)]) {
    let mut shared = Vec::new();
    for (place, (_, one)) in documents.iter().enumerate() {
        for (_, other) in &documents[place + 1..] {
            let other = &other["components"]["schemas"];
            let differs = |name: &String, schema: &Value| other.get(name).is_some_and(|other| other != schema);
            shared.extend(
                members(&one["components"]["schemas"])
                    .filter(|(name, schema)| differs(name, schema))
                    .map(|(name, _)| name.clone()),
            );
        }
    }
    for (service, document) in documents {
        let new_name = |name: &str| format!("{service}.{name}");
        rename_references(document, &|name| shared.iter().any(|known| known == name).then(|| new_name(name)));
        let Some(schemas) = document["components"]["schemas"].as_object_mut() else { continue };
        for name in &shared {
            if let Some(schema) = schemas.remove(name) {
                schemas.insert(new_name(name), schema);
            }
        }
    }
}

fn rename_references(value: &mut Value, new_name: &impl Fn(&str) -> Option<String>) {
    const PREFIX: &str = "#/components/schemas/";
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(PREFIX).and_then(new_name) {
                *text = format!("{PREFIX}{name}");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename_references(item, new_name)),
        Value::Object(members) => members.values_mut().for_each(|member| rename_references(member, new_name)),
        _ => {}
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use manifest::Manifest;

    use super::*;

    fn document(path: &str, schema: &str) -> Value {
        json!({
            "openapi": "3.1.0",
            "paths": { path: { "get": { "responses": { "200": { "$ref": "#/components/schemas/State" } } } } },
            "components": { "schemas": { "State": { "type": schema }, "Same": { "type": "string" } } },
        })
    }

    #[test]
    fn schemas_that_differ_keep_apart_and_the_same_one_is_there_once() {
        let all = merge(vec![("media", document("/a", "string")), ("user", document("/b", "object"))]).unwrap();
        let names: Vec<&String> = members(&all["components"]["schemas"]).map(|(name, _)| name).collect();
        assert_eq!(names, ["Same", "media.State", "user.State"]);
        let reference = |path: &str| all["paths"][path]["get"]["responses"]["200"]["$ref"].clone();
        assert_eq!(reference("/a"), "#/components/schemas/media.State");
        assert_eq!(reference("/b"), "#/components/schemas/user.State");
    }

    #[test]
    fn two_services_with_one_operation_are_refused() {
        let error = merge(vec![("media", document("/a", "string")), ("user", document("/a", "string"))]).unwrap_err();
        assert!(error.to_string().contains("get /a"), "{error}");
    }

    #[test]
    fn the_document_is_up_to_date() {
        let root = crate::root().unwrap();
        let manifest = Manifest::load(&root).unwrap();
        let all = merged(&root, &crate::generate::with_contracts(&root, &manifest)).unwrap();
        if std::env::var_os(crate::generate::GENERATE).is_some() {
            return std::fs::write(root.join(FILE), all).unwrap();
        }
        let written = std::fs::read_to_string(root.join(FILE)).unwrap_or_default();
        assert!(written == all, "{FILE} is out of date: run `cargo cinema generate`");
    }
}
