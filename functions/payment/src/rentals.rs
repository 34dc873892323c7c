//! When rentals begin and end: what playback tells, and what the clock does.

use events::{Event, Outbox, RentalBegun};
use kernel::{PurchaseId, PurchaseKind, World};
use proto::{payment::RentalAnnounced, types};
use stores::StoreError;

use crate::{
    billing::{put_purchase, text},
    purchase::Status,
    store::{purchases, subscriptions},
};

runtime::wire! {
    /// Rentals that run.
    pub struct Rentals { pub(crate) outbox: Outbox, pub(crate) world: World }
}

impl Rentals {
    /// The first second of a rental was played. Repeating it changes nothing; of several sessions the earliest counts.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn begin(&self, begun: &RentalBegun) -> Result<(), StoreError> {
        let now = self.world.now();
        self.outbox
            .transact(async |tx| {
                subscriptions::lock_account(tx, begun.account).await?;
                let held = purchases::lock(tx, begun.purchase).await?;
                let own = held.filter(|it| it.account == Some(begun.account) && it.title == begun.title);
                let Some(mut purchase) = own else { return Ok(()) };
                let was_over = purchase.status == Status::Ended;
                if !purchase.begin(begun.begun_at, now) {
                    return Ok(());
                }
                // It is not raised again beside one that has taken its place.
                if was_over && purchase.status == Status::Active {
                    let running = purchases::lock_running(tx, begun.account, purchase.title).await?;
                    if running.iter().any(|other| other.kind == PurchaseKind::Rent) {
                        purchase.status = Status::Ended;
                    }
                }
                Ok(put_purchase(&self.world, tx, &mut purchase).await?)
            })
            .await
    }

    /// Tells the person of a rental that it ends soon, once for each end that it has.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn announce(&self, id: PurchaseId) -> Result<(), StoreError> {
        let now = self.world.now();
        self.outbox
            .transact(async |tx| {
                let Some(mut purchase) = purchases::lock(tx, id).await? else { return Ok(()) };
                let Some((account, ends_at)) = purchase.account.zip(purchase.ends_soon(now)) else { return Ok(()) };
                if !purchases::announce(tx, &mut purchase, ends_at).await? {
                    return Ok(());
                }
                let data = RentalAnnounced {
                    account_id: account.to_string(),
                    purchase_id: id.to_string(),
                    title_id: purchase.title.to_string(),
                    ends_at: text(ends_at),
                    has_begun: purchase.begun_at.is_some(),
                };
                Ok(tx.emit(&Event::new(&self.world, types::RENTAL_ANNOUNCED, id, purchase.version, &data)).await?)
            })
            .await
    }

    /// Ends a rental whose time is over. Repeating it changes nothing.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn end(&self, id: PurchaseId) -> Result<(), StoreError> {
        let now = self.world.now();
        self.outbox
            .transact(async |tx| {
                let Some(mut purchase) = purchases::lock(tx, id).await? else { return Ok(()) };
                if purchase.end(now) {
                    put_purchase(&self.world, tx, &mut purchase).await?;
                }
                Ok(())
            })
            .await
    }
}
