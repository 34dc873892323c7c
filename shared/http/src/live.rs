//! Login sessions that still live, and proofs of identity: what an access token alone cannot tell.

use std::{future::ready, ops::Deref, sync::Arc};

use axum::{
    extract::{FromRequestParts, Request},
    http::request::Parts,
    middleware::map_request,
};
use events::EndedSessions;
use futures::future::BoxFuture;
use kernel::{SessionId, policy::ADULT};
use stores::StoreError;
use utoipa_axum::router::OpenApiRouter;

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

impl LoginSessions for EndedSessions {
    async fn standing(&self, session: SessionId) -> Result<Option<Standing>, StoreError> {
        Ok((!self.contains(session).await?).then_some(Standing { has_authenticator: None }))
    }
}

/// [`LoginSessions`] that every request to a service's operations carries: see [`refuse_ended`].
#[derive(Clone)]
struct Carried(Arc<dyn Fn(SessionId) -> Answer + Send + Sync>);

type Answer = BoxFuture<'static, Result<Option<Standing>, StoreError>>;

/// From now on nothing is changed with the token of a session that has ended: every extractor of a signed-in caller looks at the session unless
/// the method is safe (RFC 9110, section 9.2.1). What `sessions:` of [`operations!`](crate::operations!) puts around a service's routes; what is put
/// around those again counts instead.
pub fn refuse_ended<L: LoginSessions + 'static>(router: OpenApiRouter, sessions: L) -> OpenApiRouter {
    let sessions = Arc::new(sessions);
    let standing = move |session| -> Answer {
        let sessions = sessions.clone();
        Box::pin(async move { sessions.standing(session).await })
    };
    let carried = Carried(Arc::new(standing));
    router.layer(map_request(move |mut request: Request| {
        if request.extensions().get::<Carried>().is_none() {
            request.extensions_mut().insert(carried.clone());
        }
        ready(request)
    }))
}

/// 401 when the request changes something, the service hears of ended sessions, and this one has ended. Asked once, however many extractors do.
pub(crate) async fn require_live(parts: &mut Parts, session: SessionId) -> Result<(), Problem> {
    let Some(Carried(standing)) = parts.extensions.get().filter(|_| !parts.method.is_safe()) else { return Ok(()) };
    if parts.extensions.get::<Lives>().is_none() {
        standing(session).await?.ok_or_else(session_revoked)?;
        parts.extensions.insert(Lives);
    }
    Ok(())
}

#[derive(Clone)]
struct Lives;

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
        if parts.extensions.get::<Carried>().is_none() {
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

/// 401: the token is valid, but the login session that it belongs to is not.
pub fn session_revoked() -> Problem {
    Problem::unauthorized("session_revoked", "The session was ended. Sign in again.")
}
