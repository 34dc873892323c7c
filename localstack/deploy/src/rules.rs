//! EventBridge rules for schedules (EventBridge Scheduler is stored by LocalStack and never fires).

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use aws_sdk_eventbridge::types::{RuleState, Target};
use manifest::Plan;

use crate::clients::Clients;
use crate::together::together;

/// The beginning of the name of every rule that this deployer made.
const MARK: &str = "cinema-";

struct Wanted<'a> {
    function: &'a str,
    expression: &'a str,
}

pub(crate) async fn deploy(clients: &Clients, plan: &Plan) -> Result<usize> {
    let wanted = wanted(plan);
    let known = list(clients).await?;
    let mut changed = 0;
    for name in known.keys().filter(|name| !wanted.contains_key(*name)) {
        delete(clients, name).await.with_context(|| format!("deleting rule {name}"))?;
        changed += 1;
    }
    let jobs = wanted.iter().filter(|(name, rule)| known.get(*name).is_none_or(|found| found != rule.expression)).map(
        |(name, rule)| async move {
            put(clients, name, rule).await.with_context(|| format!("putting rule {name}"))?;
            Ok(1)
        },
    );
    Ok(changed + together(jobs).await?)
}

/// By name; a function with several schedules has a rule for each.
fn wanted(plan: &Plan) -> BTreeMap<String, Wanted<'_>> {
    let mut rules = BTreeMap::new();
    for (function, entry) in &plan.functions {
        for (before, expression) in entry.schedules.iter().enumerate() {
            let suffix = if before == 0 { String::new() } else { format!("-{}", before + 1) };
            rules.insert(format!("{MARK}{function}{suffix}"), Wanted { function, expression });
        }
    }
    rules
}

/// Name → expression; a rule without its target was left unfinished, and has none.
async fn list(clients: &Clients) -> Result<BTreeMap<String, String>> {
    let mut known = BTreeMap::new();
    let mut token = None;
    loop {
        let page = clients.events.list_rules().name_prefix(MARK).set_next_token(token).send().await;
        let page = page.context("listing rules")?;
        for rule in page.rules() {
            let name = rule.name().unwrap_or_default().to_owned();
            let targets = clients.events.list_targets_by_rule().rule(&name).send().await.context("listing targets")?;
            let is_whole = rule.state() == Some(&RuleState::Enabled) && !targets.targets().is_empty();
            let expression = rule.schedule_expression().filter(|_| is_whole).unwrap_or_default();
            known.insert(name, expression.to_owned());
        }
        token = page.next_token;
        if token.is_none() {
            return Ok(known);
        }
    }
}

/// Enabled before it has its target: an emulator decides at PutTargets whether the schedule will ever fire.
async fn put(clients: &Clients, name: &str, rule: &Wanted<'_>) -> Result<()> {
    let create = clients.events.put_rule().name(name).schedule_expression(rule.expression);
    create.state(RuleState::Enabled).send().await?;
    let target = Target::builder().id("function").arn(clients.function_arn(rule.function)).build()?;
    clients.events.put_targets().rule(name).targets(target).send().await?;
    Ok(())
}

async fn delete(clients: &Clients, name: &str) -> Result<()> {
    let targets = clients.events.list_targets_by_rule().rule(name).send().await?;
    let ids: Vec<String> = targets.targets().iter().map(|target| target.id().to_owned()).collect();
    if !ids.is_empty() {
        clients.events.remove_targets().rule(name).set_ids(Some(ids)).send().await?;
    }
    clients.events.delete_rule().name(name).send().await?;
    Ok(())
}
