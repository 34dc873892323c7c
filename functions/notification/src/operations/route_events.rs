//! Events → what their people are told: a notification for each fact, a delivery for each channel, once. Keeps where to reach them as well.
//!
//! One event is one transaction: what a crash leaves undone comes again with the event. Of a subscription is told
//! what differs from what was told last, and nothing of a state that a newer one has overtaken; apart from that neither order nor repetition matters.

use events::{Consumer, Deadline, Event, Outbox, Outcome, Transaction, project};
use kernel::World;
use stores::StoreError;
use time::OffsetDateTime;

use crate::{
    handout,
    notice::{News, Notice, paid, purchased, rental_ending, subscribed, trial_ending},
    quiet::TimeZone,
    store::{
        self, accounts, erased_accounts, notifications, preferences,
        subscriptions::{self, Known},
        titles, viewings, watchlist,
    },
};

runtime::wire! { pub struct RouteEvents { outbox: Outbox = store::deliveries_outbox, world: World } }

impl Consumer<Event> for RouteEvents {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, News::read, async |news| self.route(&news, event.time).await).await
    }
}

impl RouteEvents {
    async fn route(&self, news: &News, at: OffsetDateTime) -> Result<(), StoreError> {
        let account = news.account();
        self.outbox
            .transact(async |tx| {
                if erased_accounts::contains(tx, account).await? {
                    return Ok(());
                }
                let wishes = preferences::find(&mut **tx, account).await?;
                for notice in learn(tx, news, &wishes.time_zone, (at, self.world.now())).await? {
                    handout::hand_out(tx, &self.world, account, &wishes, &notice).await?;
                }
                Ok(())
            })
            .await
    }
}

/// Keeps what the news of the moment `at` say of a person in a time zone, and says what they hear of it `now`.
async fn learn(
    tx: &mut Transaction<'_>,
    news: &News,
    zone: &TimeZone,
    (at, now): (OffsetDateTime, OffsetDateTime),
) -> Result<Vec<Notice>, sqlx::Error> {
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
        News::Subscription(subscription) => {
            return Ok(match subscriptions::put(tx, subscription).await? {
                Known::Newest => Vec::new(),
                Known::Older(before) => subscribed(before.as_ref(), subscription, zone, at),
            });
        }
        News::Payment(payment) => {
            let told = notifications::facts_of(tx, payment.account, &payment.id.to_string()).await?;
            return Ok(paid(payment, &told));
        }
        News::Purchase(purchase) => {
            let grant = &purchase.grant;
            let told = notifications::facts_of(tx, purchase.account, &grant.purchase.to_string()).await?;
            let names = titles::names(&mut **tx, grant.title).await?;
            return Ok(purchased(purchase, names, &told, zone, at).into_iter().collect());
        }
        News::TrialEnding(trial) => {
            let has_left = subscriptions::has_left_trial(tx, trial).await?;
            return Ok(trial_ending(trial, has_left, zone, now).into_iter().collect());
        }
        News::RentalEnding(ending) => {
            let told = notifications::facts_of(tx, ending.account, &ending.purchase.to_string()).await?;
            let names = titles::names(&mut **tx, ending.title).await?;
            return Ok(rental_ending(ending, names, &told, zone, now).into_iter().collect());
        }
        News::Reused(_) | News::Export(_) | News::ExportReady(_) => {}
    }
    Ok(Notice::of(news, zone, at).into_iter().collect())
}
