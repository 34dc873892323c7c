//! The stream of the table `playback` → `cinema.streaming.playback_*` on `playback-events`, and `rental_begun` on `domain-events`: the table's own
//! stream is the outbox.

use events::{BatchConsumer, Batches, Deadline, Outcome};
use kernel::World;
use runtime::{Change, relay_changes};
use stores::Stream;

use crate::{session::Session, session_event};

/// Tells whole batches in one call.
pub type RelaySessions = Batches<Relay>;

runtime::wire! {
    /// Tells what happened to sessions.
    pub struct Relay {
        stream: Stream = |boot| boot.stream("playback-events"),
        domain: Stream = |boot| boot.stream("domain-events"),
        world: World,
    }
}

impl BatchConsumer<Change> for Relay {
    async fn consume_batch(&self, changes: Vec<Change>, _: &Deadline) -> Vec<Outcome> {
        let told = relay_changes(&self.stream, &changes, |change| {
            // Items of other kinds have other attributes and are no sessions.
            let (old, new) = (change.before::<Session>(), change.after::<Session>());
            Ok(session_event::of(&self.world, old.as_ref(), new.as_ref()))
        })
        .await;
        let begun = relay_changes(&self.domain, &changes, |change| {
            let (old, new) = (change.before::<Session>(), change.after::<Session>());
            Ok(session_event::rental(&self.world, old.as_ref(), new.as_ref()))
        })
        .await;
        // A change of which one half was refused comes again with both: their ids stay the same.
        told.into_iter().zip(begun).map(|(told, begun)| if told == Outcome::Done { begun } else { told }).collect()
    }
}
