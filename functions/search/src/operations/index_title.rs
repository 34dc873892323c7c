//! Keeps both search engines up to date with the catalogue: of two versions of a title the higher one stays, in whatever order they come.

use std::time::Duration;

use events::{Consumer, Deadline, Event, Outcome};
use runtime::{Boot, BootError};

use crate::{document::Revision, index::Index, store::Documents};

/// For one bulk call.
const PATIENCE: Duration = Duration::from_secs(8);
/// A batch that cannot be finished is not begun.
const BATCH: time::Duration = time::Duration::seconds(1);

/// Indexes titles.
pub struct IndexTitle {
    index: Index,
    documents: Documents,
}

impl Consumer<Event> for IndexTitle {
    async fn consume(&self, event: Event, deadline: &Deadline) -> Outcome {
        let outcome = self.consume_all(vec![event], deadline).await.pop();
        outcome.unwrap_or_else(|| Outcome::retry("the batch gave no outcome"))
    }

    /// One bulk call for the batch; what fails in it comes again alone.
    async fn consume_all(&self, events: Vec<Event>, deadline: &Deadline) -> Vec<Outcome> {
        if !deadline.allows(BATCH) {
            return events.iter().map(|_| Outcome::retry("not reached before the deadline")).collect();
        }
        let read: Vec<_> = events.iter().map(Revision::of).collect();
        let revisions: Vec<&Revision> = read.iter().filter_map(|revision| revision.as_ref().ok()).collect();
        let mut outcomes = self.apply(&revisions).await.into_iter();
        let outcome_of = |revision: Result<Revision, String>| match revision {
            Ok(_) => outcomes.next().unwrap_or_else(|| Outcome::retry("the batch gave no outcome")),
            Err(reason) => Outcome::Poison(reason),
        };
        read.into_iter().map(outcome_of).collect()
    }
}

impl IndexTitle {
    async fn apply(&self, revisions: &[&Revision]) -> Vec<Outcome> {
        if revisions.is_empty() {
            return vec![];
        }
        let indexed = self.index.put(revisions).await;
        let mut outcomes = Vec::with_capacity(revisions.len());
        for (revision, indexed) in revisions.iter().zip(indexed) {
            outcomes.push(worse(self.documents.keep(revision).await, indexed));
        }
        outcomes
    }
}

/// Both must be done; what one refuses for ever no retry helps.
fn worse(one: Outcome, other: Outcome) -> Outcome {
    match (one, other) {
        (Outcome::Poison(reason), _) | (_, Outcome::Poison(reason)) => Outcome::Poison(reason),
        (Outcome::Retry(reason), _) | (_, Outcome::Retry(reason)) => Outcome::Retry(reason),
        (Outcome::Done, Outcome::Done) => Outcome::Done,
    }
}

/// Wires the operation.
///
/// # Errors
/// When a variable is missing.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(IndexTitle { index: Index::new(boot, PATIENCE)?, documents: Documents(boot.postgres()?) })
}
