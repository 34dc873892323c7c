//! A function's environment: its only configuration, made from what its entry says it uses.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use manifest::{Function, Manifest, Use, env};

use crate::target::Target;

/// The object with the public keys that `auth-rotate-keys` writes.
const JWKS: (&str, &str) = ("web", ".well-known/jwks.json");
/// Settings that every HTTP function gets.
const HTTP_SETTINGS: [&str; 3] = ["CURSOR_KEY", "ORIGIN_VERIFY", "PUBLIC_URL"];
/// Settings that every function gets.
const SETTINGS: [&str; 2] = ["DEFAULT_TERRITORY", "RUST_LOG"];

/// Where resources are, as far as their names do not say it.
pub(crate) struct Places<'a> {
    /// Queue → its URL.
    pub queues: &'a BTreeMap<String, String>,
}

/// The variables of one function.
pub(crate) fn of(function: &Function, target: &Target, places: &Places<'_>) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::from([
        ("SERVICE".to_owned(), function.service.clone()),
        ("FUNCTION".to_owned(), function.name.clone()),
        ("CINEMA_ENVIRONMENT".to_owned(), "local".to_owned()),
        ("AWS_ENDPOINT_URL".to_owned(), target.seen_by_functions.aws.clone()),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH".to_owned(), "true".to_owned()),
    ]);
    let mut settings: Vec<&str> = SETTINGS.to_vec();
    if function.is_http() {
        let (bucket, key) = JWKS;
        variables.insert("JWKS_URL".to_owned(), target.object_url(bucket, key));
        settings.extend(HTTP_SETTINGS);
    }
    settings.extend(function.settings.iter().map(String::as_str));
    for name in settings {
        let value = target.settings.get(name);
        let value = value.with_context(|| format!("{}: the platform has no setting {name}", function.name))?;
        variables.insert(name.to_owned(), value.to_owned());
    }
    for word in &function.uses {
        let Some(variable) = word.variable() else { continue };
        variables.insert(variable, value(word, function, target, places)?);
    }
    Ok(variables)
}

/// The variables of all functions together, for a tool that runs every function in one environment (`cargo lambda watch`). What differs between
/// services carries the service's name: `POSTGRES_URL_CATALOG`.
pub fn of_all(
    target: &Target,
    manifest: &Manifest,
    queues: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let places = Places { queues };
    let mut all = BTreeMap::new();
    for function in &manifest.functions {
        let mut variables = of(function, target, &places)?;
        for own in ["SERVICE", "FUNCTION"] {
            variables.remove(own);
        }
        if let Some(url) = variables.remove(env::POSTGRES_URL) {
            variables.insert(format!("{}_{}", env::POSTGRES_URL, function.service.to_uppercase()), url);
        }
        all.extend(variables);
    }
    all.insert("AWS_REGION".to_owned(), engines::aws::REGION.to_owned());
    all.insert("AWS_ACCESS_KEY_ID".to_owned(), "test".to_owned());
    all.insert("AWS_SECRET_ACCESS_KEY".to_owned(), "test".to_owned());
    Ok(all)
}

fn value(word: &Use, function: &Function, target: &Target, places: &Places<'_>) -> Result<String> {
    Ok(match word {
        Use::Postgres => target.postgres_url(&function.service),
        Use::Redis => target.seen_by_functions.redis.clone(),
        Use::Opensearch => target.seen_by_functions.opensearch.clone(),
        Use::Clickhouse => target.seen_by_functions.clickhouse.clone(),
        Use::Ses => target.settings.get(env::EMAIL_FROM).unwrap_or_default().to_owned(),
        Use::S3 { bucket, .. } => bucket.clone(),
        Use::Dynamodb { table, .. } => table.clone(),
        Use::Sqs(queue) => places.queues.get(queue).with_context(|| format!("queue {queue} was not deployed"))?.clone(),
        Use::Kinesis(stream) => stream.clone(),
        Use::Secret { name, .. } => name.clone(),
        Use::Layer(_) => String::new(),
    })
}
