//! The user service's receipt → the subscription ends, methods are forgotten, and what the law wants kept (invoices, payments) no longer says whose it
//! was.

use events::{Consumer, Deadline, Erasure, Event, Outcome, project};
use proto::types::PAYMENT_ACCOUNT_ERASED;
use stores::StoreError;
use time::Duration;

use crate::{
    billing::{Billing, BillingError},
    store::{erased_accounts, methods, subscriptions},
};

/// A token lives on for moments after its account was deleted. Whoever pays so shortly before this hears of it gets the money back: they have had
/// nothing for it.
const AT_THE_LAST: Duration = Duration::minutes(5);

runtime::wire! { pub struct EraseAccount { billing: Billing } }

impl Consumer<Event> for EraseAccount {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, Erasure::read, async |erasure| self.erase(erasure).await).await
    }
}

impl EraseAccount {
    /// Erases an account and emits the receipt; a repetition emits the same receipt. The providers are asked to forget first: afterwards nobody
    /// knows what they must forget.
    async fn erase(&self, erasure: Erasure) -> Result<(), StoreError> {
        let (account, now) = (erasure.account, self.billing.world().now());
        for method in methods::list(self.billing.outbox().pool(), account).await? {
            let detached = self.billing.providers().detach(&method.provider, &method.token).await;
            detached.map_err(|error| StoreError { engine: "provider", detail: error.to_string() })?;
        }
        self.billing
            .outbox()
            .transact(async |tx| {
                subscriptions::lock_account(tx, account).await?;
                let (records, erased_at) = match erased_accounts::find(&mut **tx, account).await? {
                    Some(erased) => erased,
                    None => {
                        if let Some(mut live) = subscriptions::lock_live(tx, account).await? {
                            live.state.end(now);
                            self.billing.put(tx, &mut live).await?;
                        }
                        self.billing.give_back_unused(tx, account, now - AT_THE_LAST).await?;
                        erased_accounts::erase(tx, account, now).await?
                    }
                };
                let records = u64::try_from(records).unwrap_or_default();
                tx.emit(&erasure.receipt(self.billing.world(), PAYMENT_ACCOUNT_ERASED, records, erased_at)).await?;
                Ok::<_, BillingError>(())
            })
            .await?;
        Ok(())
    }
}
