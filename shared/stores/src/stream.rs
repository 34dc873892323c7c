//! A Kinesis stream.

use aws_sdk_kinesis::{Client, primitives::Blob, types::PutRecordsRequestEntry};

use crate::{Aws, StoreError};

/// Kinesis takes at most 500 records in one call.
const BATCH: usize = 500;
const ATTEMPTS: usize = 3;

/// A record: partition key and data.
pub type Entry = (String, Vec<u8>);

/// A stream to put records on.
#[derive(Clone)]
pub struct Stream {
    client: Client,
    name: String,
}

impl Stream {
    /// Without I/O.
    pub fn new(aws: &Aws, name: String) -> Self {
        Self { client: Client::new(&aws.quick()), name }
    }

    /// Puts all records, again those that were throttled; returns the indices of those that were refused in every attempt.
    pub async fn put(&self, entries: &[Entry]) -> Result<Vec<usize>, StoreError> {
        let mut waiting: Vec<usize> = (0..entries.len()).collect();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(std::time::Duration::from_millis(50 << attempt)).await;
            }
            let mut refused = Vec::new();
            for batch in waiting.chunks(BATCH) {
                refused.extend(self.put_batch(entries, batch).await?);
            }
            waiting = refused;
            if waiting.is_empty() {
                break;
            }
        }
        Ok(waiting)
    }

    /// Puts all records or fails.
    pub async fn put_all(&self, entries: &[Entry]) -> Result<(), StoreError> {
        match self.put(entries).await?.len() {
            0 => Ok(()),
            refused => Err(StoreError { engine: "kinesis", detail: format!("{refused} records were throttled") }),
        }
    }

    async fn put_batch(&self, entries: &[Entry], batch: &[usize]) -> Result<Vec<usize>, StoreError> {
        let mut request = self.client.put_records().stream_name(&self.name);
        for (key, data) in batch.iter().filter_map(|at| entries.get(*at)) {
            let entry = PutRecordsRequestEntry::builder().partition_key(key).data(Blob::new(data.clone())).build();
            request = request.records(entry.map_err(|error| StoreError::new("kinesis", error))?);
        }
        let answer = request.send().await.map_err(|error| StoreError::new("kinesis", error))?;
        let results = batch.iter().zip(answer.records());
        Ok(results.filter(|(_, result)| result.error_code().is_some()).map(|(at, _)| *at).collect())
    }
}
