//! The user service's receipt → everything that the person was told, where and how, goes; the receipt goes with it.

use events::{Consumer, Deadline, Erasure, Event, Outbox, Outcome, project};
use kernel::World;
use proto::types::NOTIFICATION_ACCOUNT_ERASED;
use stores::StoreError;

use crate::store::erased_accounts;

runtime::wire! { pub struct EraseAccount { outbox: Outbox, world: World } }

impl Consumer<Event> for EraseAccount {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, Erasure::read, async |erasure| self.erase(erasure).await).await
    }
}

impl EraseAccount {
    /// Erases an account and emits the receipt; a repetition emits the same receipt.
    async fn erase(&self, erasure: Erasure) -> Result<(), StoreError> {
        self.outbox
            .transact(async |tx| {
                let (records, erased_at) = erased_accounts::erase(tx, erasure.account, self.world.now()).await?;
                let records = u64::try_from(records).unwrap_or_default();
                tx.emit(&erasure.receipt(&self.world, NOTIFICATION_ACCOUNT_ERASED, records, erased_at)).await?;
                Ok(())
            })
            .await
    }
}
