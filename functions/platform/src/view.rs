//! Dead letters as the API tells of them.

use serde::Serialize;
use stores::dead_letter_queues::{Move, MoveStatus};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::dead_letters::DeadLetters;

/// What waits in a dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Queue)]
pub(crate) struct QueueView {
    /// The queue, or the function whose stream or call failed.
    queue: &'static str,
    /// Dead letters that wait, approximately.
    dead_letters: u64,
    /// Whether they can be moved back. Those of streams and asynchronous calls only say where a record was.
    can_redrive: bool,
    /// The newest move, for some days.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_redrive: Option<RedriveView>,
}

impl QueueView {
    pub fn of(letters: DeadLetters, waiting: u64, last: Option<Move>) -> Self {
        Self {
            queue: letters.of,
            dead_letters: waiting,
            can_redrive: letters.source.is_some(),
            last_redrive: last.map(RedriveView::of),
        }
    }
}

/// A move of dead letters back into their queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Redrive)]
pub(crate) struct RedriveView {
    status: RedriveStatus,
    /// Moved so far, approximately.
    moved: u64,
    /// What waited when it began, approximately.
    to_move: u64,
    /// Its bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    messages_per_second: Option<u32>,
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
    /// The queue service's word for a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl RedriveView {
    pub fn of(found: Move) -> Self {
        let started_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(found.started_at_ms) * 1_000_000);
        Self {
            status: found.status.into(),
            moved: found.moved,
            to_move: found.to_move,
            messages_per_second: found.messages_per_second,
            started_at: started_at.unwrap_or(OffsetDateTime::UNIX_EPOCH),
            reason: found.failure,
        }
    }
}

/// How a move stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RedriveStatus {
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

impl From<MoveStatus> for RedriveStatus {
    fn from(status: MoveStatus) -> Self {
        match status {
            MoveStatus::Running => Self::Running,
            MoveStatus::Completed => Self::Completed,
            MoveStatus::Cancelling => Self::Cancelling,
            MoveStatus::Cancelled => Self::Cancelled,
            MoveStatus::Failed => Self::Failed,
        }
    }
}
