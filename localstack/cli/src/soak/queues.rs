//! How much waits in the queues.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result};
use aws_sdk_sqs::{Client, types::QueueAttributeName as Name};
use engines::aws;
use futures::future::try_join_all;

/// What is still being worked on when the last call is answered.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_secs(2);

/// Queue → its messages, those in flight included.
pub(super) async fn waiting(aws_url: &str) -> Result<BTreeMap<String, u64>> {
    let client = Client::new(&aws::config(aws_url));
    let listed = client.list_queues().max_results(1000).send().await.context("the queues cannot be listed")?;
    let depths = listed.queue_urls().iter().map(async |url| {
        let names = [Name::ApproximateNumberOfMessages, Name::ApproximateNumberOfMessagesNotVisible];
        let request = client.get_queue_attributes().queue_url(url).set_attribute_names(Some(names.to_vec()));
        let found = request.send().await.with_context(|| format!("{url} cannot be read"))?;
        let counts = found.attributes.unwrap_or_default();
        let depth = counts.values().filter_map(|count| count.parse::<u64>().ok()).sum();
        Ok::<_, anyhow::Error>((url.rsplit('/').next().unwrap_or(url).to_owned(), depth))
    });
    Ok(try_join_all(depths).await?.into_iter().collect())
}

/// Queues in which more waits than before, once everything had its time.
pub(super) async fn settled(aws_url: &str, before: &BTreeMap<String, u64>) -> Result<Vec<(String, u64)>> {
    let begun = std::time::Instant::now();
    loop {
        let now = waiting(aws_url).await?;
        let more = now.into_iter().filter(|(name, depth)| depth > before.get(name).unwrap_or(&0));
        let more: Vec<_> = more.collect();
        if more.is_empty() || begun.elapsed() > PATIENCE {
            return Ok(more);
        }
        tokio::time::sleep(POLL).await;
    }
}
