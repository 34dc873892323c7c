//! Login sessions that still live, and proofs of identity: what an access token alone cannot tell.

use std::ops::Deref;

use axum::{extract::FromRequestParts, http::request::Parts};
use kernel::SessionId;
use stores::StoreError;

pub use crate::proof::step_up_required;
use crate::{Account, Gate, NeededProof, Problem};

/// What is known of a login session beside its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether the account has an authenticator; `None` where this service cannot know, which counts as yes.
    pub has_authenticator: Option<bool>,
}

/// Knows which login sessions live: auth looks at its own rows, others at a projection of ended sessions.
pub trait LoginSessions: Send + Sync {
    /// What is known of a session; `None` once it has ended.
    fn standing(&self, session: SessionId) -> impl Future<Output = Result<Option<Standing>, StoreError>> + Send;
}

/// An operation's state that knows login sessions. `runtime::wire!` does not write it: the state names its field.
pub trait KnowsSessions {
    /// How.
    type Sessions: LoginSessions;
    /// Where.
    fn sessions(&self) -> &Self::Sessions;
}

/// An account that proved who it is at most `MINUTES` ago in a session that has not ended; with `OTP` also by a second factor, if the account
/// has one. The `proof` of the yaml entry.
///
/// 403 `step_up_required` with the [`NeededProof`], or 401 `session_revoked`.
#[derive(Debug, Clone)]
pub struct Proven<const MINUTES: u16, const OTP: bool = false>(pub Account);

impl<const MINUTES: u16, const OTP: bool> Deref for Proven<MINUTES, OTP> {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.0
    }
}

impl<S, const MINUTES: u16, const OTP: bool> FromRequestParts<S> for Proven<MINUTES, OTP>
where
    S: KnowsSessions + Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let account = Account::from_request_parts(parts, state).await?;
        let age = time::Duration::minutes(i64::from(MINUTES));
        let is_fresh = account.is_fresh(Gate::of(parts)?.world.now(), age);
        let needs_otp = match state.sessions().standing(account.session).await {
            Ok(Some(standing)) => OTP && standing.has_authenticator != Some(false),
            Ok(None) => return Err(session_revoked()),
            Err(error) if is_fresh => return Err(error.into()),
            // An old proof is not enough whatever the session is like.
            Err(_) => OTP,
        };
        let used_otp = account.claims.amr.iter().any(|method| method == "otp");
        if is_fresh && (used_otp || !needs_otp) {
            return Ok(Self(account));
        }
        Err(step_up_required(NeededProof::within(age, needs_otp)))
    }
}

/// 401: the token is valid, but the login session that it belongs to is not.
pub fn session_revoked() -> Problem {
    Problem::unauthorized("session_revoked", "The session was ended. Sign in again.")
}
