//! What everybody hears of subscriptions and payments.

use events::{Event, Transaction};
use kernel::AccountId;
use proto::{payment as told, types};

use super::{Billing, BillingError, text};
use crate::{
    invoice::{self, Invoice},
    payment::Payment,
    store::{methods, plans, subscriptions::Stored},
    subscription::Status,
    terms::Terms,
};

impl Billing {
    /// The event of what everybody hears, with what plans are called now and whether there is something to try a late payment with.
    pub(super) async fn called(
        &self,
        tx: &mut Transaction<'_>,
        subscription: &Stored,
        data: told::SubscriptionChanged,
    ) -> Result<Event, BillingError> {
        let known = plans::names(&mut **tx, &[&data.plan, &data.next_plan]).await?;
        let state = &subscription.state;
        let called = |terms: &Terms| known.get(&terms.plan).unwrap_or(&terms.names).told().collect();
        let is_paid_on = state.is_renewed() || state.status == Status::Suspended;
        let needs_method = match subscription.account.filter(|_| is_paid_on) {
            Some(account) => methods::find_default(tx, account).await?.is_none(),
            None => false,
        };
        let data = told::SubscriptionChanged {
            plan_names: called(&state.terms),
            next_plan_names: state.next_terms.as_ref().map(called).unwrap_or_default(),
            needs_method,
            ..data
        };
        Ok(Event::new(&self.world, types::SUBSCRIPTION_CHANGED, subscription.id, subscription.version, &data))
    }

    /// Tells what became of a payment.
    pub(super) async fn tell(
        &self,
        tx: &mut Transaction<'_>,
        payment: &Payment,
        invoice: &Invoice,
    ) -> Result<(), BillingError> {
        let Some(account) = payment.account else { return Ok(()) };
        let data = told::PaymentChanged {
            account_id: account.to_string(),
            payment_id: payment.id.to_string(),
            invoice_id: invoice.id.to_string(),
            invoice_number: invoice.number.map_or_else(String::new, |it| invoice::printed(&invoice.seller, it)),
            subscription_id: payment.subscription.map_or_else(String::new, |id| id.to_string()),
            status: payment.status.as_str().to_owned(),
            amount: payment.amount.minor,
            refunded: payment.refunded,
            currency: payment.amount.currency.to_string(),
            description: invoice.description.clone(),
            code: payment.code.clone().unwrap_or_default(),
            tax: invoice.tax,
            refunded_tax: invoice.tax_given_back(0, payment.refunded)?,
            goods_names: invoice.names.told().collect(),
        };
        let event = Event::new(&self.world, types::PAYMENT_CHANGED, payment.id, payment.version, &data);
        Ok(tx.emit(&event).await?)
    }
}

/// What everybody hears about a version of a subscription; [`Billing::called`] adds what others know.
pub(super) fn changed(subscription: &Stored) -> Option<told::SubscriptionChanged> {
    let state = &subscription.state;
    let (account, (status, valid_to, grace_to)): (AccountId, _) = subscription.account.zip(state.access())?;
    let (terms, next, cost) = (&state.terms, state.next_terms.as_ref(), state.cost());
    let follows = next.or(state.is_renewed().then_some(&state.terms));
    Some(told::SubscriptionChanged {
        account_id: account.to_string(),
        subscription_id: subscription.id.to_string(),
        status: status.as_str().to_owned(),
        plan: terms.plan.clone(),
        max_streams: terms.max_streams,
        max_height: terms.max_height,
        valid_to: text(valid_to),
        grace_to: text(grace_to),
        amount: cost.minor,
        tax: cost.tax_included(terms.tax_basis_points).map_or(0, |tax| tax.minor),
        currency: cost.currency.to_string(),
        period: terms.period.as_str().to_owned(),
        resumes_at: state.resumes_at().map_or_else(String::new, text),
        next_plan: next.map(|next| next.plan.clone()).unwrap_or_default(),
        next_amount: follows.map(|terms| terms.amount.minor).unwrap_or_default(),
        next_period: follows.map(|terms| terms.period.to_string()).unwrap_or_default(),
        next_due: follows.and_then(|_| state.bill().ok()).map(|bill| bill.amount.minor),
        ..told::SubscriptionChanged::default()
    })
}
