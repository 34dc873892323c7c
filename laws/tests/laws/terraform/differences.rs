//! What `functions/plan.json` says and what Terraform plans, as sentences about functions: those that only one of them says are differences.

use std::collections::{BTreeMap, BTreeSet};

use manifest::Plan;
use manifest::plan::{Endpoint, Reference, Resource, Source, Value as Variable};
use serde_json::Value;

use super::planned::Planned;
use super::policies::{allowed, list};

type Sentences = BTreeSet<String>;

/// Empty if both say the same.
pub fn between(plan: &Plan, planned: &Planned) -> Vec<String> {
    let (wanted, found) = (said_by_plan(plan), said_by_terraform(planned));
    let missing = wanted.difference(&found).map(|sentence| format!("Terraform does not say: {sentence}"));
    let extra = found.difference(&wanted).map(|sentence| format!("only Terraform says: {sentence}"));
    missing.chain(extra).collect()
}

fn said_by_plan(plan: &Plan) -> Sentences {
    let mut said = Sentences::new();
    for (path, methods) in &plan.gateway.paths {
        said.extend(methods.iter().map(|(method, function)| format!("{method} {path} is answered by {function}")));
    }
    for (name, function) in &plan.functions {
        let concurrency = function.concurrency.map_or(-1, i64::from);
        said.insert(size(
            name,
            function.memory_mib.into(),
            function.timeout_seconds.into(),
            function.ephemeral_mib.into(),
            concurrency,
        ));
        // AWS itself needs no address.
        let is_known = |value: &Variable| !matches!(value, Variable::Reference(Reference::Endpoint(Endpoint::Aws)));
        let names = function.environment.iter().filter(|(_, value)| is_known(value));
        said.extend(names.map(|(variable, _)| format!("{name} has {variable}")));
        for permission in &function.permissions {
            let resource = resource(&permission.resource);
            said.extend(permission.actions.iter().map(|action| format!("{name} may {action} on {resource}")));
        }
        for mapping in &function.mappings {
            let source = match &mapping.source {
                Source::Queue(queue) => format!("queue {queue}"),
                Source::Stream(stream) => format!("stream {stream}"),
                Source::Changes(table) => format!("changes {table}"),
            };
            let pollers = mapping.max_concurrency.map(i64::from);
            let replay = mapping.replay.as_ref().map(|replay| {
                (replay.start.as_str(), i64::from(replay.retries), replay.bisect, replay.dead_letters.as_str())
            });
            said.insert(mapped(name, &source, mapping.batch.into(), mapping.window_seconds.into(), pollers, replay));
        }
        said.extend(function.schedules.iter().map(|expression| format!("{name} runs at {expression}")));
        let created = function.objects_created.iter();
        said.extend(created.map(|created| format!("{name} starts with {}/{}", created.bucket, created.prefix)));
        said.extend(function.invoked_by.iter().map(|principal| format!("{name} is called by {principal}")));
        said.extend(function.dead_letters.iter().map(|queue| format!("{name} leaves failures in {queue}")));
    }
    said
}

fn said_by_terraform(planned: &Planned) -> Sentences {
    let mut said = Sentences::new();
    let buckets: BTreeMap<&str, &str> =
        planned.all("aws_s3_bucket").map(|bucket| (bucket.text("/bucket"), bucket.key.as_str())).collect();
    for api in planned.all("aws_api_gateway_rest_api") {
        said.extend(routes(&api.document("/body").unwrap_or_default()));
    }
    for function in planned.all("aws_lambda_function") {
        let name = function.text("/function_name");
        let number = |pointer| function.number(pointer).unwrap_or_default();
        let storage = number("/ephemeral_storage/0/size");
        said.insert(size(
            name,
            number("/memory_size"),
            number("/timeout"),
            storage,
            number("/reserved_concurrent_executions"),
        ));
        said.extend(function.keys("/environment/0/variables").iter().map(|variable| format!("{name} has {variable}")));
        let dead = last(function.text("/dead_letter_config/0/target_arn"), ':');
        said.extend((!dead.is_empty()).then(|| format!("{name} leaves failures in {dead}")));
    }
    for policy in planned
        .all("aws_iam_role_policy")
        .filter(|policy| policy.name == "plan" && policy.address.contains("module.functions"))
    {
        let document = policy.document("/policy").unwrap_or_default();
        for statement in allowed(&document) {
            for resource in list(&statement["Resource"]) {
                let resource = named(resource, &buckets);
                let actions = list(&statement["Action"]).into_iter();
                said.extend(actions.map(|action| format!("{} may {action} on {resource}", policy.key)));
            }
        }
    }
    for mapping in planned.all("aws_lambda_event_source_mapping") {
        let source = match mapping.text("/event_source_arn") {
            // The stream of a table has a name that AWS makes.
            "" => format!("changes {}", last(&mapping.key, '/')),
            arn if arn.contains(":kinesis:") => format!("stream {}", last(arn, '/')),
            arn => format!("queue {}", last(arn, ':')),
        };
        let replay = mapping.number("/maximum_retry_attempts").map(|retries| {
            let bisect = mapping.values["bisect_batch_on_function_error"] == true;
            let dead = last(mapping.text("/destination_config/0/on_failure/0/destination_arn"), ':');
            (mapping.text("/starting_position"), retries, bisect, dead)
        });
        let number = |pointer| mapping.number(pointer).unwrap_or_default();
        let pollers = mapping.number("/scaling_config/0/maximum_concurrency");
        let function = alias_of(mapping.text("/function_name"));
        said.insert(mapped(
            function,
            &source,
            number("/batch_size"),
            number("/maximum_batching_window_in_seconds"),
            pollers,
            replay,
        ));
    }
    let rules: BTreeMap<&str, &str> = planned
        .all("aws_cloudwatch_event_rule")
        .map(|rule| (rule.text("/name"), rule.text("/schedule_expression")))
        .collect();
    for target in planned.all("aws_cloudwatch_event_target") {
        let expression = rules.get(target.text("/rule")).copied().unwrap_or_default();
        said.insert(format!("{} runs at {expression}", alias_of(target.text("/arn"))));
    }
    for notification in planned.all("aws_s3_bucket_notification") {
        for created in notification.values["lambda_function"].as_array().into_iter().flatten() {
            let function = alias_of(created["lambda_function_arn"].as_str().unwrap_or_default());
            said.insert(format!(
                "{function} starts with {}/{}",
                notification.key,
                created["filter_prefix"].as_str().unwrap_or_default()
            ));
        }
    }
    for permission in planned.all("aws_lambda_permission") {
        said.insert(format!("{} is called by {}", permission.text("/function_name"), permission.text("/principal")));
    }
    said
}

fn size(name: &str, memory: i64, timeout: i64, storage: i64, concurrency: i64) -> String {
    format!("{name} has {memory} MiB for {timeout} s, {storage} MiB of /tmp and {concurrency} at once")
}

fn mapped(
    name: &str,
    source: &str,
    batch: i64,
    window: i64,
    pollers: Option<i64>,
    replay: Option<(&str, i64, bool, &str)>,
) -> String {
    format!("{name} reads {source} by {batch} in {window} s, pollers {pollers:?}, replay {replay:?}")
}

fn resource(resource: &Resource) -> String {
    match resource {
        Resource::Bucket(name) => format!("bucket {name}"),
        Resource::Objects(name) => format!("objects {name}"),
        Resource::Table(name) => format!("table {name}"),
        Resource::Indexes(name) => format!("indexes {name}"),
        Resource::Changes(name) => format!("changes {name}"),
        Resource::Queue(name) => format!("queue {name}"),
        Resource::Stream(name) => format!("stream {name}"),
        Resource::Secret(name) => format!("secret {name}"),
        Resource::LogGroup(name) => format!("log {name}"),
        // A setting says which; all senders are below one domain.
        Resource::Sender(_) => "sender".to_owned(),
    }
}

/// The same words for an ARN; the ARN itself where no word fits.
fn named(arn: &str, buckets: &BTreeMap<&str, &str>) -> String {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, rest) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
    let table = |rest: &str| rest.strip_prefix("table/").map(str::to_owned);
    let found = match service {
        "s3" => match rest.strip_suffix("/*") {
            Some(bucket) => buckets.get(bucket).map(|name| format!("objects {name}")),
            None => buckets.get(rest).map(|name| format!("bucket {name}")),
        },
        "dynamodb" => {
            table(rest).map(|table| match (table.strip_suffix("/index/*"), table.strip_suffix("/stream/*")) {
                (Some(name), _) => format!("indexes {name}"),
                (_, Some(name)) => format!("changes {name}"),
                _ => format!("table {table}"),
            })
        }
        "sqs" => Some(format!("queue {rest}")),
        "kinesis" => rest.strip_prefix("stream/").map(|name| format!("stream {name}")),
        "secretsmanager" => rest
            .strip_prefix("secret:")
            .and_then(|name| name.strip_suffix("-??????"))
            .map(|name| format!("secret {name}")),
        "logs" => rest
            .strip_prefix("log-group:/aws/lambda/")
            .and_then(|name| name.strip_suffix(":*"))
            .map(|name| format!("log {name}")),
        "ses" => rest.starts_with("identity/").then(|| "sender".to_owned()),
        _ => None,
    };
    found.unwrap_or_else(|| arn.to_owned())
}

fn routes(document: &Value) -> Sentences {
    let mut said = Sentences::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let uri = operation["x-amazon-apigateway-integration"]["uri"].as_str().unwrap_or_default();
            let function = alias_of(uri.strip_suffix("/invocations").unwrap_or_default());
            if method != "x-amazon-apigateway-any-method" {
                said.insert(format!("{} {path} is answered by {function}", method.to_uppercase()));
            }
        }
    }
    said
}

/// The function of `…:function:<name>:live`; empty for any other version.
fn alias_of(arn: &str) -> &str {
    arn.strip_suffix(":live").map(|arn| last(arn, ':')).unwrap_or_default()
}

fn last(text: &str, separator: char) -> &str {
    text.rsplit(separator).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_arn_is_named_as_in_the_plan() {
        let buckets = BTreeMap::from([("cinema-example-media", "media")]);
        for (arn, name) in [
            ("arn:aws:s3:::cinema-example-media", "bucket media"),
            ("arn:aws:s3:::cinema-example-media/*", "objects media"),
            ("arn:aws:dynamodb:r:1:table/assets", "table assets"),
            ("arn:aws:dynamodb:r:1:table/assets/index/*", "indexes assets"),
            ("arn:aws:dynamodb:r:1:table/assets/stream/*", "changes assets"),
            ("arn:aws:sqs:r:1:email-dlq", "queue email-dlq"),
            ("arn:aws:kinesis:r:1:stream/domain-events", "stream domain-events"),
            ("arn:aws:secretsmanager:r:1:secret:url-signing-key-??????", "secret url-signing-key"),
            ("arn:aws:logs:r:1:log-group:/aws/lambda/auth-log-in:*", "log auth-log-in"),
            ("arn:aws:ses:r:1:identity/cinema.example", "sender"),
        ] {
            assert_eq!(named(arn, &buckets), name);
        }
        for strange in [
            "*",
            "arn:aws:s3:::other",
            "arn:aws:s3:::*",
            "arn:aws:secretsmanager:r:1:secret:*",
            "arn:aws:iam::1:role/x",
        ] {
            assert_eq!(named(strange, &buckets), strange);
        }
    }

    #[test]
    fn only_the_live_version_answers() {
        let document = |version: &str| {
            let uri = format!(
                "arn:aws:apigateway:r:lambda:path/2015-03-31/functions/arn:aws:lambda:r:1:function:auth-log-in:{version}/invocations"
            );
            routes(
                &json!({"paths": {"/v1/auth/login": {"post": {"x-amazon-apigateway-integration": {"uri": uri}}, "x-amazon-apigateway-any-method": {}}}}),
            )
        };
        assert_eq!(document("live"), Sentences::from(["POST /v1/auth/login is answered by auth-log-in".to_owned()]));
        assert_eq!(document("7"), Sentences::from(["POST /v1/auth/login is answered by ".to_owned()]));
    }
}
