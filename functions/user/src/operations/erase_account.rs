//! `erasure_requested` → everything about the account and all its profiles goes. The receipt names the profiles: it is what the other services
//! begin with.
//!
//! Copies that were made for the person go with it, and once more when a service that writes parts of them has erased its own: it may have been
//! writing one meanwhile.

use std::collections::BTreeSet;

use events::{Consumer, Deadline, Erasure, Event, Outbox, Outcome, Receipt, project};
use kernel::{AccountId, ExportId, World};
use proto::types;
use runtime::Access;
use stores::{Bucket, StoreError};

use crate::store::{erased_accounts, import_files};

runtime::wire! {
    pub struct EraseAccount {
        outbox: Outbox,
        exports: Bucket = |boot| boot.bucket("exports", Access::ReadWrite),
        imports: Bucket = |boot| boot.bucket("imports", Access::Write),
        world: World,
    }
}

impl Consumer<Event> for EraseAccount {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        if event.kind == types::ERASURE_REQUESTED {
            return project(&event, Erasure::read, async |erasure| self.erase(erasure).await).await;
        }
        // No part of a copy can come from that service any more.
        project(&event, Receipt::read, async |receipt| self.delete_late_parts(receipt.account).await).await
    }
}

impl EraseAccount {
    async fn erase(&self, mut erasure: Erasure) -> Result<(), StoreError> {
        self.outbox
            .transact(async |tx| {
                let erased = erased_accounts::erase(tx, erasure.account, self.world.now()).await?;
                self.delete_copies(&erased.exports).await?;
                for import in &erased.imports {
                    import_files::delete(&self.imports, *import).await?;
                }
                // A repetition knows the profiles from the request alone.
                let profiles: BTreeSet<_> = erasure.profiles.iter().chain(&erased.profiles).copied().collect();
                erasure.profiles = profiles.into_iter().collect();
                let records = u64::try_from(erased.records).unwrap_or_default();
                let kind = types::USER_ACCOUNT_ERASED;
                tx.emit(&erasure.receipt(&self.world, kind, records, erased.erased_at)).await?;
                Ok(())
            })
            .await
    }

    async fn delete_late_parts(&self, account: AccountId) -> Result<(), StoreError> {
        let erased = erased_accounts::find(self.outbox.pool(), account).await?;
        self.delete_copies(&erased.map(|erased| erased.exports).unwrap_or_default()).await
    }

    async fn delete_copies(&self, exports: &[ExportId]) -> Result<(), StoreError> {
        for export in exports {
            self.exports.delete_below(&format!("{export}/")).await?;
        }
        Ok(())
    }
}
