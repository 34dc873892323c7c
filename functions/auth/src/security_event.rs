//! What happens to an account and its owner should be able to see.

use std::str::FromStr;

use kernel::{AccountId, EventId, SessionId};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::column::text_column;

/// Nothing of this kind happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of security event")]
pub struct UnknownKind;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)+) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
        }

        impl Kind {
            /// As it is stored.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$kind),+];
        }

        impl FromStr for Kind {
            type Err = UnknownKind;

            fn from_str(name: &str) -> Result<Self, UnknownKind> {
                match name {
                    $($name => Ok(Self::$kind),)+
                    _ => Err(UnknownKind),
                }
            }
        }
    };
}

kinds! {
    /// A session began; the detail is the device's name, or else that of its browser.
    SignedIn = "signed_in",
    /// The password or the address was wrong.
    SignInFailed = "sign_in_failed",
    /// A session was ended by its own client.
    SignedOut = "signed_out",
    /// A session was ended from another one.
    SessionRevoked = "session_revoked",
    /// An old refresh token was presented, and the session ended.
    RefreshReused = "refresh_reused",
    /// The PIN of a profile was wrong; the detail is the profile.
    PinFailed = "pin_failed",
    /// The password was changed by somebody who knew the old one.
    PasswordChanged = "password_changed",
    /// The password was set anew with a code from a mail.
    PasswordReset = "password_reset",
    /// The address was changed.
    EmailChanged = "email_changed",
    /// Sign-ins take a code of an authenticator from now on.
    MfaEnabled = "mfa_enabled",
    /// They no longer do.
    MfaDisabled = "mfa_disabled",
    /// The password was right, the code was not.
    MfaFailed = "mfa_failed",
    /// A recovery code took the place of the authenticator.
    RecoveryCodeUsed = "recovery_code_used",
    /// The person proved once more who they are.
    StepUp = "step_up",
    /// An account of another provider can sign in.
    OauthLinked = "oauth_linked",
    /// It no longer can.
    OauthUnlinked = "oauth_unlinked",
    /// The detail is the role.
    RoleGranted = "role_granted",
    /// The detail is the role.
    RoleRevoked = "role_revoked",
    /// Support looked the account up.
    AccountFound = "account_found",
    /// The person wants everything about them gone.
    ErasureRequested = "erasure_requested",
}

text_column!(Kind);

/// One entry of the log.
#[derive(Debug, Clone)]
pub struct SecurityEvent {
    /// Its id.
    pub id: EventId,
    /// Whose it is; nobody's, when an address without an account was tried.
    pub account: Option<AccountId>,
    /// What happened.
    pub kind: Kind,
    /// When.
    pub at: OffsetDateTime,
    /// In or to which session.
    pub session: Option<SessionId>,
    /// Who did it, when that was somebody else.
    pub actor: Option<AccountId>,
    /// From which network address.
    pub address: String,
    /// From which territory.
    pub territory: String,
    /// Whatever the kind has to add; never a secret.
    pub detail: Option<String>,
}

impl SecurityEvent {
    /// In a session.
    #[must_use]
    pub fn in_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// Done by somebody else.
    #[must_use]
    pub fn by(mut self, actor: AccountId) -> Self {
        self.actor = Some(actor);
        self
    }

    /// With something to add.
    #[must_use]
    pub fn with(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_and_what_is_shown_are_one_word() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!("guessed".parse::<Kind>(), Err(UnknownKind));
    }
}
