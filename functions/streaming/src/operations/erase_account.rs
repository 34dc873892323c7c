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
    async fn erase(&self, erasure: &Erasure) -> Result<(), StoreError> {
        let now = self.world.now();
        let records = self.store.erase(erasure.account, &erasure.profiles, now).await?;
        let receipt = erasure.receipt(&self.world, types::STREAMING_ACCOUNT_ERASED, records, now);
        self.stream.put_all(&[(receipt.subject.clone(), receipt.json().into_bytes())]).await
    }
}

impl Consumer<Event> for Eraser {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        match Erasure::read(&event) {
            Err(reason) => Outcome::Poison(reason),
            Ok(erasure) => self.erase(&erasure).await.map_or_else(Outcome::retry, |()| Outcome::Done),
        }
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
