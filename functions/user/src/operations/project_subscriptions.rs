//! `subscription_changed` → what the account may do, told to everybody whenever it changes.
//!
//! Keeps the newest state of every subscription and derives the entitlements from all of them, so no order of events matters. The account itself
//! may be heard of later.

use events::{Consumer, Deadline, Event, Letter, Outbox, Outcome};
use kernel::World;
use proto::payment::SubscriptionChanged;
use runtime::{Boot, BootError};
use stores::PgPool;

use crate::{
    entitlement::{self, Subscription},
    store,
};

struct Subscriptions {
    pool: PgPool,
    outbox: Outbox,
    world: World,
}

impl Subscriptions {
    async fn apply(&self, subscription: Subscription, sequence: i64) -> Result<(), sqlx::Error> {
        let account = subscription.account;
        let mut transaction = self.pool.begin().await?;
        store::hold_entitlements(&mut transaction, account).await?;
        if !store::put_subscription(&mut transaction, &subscription, sequence).await? {
            return Ok(());
        }
        let all = store::subscriptions(&mut transaction, account).await?;
        let mut news = None;
        if let Some(terms) = entitlement::derive(&all) {
            let version = store::put_entitlements(&mut transaction, account, &terms).await?;
            news = version.map(|version| Letter::event(&entitlement::changed(&self.world, account, version, &terms)));
        }
        let posted = self.outbox.post(&mut transaction, news).await?;
        transaction.commit().await?;
        self.outbox.publish(posted).await;
        Ok(())
    }
}

impl Consumer<Event> for Subscriptions {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let data = match event.data::<SubscriptionChanged>() {
            Ok(data) => data,
            Err(error) => return Outcome::poison(error),
        };
        match Subscription::read(data, event.time) {
            Ok(subscription) => match self.apply(subscription, event.sequence).await {
                Ok(()) => Outcome::Done,
                Err(error) => Outcome::retry(error),
            },
            Err(error) => Outcome::poison(error),
        }
    }
}

/// The schema and its outbox.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Subscriptions { pool: boot.postgres()?, outbox: store::public_outbox(boot)?, world: boot.world() })
}
