//! Proofs of identity in sessions that still live: what an access token alone cannot tell.

use std::ops::Deref;

use axum::{extract::FromRequestParts, http::request::Parts};
use kernel::policy::ADULT;

use crate::{
    Account, Gate, NeededProof, Problem,
    sessions::{is_heard_of, require_live},
};
pub use crate::{
    proof::step_up_required,
    sessions::{LoginSessions, Standing, refuse_ended, session_revoked},
};

/// An operation's state that knows login sessions: [`knows_sessions!`](crate::knows_sessions!) names its field.
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
        let account = Account::of_token(parts).await?;
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

/// Says that a state with a field `sessions` of that type [knows login sessions](KnowsSessions).
#[macro_export]
macro_rules! knows_sessions {
    ($state:ident: $sessions:ty) => {
        impl $crate::KnowsSessions for $state {
            type Sessions = $sessions;

            fn sessions(&self) -> &Self::Sessions {
                &self.sessions
            }
        }
    };
}

/// An account whose profile may see everything, or that proved who it is at most `MINUTES` ago: what costs money or cannot be taken back is not
/// for whoever was handed a profile with a cap. Without a profile the cap is the lowest. The `proof` of the yaml entry, `10m|uncapped`; only where
/// the service says `sessions:` in its [`operations!`](crate::operations!).
///
/// 403 `step_up_required` with the [`NeededProof`], or 401 `session_revoked`.
#[derive(Debug, Clone)]
pub struct Uncapped<const MINUTES: u16>(pub Account);

impl<const MINUTES: u16> Deref for Uncapped<MINUTES> {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.0
    }
}

impl<S: Send + Sync, const MINUTES: u16> FromRequestParts<S> for Uncapped<MINUTES> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        if !is_heard_of(parts) {
            return Err(Problem::internal("this service does not hear of ended sessions"));
        }
        let account = Account::of_token(parts).await?;
        let live = require_live(parts, account.session).await;
        let age = time::Duration::minutes(i64::from(MINUTES));
        let proven = match account.claims.cap() {
            ADULT.. => Ok(()),
            _ => account.require_fresh(Gate::of(parts)?.world.now(), age),
        };
        match live {
            // An old proof is not enough whatever the session is like.
            Err(problem) if problem.status().is_server_error() => proven.and(Err(problem)),
            live => live.and(proven).map(|()| Self(account)),
        }
    }
}
