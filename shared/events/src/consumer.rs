//! What a consumer of records promises.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use kernel::World;
use time::{Duration, OffsetDateTime};

/// How one record ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Applied, or known already.
    Done,
    /// Could not be applied now: deliver it again.
    Retry(String),
    /// Can never be applied: set it aside and go on.
    Poison(String),
}

impl Outcome {
    /// A passing failure of an engine or a peer.
    pub fn retry(reason: impl std::fmt::Display) -> Self {
        Self::Retry(reason.to_string())
    }

    /// A record that no retry can help.
    pub fn poison(reason: impl std::fmt::Display) -> Self {
        Self::Poison(reason.to_string())
    }
}

/// Until when an invocation may work.
#[derive(Clone)]
pub struct Deadline {
    world: World,
    at: Option<OffsetDateTime>,
}

impl Deadline {
    /// A deadline in the past is one that nobody has set.
    pub fn new(world: World, at: OffsetDateTime) -> Self {
        let at = (at > world.now()).then_some(at);
        Self { world, at }
    }

    /// No limit, for tests and tools.
    pub fn unlimited(world: World) -> Self {
        Self { world, at: None }
    }

    /// What is left; `None` without a limit.
    pub fn left(&self) -> Option<Duration> {
        self.at.map(|at| at - self.world.now())
    }

    /// Whether at least `needed` is left.
    pub fn allows(&self, needed: Duration) -> bool {
        self.left().is_none_or(|left| left >= needed)
    }
}

/// Handles records of one kind. Applying a record twice, or records in another order, must give the same state.
pub trait Consumer<R: Send>: Send + Sync + 'static {
    /// Applies one record.
    fn consume(&self, record: R, deadline: &Deadline) -> impl Future<Output = Outcome> + Send;

    /// Applies a batch, in order; one outcome per record. Records that the deadline does not allow are retried.
    fn consume_all(&self, records: Vec<R>, deadline: &Deadline) -> impl Future<Output = Vec<Outcome>> + Send {
        async move {
            let mut outcomes = Vec::with_capacity(records.len());
            for record in records {
                let outcome = if deadline.allows(Duration::milliseconds(500)) {
                    // One bug in one record must not take the rest of the batch with it.
                    let applied = AssertUnwindSafe(self.consume(record, deadline)).catch_unwind().await;
                    applied.unwrap_or_else(|_| Outcome::poison("the consumer panicked"))
                } else {
                    Outcome::retry("not reached before the deadline")
                };
                outcomes.push(outcome);
            }
            outcomes
        }
    }

    /// Sets a poisoned record of a *stream* aside, so that it does not block its shard. Queues have their dead-letter queue instead.
    fn bury(&self, _data: Vec<u8>, _reason: String) -> impl Future<Output = Result<(), String>> + Send {
        async { Err("this consumer has no place for dead records".to_owned()) }
    }
}

impl<R: Send + 'static, C: Consumer<R>> Consumer<R> for Arc<C> {
    fn consume(&self, record: R, deadline: &Deadline) -> impl Future<Output = Outcome> + Send {
        C::consume(self, record, deadline)
    }

    fn consume_all(&self, records: Vec<R>, deadline: &Deadline) -> impl Future<Output = Vec<Outcome>> + Send {
        C::consume_all(self, records, deadline)
    }

    fn bury(&self, data: Vec<u8>, reason: String) -> impl Future<Output = Result<(), String>> + Send {
        C::bury(self, data, reason)
    }
}
