//! `domain-events` → one queue per consumer: copies each event to the queue of every function whose yaml lists its type.
//!
//! The only reader of the stream, because a shard serves five reads a second in all. Copies may be duplicated, never lost: a batch is
//! acknowledged only up to the first event that did not reach all its queues.

use std::collections::{BTreeMap, HashMap};

use events::{BatchConsumer, Batches, DeadLetters, Deadline, Event, Outcome};
use runtime::{Boot, BootError, KinesisRecord, Wire};
use stores::{Aws, Queue, StoreError};
use tokio::sync::Mutex;

use crate::routes::queues_for;

/// Reads whole batches of the stream.
pub type RouteEvents = Batches<Router>;

/// Copies events to queues.
pub struct Router {
    aws: Aws,
    dead_letters: DeadLetters,
    /// Queues by name; their URLs are asked for once.
    queues: Mutex<HashMap<&'static str, Queue>>,
}

impl Router {
    async fn queue(&self, name: &'static str) -> Result<Queue, StoreError> {
        let mut queues = self.queues.lock().await;
        if let Some(queue) = queues.get(name) {
            return Ok(queue.clone());
        }
        let queue = Queue::named(&self.aws, name).await?;
        queues.insert(name, queue.clone());
        Ok(queue)
    }

    async fn deliver(&self, name: &'static str, bodies: &[String]) -> Result<(), StoreError> {
        self.queue(name).await?.send_all(bodies).await
    }
}

impl BatchConsumer<KinesisRecord> for Router {
    async fn consume_batch(&self, records: Vec<KinesisRecord>, _: &Deadline) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Done; records.len()];
        let mut wanted: BTreeMap<&'static str, (Vec<usize>, Vec<String>)> = BTreeMap::new();
        for (at, record) in records.iter().enumerate() {
            match Event::parse(&record.data) {
                Err(error) => outcomes[at] = Outcome::poison(error),
                Ok(event) => {
                    for name in queues_for(&event.kind) {
                        let (places, bodies) = wanted.entry(name).or_default();
                        places.push(at);
                        bodies.push(String::from_utf8_lossy(&record.data).into_owned());
                    }
                }
            }
        }
        let deliveries = wanted.into_iter().map(|(name, (places, bodies))| async move {
            let failed = self.deliver(name, &bodies).await.err();
            failed.map(|error| (places, format!("{name}: {error}")))
        });
        for (places, reason) in futures::future::join_all(deliveries).await.into_iter().flatten() {
            for at in places {
                outcomes[at] = Outcome::Retry(reason.clone());
            }
        }
        outcomes
    }

    fn dead_letters(&self) -> Option<&DeadLetters> {
        Some(&self.dead_letters)
    }
}

/// Reaches every queue of the table by name: its `uses` say `event-queues`.
impl Wire for Router {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        let dead_letters = boot.dead_letters("domain-events")?;
        Ok(Self { aws: boot.aws_for_routing()?, dead_letters, queues: Mutex::default() })
    }
}
