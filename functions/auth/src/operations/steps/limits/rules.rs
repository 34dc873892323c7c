//! The limits. What is counted per account is an id where somebody is signed in, and an address where nobody is.

use std::time::Duration;

use cinema_http::Rule;

const TEN_MINUTES: Duration = Duration::from_secs(600);
const HOUR: Duration = Duration::from_secs(3600);

/// How often something may be tried, per account and per network.
pub struct AttemptLimit {
    pub(super) account: Rule,
    pub(super) network: Rule,
}

const fn limit(account: Rule, network: Rule) -> AttemptLimit {
    AttemptLimit { account, network }
}

const fn rule(name: &'static str, burst: u32, period: Duration) -> Rule {
    Rule { name, burst, period }
}

/// Passwords, while nobody is signed in.
pub(super) const LOG_IN_ACCOUNT: Rule = rule("login-account", 10, TEN_MINUTES);
pub(super) const LOG_IN_NETWORK: Rule = rule("login-address", 60, TEN_MINUTES);
/// The same on a device that has signed in before.
pub(super) const LOG_IN_DEVICE: Rule = rule("login-device", 10, TEN_MINUTES);
/// A password and an account, tried once already: repeating it is no spray.
pub(super) const SPRAYED: Rule = rule("sprayed", 1, HOUR);
/// Accounts that one password is tried on.
pub(super) const SPRAY_NETWORK: Rule = rule("spray-address", 5, HOUR);
pub(super) const SPRAY_ANYWHERE: Rule = rule("spray-anywhere", 30, HOUR);

/// Registering; by the mailbox that the code goes to.
pub const REGISTER: AttemptLimit = limit(rule("register-account", 5, HOUR), rule("register-address", 40, TEN_MINUTES));
/// Trying that code.
pub const VERIFY_EMAIL: AttemptLimit = limit(rule("verify-account", 5, HOUR), rule("verify-address", 60, TEN_MINUTES));
/// Asking for a code for a new password; by mailbox.
pub const FORGOT_PASSWORD: AttemptLimit =
    limit(rule("forgot-account", 5, HOUR), rule("forgot-address", 40, TEN_MINUTES));
/// Trying that code; see [`super::reset_key`].
pub const RESET_PASSWORD: AttemptLimit = limit(rule("reset-account", 5, HOUR), rule("reset-address", 60, TEN_MINUTES));
/// Asking for a code to a new address; by the mailbox of that address.
pub const NEW_EMAIL: AttemptLimit =
    limit(rule("new-email-account", 5, HOUR), rule("new-email-address", 40, TEN_MINUTES));
/// Trying that code.
pub const CONFIRM_EMAIL: AttemptLimit =
    limit(rule("confirm-email-account", 5, HOUR), rule("confirm-email-address", 60, TEN_MINUTES));
/// Mails of every kind to the throw-away addresses of one domain.
pub(super) const MAIL_DISPOSABLE: Rule = rule("register-disposable", 5, HOUR);
/// Mails of every kind to one domain that is no big provider's: a school that signs up on one morning stays below.
pub(super) const MAIL_DOMAIN: Rule = rule("mail-domain", 300, HOUR);

/// The present password, for whoever is signed in.
pub const CURRENT_PASSWORD: AttemptLimit =
    limit(rule("password-account", 10, TEN_MINUTES), rule("password-address", 60, TEN_MINUTES));
/// Codes of an authenticator, for whoever knows the password.
pub const SECOND_FACTOR: AttemptLimit =
    limit(rule("mfa-account", 10, TEN_MINUTES), rule("mfa-address", 60, TEN_MINUTES));
/// The same on a device that has signed in before.
pub(super) const SECOND_FACTOR_DEVICE: Rule = rule("mfa-device", 10, TEN_MINUTES);

/// Wrong codes of six digits from mails, over all accounts: 2.5 % a day that one of them is right.
pub(super) const SHORT_CODES: Rule = rule("codes-anywhere", 1_000, HOUR);
/// Wrong codes of authenticators over all accounts, of which three are right at a time: 4.5 % a day.
pub(super) const TOTP_CODES: Rule = rule("mfa-anywhere", 600, HOUR);

/// Looking accounts up, for whoever works in support.
pub const FIND_ACCOUNT: AttemptLimit = limit(rule("find-account", 120, HOUR), rule("find-address", 600, HOUR));
/// Leaving for a provider and coming back, by client alone: a limit per provider would let one client shut it for everybody.
pub(super) const OAUTH: Rule = rule("oauth-address", 60, TEN_MINUTES);
