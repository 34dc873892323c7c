//! Keeps both search engines up to date with the catalogue: of two versions of a title the higher one stays, in whatever order they come.

use std::time::Duration;

use events::{BatchConsumer, Batches, Deadline, Event, Outcome};
use sqlx::PgPool;

use crate::{document::Revision, index::Index, store::documents};

/// For one bulk call.
const PATIENCE: Duration = Duration::from_secs(8);
/// A batch that cannot be finished is not begun.
const BATCH: time::Duration = time::Duration::seconds(1);

/// Indexes whole batches.
pub type IndexTitle = Batches<Indexer>;

runtime::wire! {
    /// Writes to both engines.
    pub struct Indexer { index: Index = |boot| Index::new(boot, PATIENCE), pool: PgPool }
}

impl BatchConsumer<Event> for Indexer {
    /// One bulk call for the batch; what fails in it comes again alone.
    async fn consume_batch(&self, events: Vec<Event>, deadline: &Deadline) -> Vec<Outcome> {
        if !deadline.allows(BATCH) {
            return events.iter().map(|_| Outcome::retry("not reached before the deadline")).collect();
        }
        let read: Vec<_> = events.iter().map(Revision::read).collect();
        let revisions: Vec<&Revision> = read.iter().filter_map(|revision| revision.as_ref().ok()).collect();
        let mut outcomes = self.keep(&revisions).await.into_iter();
        let outcome_of = |revision: &Result<Revision, _>| match revision {
            Ok(_) => outcomes.next().unwrap_or_else(|| Outcome::retry("the batch gave no outcome")),
            Err(reason) => Outcome::poison(reason),
        };
        read.iter().map(outcome_of).collect()
    }
}

impl Indexer {
    async fn keep(&self, revisions: &[&Revision]) -> Vec<Outcome> {
        if revisions.is_empty() {
            return vec![];
        }
        let indexed = self.index.put(revisions).await;
        let mut outcomes = Vec::with_capacity(revisions.len());
        for (revision, indexed) in revisions.iter().zip(indexed) {
            let kept = documents::keep(&self.pool, revision).await.map_or_else(Outcome::retry, |()| Outcome::Done);
            outcomes.push(worse(kept, indexed));
        }
        outcomes
    }
}

/// Both must be done; where one refuses for ever, no retry helps.
fn worse(one: Outcome, other: Outcome) -> Outcome {
    match (one, other) {
        (Outcome::Poison(reason), _) | (_, Outcome::Poison(reason)) => Outcome::Poison(reason),
        (Outcome::Retry(reason), _) | (_, Outcome::Retry(reason)) => Outcome::Retry(reason),
        (Outcome::Done, Outcome::Done) => Outcome::Done,
    }
}
