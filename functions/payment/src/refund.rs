//! Money that goes back.

use kernel::{Money, PaymentId, RefundId};
use time::OffsetDateTime;

use crate::{
    payment::Payment,
    providers::{self, ProviderError, RefundStatus},
    word::words,
};

words! {
    /// How a refund stands.
    #[schema(as = RefundStatus)]
    Status {
        /// On its way.
        Pending = "pending",
        /// The provider did not answer: it may have been done.
        Unknown = "unknown",
        /// Given back.
        Succeeded = "succeeded",
        /// Not given back.
        Failed = "failed",
    }
}

impl Status {
    /// Whether the outcome is still to come.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Pending | Self::Unknown)
    }
}

/// A refund as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Also its key at the provider.
    pub id: RefundId,
    /// What it gives back.
    pub payment: PaymentId,
    /// How much of it.
    pub amount: Money,
    /// For people in support.
    pub reason: String,
    /// The provider's id of it.
    pub provider_id: Option<String>,
    /// How it stands.
    pub status: Status,
    /// Why it failed or is unknown.
    pub code: Option<String>,
    /// How often the provider was asked by ourselves.
    pub checks: i32,
    /// When it was begun.
    pub created_at: OffsetDateTime,
}

impl Refund {
    /// A new one, on its way.
    pub fn begin(id: RefundId, payment: &Payment, amount: Money, reason: &str, now: OffsetDateTime) -> Self {
        Self {
            id,
            payment: payment.id,
            amount,
            reason: reason.to_owned(),
            provider_id: None,
            status: Status::Pending,
            code: None,
            checks: 0,
            created_at: now,
        }
    }
}

/// What was learned of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Given back, under this id.
    Succeeded(String),
    /// The provider works on it, under this id.
    Pending(String),
    /// Not given back.
    Failed(String),
    /// It may have been done, or surely was not yet; either way it is tried again with the same key.
    Unknown(String),
}

impl From<Result<providers::Refund, ProviderError>> for Verdict {
    fn from(answer: Result<providers::Refund, ProviderError>) -> Self {
        match answer {
            Ok(refund) => match refund.status {
                RefundStatus::Pending => Self::Pending(refund.id),
                RefundStatus::Succeeded => Self::Succeeded(refund.id),
                RefundStatus::Failed { code } => Self::Failed(code),
            },
            Err(ProviderError::Declined { code, .. }) => Self::Failed(code),
            Err(ProviderError::Refused(reason)) => {
                tracing::error!(reason, "the provider refuses a refund");
                Self::Failed("refused".to_owned())
            }
            Err(error @ (ProviderError::Unavailable(_) | ProviderError::Unknown(_))) => {
                Self::Unknown(error.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: RefundStatus) -> Verdict {
        let amount = Money::new(100, "EUR".parse().unwrap());
        Ok(providers::Refund { id: "re_1".to_owned(), payment: "py_1".to_owned(), reference: None, amount, status })
            .into()
    }

    fn refused(error: ProviderError) -> Verdict {
        Err(error).into()
    }

    #[test]
    fn nothing_counts_as_given_back_or_kept_before_the_provider_says_so() {
        let id = || "re_1".to_owned();
        assert_eq!(of(RefundStatus::Succeeded), Verdict::Succeeded(id()));
        assert_eq!(of(RefundStatus::Pending), Verdict::Pending(id()));
        let code = || "expired_card".to_owned();
        assert_eq!(of(RefundStatus::Failed { code: code() }), Verdict::Failed(code()));
        assert_eq!(refused(ProviderError::Declined { code: code(), retriable: true }), Verdict::Failed(code()));
        assert_eq!(refused(ProviderError::Refused("a secret".to_owned())), Verdict::Failed("refused".to_owned()));
        for silent in [ProviderError::Unavailable("503".to_owned()), ProviderError::Unknown("reset".to_owned())] {
            assert_eq!(refused(silent.clone()), Verdict::Unknown(silent.to_string()));
        }
    }

    #[test]
    fn only_what_is_under_way_is_asked_for_again() {
        let all = [Status::Pending, Status::Unknown, Status::Succeeded, Status::Failed];
        assert_eq!(all.map(Status::is_under_way), [true, true, false, false]);
    }
}
