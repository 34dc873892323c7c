//! The user service's receipt → the audit no longer says that it was this account, and its answers to Idempotency-Keys go.

use events::{Consumer, Deadline, Erasure, Event, Outbox, Outcome, project};
use kernel::World;
use proto::types::CATALOG_ACCOUNT_ERASED;
use stores::StoreError;

use crate::store::{audit, erased_accounts, idempotency_keys, imports};

runtime::wire! { pub struct EraseAccount { outbox: Outbox, world: World } }

impl Consumer<Event> for EraseAccount {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, Erasure::read, async |erasure| self.erase(erasure).await).await
    }
}

impl EraseAccount {
    /// Erases an account and emits the receipt; a repetition emits the same receipt.
    async fn erase(&self, erasure: Erasure) -> Result<(), StoreError> {
        let (account, now) = (erasure.account, self.world.now());
        self.outbox
            .transact(async |tx| {
                // A change under way ends before; one that begins now sees the tombstone.
                audit::lock(tx).await?;
                let (records, erased_at) = match erased_accounts::find(tx, account).await? {
                    Some(erased) => erased,
                    None => {
                        let records = audit::erase_actor(tx, account).await?
                            + imports::erase_actor(tx, account).await?
                            + idempotency_keys::delete(tx, account).await?;
                        let records = i64::try_from(records).unwrap_or(i64::MAX);
                        erased_accounts::insert(tx, account, records, now).await?
                    }
                };
                let records = u64::try_from(records).unwrap_or_default();
                tx.emit(&erasure.receipt(&self.world, CATALOG_ACCOUNT_ERASED, records, erased_at)).await?;
                Ok(())
            })
            .await
    }
}
