//! `playback-events` → history and progress. Keeps the newest state of every session and derives the rest from all of them, so that no order of
//! events matters. What was erased stays so.
//!
//! A record that describes no session is set aside in S3 with its reason; it never holds up its shard.

use events::{Consumer, DeadLetters, Deadline, Event, Outcome, Playback, project};
use sqlx::PgPool;
use stores::{StoreError, postgres};

use crate::store::{erased_accounts, viewings};

runtime::wire! {
    pub struct ProjectPlayback {
        pool: PgPool,
        dead_letters: DeadLetters = |boot| boot.dead_letters("user-project-playback"),
    }
}

impl Consumer<Event> for ProjectPlayback {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        // The stream carries what players measure as well.
        if !Playback::TYPES.contains(&event.kind.as_str()) {
            return Outcome::Done;
        }
        project(&event, Playback::read, async |playback| self.put(&playback).await).await
    }

    fn dead_letters(&self) -> Option<&DeadLetters> {
        Some(&self.dead_letters)
    }
}

impl ProjectPlayback {
    async fn put(&self, playback: &Playback) -> Result<(), StoreError> {
        postgres::transact(&self.pool, async |tx| {
            if erased_accounts::contains(tx, playback.account).await? {
                return Ok(());
            }
            viewings::lock_history(tx, playback.profile).await?;
            Ok(viewings::put(tx, playback).await?)
        })
        .await
    }
}
