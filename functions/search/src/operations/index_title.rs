//! Keeps both search engines up to date with the catalogue: of two versions of a title the higher one stays, in whatever order they come.

use events::{BatchConsumer, Batches, Deadline, Event, Outcome};
use sqlx::PgPool;

use crate::{document::Revision, index::Index, store::documents};

/// A batch that cannot be finished is not begun.
const BATCH: time::Duration = time::Duration::seconds(1);

/// Indexes whole batches.
pub type IndexTitle = Batches<Indexer>;

runtime::wire! {
    /// Writes to both engines.
    pub struct Indexer { index: Index = |boot| Index::new(boot, super::PATIENCE), pool: PgPool }
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
    /// Postgres first: an index that is created after it looked for indices is filled from there.
    async fn keep(&self, revisions: &[&Revision]) -> Vec<Outcome> {
        if revisions.is_empty() {
            return vec![];
        }
        match documents::keep(&self.pool, revisions).await {
            Ok(()) => self.index.put(revisions).await,
            Err(error) => revisions.iter().map(|_| Outcome::retry(&error)).collect(),
        }
    }
}
