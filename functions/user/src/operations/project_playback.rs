//! `playback-events` → history and progress. Keeps the newest state of every session and derives the rest from all of them, so that no order of
//! events matters. What was erased stays so.
//!
//! A record that describes no session is set aside in S3 with its reason; it never holds up its shard.

use events::{Consumer, DeadLetters, Deadline, Event, Outcome};
use runtime::{Boot, BootError};
use sqlx::PgConnection;
use stores::{PgPool, postgres::settle};

use crate::{store, viewing::Viewing};

struct Playback {
    pool: PgPool,
    dead_letters: DeadLetters,
}

impl Playback {
    async fn apply(&self, viewing: &Viewing) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let put = put(&mut transaction, viewing).await;
        settle(transaction, put).await
    }
}

async fn put(transaction: &mut PgConnection, viewing: &Viewing) -> Result<(), sqlx::Error> {
    if store::erasures::is_erased(transaction, viewing.account).await? {
        return Ok(());
    }
    store::hold_history(transaction, viewing.profile).await?;
    store::put_viewing(transaction, viewing).await
}

impl Consumer<Event> for Playback {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        match Viewing::read(&event) {
            Ok(None) => Outcome::Done,
            Ok(Some(viewing)) => match self.apply(&viewing).await {
                Ok(()) => Outcome::Done,
                Err(error) => Outcome::retry(error),
            },
            Err(error) => Outcome::poison(error),
        }
    }

    fn dead_letters(&self) -> Option<&DeadLetters> {
        Some(&self.dead_letters)
    }
}

/// The schema, and dead records to S3.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Playback { pool: boot.postgres()?, dead_letters: boot.dead_letters("user-project-playback")? })
}
