//! Money goes back: the intent, the provider's answer, the credit note.

use events::Transaction;
use kernel::{AccountId, Money, PaymentId, RefundId};
use time::OffsetDateTime;

use super::{Billing, BillingError, Held, put_purchase};
use crate::{
    invoice::{Invoice, Kind},
    ledger,
    payment::{self, CHECKS, Payment, next_check},
    providers::{RefundOrder, RefundQuery},
    refund::{Refund, Status, Verdict},
    store::{self, invoices, payments, refunds, subscriptions::Stored},
};

/// Why a refund is not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotRefundable {
    /// Nothing was captured.
    NotCaptured,
    /// More than is left of it, in minor units.
    TooMuch(i64),
    /// This payment for a better plan came after it within the period, and has to go back first.
    ChangeFirst(PaymentId),
}

impl Billing {
    /// Notes a refund of a payment, of everything that is left without an amount; the same one when there is one of this id. The caller then
    /// calls [`Self::give_back`], after the commit.
    pub(crate) async fn begin_refund(
        &self,
        tx: &mut Transaction<'_>,
        id: PaymentId,
        new: RefundId,
        (amount, reason): (Option<i64>, &str),
        actor: AccountId,
    ) -> Result<Option<Result<Refund, NotRefundable>>, BillingError> {
        let now = self.world.now();
        let Some(known) = payments::find(&mut **tx, id).await? else { return Ok(None) };
        // Nobody pays for a better plan while it is looked whether somebody has.
        let held = Held::of(tx, &known).await?;
        let Some(mut payment) = payments::lock(tx, id).await? else { return Ok(None) };
        if let Some(known) = refunds::find(&mut **tx, new).await? {
            return Ok(Some(Ok(known)));
        }
        if payment.status != payment::Status::Succeeded {
            return Ok(Some(Err(NotRefundable::NotCaptured)));
        }
        let left = payment.amount.minor - payment.refunded;
        let minor = amount.unwrap_or(left);
        if minor < 1 || minor > left {
            return Ok(Some(Err(NotRefundable::TooMuch(left))));
        }
        if minor == left
            && let Held::Subscription(subscription) = &held
            && let Some(change) = kept_change(tx, subscription, &payment).await?
        {
            return Ok(Some(Err(NotRefundable::ChangeFirst(change))));
        }
        let amount = Money::new(minor, payment.amount.currency);
        let refund = Refund::begin(new, &payment, amount, reason, now);
        payment.refunded += minor;
        payments::put(tx, &mut payment, None).await?;
        refunds::add(tx, &refund, Some(actor), Some(now + CHECKS[0])).await?;
        Ok(Some(Ok(refund)))
    }

    /// Notes refunds of all that an account has had nothing for: what came since a moment, and what was paid ahead. The resolver makes them.
    pub(crate) async fn give_back_unused(
        &self,
        tx: &mut Transaction<'_>,
        account: AccountId,
        since: OffsetDateTime,
    ) -> Result<(), BillingError> {
        let now = self.world.now();
        for mut payment in payments::lock_captured(tx, account, (since, now)).await? {
            let left = Money::new(payment.amount.minor - payment.refunded, payment.amount.currency);
            let refund = Refund::begin(self.world.id(), &payment, left, "the account was deleted", now);
            payment.refunded = payment.amount.minor;
            payments::put(tx, &mut payment, None).await?;
            refunds::add(tx, &refund, None, Some(now)).await?;
        }
        Ok(())
    }

    /// Asks the provider for what was noted, or about it, and keeps its answer.
    ///
    /// # Errors
    /// When Postgres does not answer; the intent is then found again.
    pub async fn give_back(&self, id: RefundId) -> Result<Option<Refund>, BillingError> {
        let Some(refund) = refunds::find(self.outbox.pool(), id).await? else { return Ok(None) };
        let payment = payments::find(self.outbox.pool(), refund.payment).await?;
        let Some(payment) = payment.filter(|_| refund.status.is_under_way()) else { return Ok(Some(refund)) };
        let verdict = self.ask_to_give_back(&refund, &payment).await;
        self.settle_refund(id, verdict).await
    }

    /// One that was asked for before is read first: only what the provider does not know is asked for again.
    async fn ask_to_give_back(&self, refund: &Refund, payment: &Payment) -> Verdict {
        let Some(captured) = payment.provider_id.clone() else { return Verdict::Failed("not_captured".to_owned()) };
        let provider = match self.providers.find(&payment.provider) {
            Ok(provider) => provider,
            Err(error) => return Verdict::Unknown(error.to_string()),
        };
        let reference = refund.id.to_string();
        if refund.checks > 0 {
            let query = match &refund.provider_id {
                Some(id) => RefundQuery::Id(id),
                None => RefundQuery::Reference { reference: &reference, payment: &captured },
            };
            match provider.find_refund(query).await {
                Ok(Some(found)) => return Ok(found).into(),
                // However late that is: nothing is on its way for as long as keys are kept, and the money is owed.
                Ok(None) => {}
                Err(error) => return Verdict::Unknown(error.to_string()),
            }
        }
        let order = RefundOrder { reference: reference.clone(), payment: captured, amount: refund.amount };
        provider.refund(&reference, &order).await.into()
    }

    /// Keeps what was learned of a refund, with everything that follows from it. What is final stays.
    pub(crate) async fn settle_refund(&self, id: RefundId, verdict: Verdict) -> Result<Option<Refund>, BillingError> {
        let Some(payment) = refunds::payment_of(self.outbox.pool(), id).await? else { return Ok(None) };
        let Some(known) = payments::find(self.outbox.pool(), payment).await? else { return Ok(None) };
        self.outbox
            .transact(async |tx| {
                let mut held = Held::of(tx, &known).await?;
                let Some(mut payment) = payments::lock(tx, known.id).await? else { return Ok(None) };
                let invoice = invoices::lock(tx, payment.invoice).await?.ok_or(sqlx::Error::RowNotFound)?;
                let Some(mut refund) = refunds::lock(tx, id).await? else { return Ok(None) };
                if refund.status.is_under_way() {
                    let about = (&mut payment, &invoice);
                    self.learn_of_refund(tx, &mut held, about, &mut refund, verdict).await?;
                }
                Ok(Some(refund))
            })
            .await
    }

    async fn learn_of_refund(
        &self,
        tx: &mut Transaction<'_>,
        held: &mut Held,
        (payment, invoice): (&mut Payment, &Invoice),
        refund: &mut Refund,
        verdict: Verdict,
    ) -> Result<(), BillingError> {
        let now = self.world.now();
        match verdict {
            Verdict::Succeeded(id) => {
                self.given_back(tx, held, (payment, invoice), refund).await?;
                (refund.status, refund.provider_id, refund.code) = (Status::Succeeded, Some(id), None);
                return Ok(refunds::put(tx, refund, Some(now), None).await?);
            }
            Verdict::Failed(code) => {
                tracing::error!(refund = %refund.id, code, "a refund failed: a person must look");
                (refund.status, refund.code) = (Status::Failed, Some(code));
                payment.refunded -= refund.amount.minor;
                payments::put(tx, payment, None).await?;
                return Ok(refunds::put(tx, refund, None, None).await?);
            }
            Verdict::Pending(id) => (refund.status, refund.provider_id) = (Status::Pending, Some(id)),
            Verdict::Unknown(reason) => {
                tracing::warn!(refund = %refund.id, reason, "the outcome of a refund is unknown");
                (refund.status, refund.code) = (Status::Unknown, Some("no_answer".to_owned()));
            }
        }
        let check_at = next_check(refund.checks, now);
        refund.checks += 1;
        if check_at.is_none() {
            tracing::error!(refund = %refund.id, "the outcome of a refund stays unknown: a person must look");
        }
        Ok(refunds::put(tx, refund, None, check_at).await?)
    }

    /// Books it, writes the credit note, and ends or takes back what was given back as a whole.
    async fn given_back(
        &self,
        tx: &mut Transaction<'_>,
        held: &mut Held,
        (payment, invoice): (&mut Payment, &Invoice),
        refund: &Refund,
    ) -> Result<(), BillingError> {
        let (now, amount) = (self.world.now(), refund.amount);
        if payment.is_surplus {
            store::ledger::book(tx, refund.id, &ledger::surplus_refunded(payment, amount), now).await?;
            payments::put(tx, payment, None).await?;
            return self.tell(tx, payment, invoice).await;
        }
        let before = refunds::sum_given_back(tx, payment.id).await?;
        let tax = invoice.tax_given_back(before, amount.minor)?;
        let mut note = invoices::open(tx, &invoice.credit(refund.id, amount, tax, now)?).await?;
        let covers = invoice.covers_from.zip(invoice.covers_to);
        invoices::issue(tx, &mut note, covers, now).await?;
        store::ledger::book(tx, refund.id, &ledger::refunded(payment, amount, tax), now).await?;
        let is_all = before + amount.minor == payment.amount.minor;
        if is_all
            && let Held::Purchase(purchase) = &mut *held
            && purchase.give_back()
        {
            put_purchase(&self.world, tx, purchase).await?;
        }
        if is_all
            && let Held::Subscription(subscription) = held
            && let Some(period) = invoice.period.filter(|period| *period == subscription.state.period)
        {
            match invoice.kind {
                Kind::Period => {
                    subscription.state.give_back(now);
                    invoices::void_changes(tx, subscription.id, now).await?;
                    self.put(tx, subscription).await?;
                }
                Kind::Change => self.take_back(tx, subscription, period, invoice).await?,
                Kind::Purchase | Kind::CreditNote => {}
            }
        }
        payments::put(tx, payment, None).await?;
        self.tell(tx, payment, invoice).await
    }

    /// The running period brings what is still paid for without a change that was given back.
    async fn take_back(
        &self,
        tx: &mut Transaction<'_>,
        subscription: &mut Stored,
        period: u32,
        change: &Invoice,
    ) -> Result<(), BillingError> {
        let paid_for = invoices::find_paid_for(tx, (subscription.id, period), change.id).await?;
        let Some(sold) = paid_for.and_then(|invoice| invoice.sold) else { return Ok(()) };
        if subscription.state.take_back(period, &sold.terms) {
            // Another change that is being paid was reckoned from what is no longer there: its money goes back.
            invoices::void_changes(tx, subscription.id, self.world.now()).await?;
            self.put(tx, subscription).await?;
        }
        Ok(())
    }
}

/// The payment for a better plan that was reckoned from what this payment brought, and would be kept if it went back as a whole.
async fn kept_change(
    tx: &mut Transaction<'_>,
    subscription: &Stored,
    payment: &Payment,
) -> Result<Option<PaymentId>, BillingError> {
    let invoice = invoices::lock(tx, payment.invoice).await?.ok_or(sqlx::Error::RowNotFound)?;
    let Some(period) = invoice.period else { return Ok(None) };
    Ok(payments::kept_change(tx, subscription.id, period).await?.filter(|newest| *newest != payment.id))
}
