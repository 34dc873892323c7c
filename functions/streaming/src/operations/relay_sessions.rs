//! The stream of the table `playback` → `cinema.streaming.playback_*` on `playback-events`: the table's own stream is the outbox.

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
        world: World,
    }
}

impl BatchConsumer<Change> for Relay {
    async fn consume_batch(&self, changes: Vec<Change>, _: &Deadline) -> Vec<Outcome> {
        relay_changes(&self.stream, &changes, |change| {
            // Items of other kinds have other attributes and are no sessions.
            let (old, new) = (change.before::<Session>(), change.after::<Session>());
            Ok(session_event::of(&self.world, old.as_ref(), new.as_ref()))
        })
        .await
    }
}
