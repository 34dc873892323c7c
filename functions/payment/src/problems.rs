//! What the service refuses, as its clients hear it.

use cinema_http::{Problem, StatusCode};
use time::OffsetDateTime;

use crate::{
    billing::BillingError, payment::Payment, providers::ProviderError, purchase::Purchase, subscription::NotNow,
    view::PurchaseView,
};

impl From<BillingError> for Problem {
    fn from(error: BillingError) -> Self {
        match error {
            BillingError::Sql(error) => error.into(),
            BillingError::Money(error) => Self::internal(error),
        }
    }
}

/// 404: the account has no subscription, and never had one.
pub(crate) fn no_subscription() -> Problem {
    Problem::not_found("subscription")
}

/// 409: one is enough.
pub(crate) fn subscription_exists() -> Problem {
    Problem::conflict("subscription_exists", "This account has a subscription already. Change it instead.")
}

/// 409: something is being paid; its outcome must come first.
pub(crate) fn payment_under_way() -> Problem {
    Problem::conflict("payment_under_way", "A payment is under way. Try again when it has ended.")
}

/// 409: what is paid ahead would be something else than what the trial brings.
pub(crate) fn change_scheduled() -> Problem {
    let detail = "Another plan begins when the trial ends, and is paid then. To pay it now, change to it now: during a trial that costs nothing.";
    Problem::conflict("change_scheduled", detail)
}

/// 409: what was previewed is not what it would cost now.
pub(crate) fn stale_preview() -> Problem {
    Problem::conflict("stale_preview", "The price of this change has moved on. Look at it again before you agree.")
}

/// 402: nothing was taken.
pub(crate) fn payment_declined(payment: &Payment) -> Problem {
    let detail = "The payment was declined and nothing was taken. Try again: you can pay in another way then.";
    Problem::new(StatusCode::PAYMENT_REQUIRED, "payment_declined", detail)
        .with("payment_id", payment.id)
        .with("reason", payment.code.as_deref().unwrap_or("declined"))
}

/// 422: nobody can begin with this price here.
pub(crate) fn no_such_price() -> Problem {
    Problem::invalid("/price_id", "is not offered where you are")
}

/// 422: the title is not sold by itself in this way where the caller is.
pub(crate) fn not_sold_here() -> Problem {
    Problem::invalid("/kind", "is not offered for this title where you are")
}

/// 409: the account has the title, or more of it.
pub(crate) fn already_purchased(running: &Purchase, now: OffsetDateTime) -> Problem {
    Problem::conflict("already_purchased", "You have this title already. Watch it.")
        .with("purchase", PurchaseView::of(running, now))
}

/// 409: nobody rents what they can watch without.
pub(crate) fn included_in_plan() -> Problem {
    Problem::conflict("included_in_plan", "Your plan includes this title. Watch it, or buy it to keep it.")
}

/// 409: what an account has must fit into what is told of it.
pub(crate) fn too_many_purchases() -> Problem {
    Problem::conflict("too_many_purchases", "An account holds at most 1,000 titles at once.")
}

/// 422: the code does not exist, is over, used up or was used by this account; which of them is nobody's business.
pub(crate) fn no_such_promo() -> Problem {
    Problem::invalid("/promo_code", "cannot be used")
}

/// 503: the provider does not answer; nothing was done, or it will be found out.
pub(crate) fn provider_unavailable(error: impl std::fmt::Display) -> Problem {
    Problem::unavailable("provider_unavailable", error)
}

impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        provider_unavailable(error)
    }
}

impl From<NotNow> for Problem {
    fn from(reason: NotNow) -> Self {
        match reason {
            NotNow::Ended => Self::conflict("subscription_ended", "The subscription has ended. Begin a new one."),
            NotNow::NotRunning => {
                Self::conflict("not_running", "The subscription is not running, or is about to end. Resume it first.")
            }
            NotNow::Same => Self::conflict("same_price", "The subscription has this price already."),
            NotNow::OnlyAtPeriodEnd => Self::conflict(
                "only_at_period_end",
                "This change can only begin with the next period. Choose that instead.",
            ),
            NotNow::OtherCurrency => {
                Self::conflict("other_currency", "A subscription keeps its currency. Begin a new one after its end.")
            }
            NotNow::Money(error) => Self::internal(error),
        }
    }
}
