//! Every queue that has to exist, with what follows from its consumer.

use crate::manifest::Manifest;
use crate::resources::Queue;
use crate::trigger::Trigger;

/// Ending of a dead-letter queue's name.
pub const DEAD_SUFFIX: &str = "-dlq";

/// A queue to create, beside its dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePlan {
    /// Logical name; for an `events` consumer the function's name.
    pub name: String,
    /// Name of the dead-letter queue.
    pub dead: String,
    /// The only function that reads it.
    pub consumer: Option<String>,
    /// Most messages per invocation.
    pub batch: u32,
    /// How long a received message stays hidden, in seconds.
    pub visibility_seconds: u32,
    /// Deliveries before a message goes to the dead-letter queue.
    pub max_receives: u32,
}

impl Manifest {
    /// The listed queues and one per `events` consumer, by name.
    pub fn queues(&self) -> Vec<QueuePlan> {
        let mut queues: Vec<QueuePlan> = self.listed_queues().chain(self.event_queues()).collect();
        queues.sort_by(|a, b| a.name.cmp(&b.name));
        queues
    }

    /// The dead-letter queues of functions that no queue feeds: what a stream, a table or a bucket could not hand over.
    pub fn failure_queues(&self) -> Vec<String> {
        let is_direct = |trigger: &Trigger| {
            matches!(trigger, Trigger::Kinesis { .. } | Trigger::Dynamodb { .. } | Trigger::S3 { .. })
        };
        let functions = self.functions.iter().filter(|function| function.triggers.iter().any(is_direct));
        let mut queues: Vec<String> = functions.map(|function| format!("{}{DEAD_SUFFIX}", function.name)).collect();
        queues.sort_unstable();
        queues
    }

    fn listed_queues(&self) -> impl Iterator<Item = QueuePlan> + '_ {
        self.resources.queues.iter().map(|(name, queue)| {
            let consumer = self.functions.iter().find_map(|function| {
                function.triggers.iter().find_map(|trigger| match trigger {
                    Trigger::Sqs { queue, batch } if queue == name => Some((function, *batch)),
                    _ => None,
                })
            });
            QueuePlan {
                name: name.clone(),
                dead: format!("{name}{DEAD_SUFFIX}"),
                consumer: consumer.map(|(function, _)| function.name.clone()),
                batch: consumer.map_or(1, |(_, batch)| batch),
                visibility_seconds: consumer.map_or(30, |(function, batch)| function.visibility_seconds(batch)),
                max_receives: queue.max_receives,
            }
        })
    }

    fn event_queues(&self) -> impl Iterator<Item = QueuePlan> + '_ {
        let is_consumer = |trigger: &Trigger| matches!(trigger, Trigger::Events(_));
        self.functions.iter().filter(move |function| function.triggers.iter().any(is_consumer)).map(|function| {
            QueuePlan {
                name: function.name.clone(),
                dead: format!("{}{DEAD_SUFFIX}", function.name),
                consumer: Some(function.name.clone()),
                batch: Trigger::EVENTS_BATCH,
                visibility_seconds: function.visibility_seconds(Trigger::EVENTS_BATCH),
                max_receives: Queue::MAX_RECEIVES,
            }
        })
    }
}
