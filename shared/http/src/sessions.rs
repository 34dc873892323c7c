//! Which login sessions still live: an access token outlives its session by minutes.

use std::{future::ready, sync::Arc};

use axum::{extract::Request, http::request::Parts, middleware::map_request};
use events::EndedSessions;
use futures::future::BoxFuture;
use kernel::SessionId;
use stores::StoreError;
use utoipa_axum::router::OpenApiRouter;

use crate::Problem;

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

/// Whether somebody has put the question around this request's route.
pub(crate) fn is_heard_of(parts: &Parts) -> bool {
    parts.extensions.get::<Carried>().is_some()
}

#[derive(Clone)]
struct Lives;

/// 401: the token is valid, but the login session that it belongs to is not.
pub fn session_revoked() -> Problem {
    Problem::unauthorized("session_revoked", "The session was ended. Sign in again.")
}
