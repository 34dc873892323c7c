//! `cargo cinema logs`

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::{Context, Result};
use aws_sdk_cloudwatchlogs::Client;
use engines::{Home, aws};

use crate::{names, output, platform};

/// New lines are looked for this often.
const POLL: Duration = Duration::from_secs(1);

pub(super) async fn run(root: &Path, home: &Home, function: Option<&str>, follow: bool) -> Result<()> {
    names::check(root, function)?;
    let endpoints = platform::endpoints(home)?;
    let client = Client::new(&aws::config(&endpoints.aws));
    let mut shown = BTreeMap::new();
    loop {
        for group in groups(&client, function).await? {
            show(&client, &group, shown.entry(group.clone()).or_insert(0)).await?;
        }
        if !follow {
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn groups(client: &Client, function: Option<&str>) -> Result<Vec<String>> {
    let prefix = format!("/aws/lambda/{}", function.unwrap_or_default());
    let mut pages = client.describe_log_groups().log_group_name_prefix(&prefix).into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.context("the log groups cannot be listed")?;
        names.extend(page.log_groups().iter().filter_map(|group| group.log_group_name().map(str::to_owned)));
    }
    if let Some(function) = function {
        names.retain(|name| name == &format!("/aws/lambda/{function}"));
        anyhow::ensure!(!names.is_empty(), "{function} has not logged anything yet");
    }
    Ok(names)
}

/// Prints what came after `since` (ms) and moves it.
async fn show(client: &Client, group: &str, since: &mut i64) -> Result<()> {
    let mut next = None;
    let begin = *since;
    loop {
        let request = client.filter_log_events().log_group_name(group).start_time(begin).set_next_token(next);
        let page = request.send().await.with_context(|| format!("{group} cannot be read"))?;
        for event in page.events() {
            let name = group.rsplit('/').next().unwrap_or(group);
            output::line(format_args!("{name}  {}", event.message().unwrap_or_default().trim_end()))?;
            *since = (*since).max(event.timestamp().unwrap_or(0) + 1);
        }
        next = page.next_token().map(str::to_owned);
        if next.is_none() || page.events().is_empty() {
            return Ok(());
        }
    }
}
