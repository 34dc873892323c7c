//! The user service's receipt → sessions, slots, answers, grant and positions of the account go; the receipt says how many.

use events::{Consumer, Deadline, Erasure, Event, Outcome};
use kernel::World;
use proto::types;
use runtime::{Access, Boot, BootError};
use stores::{StoreError, Stream};

use crate::store::Store;

/// Forgets people.
struct Eraser {
    store: Store,
    stream: Stream,
    world: World,
}

impl Eraser {
    async fn erase(&self, erasure: Erasure) -> Result<(), StoreError> {
        let records = self.store.erase(erasure.account, &erasure.profiles, self.world.now()).await?;
        erasure.confirm(&self.stream, &self.world, types::STREAMING_ACCOUNT_ERASED, records).await
    }
}

impl Consumer<Event> for Eraser {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        Erasure::consume(&event, |erasure| self.erase(erasure)).await
    }
}

/// Reads and writes the table, and puts the receipt on the stream of events.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Eraser {
        store: Store::new(boot.table("playback", Access::ReadWrite)?),
        stream: boot.stream("domain-events")?,
        world: boot.world(),
    })
}
