//! What a consumer of records promises.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use kernel::{TraceParent, World};
use stores::{Bucket, StoreError};
use telemetry::{spans, trace};
use time::{Duration, OffsetDateTime};
use tracing::{Instrument, Span};

use crate::Event;

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

/// What a consumer handles: it knows its trace and what log lines say about it.
pub trait Record: Send {
    /// The trace that it belongs to, with the hop that sent it.
    fn trace(&self) -> Option<TraceParent>;
    /// What it is, without ids: the type of an event.
    fn name(&self) -> String;
    /// The span of its log lines.
    fn span(&self) -> Span;
}

impl Record for Event {
    fn trace(&self) -> Option<TraceParent> {
        self.traceparent.as_deref()?.parse().ok()
    }

    fn name(&self) -> String {
        self.kind.clone()
    }

    fn span(&self) -> Span {
        let Self { id, kind, subject, traceparent, .. } = self;
        tracing::info_span!("event", event_id = %id, event_type = kind, subject, traceparent)
    }
}

/// The handling of a record as a hop of its trace.
struct Hop {
    own: TraceParent,
    span: Option<(spans::Span, String)>,
}

impl Hop {
    /// The next hop of the record's trace, or the first of a new one.
    fn of(record: &impl Record, world: &World) -> Self {
        let came = record.trace();
        let own = came.map_or_else(|| TraceParent::new(world), |came| came.child(world));
        let span = spans::Span::begin(spans::Kind::Consumer, own, came, world);
        Self { own, span: span.map(|span| (span, record.name())) }
    }

    fn end(self, outcome: &Outcome, world: &World) {
        let Some((span, name)) = self.span else { return };
        let error = match outcome {
            Outcome::Done => None,
            Outcome::Retry(reason) | Outcome::Poison(reason) => Some(reason.clone()),
        };
        let attributes = vec![("messaging.operation.type", "process".to_owned())];
        span.end(spans::Ending { name: format!("process {name}"), attributes, error }, world);
    }
}

/// Handles records of one kind. Applying a record twice, or records in another order, must give the same state.
pub trait Consumer<R: Record>: Send + Sync + 'static {
    /// Applies one record.
    fn consume(&self, record: R, deadline: &Deadline) -> impl Future<Output = Outcome> + Send;

    /// Applies a batch, in order; one outcome per record. Records that the deadline does not allow are retried.
    fn consume_all(&self, records: Vec<R>, deadline: &Deadline) -> impl Future<Output = Vec<Outcome>> + Send {
        async move {
            let mut outcomes = Vec::with_capacity(records.len());
            for record in records {
                let outcome = if deadline.allows(Duration::milliseconds(500)) {
                    let (hop, span) = (Hop::of(&record, &deadline.world), record.span());
                    // One bug in one record must not take the rest of the batch with it.
                    // Boxed: the compiler limits how deep futures may lie in each other (128).
                    let applied = AssertUnwindSafe(Box::pin(self.consume(record, deadline))).catch_unwind();
                    let applied = trace::within(Some(hop.own), applied).instrument(span).await;
                    let outcome = applied.unwrap_or_else(|_| Outcome::poison("the consumer panicked"));
                    hop.end(&outcome, &deadline.world);
                    outcome
                } else {
                    Outcome::retry("not reached before the deadline")
                };
                outcomes.push(outcome);
            }
            outcomes
        }
    }

    /// Where poisoned records of a *stream* go, so that they do not block its shard. Queues have their dead-letter queue instead.
    fn dead_letters(&self) -> Option<&DeadLetters> {
        None
    }
}

/// Records that can never be applied, kept with the reason in the bucket `events-dead`.
#[derive(Clone)]
pub struct DeadLetters {
    bucket: Bucket,
    source: &'static str,
}

impl DeadLetters {
    /// Below `source/`: the stream or the consumer.
    pub fn new(bucket: Bucket, source: &'static str) -> Self {
        Self { bucket, source }
    }

    /// Keeps a record. The key is a digest of the record: a repetition makes no second copy.
    ///
    /// # Errors
    /// When S3 does not take it.
    pub async fn put(&self, record: Vec<u8>, reason: &str) -> Result<(), StoreError> {
        self.bucket.put_dead_letter(self.source, record, reason).await
    }
}

/// Handles a whole batch at once, for stores that take many rows in one call.
pub trait BatchConsumer<R: Record>: Send + Sync + 'static {
    /// Applies a batch; one outcome per record, in order.
    fn consume_batch(&self, records: Vec<R>, deadline: &Deadline) -> impl Future<Output = Vec<Outcome>> + Send;

    /// See [`Consumer::dead_letters`].
    fn dead_letters(&self) -> Option<&DeadLetters> {
        None
    }
}

/// A [`BatchConsumer`] as a [`Consumer`].
pub struct Batches<C>(pub C);

impl<R: Record + 'static, C: BatchConsumer<R>> Consumer<R> for Batches<C> {
    async fn consume(&self, record: R, deadline: &Deadline) -> Outcome {
        let outcome = self.0.consume_batch(vec![record], deadline).await.pop();
        outcome.unwrap_or_else(|| Outcome::retry("the consumer gave no outcome"))
    }

    async fn consume_all(&self, records: Vec<R>, deadline: &Deadline) -> Vec<Outcome> {
        // Looking into each record costs more than some do with it.
        let looked_at = if spans::are_wanted() { records.as_slice() } else { &[] };
        let hops: Vec<Hop> = looked_at.iter().map(|record| Hop::of(record, &deadline.world)).collect();
        let outcomes = self.0.consume_batch(records, deadline).await;
        for (hop, outcome) in hops.into_iter().zip(&outcomes) {
            hop.end(outcome, &deadline.world);
        }
        outcomes
    }

    fn dead_letters(&self) -> Option<&DeadLetters> {
        self.0.dead_letters()
    }
}

impl<R: Record + 'static, C: Consumer<R>> Consumer<R> for Arc<C> {
    fn consume(&self, record: R, deadline: &Deadline) -> impl Future<Output = Outcome> + Send {
        C::consume(self, record, deadline)
    }

    fn consume_all(&self, records: Vec<R>, deadline: &Deadline) -> impl Future<Output = Vec<Outcome>> + Send {
        C::consume_all(self, records, deadline)
    }

    fn dead_letters(&self) -> Option<&DeadLetters> {
        C::dead_letters(self)
    }
}
