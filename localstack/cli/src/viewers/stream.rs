//! The stream of the playback events, no faster than its readers.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_sdk_kinesis::{
    Client,
    primitives::Blob,
    types::{PutRecordsRequestEntry, PutRecordsResultEntry},
};
use engines::{Home, aws};
use events::Event;

use crate::soak::caught_up;

const STREAM: &str = "playback-events";
/// Kinesis takes no more in one call.
const AT_ONCE: usize = 500;
/// Readers catch up after so many: the local stream keeps 10,000 records, and whoever is further behind has lost some.
const BETWEEN_PAUSES: usize = 4_000;
/// How often is waited for them, a minute each time.
const PAUSES: usize = 15;
/// Before records that were throttled are put again.
const WAITS: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(10)];

/// Holds what is not put yet: less than one call takes.
pub(super) struct PlaybackStream<'a> {
    client: Client,
    home: &'a Home,
    waiting: Vec<PutRecordsRequestEntry>,
    since_pause: usize,
    /// How many events it was told.
    pub told: u64,
}

impl<'a> PlaybackStream<'a> {
    pub fn new(aws_url: &str, home: &'a Home) -> Self {
        let client = Client::new(&aws::config(aws_url));
        Self { client, home, waiting: Vec::with_capacity(AT_ONCE), since_pause: 0, told: 0 }
    }

    /// Puts an event, when there are enough for a call.
    pub async fn tell(&mut self, event: &Event) -> Result<()> {
        // As the relay of the streaming service puts it.
        let data = Blob::new(event.json().into_bytes());
        self.waiting.push(PutRecordsRequestEntry::builder().partition_key(&event.subject).data(data).build()?);
        self.told += 1;
        if self.waiting.len() < AT_ONCE {
            return Ok(());
        }
        self.put().await?;
        if self.since_pause >= BETWEEN_PAUSES { self.wait_for_readers().await } else { Ok(()) }
    }

    /// Puts what is left, and waits until all of it was read.
    pub async fn finish(&mut self) -> Result<()> {
        self.put().await?;
        self.wait_for_readers().await
    }

    async fn put(&mut self) -> Result<()> {
        let mut records = std::mem::take(&mut self.waiting);
        self.since_pause += records.len();
        for wait in WAITS {
            if records.is_empty() {
                return Ok(());
            }
            let request = self.client.put_records().stream_name(STREAM).set_records(Some(records.clone()));
            let answer = request.send().await.with_context(|| format!("the stream {STREAM}"))?;
            records = refused(records, answer.records());
            if !records.is_empty() {
                tokio::time::sleep(wait).await;
            }
        }
        if records.is_empty() {
            return Ok(());
        }
        bail!("the stream {STREAM} is full: run the same command again later, what was told counts once")
    }

    async fn wait_for_readers(&mut self) -> Result<()> {
        self.since_pause = 0;
        for _ in 0..PAUSES {
            if caught_up(self.home).await?.is_some() {
                return Ok(());
            }
        }
        bail!("the readers of {STREAM} do not catch up, or something else is at work: run the same command again later")
    }
}

/// The records that were not taken; the answer has an entry for each, in order.
fn refused(records: Vec<PutRecordsRequestEntry>, taken: &[PutRecordsResultEntry]) -> Vec<PutRecordsRequestEntry> {
    let answered = records.into_iter().zip(taken);
    answered.filter(|(_, answer)| answer.error_code().is_some()).map(|(record, _)| record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_refused_is_put_again() {
        let record = |key: &str| {
            let entry = PutRecordsRequestEntry::builder().partition_key(key).data(Blob::new("{}"));
            entry.build().unwrap()
        };
        let (fine, full) = (PutRecordsResultEntry::builder(), PutRecordsResultEntry::builder());
        let full = full.error_code("ProvisionedThroughputExceededException").build();
        let left = refused(vec![record("a"), record("b"), record("c")], &[fine.clone().build(), full, fine.build()]);
        assert_eq!(left.iter().map(PutRecordsRequestEntry::partition_key).collect::<Vec<_>>(), [Some("b")]);
    }
}
