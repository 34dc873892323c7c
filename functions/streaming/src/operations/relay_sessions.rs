//! The stream of the table `playback` → `cinema.streaming.playback_*` on `playback-events`: the table's own stream is the outbox.

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::{Boot, BootError, Change};
use stores::{Stream, stream::Entry};

use crate::{report, session::Session};

/// Tells what happened to sessions.
struct Relay {
    stream: Stream,
    world: World,
}

impl Relay {
    /// Items of other kinds have other attributes and are no sessions.
    fn entry(&self, change: &Change) -> Option<Entry> {
        let (old, new) = (change.before::<Session>(), change.after::<Session>());
        let event = report::event(&self.world, old.as_ref(), new.as_ref())?;
        Some((event.subject.clone(), event.json().into_bytes()))
    }
}

impl Consumer<Change> for Relay {
    async fn consume(&self, change: Change, deadline: &Deadline) -> Outcome {
        self.consume_all(vec![change], deadline).await.pop().unwrap_or_else(|| Outcome::retry("no outcome"))
    }

    /// One call for the batch. After a failure everything from the first refused change on comes again, with the same event ids.
    async fn consume_all(&self, changes: Vec<Change>, _: &Deadline) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Done; changes.len()];
        let told = changes.iter().enumerate().filter_map(|(at, change)| Some((at, self.entry(change)?)));
        let (places, entries): (Vec<usize>, Vec<Entry>) = told.unzip();
        if entries.is_empty() {
            return outcomes;
        }
        let refused = match self.stream.put(&entries).await {
            Ok(refused) => refused.into_iter().map(|index| (index, "the stream is throttled".to_owned())).collect(),
            Err(error) => places.iter().enumerate().map(|(index, _)| (index, error.to_string())).collect::<Vec<_>>(),
        };
        for (index, reason) in refused {
            if let Some(outcome) = places.get(index).and_then(|at| outcomes.get_mut(*at)) {
                *outcome = Outcome::Retry(reason);
            }
        }
        outcomes
    }
}

/// Puts on the stream.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Change> + use<>, BootError> {
    Ok(Relay { stream: boot.stream("playback-events")?, world: boot.world() })
}
