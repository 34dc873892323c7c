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
        Erasure::consume(&event, |erasure| self.erase(erasure)).await
    }
}

impl EraseAccount {
    async fn erase(&self, erasure: Erasure) -> Result<(), StoreError> {
        let records = self.store.forget(erasure.account).await?;
        erasure.confirm(&self.events, self.store.world(), types::MEDIA_ACCOUNT_ERASED, records).await
    }
}

/// Wires the operation.
pub fn consumer(boot: &Boot) -> Result<EraseAccount, BootError> {
    let store = Store::new(boot.table("assets", Access::ReadWrite)?, boot.world());
    Ok(EraseAccount { store, events: boot.stream("domain-events")? })
}
