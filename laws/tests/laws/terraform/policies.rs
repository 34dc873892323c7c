//! What holds for every plan: no permission is wider than its use, no role is shared, nothing is public, nothing is lost without a word.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::planned::{Planned, Resource};

/// AWS knows no resources for these: whoever may do one may do it everywhere.
const WITHOUT_RESOURCES: [&str; 7] = [
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "secretsmanager:GetRandomPassword",
    "xray:PutTraceSegments",
];

pub fn faults(planned: &Planned) -> Vec<String> {
    let mut faults = Vec::new();
    for kind in ["aws_iam_role_policy", "aws_iam_policy", "aws_opensearch_domain", "aws_s3_bucket_policy"] {
        for resource in planned.all(kind) {
            let place = if kind == "aws_opensearch_domain" { "/access_policies" } else { "/policy" };
            faults.extend(wide(resource, place));
        }
    }
    faults.extend(roles(planned));
    faults.extend(long(planned));
    faults.extend(queues(planned));
    faults.extend(buckets(planned));
    faults.extend(functions(planned));
    faults.extend(tables(planned));
    faults
}

/// One text or several.
pub fn list(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

/// The statements that allow something.
pub fn allowed(document: &Value) -> impl Iterator<Item = &Value> {
    let statements = document["Statement"].as_array().into_iter().flatten();
    statements.filter(|statement| statement["Effect"] == "Allow")
}

fn wide(resource: &Resource, place: &str) -> Vec<String> {
    let address = &resource.address;
    let Some(document) = resource.document(place) else { return Vec::new() };
    let mut faults = Vec::new();
    for statement in allowed(&document) {
        let actions = list(&statement["Action"]);
        for action in &actions {
            if action.contains('*') {
                faults.push(format!("{address}: allows {action}"));
            }
        }
        if !statement["NotAction"].is_null() || !statement["NotResource"].is_null() {
            faults.push(format!("{address}: allows whatever is not named"));
        }
        let is_everywhere =
            list(&statement["Resource"]).iter().any(|resource| resource.trim_matches(['*', ':']).is_empty());
        if is_everywhere && !actions.iter().all(|action| WITHOUT_RESOURCES.contains(action)) {
            faults.push(format!("{address}: allows {} on everything", actions.join(", ")));
        }
        // The search domain's requests are not signed: its network is its lock.
        let is_anybody = statement["Principal"] == "*" || list(&statement["Principal"]["AWS"]).contains(&"*");
        if is_anybody && place != "/access_policies" {
            faults.push(format!("{address}: is open to everybody"));
        }
    }
    faults
}

fn roles(planned: &Planned) -> Vec<String> {
    let mut faults = Vec::new();
    let known: BTreeSet<&str> = planned.all("aws_iam_role").map(|role| role.text("/name")).collect();
    let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for function in planned.all("aws_lambda_function") {
        let role = function.text("/role").rsplit('/').next().unwrap_or_default();
        users.entry(role).or_default().push(function.text("/function_name"));
    }
    for (role, users) in users {
        if users.len() > 1 {
            faults.push(format!("the role {role} is shared by {}", users.join(", ")));
        }
        if !known.contains(role) {
            faults.push(format!("the role {role:?} of {} is not made here", users.join(", ")));
        }
    }
    faults
}

/// AWS refuses more than this in all inline policies of a role, without white space.
const POLICY_CHARACTERS: usize = 10_240;

/// Policies with one key in one module belong to one role.
fn long(planned: &Planned) -> Vec<String> {
    let mut lengths: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for policy in planned.all("aws_iam_role_policy") {
        let module = policy.address.split(".aws_iam_role_policy").next().unwrap_or_default();
        *lengths.entry((module, &policy.key)).or_default() += policy.text("/policy").len();
    }
    let long = lengths.into_iter().filter(|(_, length)| *length > POLICY_CHARACTERS);
    long.map(|((module, key), length)| format!("{module}: the policies of {key:?} have {length} characters")).collect()
}

fn queues(planned: &Planned) -> Vec<String> {
    let dead: BTreeSet<&str> =
        planned.all("aws_sqs_queue").map(|queue| queue.text("/name")).filter(|name| name.ends_with("-dlq")).collect();
    let mut faults = Vec::new();
    for queue in planned.all("aws_sqs_queue").filter(|queue| !dead.contains(queue.text("/name"))) {
        let redrive = queue.document("/redrive_policy").unwrap_or_default();
        let target = redrive["deadLetterTargetArn"].as_str().and_then(|arn| arn.rsplit(':').next()).unwrap_or_default();
        if !dead.contains(target) {
            faults.push(format!("{}: has no dead-letter queue", queue.address));
        }
    }
    faults
}

fn buckets(planned: &Planned) -> Vec<String> {
    let is_closed = |block: &&Resource| {
        let switches = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];
        switches.iter().all(|switch| block.values[*switch] == true)
    };
    let blocks: Vec<&Resource> = planned.all("aws_s3_bucket_public_access_block").filter(is_closed).collect();
    let open = planned.all("aws_s3_bucket").filter(|bucket| {
        let name = bucket.text("/bucket");
        name.is_empty() || !blocks.iter().any(|block| block.text("/bucket") == name)
    });
    open.map(|bucket| format!("{}: may become public", bucket.address)).collect()
}

fn functions(planned: &Planned) -> Vec<String> {
    let kept: BTreeSet<&str> = planned
        .all("aws_cloudwatch_log_group")
        .filter(|group| group.number("/retention_in_days").is_some_and(|days| days > 0))
        .map(|group| group.text("/name"))
        .collect();
    let watched: BTreeSet<&str> = planned
        .all("aws_cloudwatch_metric_alarm")
        .flat_map(|alarm| alarm.values["metric_query"].as_array().into_iter().flatten())
        .filter(|query| query.pointer("/metric/0/metric_name").is_some_and(|name| name == "Errors"))
        .filter_map(|query| query.pointer("/metric/0/dimensions/FunctionName")?.as_str())
        .collect();
    let mut faults = Vec::new();
    for function in planned.all("aws_lambda_function") {
        let name = function.text("/function_name");
        if !kept.contains(format!("/aws/lambda/{name}").as_str()) {
            faults.push(format!("{name}: its log is kept for ever"));
        }
        if !watched.contains(name) {
            faults.push(format!("{name}: nobody hears of its errors"));
        }
    }
    faults
}

fn tables(planned: &Planned) -> Vec<String> {
    let lost = planned
        .all("aws_dynamodb_table")
        .filter(|table| table.values.pointer("/point_in_time_recovery/0/enabled") != Some(&Value::Bool(true)));
    lost.map(|table| format!("{}: cannot be restored", table.address)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults_of(kind: &str, values: Value) -> Vec<String> {
        let change = json!({"address": "it", "mode": "managed", "type": kind, "name": "this", "change": {"after": values, "after_unknown": {}}});
        faults(&Planned::of(&json!({"resource_changes": [change]})))
    }

    fn policy(statement: Value) -> Vec<String> {
        faults_of("aws_iam_role_policy", json!({"policy": json!({"Statement": [statement]}).to_string()}))
    }

    #[test]
    fn a_policy_that_is_too_wide_is_found() {
        for statement in [
            json!({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::a/*"}),
            json!({"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "*"}),
            json!({"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["arn:aws:sqs:::q", "*"]}),
            json!({"Effect": "Allow", "Action": ["ec2:DescribeVpcs", "ec2:RunInstances"], "Resource": "*"}),
            json!({"Effect": "Allow", "NotAction": "iam:CreateUser", "Resource": "arn:aws:s3:::a"}),
            json!({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::a"}),
            json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}),
            json!({"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}),
        ] {
            assert_eq!(policy(statement.clone()).len(), 1, "{statement}");
        }
        for statement in [
            json!({"Effect": "Deny", "Action": "*", "Resource": "*"}),
            json!({"Effect": "Allow", "Action": "ec2:DescribeVpcs", "Resource": "*"}),
            json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}),
        ] {
            assert!(policy(statement.clone()).is_empty(), "{statement}");
        }
    }

    #[test]
    fn what_is_left_alone_is_found() {
        for (kind, values, fault) in [
            ("aws_sqs_queue", json!({"name": "jobs"}), "no dead-letter queue"),
            (
                "aws_sqs_queue",
                json!({"name": "jobs", "redrive_policy": r#"{"deadLetterTargetArn": "arn:aws:sqs:r:1:other"}"#}),
                "no dead-letter queue",
            ),
            ("aws_s3_bucket", json!({"bucket": "films"}), "may become public"),
            (
                "aws_lambda_function",
                json!({"function_name": "f", "role": "arn:aws:iam::1:role/cinema/f"}),
                "kept for ever",
            ),
            (
                "aws_lambda_function",
                json!({"function_name": "f", "role": "arn:aws:iam::1:role/cinema/f"}),
                "nobody hears",
            ),
            (
                "aws_lambda_function",
                json!({"function_name": "f", "role": "arn:aws:iam::1:role/admin"}),
                "is not made here",
            ),
            (
                "aws_dynamodb_table",
                json!({"name": "t", "point_in_time_recovery": [{"enabled": false}]}),
                "cannot be restored",
            ),
        ] {
            let found = faults_of(kind, values);
            assert!(found.iter().any(|found| found.contains(fault)), "{fault}: {found:?}");
        }
    }

    #[test]
    fn policies_that_aws_would_refuse_are_found() {
        let policy = |name: &str| json!({"address": format!("m.aws_iam_role_policy.{name}[\"f\"]"), "index": "f", "mode": "managed", "type": "aws_iam_role_policy", "change": {"after": {"policy": "x".repeat(6_000)}}});
        assert_eq!(long(&Planned::of(&json!({"resource_changes": [policy("a"), policy("b")]}))).len(), 1);
        assert!(long(&Planned::of(&json!({"resource_changes": [policy("a")]}))).is_empty());
    }

    #[test]
    fn a_role_of_two_functions_is_found() {
        let function = |name: &str| json!({"address": name, "mode": "managed", "type": "aws_lambda_function", "change": {"after": {"function_name": name, "role": "arn:aws:iam::1:role/both"}}});
        let found = faults(&Planned::of(&json!({"resource_changes": [function("a"), function("b")]})));
        assert!(found.iter().any(|found| found == "the role both is shared by a, b"), "{found:?}");
    }
}
