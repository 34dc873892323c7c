//! Every event as AsyncAPI 3.0 (<https://www.asyncapi.com/docs/reference/specification/v3.0.0>): `docs/asyncapi.json`. What an event says comes from the
//! contracts and their comments, who hears it from the yaml.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use manifest::{Manifest, Trigger};
use prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet, field_descriptor_proto,
};
use proto::types;
use serde_json::{Map, Value, json};

/// Where it lies.
pub(crate) const FILE: &str = "docs/asyncapi.json";
const DOMAIN: &str = "domain-events";
const PLAYBACK: &str = "playback-events";
const SECRETS: &str = "profile-secrets";
/// What comes by the second from everybody who watches has a stream of its own.
const OF_PLAYBACK: [&str; 5] = [
    types::PLAYBACK_STARTED,
    types::PLAYBACK_PROGRESSED,
    types::PLAYBACK_STOPPED,
    types::PLAYBACK_EXPIRED,
    types::PLAYER_SAMPLED,
];
// The numbers of `message_type` in a file and of `nested_type` and `field` in a message, by which comments name their place.
const MESSAGE: i32 = 4;
const NESTED: i32 = 3;
const FIELD: i32 = 2;

/// The document, as the file has it.
///
/// # Errors
/// When the contracts cannot be read, or a type has no message.
pub(crate) fn document(manifest: &Manifest) -> Result<String> {
    let files: FileDescriptorSet =
        prost::Message::decode(proto::DESCRIPTORS).context("the contracts cannot be read")?;
    let messages = Messages::of(&files.file);
    let mut channels = channels();
    let mut told = Map::new();
    let mut schemas = messages.schemas();
    schemas.insert("CloudEvent".to_owned(), envelope());
    for (kind, message) in types::MESSAGES {
        let (name, comment) = messages.named(message).with_context(|| format!("{kind}: no message {message}"))?;
        let data = json!({ "type": "object", "properties": { "type": { "const": kind }, "data": { "$ref": reference("schemas", name) } } });
        let payload = json!({ "allOf": [{ "$ref": reference("schemas", "CloudEvent") }, data] });
        let mut message = json!({ "name": kind, "contentType": "application/cloudevents+json", "payload": payload });
        if !comment.is_empty() {
            message["summary"] = comment.into();
        }
        told.insert((*kind).to_owned(), message);
        channels[channel(kind)]["messages"][*kind] = json!({ "$ref": reference("messages", kind) });
    }
    ensure!(told.len() == types::ALL.len(), "two messages of one type");
    let document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Online Cinema: events",
            "version": "1",
            "description": "Events carry the whole state of what they are about after a change; of two about one subject the one with the higher sequence \
                counts. Copies and any order are possible. Each type that a function lists in its functions.yaml is copied from the stream to the function's queue.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": operations(manifest),
        "components": { "messages": told, "schemas": schemas },
    });
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}

fn reference(kind: &str, name: &str) -> String {
    format!("#/components/{kind}/{name}")
}

fn channel(kind: &str) -> &'static str {
    match kind {
        types::PROFILE_SECRET_CHANGED => SECRETS,
        kind if OF_PLAYBACK.contains(&kind) => PLAYBACK,
        _ => DOMAIN,
    }
}

fn channels() -> Value {
    let one = |name: &str, description: &str| json!({ "address": name, "description": description, "messages": {} });
    json!({
        DOMAIN: one(DOMAIN, "A Kinesis stream; an event's partition key is its subject."),
        PLAYBACK: one(PLAYBACK, "A Kinesis stream of what players tell; the partition key is the session."),
        SECRETS: one(SECRETS, "A queue: what it carries never touches a stream."),
    })
}

/// CloudEvents 1.0 with the extensions `sequence` and `traceparent`.
fn envelope() -> Value {
    let text = || json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "time", "sequence", "datacontenttype", "data"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": { "type": "string", "description": "The same in every copy of the event." },
            "source": { "type": "string", "pattern": "^/cinema/[a-z]+$" },
            "type": text(),
            "subject": { "type": "string", "description": "The id of what it is about." },
            "time": { "type": "string", "format": "date-time" },
            "sequence": { "type": "integer", "minimum": 1, "description": "The version of what it is about." },
            "traceparent": { "type": "string", "description": "W3C Trace Context." },
            "datacontenttype": { "const": "application/json" },
            "data": { "type": "object" },
        },
    })
}

/// Who sends and who receives: an operation for each service that writes onto a channel, and one for each function that listens.
fn operations(manifest: &Manifest) -> Map<String, Value> {
    let mut sent = BTreeMap::<(String, &str), BTreeSet<&str>>::new();
    for kind in types::ALL {
        let service = kind.split('.').nth(1).unwrap_or_default();
        // What players measure is taken in by analytics.
        let service = if service == "player" { "analytics" } else { service };
        sent.entry((service.to_owned(), channel(kind))).or_default().insert(kind);
    }
    let mut all = Map::new();
    for ((service, channel), kinds) in sent {
        all.insert(format!("{service}-to-{channel}"), operation("send", channel, kinds));
    }
    for service in manifest.services() {
        for function in manifest.service(service) {
            let mut heard = BTreeMap::<&str, BTreeSet<&str>>::new();
            for trigger in &function.triggers {
                match trigger {
                    Trigger::Events(kinds) => {
                        heard.entry(DOMAIN).or_default().extend(kinds.iter().map(String::as_str));
                    }
                    Trigger::Kinesis { stream, .. } if stream == PLAYBACK => {
                        heard.entry(PLAYBACK).or_default().extend(OF_PLAYBACK);
                    }
                    Trigger::Sqs { queue, .. } if queue == SECRETS => {
                        heard.entry(SECRETS).or_default().insert(types::PROFILE_SECRET_CHANGED);
                    }
                    _ => {}
                }
            }
            let is_several = heard.len() > 1;
            for (channel, kinds) in heard {
                let name = if is_several { format!("{}-from-{channel}", function.name) } else { function.name.clone() };
                all.insert(name, operation("receive", channel, kinds));
            }
        }
    }
    all
}

fn operation(action: &str, channel: &str, kinds: BTreeSet<&str>) -> Value {
    let messages = kinds.into_iter().map(|kind| json!({ "$ref": format!("#/channels/{channel}/messages/{kind}") }));
    json!({ "action": action, "channel": { "$ref": format!("#/channels/{channel}") }, "messages": messages.collect::<Vec<_>>() })
}

/// The messages of events, without those of mails.
struct Messages<'f>(BTreeMap<String, (&'f DescriptorProto, String, Fields)>);

/// Comments of fields, by their place.
type Fields = BTreeMap<usize, String>;

impl<'f> Messages<'f> {
    fn of(files: &'f [FileDescriptorProto]) -> Self {
        let mut all = BTreeMap::new();
        for file in files.iter().filter(|file| !file.package().contains("notification")) {
            let comments = comments(file);
            for (place, message) in file.message_type.iter().enumerate() {
                let name = format!("{}.{}", file.package(), message.name());
                add(&mut all, &comments, name, message, vec![MESSAGE, number(place)]);
            }
        }
        Self(all)
    }

    /// `crate::user::ExportReady` as the contract calls it, and what is said of it.
    fn named(&self, message: &str) -> Option<(&str, &str)> {
        let (service, name) = message.strip_prefix("crate::")?.split_once("::")?;
        let (name, (_, comment, _)) = self.0.get_key_value(&format!("cinema.{service}.v1.{name}"))?;
        Some((name, comment))
    }

    fn schemas(&self) -> Map<String, Value> {
        self.0.iter().map(|(name, (message, _, fields))| (name.clone(), self.schema(message, fields))).collect()
    }

    fn schema(&self, message: &DescriptorProto, comments: &Fields) -> Value {
        let property = |(place, field): (usize, &FieldDescriptorProto)| {
            let mut schema = field_schema(message, field);
            if let Some(comment) = comments.get(&place) {
                schema["description"] = comment.as_str().into();
            }
            (field.name().to_owned(), schema)
        };
        let properties: Map<_, _> = message.field.iter().enumerate().map(property).collect();
        json!({ "type": "object", "properties": properties })
    }
}

fn add<'f>(
    all: &mut BTreeMap<String, (&'f DescriptorProto, String, Fields)>,
    comments: &BTreeMap<Vec<i32>, String>,
    name: String,
    message: &'f DescriptorProto,
    path: Vec<i32>,
) {
    let below = |kind, place| path.iter().copied().chain([kind, number(place)]).collect::<Vec<_>>();
    for (place, nested) in message.nested_type.iter().enumerate().filter(|(_, nested)| !is_map(nested)) {
        add(all, comments, format!("{name}.{}", nested.name()), nested, below(NESTED, place));
    }
    let said = |place: usize| Some((place, comments.get(&below(FIELD, place))?.clone()));
    let fields = (0..message.field.len()).filter_map(said).collect();
    all.insert(name, (message, comments.get(&path).cloned().unwrap_or_default(), fields));
}

fn number(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}

/// What stands before something, in one line, by its path.
fn comments(file: &FileDescriptorProto) -> BTreeMap<Vec<i32>, String> {
    let places = file.source_code_info.iter().flat_map(|info| &info.location);
    let said = places.filter(|place| !place.leading_comments().trim().is_empty());
    said.map(|place| (place.path.clone(), place.leading_comments().split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect()
}

fn is_map(message: &DescriptorProto) -> bool {
    message.options.as_ref().is_some_and(|options| options.map_entry())
}

/// As proto3 JSON writes it: 64-bit integers are text.
fn field_schema(message: &DescriptorProto, field: &FieldDescriptorProto) -> Value {
    use field_descriptor_proto::Type;
    let one = match field.r#type() {
        Type::String => json!({ "type": "string" }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::Double | Type::Float => json!({ "type": "number" }),
        Type::Uint32 | Type::Fixed32 => json!({ "type": "integer", "minimum": 0 }),
        Type::Int32 | Type::Sint32 | Type::Sfixed32 => json!({ "type": "integer" }),
        Type::Int64 | Type::Sint64 | Type::Sfixed64 => json!({ "type": "string", "pattern": "^-?[0-9]+$" }),
        Type::Uint64 | Type::Fixed64 => json!({ "type": "string", "pattern": "^[0-9]+$" }),
        Type::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Type::Enum => json!({ "type": "string" }),
        Type::Message | Type::Group => {
            let name = field.type_name().trim_start_matches('.');
            let entry = message.nested_type.iter().find(|nested| is_map(nested) && name.ends_with(nested.name()));
            if let Some(value) = entry.and_then(|entry| entry.field.iter().find(|field| field.name() == "value")) {
                return json!({ "type": "object", "additionalProperties": field_schema(message, value) });
            }
            json!({ "$ref": reference("schemas", name) })
        }
    };
    if field.label() == field_descriptor_proto::Label::Repeated {
        json!({ "type": "array", "items": one })
    } else {
        one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Value {
        serde_json::from_str(&document(&Manifest::load(&crate::root().unwrap()).unwrap()).unwrap()).unwrap()
    }

    /// Whatever points somewhere points at something.
    fn look_at(document: &Value, value: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let pointer = reference.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{reference} is nowhere");
                }
                members.values().for_each(|member| look_at(document, member));
            }
            Value::Array(items) => items.iter().for_each(|item| look_at(document, item)),
            _ => {}
        }
    }

    #[test]
    fn every_type_has_a_message_a_sender_and_a_receiver() {
        let document = written();
        look_at(&document, &document);
        for kind in types::ALL {
            for action in ["send", "receive"] {
                let has = document["operations"].as_object().unwrap().values().any(|operation| {
                    operation["action"] == action && operation["messages"].to_string().contains(&format!("/{kind}\""))
                });
                assert!(has, "nobody is there to {action} {kind}");
            }
        }
    }

    #[test]
    fn contracts_and_their_comments_become_schemas() {
        let document = written();
        let schema = &document["components"]["schemas"]["cinema.payment.v1.SubscriptionChanged"]["properties"];
        assert_eq!(schema["amount"]["type"], "string", "64 bits do not fit a number of JSON");
        assert_eq!(
            schema["plan_names"],
            json!({
                "type": "object", "additionalProperties": { "type": "string" },
                "description": "What the plan is called, by locale and, under the empty key, for everybody else.",
            })
        );
        let titles = &document["components"]["schemas"]["cinema.user.v1.EntitlementsChanged"]["properties"]["titles"];
        assert_eq!(titles["items"]["$ref"], "#/components/schemas/cinema.user.v1.TitleGrant");
        let message = &document["components"]["messages"]["cinema.user.export_ready.v1"];
        assert_eq!(message["summary"], "A copy of everything that is held on an account can be fetched.");
    }

    #[test]
    fn the_document_is_up_to_date() {
        let root = crate::root().unwrap();
        let document = document(&Manifest::load(&root).unwrap()).unwrap();
        if std::env::var_os(crate::generate::GENERATE).is_some() {
            return std::fs::write(root.join(FILE), document).unwrap();
        }
        let written = std::fs::read_to_string(root.join(FILE)).unwrap_or_default();
        assert!(written == document, "{FILE} is out of date: run `cargo cinema generate`");
    }
}
