//! The limits of passwords and addresses. What is counted per account is an id where somebody is signed in, and an address where nobody is.

use std::time::Duration;

use cinema_http::{Problem, Rule};

use super::{AttemptLimit, HOUR, Limits};
use crate::email::Email;

const TEN_MINUTES: Duration = Duration::from_secs(600);

/// Asking for a code for a new password.
pub const FORGOT_PASSWORD: AttemptLimit = AttemptLimit {
    account: Rule { name: "forgot-account", burst: 5, period: HOUR },
    address: Rule { name: "forgot-address", burst: 40, period: TEN_MINUTES },
};
/// Trying that code.
pub const RESET_PASSWORD: AttemptLimit = AttemptLimit {
    account: Rule { name: "reset-account", burst: 5, period: HOUR },
    address: Rule { name: "reset-address", burst: 60, period: TEN_MINUTES },
};
/// The present password, for whoever is signed in.
pub const CURRENT_PASSWORD: AttemptLimit = AttemptLimit {
    account: Rule { name: "password-account", burst: 10, period: TEN_MINUTES },
    address: Rule { name: "password-address", burst: 60, period: TEN_MINUTES },
};
/// Asking for a code to a new address; counted by that address.
pub const NEW_EMAIL: AttemptLimit = AttemptLimit {
    account: Rule { name: "new-email-account", burst: 5, period: HOUR },
    address: Rule { name: "new-email-address", burst: 40, period: TEN_MINUTES },
};
/// Trying that code.
pub const CONFIRM_EMAIL: AttemptLimit = AttemptLimit {
    account: Rule { name: "confirm-email-account", burst: 5, period: HOUR },
    address: Rule { name: "confirm-email-address", burst: 60, period: TEN_MINUTES },
};
/// Leaving for a provider and coming back, by client alone: a limit per provider would let one client shut it for everybody.
const OAUTH: Rule = Rule { name: "oauth-address", burst: 60, period: TEN_MINUTES };

impl Limits {
    /// Counts a step of a sign-in at a provider.
    ///
    /// # Errors
    /// 429.
    pub async fn count_oauth(&self, address: &str) -> Result<(), Problem> {
        self.limiter.check(&OAUTH, &super::network(address)).await
    }

    /// A new code is on its way: what was tried with the old one does not count.
    pub async fn reset(&self, limit: &AttemptLimit, account: &str) {
        self.limiter.refund(&limit.account, account, limit.account.burst).await;
    }

    /// Counts a mail to a throw-away domain.
    ///
    /// # Errors
    /// 429.
    pub async fn count_disposable(&self, email: &Email) -> Result<(), Problem> {
        match email.disposable_domain() {
            Some(domain) => self.limiter.check(&super::REGISTER_DISPOSABLE, domain).await,
            None => Ok(()),
        }
    }
}
