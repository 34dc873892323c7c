//! What schedules do to a subscription: the next period is billed, a pause or an end begins, the end of a trial is announced.

use events::{Event, Transaction};
use kernel::{PaymentId, SubscriptionId};
use proto::{payment as told, types};
use time::{Duration, OffsetDateTime};

use super::{Billing, BillingError, Through, text};
use crate::{
    invoice::Invoice,
    payment::MOST_A_DAY,
    store::{methods, payments, plans, subscriptions, subscriptions::Stored},
    subscription::Due,
};

impl Billing {
    /// Does what is due of a subscription: renews, tries again, pauses or ends it. Repeating it changes nothing.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn advance(&self, id: SubscriptionId) -> Result<(), BillingError> {
        let now = self.world.now();
        let intent = self
            .outbox
            .transact(async |tx| {
                let Some(mut subscription) = subscriptions::lock(tx, id).await? else { return Ok(None) };
                match subscription.state.due(now) {
                    Due::Nothing => return Ok(None),
                    Due::End => subscription.state.end(now),
                    Due::Pause => subscription.state.pause(),
                    Due::Bill => return self.renew(tx, &mut subscription, now).await,
                }
                self.put(tx, &mut subscription).await?;
                Ok::<_, BillingError>(None)
            })
            .await?;
        match intent {
            Some(payment) => self.collect(payment).await.map(drop),
            None => Ok(()),
        }
    }

    /// Bills the next period to the saved method. Without one that is a decline.
    async fn renew(
        &self,
        tx: &mut Transaction<'_>,
        subscription: &mut Stored,
        now: OffsetDateTime,
    ) -> Result<Option<PaymentId>, BillingError> {
        let Some(account) = subscription.account else { return Ok(None) };
        let invoice = Invoice::of_period(account, subscription.id, subscription.state.bill()?, now)?;
        if payments::count_charges(tx, subscription.id, now - Duration::DAY).await? >= MOST_A_DAY {
            tracing::error!(subscription = %subscription.id, "too many attempts within a day: nothing more is charged");
            return Ok(None);
        }
        match methods::find_default(tx, account).await? {
            Some(method) => self.bill(tx, subscription, invoice, Through::Method(method)).await,
            None if invoice.amount.minor == 0 => self.bill_nothing(tx, subscription, invoice).await,
            None => {
                let period = invoice.period.unwrap_or_default();
                let under_way = payments::under_way(tx, invoice.id).await?.is_some();
                if !under_way && subscription.state.declined(period, now) {
                    self.put(tx, subscription).await?;
                }
                Ok(None)
            }
        }
    }

    /// Announces the end of a trial, once. Says whether it did.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn announce_trial_end(&self, id: SubscriptionId) -> Result<bool, BillingError> {
        self.outbox
            .transact(async |tx| {
                let Some(mut subscription) = subscriptions::lock(tx, id).await? else { return Ok(false) };
                let (state, account) = (&mut subscription.state, subscription.account);
                let Some(account) = account.filter(|_| state.is_to_be_announced(self.world.now())) else {
                    return Ok(false);
                };
                state.is_announced = true;
                let bill = state.bill()?;
                let ends_at = text(state.to);
                let known = plans::names(&mut **tx, &[&bill.terms.plan]).await?;
                let names = known.get(&bill.terms.plan).unwrap_or(&bill.terms.names);
                let data = told::TrialAnnounced {
                    account_id: account.to_string(),
                    subscription_id: id.to_string(),
                    plan_names: names.told().collect(),
                    plan: bill.terms.plan,
                    ends_at,
                    amount: bill.amount.minor,
                    currency: bill.amount.currency.to_string(),
                    period: bill.terms.period.as_str().to_owned(),
                    period_amount: Some(bill.terms.amount.minor),
                    needs_method: bill.amount.minor > 0 && methods::find_default(tx, account).await?.is_none(),
                };
                subscriptions::put(tx, &mut subscription).await?;
                tx.emit(&Event::new(&self.world, types::TRIAL_ANNOUNCED, id, subscription.version, &data)).await?;
                Ok(true)
            })
            .await
    }
}
