//! What the service refuses, as its clients hear it.

use std::{collections::BTreeMap, fmt::Display};

use cinema_http::{HeaderValue, Problem, StatusCode, header};
use time::Duration;
use utoipa::{
    IntoResponses,
    openapi::{RefOr, Response},
};

use crate::{
    keyring::KeyError,
    oidc::{NoProvider, ProviderError, link::Refusal},
    password_rules::WeakPassword,
    person::RoleMissing,
    totp::SealError,
};

/// What was tried too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secret {
    Password,
    Pin,
    /// Of an authenticator, or a recovery code.
    Code,
}

/// 409: nobody could give the role to anybody again.
pub(crate) fn last_admin() -> Problem {
    Problem::conflict("last_admin", "This is the only administrator. Make somebody else one first.")
}

/// 429 with the time that is left.
pub(crate) fn locked(secret: Secret, wait: Duration) -> Problem {
    let (code, what) = match secret {
        Secret::Password => ("password_locked", "passwords"),
        Secret::Pin => ("pin_locked", "PINs"),
        Secret::Code => ("mfa_locked", "codes"),
    };
    let seconds = wait.whole_seconds().max(1);
    let detail = format!("Too many wrong {what}. Try again in {} min.", (seconds + 59) / 60);
    Problem::new(StatusCode::TOO_MANY_REQUESTS, code, detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
}

/// 422 at the field with the password.
pub(crate) fn weak_password(pointer: &str) -> impl FnOnce(WeakPassword) -> Problem {
    move |weakness| {
        let reason = weakness.to_string();
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "weak_password", &*reason).at(pointer, &*reason)
    }
}

/// 410: the right code, but too late.
pub(crate) fn code_expired() -> Problem {
    Problem::new(StatusCode::GONE, "code_expired", "This code is no longer good. Ask for a new one.")
}

/// 422: another code than the one that was mailed, a dead one, or none was sent.
pub(crate) fn wrong_mailed_code() -> Problem {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let problem = Problem::new(
        status,
        "invalid_code",
        "This is not the code in the newest mail. Enter that one, or ask for a new one.",
    );
    problem.at("/code", "not the code in the newest mail")
}

/// 409.
pub(crate) fn totp_already_enabled() -> Problem {
    Problem::conflict("totp_already_enabled", "An authenticator is in use already. Remove it first.")
}

/// 403: nobody has proven to read the mails of an address.
pub(crate) fn email_unverified() -> Problem {
    Problem::forbidden("email_unverified", "Your address is not confirmed yet. Enter the code that was mailed to you.")
}

/// 404.
pub(crate) fn no_such_account() -> Problem {
    Problem::not_found("account")
}

/// 503: there is no key to sign with, or no key set to show.
pub(crate) fn keys_unavailable(internal: impl Display) -> Problem {
    Problem::unavailable("keys_unavailable", internal)
}

/// 503: others changed the same thing in each attempt.
pub(crate) fn outrun(what: &str) -> Problem {
    Problem::unavailable("temporarily_unavailable", format_args!("{what} was changed by others in each attempt"))
}

/// 400: what a browser brings back does not belong to a sign-in that began in it.
pub(crate) fn state_mismatch(detail: &str) -> Problem {
    Problem::bad_request("state_mismatch", detail)
}

/// 409: the account at the provider is somebody else's here.
pub(crate) fn linked_elsewhere() -> Problem {
    Problem::conflict(
        "linked_elsewhere",
        "This account of the other service belongs to another account here. Unlink it there first, or choose another.",
    )
}

/// 409: one account of a provider is enough.
pub(crate) fn already_linked() -> Problem {
    Problem::conflict(
        "already_linked",
        "Your account is linked with another account of the other service. Unlink that one first.",
    )
}

/// 403: what a provider says proves nothing about this account.
pub(crate) fn another_account() -> Problem {
    let detail =
        "This is not the account of the other service that is linked here. Sign in there with the one that is.";
    Problem::forbidden("another_account", detail)
}

/// 403: a provider has signed somebody in without asking who they are, or does not say when it asked.
pub(crate) fn proof_too_old() -> Problem {
    let detail =
        "The other service did not say that it asked you for your password just now. Confirm with your password here.";
    Problem::forbidden("proof_too_old", detail)
}

impl From<RoleMissing> for Problem {
    fn from(_: RoleMissing) -> Self {
        Self::forbidden("role_required", "Your account no longer has the role for this. Ask an administrator for it.")
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        Self::internal(error)
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        Self::internal(error)
    }
}

impl From<NoProvider> for Problem {
    fn from(_: NoProvider) -> Self {
        Self::not_found("provider")
    }
}

/// What the documents of operations that ask a provider say besides.
pub(crate) struct ProviderUnavailable;

impl IntoResponses for ProviderUnavailable {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        BTreeMap::from([("502".to_owned(), Problem::response("`provider_unavailable`"))])
    }
}

impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::CodeRefused => {
                Self::bad_request("code_refused", "The other service does not know this sign-in any more. Begin again.")
            }
            ProviderError::Down(reason) => Self::new(
                StatusCode::BAD_GATEWAY,
                "provider_unavailable",
                "The other service does not answer as it should. Try again later, or sign in with your password.",
            )
            .because(reason),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoAddress => Self::forbidden(
                "address_unverified",
                "The other service has not confirmed your address. Sign in here first, and link it then.",
            ),
            Refusal::HolderUnverified => Self::forbidden(
                "email_unverified",
                "This address was registered here, but never confirmed. Register again and enter the code from the mail first.",
            ),
        }
    }
}
