//! A function's environment: what the plan refers to, as this platform has it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use manifest::plan::{Endpoint, Function, Reference, Value};
use manifest::{Plan, env};

use crate::target::Target;

/// Where resources are, as far as their names do not say it.
pub(crate) struct Places<'a> {
    /// Queue → its URL.
    pub queues: &'a BTreeMap<String, String>,
}

/// The variables of one function.
pub(crate) fn of(
    name: &str,
    function: &Function,
    target: &Target,
    places: &Places<'_>,
) -> Result<BTreeMap<String, String>> {
    let variable = |(variable, value): (&String, &Value)| {
        let value = match value {
            Value::Literal(text) => text.clone(),
            Value::Reference(reference) => {
                found(reference, &function.service, target, places).with_context(|| format!("{name}: {variable}"))?
            }
        };
        Ok((variable.clone(), value))
    };
    function.environment.iter().map(variable).collect()
}

/// The variables of all functions together, for a tool that runs every function in one environment (`cargo lambda watch`). What differs between
/// services carries the service's name: `POSTGRES_URL_CATALOG`.
pub fn of_all(target: &Target, plan: &Plan, queues: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    let places = Places { queues };
    let mut all = BTreeMap::new();
    for (name, function) in &plan.functions {
        let mut variables = of(name, function, target, &places)?;
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

fn found(reference: &Reference, service: &str, target: &Target, places: &Places<'_>) -> Result<String> {
    Ok(match reference {
        Reference::Setting(name) => {
            target.settings.get(name).with_context(|| format!("the platform has no setting {name}"))?.to_owned()
        }
        Reference::Endpoint(Endpoint::Postgres) => target.postgres_url(service),
        Reference::Endpoint(Endpoint::Aws) => target.seen_by_functions.aws.clone(),
        Reference::Endpoint(Endpoint::Redis) => target.seen_by_functions.redis.clone(),
        Reference::Endpoint(Endpoint::Opensearch) => target.seen_by_functions.opensearch.clone(),
        Reference::Endpoint(Endpoint::Clickhouse) => target.seen_by_functions.clickhouse.clone(),
        Reference::Bucket(name) | Reference::Table(name) | Reference::Stream(name) | Reference::Secret(name) => {
            name.clone()
        }
        Reference::Queue(name) => {
            places.queues.get(name).with_context(|| format!("queue {name} was not deployed"))?.clone()
        }
        Reference::Object(place) => target.object_url(&place.bucket, &place.key),
    })
}
