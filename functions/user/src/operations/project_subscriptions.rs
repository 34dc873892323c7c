//! `subscription_changed` → what the account may do, told to everybody whenever it changes.
//!
//! Keeps the newest state of every subscription and derives the entitlements from all of them, so no order of events matters. The account itself
//! may be heard of later.

use events::{Consumer, Deadline, Event, Letter, Outbox, Outcome, outbox::Posted};
use kernel::World;
use proto::payment::SubscriptionChanged;
use runtime::{Boot, BootError};
use sqlx::PgConnection;
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
        let mut transaction = self.pool.begin().await?;
        let posted = self.change(&mut transaction, &subscription, sequence).await;
        self.outbox.settle(transaction, posted.map(|posted| ((), posted))).await
    }

    async fn change(
        &self,
        transaction: &mut PgConnection,
        subscription: &Subscription,
        sequence: i64,
    ) -> Result<Posted, sqlx::Error> {
        let account = subscription.account;
        if store::erasures::is_erased(transaction, account).await? {
            return Ok(Posted::default());
        }
        store::hold_entitlements(transaction, account).await?;
        if !store::put_subscription(transaction, subscription, sequence).await? {
            return Ok(Posted::default());
        }
        let all = store::subscriptions(transaction, account).await?;
        let Some(terms) = entitlement::derive(&all) else { return Ok(Posted::default()) };
        let version = store::put_entitlements(transaction, account, &terms).await?;
        let news = version.map(|version| Letter::event(&entitlement::changed(&self.world, account, version, &terms)));
        self.outbox.post(transaction, news).await
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
