//! The OpenAPI documents can be relied on: nothing in them leads nowhere or contradicts itself.

use std::fs;

use laws::{files, root};
use serde_json::{Map, Value};

/// Calls `look` with every object of a document and where it is.
fn every_object(value: &Value, place: &str, look: &mut impl FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            look(place, members);
            for (name, value) in members {
                every_object(value, &format!("{place}/{name}"), look);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                every_object(item, &format!("{place}/{at}"), look);
            }
        }
        _ => {}
    }
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> Option<&'a Value> {
    let Some(reference) = value["$ref"].as_str() else { return Some(value) };
    resolved(document, document.pointer(reference.strip_prefix('#')?)?)
}

/// What is wrong with a document, each with its place.
fn faults(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    every_object(document, "", &mut |place, members| {
        if members.get("$ref").is_some_and(Value::is_string)
            && resolved(document, &Value::Object(members.clone())).is_none()
        {
            found.push(format!("{place}: {} leads nowhere", members["$ref"]));
        }
        let parts = members.get("allOf").and_then(Value::as_array).into_iter().flatten();
        if parts.filter_map(|part| resolved(document, part)).any(|part| part["additionalProperties"] == false) {
            found.push(format!("{place}: a part of allOf allows no members but its own, and the others have some"));
        }
        let required = members.get("required").and_then(Value::as_array).into_iter().flatten();
        if let Some(properties) = members.get("properties").filter(|_| !members.contains_key("allOf")) {
            let missing = required.filter_map(Value::as_str).filter(|name| properties[*name].is_null());
            found.extend(missing.map(|name| format!("{place}: {name} is required and not described")));
        }
    });
    found
}

#[test]
fn every_document_is_whole_and_consistent() {
    let documents = files(&root().join("docs/api"), "json");
    assert!(!documents.is_empty());
    for file in documents {
        let document = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let faults = faults(&document);
        assert!(faults.is_empty(), "{}:\n{}", file.display(), faults.join("\n"));
    }
}

#[test]
fn every_operation_says_what_it_answers_and_refuses() {
    for file in files(&root().join("docs/api"), "json") {
        let document: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().unwrap() {
                let statuses: Vec<_> = operation["responses"].as_object().into_iter().flat_map(Map::keys).collect();
                for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                    let is_described = response["description"].as_str().is_some_and(|text| !text.is_empty());
                    assert!(is_described, "{method} {path} does not say what {status} means");
                }
                let is_success = |status: &&String| status.starts_with(['2', '3']);
                assert!(statuses.iter().any(is_success), "{method} {path} succeeds never: {statuses:?}");
                for status in ["4XX", "503"] {
                    assert!(
                        operation["responses"][status].is_object(),
                        "{method} {path} lists no Problem: {statuses:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn faults_are_found_wherever_they_are() {
    for (document, fault) in [
        (r##"{"a": [{"b": {"$ref": "#/components/schemas/Sort"}}]}"##, "leads nowhere"),
        (r##"{"a": {"$ref": "other.json"}}"##, "leads nowhere"),
        (r##"{"a": {"$ref": "#/b"}, "b": {"$ref": "#/c"}}"##, "leads nowhere"),
        (r##"{"a": {"allOf": [{"$ref": "#/b"}, {}]}, "b": {"additionalProperties": false}}"##, "allows no members"),
        (r##"{"a": {"required": ["x"], "properties": {"y": {"type": "string"}}}}"##, "x is required"),
    ] {
        let found = faults(&serde_json::from_str(document).unwrap());
        assert!(found.iter().any(|found| found.contains(fault)), "{document}: {found:?}");
    }
    let whole = r##"{"a": {"$ref": "#/b"}, "b": {"required": ["x"], "properties": {"x": {"type": "string"}}, "additionalProperties": false}}"##;
    assert!(faults(&serde_json::from_str(whole).unwrap()).is_empty());
}
