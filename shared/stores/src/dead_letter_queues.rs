//! SQS dead-letter queues: what waits in them, and its way back.

use aws_sdk_sqs::{
    Client,
    types::{ListMessageMoveTasksResultEntry, QueueAttributeName as Attribute},
};

use crate::{Aws, StoreError};

/// All dead-letter queues, found by name.
#[derive(Clone)]
pub struct DeadLetterQueues {
    client: Client,
}

/// A dead-letter queue as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterQueue {
    arn: String,
    /// What waits in it, seen by somebody just now or not. SQS counts approximately.
    pub messages: u64,
}

/// A move of dead letters back into their queue. SQS counts approximately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// How it stands.
    pub status: MoveStatus,
    /// Moved so far.
    pub moved: u64,
    /// What waited when it began.
    pub to_move: u64,
    /// Its bound; without one SQS decides.
    pub messages_per_second: Option<u32>,
    /// When it began, in milliseconds since 1970.
    pub started_at_ms: i64,
    /// SQS's word for why it failed.
    pub failure: Option<String>,
}

/// How a move stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveStatus {
    /// Goes on.
    Running,
    /// Everything was moved.
    Completed,
    /// Was told to end.
    Cancelling,
    /// Has ended before its time.
    Cancelled,
    /// Could not go on.
    Failed,
}

impl MoveStatus {
    /// Whether no other move can begin.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Running | Self::Cancelling)
    }
}

impl DeadLetterQueues {
    /// Without I/O.
    pub fn new(aws: &Aws) -> Self {
        Self { client: Client::new(aws.config()) }
    }

    /// The dead-letter queue that is called `name`.
    pub async fn find(&self, name: &str) -> Result<DeadLetterQueue, StoreError> {
        let found = self.client.get_queue_url().queue_name(name).send().await.map_err(failed)?;
        let counts = [Attribute::ApproximateNumberOfMessages, Attribute::ApproximateNumberOfMessagesNotVisible];
        let names = counts.iter().cloned().chain([Attribute::QueueArn]).collect();
        let asked = self.client.get_queue_attributes().set_queue_url(found.queue_url).set_attribute_names(Some(names));
        let said = asked.send().await.map_err(failed)?.attributes.unwrap_or_default();
        let number = |name| said.get(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
        let arn = said.get(&Attribute::QueueArn).cloned().ok_or_else(|| nonsense(format!("{name} has no ARN")))?;
        Ok(DeadLetterQueue { arn, messages: counts.iter().map(number).sum() })
    }

    /// The newest move out of a dead-letter queue, if there was one lately.
    pub async fn last_move(&self, from: &DeadLetterQueue) -> Result<Option<Move>, StoreError> {
        let list = self.client.list_message_move_tasks().source_arn(&from.arn).max_results(1);
        list.send().await.map_err(failed)?.results().first().map(read).transpose()
    }

    /// Begins to move everything that waits into the queue `to` of the same account; an error also where another move is under way.
    pub async fn begin_move(
        &self,
        from: &DeadLetterQueue,
        to: &str,
        messages_per_second: u16,
    ) -> Result<(), StoreError> {
        let (account, _) = from.arn.rsplit_once(':').ok_or_else(|| nonsense(format!("{} is no ARN", from.arn)))?;
        let begin =
            self.client.start_message_move_task().source_arn(&from.arn).destination_arn(format!("{account}:{to}"));
        let begin = begin.max_number_of_messages_per_second(i32::from(messages_per_second));
        begin.send().await.map(drop).map_err(failed)
    }
}

fn read(task: &ListMessageMoveTasksResultEntry) -> Result<Move, StoreError> {
    let status = match task.status().unwrap_or_default() {
        "RUNNING" => MoveStatus::Running,
        "COMPLETED" => MoveStatus::Completed,
        "CANCELLING" => MoveStatus::Cancelling,
        "CANCELLED" => MoveStatus::Cancelled,
        "FAILED" => MoveStatus::Failed,
        other => return Err(nonsense(format!("a move is `{other}`"))),
    };
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(Move {
        status,
        moved: count(task.approximate_number_of_messages_moved()),
        to_move: count(task.approximate_number_of_messages_to_move().unwrap_or_default()),
        messages_per_second: task.max_number_of_messages_per_second().and_then(|rate| u32::try_from(rate).ok()),
        started_at_ms: task.started_timestamp(),
        failure: task.failure_reason().map(str::to_owned),
    })
}

fn failed(error: impl std::error::Error) -> StoreError {
    StoreError::new("sqs", error)
}

fn nonsense(detail: String) -> StoreError {
    StoreError { engine: "sqs", detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sqs_says_of_a_move_is_read_and_what_it_never_says_is_refused() {
        let task = ListMessageMoveTasksResultEntry::builder().approximate_number_of_messages_moved(3);
        let task = task.approximate_number_of_messages_to_move(-1).max_number_of_messages_per_second(10);
        let words = ["RUNNING", "COMPLETED", "CANCELLING", "CANCELLED", "FAILED"];
        let moves = words.map(|word| read(&task.clone().status(word).build()).unwrap());
        assert_eq!(moves.clone().map(|found| found.status.is_under_way()), [true, false, true, false, false]);
        let [running, ..] = moves;
        assert_eq!((running.moved, running.to_move, running.messages_per_second), (3, 0, Some(10)));
        assert!(read(&task.clone().status("SLEEPING").build()).is_err());
        assert!(read(&task.build()).is_err());
    }
}
