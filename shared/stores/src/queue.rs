//! An SQS queue.

use std::{collections::HashMap, time::Duration};

use aws_sdk_sqs::{
    Client,
    types::{MessageAttributeValue, SendMessageBatchRequestEntry},
};

use crate::{Aws, StoreError, trace};

/// SQS takes at most ten messages and 256 KiB in one batch.
const BATCH: usize = 10;
const BATCH_BYTES: usize = 250_000;

/// A queue to send to.
#[derive(Clone)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// Without I/O.
    pub fn new(aws: &Aws, url: String) -> Self {
        Self { client: Client::new(&aws.quick()), url }
    }

    /// The queue that is called `name`: asks SQS for its URL.
    pub async fn named(aws: &Aws, name: &str) -> Result<Self, StoreError> {
        let client = Client::new(&aws.quick());
        let found =
            client.get_queue_url().queue_name(name).send().await.map_err(|error| StoreError::new("sqs", error))?;
        let url = found.queue_url().unwrap_or_default().to_owned();
        Ok(Self { client, url })
    }

    /// Sends one message with the trace of the caller, delivered after `delay` (whole seconds, at most 15 minutes).
    pub async fn send(&self, body: &str, delay: Option<Duration>) -> Result<(), StoreError> {
        let delay = delay.map(|delay| i32::try_from(delay.as_secs().min(900)).unwrap_or(900));
        let request = self.client.send_message().queue_url(&self.url).message_body(body).set_delay_seconds(delay);
        let request = request.set_message_attributes(attributes()?);
        request.send().await.map(drop).map_err(|error| StoreError::new("sqs", error))
    }

    /// Sends all messages in batches; an error means that some may not have been sent.
    pub async fn send_all(&self, bodies: &[String]) -> Result<(), StoreError> {
        let mut rest = bodies;
        while !rest.is_empty() {
            let mut size = 0;
            let fits = rest.iter().take(BATCH).take_while(|body| {
                size += body.len();
                size <= BATCH_BYTES
            });
            let count = fits.count().max(1);
            let (batch, later) = rest.split_at(count);
            self.send_batch(batch).await?;
            rest = later;
        }
        Ok(())
    }

    async fn send_batch(&self, bodies: &[String]) -> Result<(), StoreError> {
        let mut request = self.client.send_message_batch().queue_url(&self.url);
        for (at, body) in bodies.iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder().id(at.to_string()).message_body(body);
            let entry = entry.set_message_attributes(attributes()?).build();
            request = request.entries(entry.map_err(|error| StoreError::new("sqs", error))?);
        }
        let answer = request.send().await.map_err(|error| StoreError::new("sqs", error))?;
        match answer.failed().first() {
            None => Ok(()),
            Some(failed) => Err(StoreError {
                engine: "sqs",
                detail: format!("{} of {} messages refused: {}", answer.failed().len(), bodies.len(), failed.code()),
            }),
        }
    }
}

/// The trace of the caller as a message attribute.
fn attributes() -> Result<Option<HashMap<String, MessageAttributeValue>>, StoreError> {
    let Some(trace) = trace::current() else { return Ok(None) };
    let value = MessageAttributeValue::builder().data_type("String").string_value(trace.to_string()).build();
    let value = value.map_err(|error| StoreError::new("sqs", error))?;
    Ok(Some(HashMap::from([(trace::ATTRIBUTE.to_owned(), value)])))
}
