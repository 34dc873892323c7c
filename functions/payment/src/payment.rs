//! A payment: one attempt to collect an invoice, and what is known of its outcome.

use kernel::{AccountId, Id, InvoiceId, MethodId, Money, PaymentId, PurchaseId, SubscriptionId};
use time::{Duration, OffsetDateTime};

use crate::{
    invoice::Invoice,
    providers::{self, PaymentStatus, ProviderError},
    word::words,
};

/// When a provider is asked again about an outcome that is not known: after each of these since the last time, then a person is.
pub const CHECKS: [Duration; 7] = [
    Duration::minutes(5),
    Duration::hours(1),
    Duration::DAY,
    Duration::DAY,
    Duration::DAY,
    Duration::DAY,
    Duration::DAY,
];
/// Providers keep keys for 24 hours at least: until then a repetition is safe.
pub const KEY_LIFETIME: Duration = Duration::hours(23);
/// A checkout page takes a payment for so long.
pub const CHECKOUT_LIFETIME: Duration = Duration::hours(2);
/// No page is opened for less.
pub const SHORTEST_CHECKOUT: Duration = Duration::minutes(35);
/// More attempts on one subscription within a day are a bug, not billing.
pub const MOST_A_DAY: i64 = 3;

words! {
    /// How an attempt stands.
    #[schema(as = PaymentStatus)]
    Status {
        /// Under way.
        Pending = "pending",
        /// The provider did not answer: it may have been done. Never treated as failed before the provider says so.
        Unknown = "unknown",
        /// The money is ours.
        Succeeded = "succeeded",
        /// Nothing was taken.
        Failed = "failed",
        /// Nothing was taken: the person left the page, or its time was over.
        Canceled = "canceled",
    }

    /// How it is collected.
    Way {
        /// From a saved method, while nobody is there.
        Charge = "charge",
        /// On a page of the provider's.
        Checkout = "checkout",
    }
}

impl Status {
    /// Whether the outcome is still to come.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Pending | Self::Unknown)
    }
}

/// A payment as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Also its key at the provider.
    pub id: PaymentId,
    /// Absent once the person was erased.
    pub account: Option<AccountId>,
    /// What it pays.
    pub invoice: InvoiceId,
    /// Of the invoice.
    pub subscription: Option<SubscriptionId>,
    /// Of the invoice.
    pub purchase: Option<PurchaseId>,
    /// How it is collected.
    pub way: Way,
    /// The provider's name.
    pub provider: String,
    /// The provider's id of it.
    pub provider_id: Option<String>,
    /// What is charged.
    pub method: Option<MethodId>,
    /// The provider's token of it.
    pub method_token: Option<String>,
    /// How much.
    pub amount: Money,
    /// How it stands.
    pub status: Status,
    /// Why it failed or is unknown.
    pub code: Option<String>,
    /// Came although nothing needed it.
    pub is_surplus: bool,
    /// What it would pay is void: nothing needs it any more.
    pub is_withdrawn: bool,
    /// Minor units that were given back or are on their way back.
    pub refunded: i64,
    /// The provider's page.
    pub checkout_id: Option<String>,
    /// Where it is.
    pub checkout_url: Option<String>,
    /// Until when it takes a payment.
    pub expires_at: Option<OffsetDateTime>,
    /// How often the provider was asked by ourselves.
    pub checks: i32,
    /// When the money came.
    pub captured_at: Option<OffsetDateTime>,
    /// When it was begun.
    pub created_at: OffsetDateTime,
    /// Where the provider's page leads back to.
    pub return_url: Option<String>,
    /// Counts what was learned of it.
    pub version: i64,
}

/// The id of an attempt: it follows from the invoice, so that a repetition is the same payment.
pub fn id_of(invoice: InvoiceId, attempt: i32) -> PaymentId {
    PaymentId::derived(&format!("{invoice} attempt {attempt}"))
}

impl Payment {
    /// A new attempt, under way.
    pub fn begin(id: PaymentId, invoice: &Invoice, way: Way, provider: &str, now: OffsetDateTime) -> Self {
        Self {
            id,
            account: invoice.account,
            invoice: invoice.id,
            subscription: invoice.subscription,
            purchase: invoice.purchase,
            way,
            provider: provider.to_owned(),
            provider_id: None,
            method: None,
            method_token: None,
            amount: invoice.amount,
            status: Status::Pending,
            code: None,
            is_surplus: false,
            is_withdrawn: false,
            refunded: 0,
            checkout_id: None,
            checkout_url: None,
            expires_at: None,
            checks: 0,
            captured_at: None,
            created_at: now,
            return_url: None,
            version: 1,
        }
    }

    /// How it stands for the person: a page that nothing needs any more is not there to be paid.
    pub fn shown(&self) -> Status {
        let is_page = self.way == Way::Checkout && self.status == Status::Pending;
        if is_page && self.is_withdrawn { Status::Canceled } else { self.status }
    }

    /// When the provider is asked for the next time; `None` once a person must. A page is looked at when its time is over, whatever else.
    pub fn next_check(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let closed = self.expires_at.map(|at| at + CHECKS[0]).filter(|closed| now < *closed);
        match (next_check(self.checks, now), closed) {
            (Some(next), Some(closed)) => Some(next.min(closed)),
            (next, closed) => next.or(closed),
        }
    }
}

/// The same for an outcome that was asked for so many times.
pub fn next_check(checks: i32, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let wait = usize::try_from(checks).ok().and_then(|place| CHECKS.get(place));
    wait.map(|wait| now + *wait)
}

/// What was learned of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The money is ours.
    Succeeded(Box<providers::Payment>),
    /// The person can pay on this page.
    Opened(providers::Checkout),
    /// The provider works on it, under this id.
    Pending(Option<String>),
    /// Nothing was taken.
    Failed(String),
    /// Nothing was taken: nobody paid on the page, and nobody can any more.
    Left,
    /// It may have been done.
    Unknown(String),
    /// Surely not done yet; the same key may be used again.
    NotDone(String),
}

impl From<Result<providers::Payment, ProviderError>> for Verdict {
    fn from(answer: Result<providers::Payment, ProviderError>) -> Self {
        match answer {
            Ok(payment) => match payment.status {
                PaymentStatus::Pending => Self::Pending(Some(payment.id)),
                PaymentStatus::Succeeded => Self::Succeeded(Box::new(payment)),
                PaymentStatus::Failed { code, .. } => Self::Failed(code),
                PaymentStatus::Expired => Self::Left,
            },
            Err(ProviderError::Declined { code, .. }) => Self::Failed(code),
            Err(ProviderError::Refused(reason)) => {
                tracing::error!(reason, "the provider refuses what we ask for");
                Self::Failed("refused".to_owned())
            }
            Err(ProviderError::Unavailable(reason)) => Self::NotDone(reason),
            Err(ProviderError::Unknown(reason)) => Self::Unknown(reason),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use time::macros::datetime;

    use super::*;

    /// Of 12.00 EUR from a saved method of the sandbox, for a subscription.
    pub(crate) fn succeeded() -> Payment {
        Payment {
            id: PaymentId::derived("payment"),
            account: None,
            invoice: InvoiceId::derived("invoice"),
            subscription: None,
            purchase: None,
            way: Way::Charge,
            provider: "sandbox".to_owned(),
            provider_id: None,
            method: None,
            method_token: None,
            amount: Money::new(1_200, "EUR".parse().unwrap()),
            status: Status::Succeeded,
            code: None,
            is_surplus: false,
            is_withdrawn: false,
            refunded: 0,
            checkout_id: None,
            checkout_url: None,
            expires_at: None,
            checks: 0,
            captured_at: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
            return_url: None,
            version: 1,
        }
    }

    #[test]
    fn only_what_is_under_way_is_asked_for_again() {
        let all = [Status::Pending, Status::Unknown, Status::Succeeded, Status::Failed, Status::Canceled];
        assert_eq!(all.map(Status::is_under_way), [true, true, false, false, false]);
    }

    #[test]
    fn a_page_is_looked_at_when_nobody_can_pay_on_it_any_more() {
        let now = datetime!(2027-01-01 00:00 UTC);
        let page = |checks| Payment { expires_at: Some(now + CHECKOUT_LIFETIME), checks, ..succeeded() };
        let closed = now + CHECKOUT_LIFETIME + CHECKS[0];
        // Five minutes come before that, a day does not, and a page that nobody would ask for any more is looked at.
        assert_eq!(page(0).next_check(now), Some(now + CHECKS[0]));
        assert_eq!(page(2).next_check(now), Some(closed));
        assert_eq!(page(7).next_check(closed - Duration::SECOND), Some(closed));
        assert_eq!(page(7).next_check(closed), None);
        assert_eq!(page(2).next_check(closed), Some(closed + CHECKS[2]));
    }

    #[test]
    fn only_a_provider_that_says_no_makes_a_payment_fail() {
        let of = |error| Verdict::from(Err::<providers::Payment, _>(error));
        let declined = ProviderError::Declined { code: "insufficient_funds".into(), retriable: true };
        assert_eq!(of(declined), Verdict::Failed("insufficient_funds".into()));
        assert_eq!(of(ProviderError::Unknown("timed out".into())), Verdict::Unknown("timed out".into()));
        assert_eq!(of(ProviderError::Unavailable("refused".into())), Verdict::NotDone("refused".into()));
    }

    #[test]
    fn a_provider_is_asked_for_five_days_and_then_a_person() {
        let now = datetime!(2027-01-01 00:00 UTC);
        let waits: Vec<_> = (0..8).map(|checks| next_check(checks, now).map(|at| (at - now).whole_minutes())).collect();
        let day = Some(24 * 60);
        assert_eq!(waits, [Some(5), Some(60), day, day, day, day, day, None]);
    }

    #[test]
    fn an_attempt_is_the_same_payment_each_time_it_is_made() {
        let invoice = InvoiceId::derived("an invoice");
        assert_eq!(id_of(invoice, 1), id_of(invoice, 1));
        assert_ne!(id_of(invoice, 1), id_of(invoice, 2));
    }
}
