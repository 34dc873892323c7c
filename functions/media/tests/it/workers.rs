//! The functions behind the queues of the pipeline, driven by hand. The bench of films includes this file.

use std::sync::Arc;

use events::{Consumer, Deadline, Outcome};
use kernel::TraceParent;
use media::{
    assets::job::{JobKind, Message},
    operations::consumers,
};
use runtime::{Boot, SqsMessage};
use stores::trace;
use testkit::Service;

/// Every queue of the pipeline, and the functions behind them.
pub struct Workers {
    boot: Arc<Boot>,
    queues: Vec<String>,
    sqs: aws_sdk_sqs::Client,
}

impl Workers {
    pub fn new(service: &Service, boot: Arc<Boot>) -> Self {
        let queues = JobKind::ALL.map(|kind| service.var(&manifest::env::queue(kind.queue())));
        Self { boot, queues: queues.into(), sqs: aws_sdk_sqs::Client::new(service.aws().config()) }
    }

    /// Takes every message from every queue, with its trace.
    pub async fn take(&self) -> Vec<(Message, Option<TraceParent>)> {
        let mut messages = Vec::new();
        for url in &self.queues {
            loop {
                let batch = self.sqs.receive_message().queue_url(url).max_number_of_messages(10);
                let batch = batch.message_attribute_names(trace::ATTRIBUTE).send().await.unwrap();
                if batch.messages().is_empty() {
                    break;
                }
                for message in batch.messages() {
                    let handle = message.receipt_handle().unwrap();
                    self.sqs.delete_message().queue_url(url).receipt_handle(handle).send().await.unwrap();
                    let attribute = message.message_attributes().and_then(|all| all.get(trace::ATTRIBUTE));
                    let trace = attribute.and_then(|attribute| attribute.string_value()?.parse().ok());
                    messages.push((serde_json::from_str(message.body().unwrap()).unwrap(), trace));
                }
            }
        }
        messages
    }

    /// Delivers a message to its function.
    pub async fn deliver(&self, message: &Message) -> Outcome {
        let body = serde_json::to_string(message).unwrap();
        let sqs = SqsMessage { id: "1".into(), body, receive_count: 1, trace: None };
        let (boot, deadline) = (&self.boot, Deadline::unlimited(self.boot.world()));
        match message.job.kind() {
            JobKind::Probe => consumers::probe(boot).unwrap().consume(sqs, &deadline).await,
            JobKind::Chunk => consumers::encode_chunk(boot).unwrap().consume(sqs, &deadline).await,
            JobKind::Audio => consumers::encode_audio(boot).unwrap().consume(sqs, &deadline).await,
            JobKind::Sprites => consumers::make_sprites(boot).unwrap().consume(sqs, &deadline).await,
            JobKind::Package => consumers::package(boot).unwrap().consume(sqs, &deadline).await,
            JobKind::Verify => consumers::verify(boot).unwrap().consume(sqs, &deadline).await,
        }
    }
}
