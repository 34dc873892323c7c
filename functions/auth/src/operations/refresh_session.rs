//! `POST /v1/auth/refresh`: new tokens for a refresh token; what each token comes to is decided in [`crate::session`].

use axum::extract::Request;
use cinema_http::{Audience, HeaderMap, IntoResponse, OpenApiRouter, Origin, Problem, Response, State, header, routes};
use events::Outbox;
use kernel::World;
use runtime::{Boot, BootError};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    profile,
    session::{Decision, RefreshToken},
    signing::Signing,
    store::{Login, Sessions, ended},
    token::Token,
    transport::{self, REFRESH, Site, Transport},
};

/// One retry after a write conflict.
const ATTEMPTS: usize = 2;

/// The refresh token, unless it is in the cookie.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshSession {
    refresh_token: Option<String>,
}

#[derive(Clone)]
struct Refresher {
    sessions: Sessions,
    outbox: Outbox,
    signing: Signing,
    site: Site,
    world: World,
}

/// 200 with new tokens. The previous refresh token gets the same answer for 30 s; an older one ends the session: 401 `session_revoked`.
/// A token from the cookie is answered in the cookie, and takes an `Origin` header of this site.
#[utoipa::path(post, path = "/v1/auth/refresh", tag = "auth", request_body = Option<RefreshSession>,
    responses((status = 200, body = Token), Problem))]
async fn refresh_session(
    State(refresher): State<Refresher>,
    caller: Result<Audience, Problem>,
    origin: Origin,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    // That the access token has expired is why the client is here.
    caller.map(drop).or_else(|problem| if problem.code() == "token_expired" { Ok(()) } else { Err(problem) })?;
    let body: RefreshSession = transport::optional_json(request).await?;
    let (text, transport) = match (&body.refresh_token, REFRESH.read(&headers)) {
        (Some(text), _) => (text.as_str(), Transport::Body),
        (None, Some(text)) => (text, Transport::Cookie),
        (None, None) => return Err(Problem::invalid("/refresh_token", "missing, and there is no cookie")),
    };
    if transport == Transport::Cookie {
        refresher.site.require(&headers)?;
    }
    match refresher.refresh(text, &origin).await {
        Ok((token, refresh)) => transport.answer(token, &refresh),
        Err(problem) if transport == Transport::Cookie && problem.status().as_u16() == 401 => {
            Ok(([(header::SET_COOKIE, REFRESH.forget()?)], problem).into_response())
        }
        Err(problem) => Err(problem),
    }
}

fn unknown() -> Problem {
    Problem::unauthorized("invalid_refresh_token", "The refresh token is not valid. Sign in again.")
}

impl Refresher {
    async fn refresh(&self, text: &str, origin: &Origin) -> Result<(Token, RefreshToken), Problem> {
        let presented = RefreshToken::parse(text).ok_or_else(unknown)?;
        for _ in 0..ATTEMPTS {
            let login = self.sessions.find(presented.session()).await?.ok_or_else(unknown)?;
            match login.family.present(&presented, self.world.now()) {
                Decision::Rotate(family, leaf) => {
                    // Signing first: a token that cannot be made must not cost the client its present one.
                    let token = self.mint(&login).await?;
                    if self.sessions.rotate(&login.family, &family, origin).await? {
                        return Ok((token, leaf));
                    }
                }
                Decision::Repeat(leaf) => return Ok((self.mint(&login).await?, leaf)),
                Decision::Reused => return Err(self.revoke(&login, origin).await?),
                Decision::Revoked => return Err(ended()),
                Decision::Expired => {
                    return Err(Problem::unauthorized("session_expired", "The session has ended. Sign in again."));
                }
                Decision::Unknown => return Err(unknown()),
            }
        }
        Err(Problem::unavailable("temporarily_unavailable", "the session was changed by others in each attempt"))
    }

    async fn mint(&self, login: &Login) -> Result<Token, Problem> {
        let profile = login.chosen.clone().or_else(|| profile::without_asking(login.person.default.clone()));
        self.signing.mint(&login.person, profile.as_ref(), login.family.session, &login.proof).await
    }

    async fn revoke(&self, login: &Login, origin: &Origin) -> Result<Problem, Problem> {
        tracing::warn!(session = %login.family.session, "an old refresh token was used, the session is revoked");
        let posted = self.sessions.revoke_reused(&self.outbox, login, (&self.world, origin)).await?;
        self.outbox.publish(posted).await;
        Ok(ended())
    }
}

/// Postgres, the signing key, and the stream of events.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let refresher = Refresher {
        sessions: Sessions::new(pool.clone()),
        outbox: Outbox::new(pool).stream("domain-events", boot.stream("domain-events")?),
        signing: Signing::wire(boot)?,
        site: Site::wire(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(refresh_session)).with_state(refresher))
}
