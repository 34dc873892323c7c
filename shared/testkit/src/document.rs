//! The OpenAPI document of a service: what its operations declare, what the yaml states, and what every operation refuses alike.

use std::collections::{BTreeMap, BTreeSet};

use cinema_http::{NamedSchema, OpenApiRouter, Problem, idempotency};
use manifest::{Access, Function, Manifest, Role, Route};
use runtime::{Boot, BootError};
use serde_json::{Map, Value, json};
use utoipa::openapi::{
    InfoBuilder,
    security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};

/// The methods that a document has beside other members of a path.
pub(crate) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The document, and why nobody could rely on it: one line for each fault.
pub fn of(
    service: &str,
    routes: fn(&Boot) -> Result<OpenApiRouter, BootError>,
    schemas: fn() -> Vec<NamedSchema>,
) -> (Value, Vec<String>) {
    let mut document = routes(&Boot::recording()).unwrap_or_else(|error| panic!("{error}")).into_openapi();
    document.info = InfoBuilder::new().title(format!("Online Cinema: {service}")).version("1").build();
    let components = document.components.get_or_insert_default();
    Problem::describe(components);
    for (name, description) in [
        ("account", "Access token of an account"),
        ("profile", "Access token with a chosen profile"),
        ("editor", "Access token with the role editor"),
        ("support", "Access token with the role support"),
        ("admin", "Access token with the role admin"),
    ] {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".to_owned());
        scheme.description = Some(description.to_owned());
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    let token = ApiKeyValue::with_description("token", "Signed token inside the playback session's URLs");
    components.add_security_scheme("url_token", SecurityScheme::ApiKey(ApiKey::Query(token)));
    let mut document = serde_json::to_value(document).expect("JSON");
    state_access(service, &mut document);
    let closed = document["components"]["schemas"].clone();
    open_composed(&mut document, &closed);
    let mut faults = shared_names(schemas());
    faults.extend(dangling(&document));
    (document, faults)
}

/// Schemas that are declared twice, differently, under one name.
fn shared_names(schemas: Vec<NamedSchema>) -> Vec<String> {
    let mut by_name: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, schema) in schemas {
        by_name.entry(name).or_default().insert(serde_json::to_string(&schema).expect("JSON"));
    }
    let shared = by_name.into_iter().filter(|(_, forms)| forms.len() > 1);
    shared.map(|(name, _)| format!("two types are called {name}: give one of them another name")).collect()
}

/// References to what is not in the document.
fn dangling(document: &Value) -> Vec<String> {
    let mut references = BTreeSet::new();
    collect_references(document, &mut references);
    let missing = references
        .into_iter()
        .filter(|reference| reference.strip_prefix('#').is_none_or(|pointer| document.pointer(pointer).is_none()));
    missing.map(|reference| format!("nothing is at {reference}: a parameter's type is named with inline(…)")).collect()
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

/// A part of an `allOf` that allows no other members contradicts the parts beside it. It is written out there without that word, and the whole
/// allows no others.
fn open_composed(value: &mut Value, schemas: &Value) {
    match value {
        Value::Object(members) => {
            let mut was_closed = false;
            for part in members.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
                let name = part["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
                let mut written = name.map_or_else(|| part.clone(), |name| schemas[name].clone());
                if written["additionalProperties"] == false {
                    was_closed = true;
                    if let Some(members) = written.as_object_mut() {
                        members.shift_remove("additionalProperties");
                    }
                    *part = written;
                }
            }
            if was_closed {
                members.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
            }
            members.values_mut().for_each(|value| open_composed(value, schemas));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| open_composed(value, schemas)),
        _ => {}
    }
}

/// The security scheme that stands for an access.
fn scheme(access: Access) -> Option<&'static str> {
    match access {
        Access::Public | Access::Internal => None,
        Access::Account => Some("account"),
        Access::Profile => Some("profile"),
        Access::Role(Role::Editor) => Some("editor"),
        Access::Role(Role::Support) => Some("support"),
        Access::Role(Role::Admin) => Some("admin"),
        Access::UrlToken => Some("url_token"),
    }
}

/// Writes the yaml's `access` and `proof` into the document, and the refusals that follow from them and from what the operation reads: they are
/// stated nowhere else.
fn state_access(service: &str, document: &mut Value) {
    let manifest = Manifest::load(&crate::root()).unwrap_or_else(|error| panic!("{error}"));
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if !METHODS.contains(&method.as_str()) {
                continue;
            }
            let route = Route { method: method.to_ascii_uppercase(), path: path.clone() };
            let function = manifest.service(service).find(|function| function.routes.contains(&route));
            let Some(function) = function else { continue };
            let changes = !matches!(method.as_str(), "get" | "head" | "options");
            let refused = refusals(function, operation, changes && manifest.refuses_ended_sessions(service));
            let mut responses: BTreeMap<String, Value> = refused
                .into_iter()
                .map(|(status, codes)| {
                    let response = Problem::response(&format!("`{}`", codes.join("`, `")));
                    (status.to_owned(), serde_json::to_value(response).expect("JSON"))
                })
                .collect();
            responses.extend(operation["responses"].as_object().cloned().unwrap_or_default());
            for (status, response) in &mut responses {
                if response["$ref"].is_null() && response["description"].is_null() {
                    response["description"] = meaning(status).into();
                }
            }
            operation["responses"] = responses.into_iter().collect::<Map<_, _>>().into();
            for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
                describe_parameter(parameter);
            }
            if let Some(name) = function.access.and_then(scheme) {
                operation["security"] = json!([{ name: [] }]);
            }
            if let Some(proof) = &function.proof {
                operation["x-proof"] = proof.to_string().into();
            }
        }
    }
}

/// What a parameter is wherever it is read. None can be null: one that is not there is not sent.
fn describe_parameter(parameter: &mut Value) {
    if let Some(kind) = parameter.pointer_mut("/schema/type") {
        let kinds = kind.as_array().into_iter().flatten().filter(|kind| *kind != "null");
        if let [only] = kinds.collect::<Vec<_>>()[..] {
            *kind = only.clone();
        }
    }
    if parameter["name"] == "Idempotency-Key" {
        let longest = idempotency::MAX_CHARACTERS;
        parameter["schema"] = json!({"type": "string", "pattern": format!("^[!-~]{{1,{longest}}}$")});
    }
}

/// What a status says by itself, for answers of which there is no more to say; OpenAPI wants a description.
fn meaning(status: &str) -> &'static str {
    match status {
        "201" => "Made",
        "202" => "Begun",
        "204" => "Done",
        "303" => "Goes on at `Location`",
        "304" => "Not changed",
        _ => "The answer",
    }
}

/// Status → the codes that every operation of this kind may answer with.
fn refusals(function: &Function, operation: &Value, refuses_ended: bool) -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::from([("403", vec!["edge_required"])]);
    let mut add = |status, codes: &[&'static str]| found.entry(status).or_default().extend(codes);
    match function.access {
        Some(Access::Account | Access::Profile | Access::Role(_)) => {
            add("401", &["token_required", "invalid_token", "token_expired"]);
        }
        Some(Access::UrlToken) => add("403", &["token_required"]),
        Some(Access::Public | Access::Internal) | None => {}
    }
    match function.access {
        Some(Access::Profile) => add("403", &["profile_required"]),
        Some(Access::Role(_)) => add("403", &["role_required"]),
        _ => {}
    }
    let has_identity = matches!(function.access, Some(Access::Account | Access::Profile | Access::Role(_)));
    if function.proof.is_some() || (refuses_ended && has_identity) {
        add("401", &["session_revoked"]);
    }
    if function.proof.is_some() {
        add("403", &["step_up_required"]);
    }
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let reads = |place: &str, name: Option<&str>| {
        parameters.iter().any(|found| found["in"] == place && name.is_none_or(|name| found["name"] == name))
    };
    if reads("path", None) {
        add("404", &["not_found"]);
    }
    if reads("query", Some("cursor")) {
        add("400", &["invalid_cursor"]);
    }
    if reads("query", None) || operation["requestBody"].is_object() {
        add("422", &["invalid_request"]);
    }
    if operation["requestBody"].is_object() {
        add("400", &["malformed_json", "unreadable_body"]);
        add("413", &["payload_too_large"]);
        add("415", &["unsupported_media_type"]);
    }
    if reads("header", Some("Idempotency-Key")) {
        add("400", &["invalid_idempotency_key"]);
        add("409", &["request_in_flight"]);
        add("422", &["idempotency_key_reused"]);
    }
    if reads("header", Some("If-Match")) {
        add("412", &["precondition_failed"]);
    }
    found
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::{ObjectBuilder, RefOr, Schema, schema::Type};

    use super::*;

    fn schema(kind: Type) -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(kind).into()
    }

    #[test]
    fn two_types_of_one_name_are_found_and_one_type_named_twice_is_not() {
        let named = |name: &str, kind| (name.to_owned(), schema(kind));
        let once = vec![named("Changes", Type::String), named("Changes", Type::String), named("Status", Type::Integer)];
        assert!(shared_names(once.clone()).is_empty());
        let twice = [once, vec![named("Changes", Type::Integer)]].concat();
        assert_eq!(shared_names(twice), ["two types are called Changes: give one of them another name"]);
    }

    #[test]
    fn a_reference_to_nothing_is_found_wherever_it_is() {
        let document = json!({
            "paths": {"/a": {"get": {"parameters": [{"schema": {"$ref": "#/components/schemas/Sort"}}]}}},
            "components": {"schemas": {"A": {"items": {"oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "elsewhere.json"}]}}}},
        });
        assert_eq!(dangling(&document).len(), 2);
    }

    #[test]
    fn what_is_composed_allows_the_members_of_all_parts_and_no_others() {
        let schemas = json!({
            "Draft": {"type": "object", "properties": {"name": {"type": "string"}}, "additionalProperties": false},
            "Edited": {"allOf": [{"$ref": "#/components/schemas/Draft"}, {"type": "object", "properties": {"id": {"type": "string"}}}]},
        });
        let mut document = json!({"components": {"schemas": schemas}});
        open_composed(&mut document, &schemas);
        let edited = &document["components"]["schemas"]["Edited"];
        let validator = jsonschema::draft202012::new(edited).unwrap();
        assert!(validator.is_valid(&json!({"name": "a", "id": "b"})), "{edited}");
        assert!(!validator.is_valid(&json!({"name": "a", "id": "b", "more": 1})), "{edited}");
        assert_eq!(document["components"]["schemas"]["Draft"], schemas["Draft"]);
    }
}
