//! Every answer is one that the OpenAPI documents of `docs/api` describe: its status, its type, its body.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::document::METHODS;

/// Deeper than any schema here.
const DEPTH: usize = 40;

/// An answer as far as documents describe it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Of the request, in upper case.
    pub method: &'a str,
    /// Of the request, without its query.
    pub path: &'a str,
    /// The status.
    pub status: u16,
    /// `Content-Type`, if there is one.
    pub content_type: Option<&'a str>,
    /// The bytes, decompressed.
    pub body: &'a [u8],
}

/// An operation of a document.
struct Described {
    method: String,
    path: String,
    responses: Value,
    components: Arc<Value>,
}

static DOCUMENTS: LazyLock<Vec<Described>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(crate::root().join("docs/api")).expect("docs/api") {
        let file = entry.expect("a file").path();
        // Made of the others.
        if file.ends_with("openapi.json") {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("text");
        let document: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        all.extend(described(&document));
    }
    all
});

/// Schemas that were used before, by the place in the documents.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

fn described(document: &Value) -> Vec<Described> {
    let components = Arc::new(document["components"].clone());
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| METHODS.map(|method| (path, method, &item[method])));
    let operations = operations.filter(|(_, _, operation)| operation.is_object());
    let described = operations.map(|(path, method, operation)| Described {
        method: method.to_ascii_uppercase(),
        path: path.clone(),
        responses: operation["responses"].clone(),
        components: components.clone(),
    });
    described.collect()
}

/// Panics unless the documents describe the answer.
#[track_caller]
pub fn require(seen: &Seen) {
    if let Err(reason) = check(&DOCUMENTS, seen) {
        let Seen { method, path, status, content_type, body } = seen;
        let body = String::from_utf8_lossy(&body[..body.len().min(2000)]);
        panic!("{method} {path} answered {status} {}, but {reason}\n{body}", content_type.unwrap_or("without a type"));
    }
}

fn check(documents: &[Described], seen: &Seen) -> Result<(), String> {
    // HEAD answers wherever GET does.
    let method = if seen.method == "HEAD" { "GET" } else { seen.method };
    let fitting = documents.iter().filter(|operation| operation.method == method && fits(&operation.path, seen.path));
    // A word is meant before a variable, as in the router.
    match fitting.min_by_key(|operation| operation.path.matches('{').count()) {
        Some(operation) => operation.check(seen),
        None if seen.status >= 400 => documents.first().map_or(Ok(()), |any| any.check_problem(seen)),
        None => Err("no document knows this operation".to_owned()),
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let segment = |(expected, segment): (&&str, &&str)| expected == segment || expected.starts_with('{');
    template.len() == path.len() && template.iter().zip(&path).all(segment)
}

impl Described {
    fn check(&self, seen: &Seen) -> Result<(), String> {
        let status = seen.status.to_string();
        let range = format!("{}XX", seen.status / 100);
        let named =
            [status.as_str(), range.as_str(), "default"].into_iter().find(|name| self.responses[*name].is_object());
        let Some(name) = named else {
            let known: Vec<_> = self.responses.as_object().into_iter().flat_map(Map::keys).collect();
            return Err(format!("its document knows only {known:?}"));
        };
        let response = self.resolved(&self.responses[name]);
        let place = format!("{} {} {name}", self.method, self.path);
        self.check_content(&response["content"], &place, seen)?;
        if seen.status >= 400 { self.check_problem(seen) } else { Ok(()) }
    }

    fn check_problem(&self, seen: &Seen) -> Result<(), String> {
        let content = &self.components["responses"]["Problem"]["content"];
        self.check_content(content, "problem", seen)?;
        if seen.method == "HEAD" {
            return Ok(());
        }
        let document: Value = serde_json::from_slice(seen.body).unwrap_or_default();
        let (stated, detail) = (&document["status"], document["detail"].as_str().unwrap_or_default());
        if *stated != seen.status || detail.is_empty() {
            return Err(format!("its problem document states {stated} with the detail {detail:?}"));
        }
        Ok(())
    }

    fn check_content(&self, content: &Value, place: &str, seen: &Seen) -> Result<(), String> {
        let Some(content) = content.as_object().filter(|content| !content.is_empty()) else {
            return if seen.body.is_empty() { Ok(()) } else { Err("its document knows no body".to_owned()) };
        };
        let essence = seen.content_type.map(|kind| kind.split(';').next().unwrap_or_default().trim());
        let kinds: Vec<_> = content.keys().collect();
        let Some(schema) = essence.and_then(|kind| content.get(kind)).map(|content| &content["schema"]) else {
            return Err(format!("its document knows only the types {kinds:?}"));
        };
        if seen.method == "HEAD" {
            return if seen.body.is_empty() { Ok(()) } else { Err("HEAD has no body".to_owned()) };
        }
        if !essence.is_some_and(|kind| kind.ends_with("json")) {
            return Ok(());
        }
        let body: Value =
            serde_json::from_slice(seen.body).map_err(|error| format!("its body is not JSON: {error}"))?;
        let validator = self.validator(place, schema);
        let errors: Vec<_> =
            validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(format!("its body does not fit the document:\n{}", errors.join("\n")))
        }
    }

    fn validator(&self, place: &str, schema: &Value) -> Arc<Validator> {
        let mut known = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let schema = self.closed(schema, false, DEPTH);
            let options = jsonschema::draft202012::options().should_validate_formats(true);
            Arc::new(options.build(&schema).unwrap_or_else(|error| panic!("{place}: {error}")))
        };
        known.entry(place.to_owned()).or_insert_with(make).clone()
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let target = |reference: &str| self.components.pointer(reference.strip_prefix("#/components")?);
        value["$ref"].as_str().and_then(target).unwrap_or(value)
    }

    /// The schema with its references written out, where an object has no members but those that are named: what a document does not say is no
    /// part of the answer. A part of a composition is closed by the whole.
    fn closed(&self, schema: &Value, is_part: bool, depth: usize) -> Value {
        let schema = self.resolved(schema);
        let Some(members) = schema.as_object().filter(|_| depth > 0) else { return schema.clone() };
        let has_members = members.contains_key("properties") || members.contains_key("allOf");
        let mut closed = Map::new();
        for (name, value) in members {
            let value = match (name.as_str(), value) {
                ("properties", Value::Object(all)) => {
                    let each = all.iter().map(|(name, value)| (name.clone(), self.closed(value, false, depth - 1)));
                    Value::Object(each.collect())
                }
                ("allOf", Value::Array(parts)) => parts.iter().map(|part| self.closed(part, true, depth - 1)).collect(),
                ("oneOf" | "anyOf", Value::Array(parts)) => {
                    parts.iter().map(|part| self.closed(part, is_part || has_members, depth - 1)).collect()
                }
                ("items" | "additionalProperties", Value::Object(_)) => self.closed(value, false, depth - 1),
                _ => value.clone(),
            };
            closed.insert(name.clone(), value);
        }
        if has_members && !is_part && !members.contains_key("additionalProperties") {
            closed.insert("unevaluatedProperties".to_owned(), json!(false));
        }
        Value::Object(closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents() -> Vec<Described> {
        let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let json_of = |schema: Value| json!({"content": {"application/json": {"schema": schema}}});
        let problem =
            json!({"description": "", "content": {"application/problem+json": {"schema": reference("Problem")}}});
        described(&json!({
            "paths": {
                "/v1/titles/{id}": {"get": {"responses": {
                    "200": json_of(reference("Edited")), "304": {"description": "Not changed"},
                    "4XX": {"$ref": "#/components/responses/Problem"},
                }}},
                "/v1/titles/newest": {"get": {"responses": {"204": {"description": "None yet"}}}},
            },
            "components": {
                "responses": {"Problem": problem},
                "schemas": {
                    "Edited": {"allOf": [reference("Title"), {"type": "object", "properties": {"version": {"type": "integer"}}}]},
                    "Title": {"type": "object", "required": ["id"], "properties": {
                        "id": {"type": "string"}, "at": {"type": "string", "format": "date-time"},
                        "film": {"oneOf": [{"type": "null"}, {"type": "object", "properties": {"height": {"type": "integer"}}}]},
                    }},
                    "Problem": {"type": "object", "required": ["status", "detail"], "properties": {
                        "status": {"type": "integer"}, "detail": {"type": "string"},
                    }, "additionalProperties": {}},
                },
            },
        }))
    }

    fn seen<'a>(path: &'a str, status: u16, content_type: Option<&'a str>, body: &'a str) -> Seen<'a> {
        Seen { method: "GET", path, status, content_type, body: body.as_bytes() }
    }

    #[test]
    fn what_a_document_describes_passes() {
        let (title, json) = ("/v1/titles/ttl_1", Some("application/json; charset=utf-8"));
        for seen in [
            seen(title, 200, json, r#"{"id": "a", "version": 1, "at": "2026-01-01T00:00:00Z", "film": {"height": 1}}"#),
            seen(title, 200, json, r#"{"id": "a", "film": null}"#),
            seen(title, 304, None, ""),
            seen(title, 404, Some("application/problem+json"), r#"{"status": 404, "detail": "x", "more": 1}"#),
            seen("/v1/titles/newest", 204, None, ""),
            seen("/v1/nothing", 404, Some("application/problem+json"), r#"{"status": 404, "detail": "x"}"#),
            Seen { method: "HEAD", ..seen(title, 200, json, "") },
        ] {
            assert_eq!(check(&documents(), &seen), Ok(()), "{seen:?}");
        }
    }

    #[test]
    fn whatever_else_is_found() {
        let (title, json, problem) = ("/v1/titles/ttl_1", Some("application/json"), Some("application/problem+json"));
        for (seen, reason) in [
            (seen(title, 201, json, r#"{"id": "a"}"#), "knows only"),
            (seen(title, 500, problem, r#"{"status": 500, "detail": "x"}"#), "knows only"),
            (seen("/v1/titles/newest", 200, json, r#"{"id": "a"}"#), "knows only"),
            (seen(title, 200, None, r#"{"id": "a"}"#), "types"),
            (seen(title, 200, Some("text/html"), "<p>"), "types"),
            (seen(title, 404, json, r#"{"status": 404, "detail": "x"}"#), "types"),
            (seen(title, 404, problem, r#"{"status": 400, "detail": "x"}"#), "states 400"),
            (seen(title, 404, problem, r#"{"status": 404, "detail": ""}"#), "states 404"),
            (seen(title, 200, json, "{"), "not JSON"),
            (seen(title, 200, json, "{}"), "fit"),
            (seen(title, 200, json, r#"{"id": 7}"#), "fit"),
            (seen(title, 200, json, r#"{"id": "a", "more": 1}"#), "fit"),
            (seen(title, 200, json, r#"{"id": "a", "film": {"width": 1}}"#), "fit"),
            (seen(title, 200, json, r#"{"id": "a", "at": "yesterday"}"#), "fit"),
            (seen(title, 304, None, "x"), "no body"),
            (seen("/v1/nothing", 200, json, "{}"), "no document"),
            (seen("/v1/nothing", 404, None, ""), "types"),
            (Seen { method: "HEAD", ..seen(title, 200, json, "{}") }, "no body"),
        ] {
            let found = check(&documents(), &seen).unwrap_err();
            assert!(found.contains(reason), "{seen:?}: {found}");
        }
    }
}
