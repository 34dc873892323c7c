//! `purchase_changed` → which single titles the account may watch, told to everybody whenever it changes.
//!
//! Keeps the newest state of every purchase and derives the grants from all of them, so no order of events matters. The account itself may be
//! heard of later.

use events::{Consumer, Deadline, Event, Outbox, Outcome, Purchase, project};
use kernel::World;
use stores::StoreError;

use crate::{
    entitlement,
    store::{entitlements, erased_accounts, purchases},
};

runtime::wire! { pub struct ProjectPurchases { outbox: Outbox, world: World } }

impl Consumer<Event> for ProjectPurchases {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, Purchase::read, async |purchase| self.put(&purchase).await).await
    }
}

impl ProjectPurchases {
    async fn put(&self, purchase: &Purchase) -> Result<(), StoreError> {
        let account = purchase.account;
        self.outbox
            .transact(async |tx| {
                if erased_accounts::contains(tx, account).await? {
                    return Ok(());
                }
                entitlements::lock(tx, account).await?;
                if !purchases::put(tx, purchase).await? {
                    return Ok(());
                }
                let titles = entitlement::derive_titles(&purchases::list_active(tx, account).await?);
                if let Some(changed) = entitlements::put_titles(tx, account, &titles).await? {
                    tx.emit(&entitlement::changed(&self.world, account, &changed)).await?;
                }
                Ok(())
            })
            .await
    }
}
