//! `subscription_changed` → what the account may do, told to everybody whenever it changes.
//!
//! Keeps the newest state of every subscription and derives the entitlements from all of them, so no order of events matters. The account itself
//! may be heard of later.

use events::{Consumer, Deadline, Event, Outbox, Outcome, Subscription, project};
use kernel::World;
use stores::StoreError;

use crate::{
    entitlement,
    store::{entitlements, erased_accounts, subscriptions},
};

runtime::wire! { pub struct ProjectSubscriptions { outbox: Outbox, world: World } }

impl Consumer<Event> for ProjectSubscriptions {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, Subscription::read, async |subscription| self.put(&subscription).await).await
    }
}

impl ProjectSubscriptions {
    async fn put(&self, subscription: &Subscription) -> Result<(), StoreError> {
        let account = subscription.account;
        self.outbox
            .transact(async |tx| {
                if erased_accounts::contains(tx, account).await? {
                    return Ok(());
                }
                entitlements::lock(tx, account).await?;
                if !subscriptions::put(tx, subscription).await? {
                    return Ok(());
                }
                let all = subscriptions::list(tx, account).await?;
                let Some(terms) = entitlement::derive(&all) else { return Ok(()) };
                if let Some(changed) = entitlements::put_terms(tx, account, &terms).await? {
                    tx.emit(&entitlement::changed(&self.world, account, &changed)).await?;
                }
                Ok(())
            })
            .await
    }
}
