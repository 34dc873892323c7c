//! Events → what their people are told: a notification for each fact, a delivery for each channel, once. Keeps where to reach them as well.
//!
//! One event is one transaction: what a crash leaves undone comes again with the event. A state of a subscription that a newer one has
//! overtaken is not told any more; apart from that neither order nor repetition matters.

use events::{Consumer, Deadline, Event, Outbox, Outcome, Transaction, project};
use kernel::World;
use stores::StoreError;

use crate::{
    handout,
    notice::{News, Notice},
    store::{self, accounts, erased_accounts, subscriptions, viewings, watchlist},
};

runtime::wire! { pub struct RouteEvents { outbox: Outbox = store::deliveries_outbox, world: World } }

impl Consumer<Event> for RouteEvents {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, News::read, async |news| self.route(&news, Notice::of(&news, event.time)).await).await
    }
}

impl RouteEvents {
    async fn route(&self, news: &News, notice: Option<Notice>) -> Result<(), StoreError> {
        let account = news.account();
        self.outbox
            .transact(async |tx| {
                if erased_accounts::contains(tx, account).await? || !keep(tx, news).await? {
                    return Ok(());
                }
                if let Some(notice) = &notice {
                    handout::tell(tx, &self.world, account, notice).await?;
                }
                Ok(())
            })
            .await
    }
}

/// Keeps what the news say of the person; `false`: they are older than what is kept.
async fn keep(tx: &mut Transaction<'_>, news: &News) -> Result<bool, sqlx::Error> {
    match news {
        News::Account(account) => accounts::put(tx, account).await?,
        News::Profile(profile) => {
            accounts::put_profile(tx, profile).await?;
            if profile.is_deleted {
                viewings::lock(tx, profile.id).await?;
                watchlist::forget(tx, profile.id).await?;
                viewings::forget(tx, profile.id).await?;
            }
        }
        News::Subscription(subscription) => return subscriptions::put(tx, subscription).await,
        News::Reused(_) | News::Export(_) => {}
    }
    Ok(true)
}
