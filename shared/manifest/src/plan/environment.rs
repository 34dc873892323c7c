//! The variables of a function, from what its entry says it uses.

use std::collections::BTreeMap;

use super::{Endpoint, ObjectPlace, Reference, Value};
use crate::env;
use crate::function::Function;
use crate::resources::Resources;
use crate::uses::Use;

/// Settings that every function has.
const SETTINGS: [&str; 4] = ["CINEMA_ENVIRONMENT", "DEFAULT_TERRITORY", "OTEL_EXPORTER_OTLP_ENDPOINT", "RUST_LOG"];
/// Settings that every HTTP function has.
const HTTP_SETTINGS: [&str; 3] = ["CURSOR_KEY", "ORIGIN_VERIFY", PUBLIC_URL];
/// The origin that browsers use.
pub(super) const PUBLIC_URL: &str = "PUBLIC_URL";
/// The object with the public keys that `auth-rotate-keys` writes.
const JWKS: (&str, &str) = ("web", ".well-known/jwks.json");

pub(super) fn of(function: &Function, resources: &Resources) -> BTreeMap<String, Value> {
    let mut variables = BTreeMap::from([
        ("SERVICE".to_owned(), Value::Literal(function.service.clone())),
        ("FUNCTION".to_owned(), Value::Literal(function.name.clone())),
        ("AWS_ENDPOINT_URL".to_owned(), Value::Reference(Reference::Endpoint(Endpoint::Aws))),
    ]);
    let mut settings: Vec<&str> = SETTINGS.to_vec();
    if function.is_http() {
        let (bucket, key) = JWKS;
        let place = ObjectPlace { bucket: bucket.to_owned(), key: key.to_owned() };
        variables.insert("JWKS_URL".to_owned(), Value::Reference(Reference::Object(place)));
        variables.insert("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH".to_owned(), Value::Literal("true".to_owned()));
        settings.extend(HTTP_SETTINGS);
    }
    settings.extend(function.settings.iter().map(String::as_str));
    settings.extend(function.uses.iter().filter_map(|word| match word {
        Use::Secret { name, .. } => resources.secrets.get(name)?.public_id.as_deref(),
        _ => None,
    }));
    for name in settings {
        variables.insert(name.to_owned(), Value::Reference(Reference::Setting(name.to_owned())));
    }
    for word in &function.uses {
        if let (Some(variable), Some(reference)) = (word.variable(), reference(word)) {
            variables.insert(variable, Value::Reference(reference));
        }
    }
    variables
}

fn reference(word: &Use) -> Option<Reference> {
    Some(match word {
        Use::Postgres => Reference::Endpoint(Endpoint::Postgres),
        Use::Redis => Reference::Endpoint(Endpoint::Redis),
        Use::Opensearch => Reference::Endpoint(Endpoint::Opensearch),
        Use::Clickhouse => Reference::Endpoint(Endpoint::Clickhouse),
        Use::Ses => Reference::Setting(env::EMAIL_FROM.to_owned()),
        Use::S3 { bucket, .. } => Reference::Bucket(bucket.clone()),
        Use::Dynamodb { table, .. } => Reference::Table(table.clone()),
        Use::Sqs(queue) => Reference::Queue(queue.clone()),
        Use::Kinesis(stream) => Reference::Stream(stream.clone()),
        Use::Secret { name, .. } => Reference::Secret(name.clone()),
        Use::Layer(_) | Use::EventQueues | Use::DeadLetters | Use::Redrive => return None,
    })
}
