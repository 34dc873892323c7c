//! `media-erase-account`: the user service's receipt → uploads no longer say who began them; the films stay.

use events::{Consumer, Deadline, Erasure, Event, Outcome};
use proto::types;
use runtime::{Access, Boot, BootError};
use stores::{StoreError, Stream};

use crate::store::Store;

/// Forgets editors.
pub struct EraseAccount {
    store: Store,
    events: Stream,
}

impl Consumer<Event> for EraseAccount {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        match Erasure::read(&event) {
            Err(reason) => Outcome::Poison(reason),
            Ok(erasure) => self.erase(&erasure).await.map_or_else(Outcome::retry, |()| Outcome::Done),
        }
    }
}

impl EraseAccount {
    async fn erase(&self, erasure: &Erasure) -> Result<(), StoreError> {
        let records = self.store.forget(erasure.account).await?;
        let world = self.store.world();
        let receipt = erasure.receipt(world, types::MEDIA_ACCOUNT_ERASED, records, world.now());
        self.events.put_all(&[(receipt.subject.clone(), receipt.json().into_bytes())]).await
    }
}

/// Wires the operation.
pub fn consumer(boot: &Boot) -> Result<EraseAccount, BootError> {
    let store = Store::new(boot.table("assets", Access::ReadWrite)?, boot.world());
    Ok(EraseAccount { store, events: boot.stream("domain-events")? })
}
