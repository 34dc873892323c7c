//! S3 notifications: objects created under a prefix start a function.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use aws_sdk_s3::types::{
    Event, FilterRule, FilterRuleName, LambdaFunctionConfiguration, NotificationConfiguration,
    NotificationConfigurationFilter, S3KeyFilter,
};
use manifest::Plan;

use crate::clients::Clients;

/// Prefix → ARN of the function, of one bucket.
type Targets = BTreeMap<String, String>;

pub(crate) async fn deploy(clients: &Clients, plan: &Plan) -> Result<usize> {
    let mut changed = 0;
    for (bucket, wanted) in wanted(clients, plan) {
        let get = clients.s3.get_bucket_notification_configuration().bucket(bucket);
        let found = get.send().await.with_context(|| format!("reading the notifications of bucket {bucket}"))?;
        if targets(found.lambda_function_configurations()) == wanted {
            continue;
        }
        let put = clients.s3.put_bucket_notification_configuration().bucket(bucket);
        let put = put.notification_configuration(configuration(&wanted)?);
        put.send().await.with_context(|| format!("setting the notifications of bucket {bucket}"))?;
        changed += 1;
    }
    Ok(changed)
}

fn wanted<'a>(clients: &Clients, plan: &'a Plan) -> BTreeMap<&'a str, Targets> {
    let mut buckets: BTreeMap<&str, Targets> =
        plan.buckets.keys().map(|name| (name.as_str(), Targets::new())).collect();
    for (name, function) in &plan.functions {
        for created in &function.objects_created {
            let targets = buckets.entry(&created.bucket).or_default();
            targets.insert(created.prefix.clone(), clients.function_arn(name));
        }
    }
    buckets
}

fn targets(found: &[LambdaFunctionConfiguration]) -> Targets {
    let prefix = |configuration: &LambdaFunctionConfiguration| {
        let rules = configuration.filter().and_then(|filter| filter.key()).map(|key| key.filter_rules());
        let is_prefix = |rule: &&FilterRule| {
            rule.name().is_some_and(|name| name.as_str().eq_ignore_ascii_case(FilterRuleName::Prefix.as_str()))
        };
        let rule = rules.unwrap_or_default().iter().find(is_prefix);
        rule.and_then(|rule| rule.value()).unwrap_or_default().to_owned()
    };
    found.iter().map(|one| (prefix(one), one.lambda_function_arn().to_owned())).collect()
}

fn configuration(wanted: &Targets) -> Result<NotificationConfiguration> {
    let mut functions = Vec::new();
    for (index, (prefix, arn)) in wanted.iter().enumerate() {
        let rule = FilterRule::builder().name(FilterRuleName::Prefix).value(prefix).build();
        let filter = NotificationConfigurationFilter::builder().key(S3KeyFilter::builder().filter_rules(rule).build());
        let configuration = LambdaFunctionConfiguration::builder()
            .id(format!("created-{index}"))
            .lambda_function_arn(arn)
            .events(Event::S3ObjectCreated)
            .filter(filter.build());
        functions.push(configuration.build()?);
    }
    Ok(NotificationConfiguration::builder().set_lambda_function_configurations(Some(functions)).build())
}
