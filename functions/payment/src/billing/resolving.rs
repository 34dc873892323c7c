//! Outcomes that are not known: the provider is asked, and what it never heard of is asked for again under the same key.

use kernel::{AccountId, PaymentId};

use super::{Billing, BillingError, ask};
use crate::{
    payment::{KEY_LIFETIME, Payment, SHORTEST_CHECKOUT, Verdict, Way},
    providers::{PaymentQuery, Provider, RefundQuery, notice::NoticeKind},
    store::{payments, refunds, subscriptions},
};

/// Why a notice of a provider could not be applied now: it comes again.
#[derive(Debug, thiserror::Error)]
pub enum NotApplied {
    /// The provider does not tell what became of the object.
    #[error("the provider: {0}")]
    Provider(#[from] crate::providers::ProviderError),
    /// See [`BillingError`].
    #[error(transparent)]
    Billing(#[from] BillingError),
}

impl Billing {
    /// Asks what became of a payment whose outcome is not known. Repeating it changes nothing that is final.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn resolve(&self, id: PaymentId) -> Result<(), BillingError> {
        let payment = payments::find(self.outbox.pool(), id).await?;
        let Some(payment) = payment.filter(|payment| payment.status.is_under_way()) else { return Ok(()) };
        let verdict = match self.providers.find(&payment.provider) {
            Ok(provider) => self.ask_again(provider, &payment).await,
            Err(error) => Verdict::NotDone(error.to_string()),
        };
        self.settle(id, verdict).await.map(drop)
    }

    /// Reads the page on which an account can pay for its subscription, before another takes its place: what was paid counts although nobody has told
    /// of it yet. Says whether somebody has; a provider that does not answer says nothing.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub(crate) async fn look_at_page(&self, account: AccountId) -> Result<bool, BillingError> {
        let pool = self.outbox.pool();
        let Some(newest) = subscriptions::find_newest(pool, account).await? else { return Ok(false) };
        let Some(payment) = payments::under_way_of(pool, newest.id).await? else { return Ok(false) };
        let (Some(page), Ok(provider)) = (&payment.checkout_id, self.providers.find(&payment.provider)) else {
            return Ok(false);
        };
        let Ok(Some(found)) = provider.payment(PaymentQuery::Checkout(page)).await else { return Ok(false) };
        let verdict = Verdict::from(Ok(found));
        let has_paid = matches!(verdict, Verdict::Succeeded(_));
        // As below: it is none of the times that we ask by ourselves.
        if !matches!(verdict, Verdict::Pending(_)) {
            self.settle(payment.id, verdict).await?;
        }
        Ok(has_paid)
    }

    async fn ask_again(&self, provider: &dyn Provider, payment: &Payment) -> Verdict {
        let now = self.world.now();
        let reference = payment.id.to_string();
        if let Some(page) = payment.checkout_id.as_deref().filter(|_| payment.is_withdrawn)
            && let Err(error) = provider.close_checkout(page).await
        {
            // What is paid on it goes back.
            tracing::warn!(payment = %payment.id, %error, "a page that nothing needs stays open");
        }
        let query = match (payment.way, &payment.provider_id, &payment.checkout_id) {
            (Way::Charge, Some(id), _) => PaymentQuery::Id(id),
            (Way::Checkout, _, Some(id)) => PaymentQuery::Checkout(id),
            (Way::Charge, None, _) => PaymentQuery::Reference { reference: &reference, called_at: payment.created_at },
            // Nobody was ever sent to a page that we do not know.
            (Way::Checkout, _, None) => {
                let has_time = payment.expires_at.is_some_and(|at| at - now >= SHORTEST_CHECKOUT);
                return if has_time && !payment.is_withdrawn { ask(provider, payment).await } else { Verdict::Left };
            }
        };
        match provider.payment(query).await {
            Ok(Some(found)) => Ok(found).into(),
            Ok(None) if payment.way == Way::Checkout => match payment.expires_at {
                Some(expires_at) if now < expires_at => Verdict::Pending(None),
                _ => Verdict::Left,
            },
            Ok(None) if now - payment.created_at < KEY_LIFETIME => ask(provider, payment).await,
            Ok(None) => Verdict::Failed("not_received".to_owned()),
            // Reading says nothing about what was asked for.
            Err(error) => Verdict::NotDone(error.to_string()),
        }
    }

    /// Reads the object of a notice again at its provider and applies what it is now. Says whether it is one of ours.
    ///
    /// # Errors
    /// When provider or Postgres do not answer: the notice must come again.
    pub async fn reread(&self, provider: &str, kind: NoticeKind, object: &str) -> Result<bool, NotApplied> {
        let there = self.providers.find(provider)?;
        match kind {
            NoticeKind::Other => Ok(false),
            NoticeKind::Checkout | NoticeKind::Payment => {
                let is_page = kind == NoticeKind::Checkout;
                let query = if is_page { PaymentQuery::Checkout(object) } else { PaymentQuery::Id(object) };
                let Some(found) = there.payment(query).await? else { return Ok(false) };
                let named = found.reference.as_deref().and_then(|text| text.parse::<PaymentId>().ok());
                let id = match named {
                    Some(id) => Some(id),
                    None => {
                        payments::by_object(self.outbox.pool(), provider, object).await.map_err(BillingError::from)?
                    }
                };
                let Some(id) = id else { return Ok(false) };
                let known = payments::find(self.outbox.pool(), id).await.map_err(BillingError::from)?;
                if known.is_none_or(|known| known.provider != provider) {
                    return Ok(false);
                }
                let verdict = Verdict::from(Ok(found));
                // Nothing new: it must not count as one of the times that we ask by ourselves.
                if !matches!(verdict, Verdict::Pending(_)) {
                    self.settle(id, verdict).await?;
                }
                Ok(true)
            }
            NoticeKind::Refund => {
                let Some(found) = there.find_refund(RefundQuery::Id(object)).await? else { return Ok(false) };
                let named = found.reference.as_deref().and_then(|text| text.parse().ok());
                let id = match named {
                    Some(id) => Some(id),
                    None => {
                        refunds::by_object(self.outbox.pool(), provider, object).await.map_err(BillingError::from)?
                    }
                };
                let Some(id) = id else { return Ok(false) };
                let verdict = crate::refund::Verdict::from(Ok(found));
                if matches!(verdict, crate::refund::Verdict::Pending(_)) {
                    return Ok(true);
                }
                Ok(self.settle_refund(id, verdict).await?.is_some())
            }
        }
    }
}
