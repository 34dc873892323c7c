//! `POST /v1/auth/refresh`: new tokens for a refresh token; what each token comes to is decided in [`crate::session`].

use axum::extract::Request;
use cinema_http::{Audience, HeaderMap, IntoResponse, Origin, Problem, Response, State, header, live::session_revoked};
use events::{Event, Outbox, Transaction};
use kernel::World;
use proto::{auth::RefreshReused, types};
use serde::Deserialize;
use stores::PgPool;
use utoipa::ToSchema;

use super::steps::{
    happened::happened,
    refresh_token::{self, REFRESH, Site},
    signing::Signing,
};
use crate::{
    problems::outrun,
    security_event::Kind,
    session::{Decision, RefreshToken},
    session_end,
    store::{
        security_events,
        sessions::{self, Login},
    },
    token::Token,
    transport::Transport,
};

/// One retry after a write conflict.
const ATTEMPTS: usize = 2;

/// The refresh token, unless it is in the cookie.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshSessionRequest {
    refresh_token: Option<String>,
}

runtime::wire! {
    pub(super) struct RefreshSession {
        pool: PgPool,
        outbox: Outbox,
        signing: Signing,
        site: Site,
        world: World,
    }
}

/// 200 with new tokens. The previous refresh token gets the same answer for 30 s; an older one ends the session: 401 `session_revoked`.
/// A token from the cookie is answered in the cookie, and takes an `Origin` header of this site.
#[utoipa::path(post, path = "/v1/auth/refresh", tag = "auth", request_body = Option<RefreshSessionRequest>,
    responses((status = 200, body = Token), Problem))]
pub(super) async fn refresh_session(
    State(state): State<RefreshSession>,
    caller: Result<Audience, Problem>,
    origin: Origin,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    // That the access token has expired is why the client is here.
    caller.map(drop).or_else(|problem| if problem.code() == "token_expired" { Ok(()) } else { Err(problem) })?;
    let body: RefreshSessionRequest = refresh_token::optional_json(request).await?;
    let (text, transport) = match (&body.refresh_token, REFRESH.read(&headers)) {
        (Some(text), _) => (text.as_str(), Transport::Body),
        (None, Some(text)) => (text, Transport::Cookie),
        (None, None) => return Err(Problem::invalid("/refresh_token", "missing, and there is no cookie")),
    };
    if transport == Transport::Cookie {
        state.site.require(&headers)?;
    }
    match state.refresh(text, &origin).await {
        Ok((token, refresh)) => refresh_token::answer(transport, token, &refresh),
        Err(problem) if transport == Transport::Cookie && problem.status().as_u16() == 401 => {
            let forget = REFRESH.forget().map_err(Problem::internal)?;
            Ok(([(header::SET_COOKIE, forget)], problem).into_response())
        }
        Err(problem) => Err(problem),
    }
}

fn unknown() -> Problem {
    Problem::unauthorized("invalid_refresh_token", "The refresh token is not valid. Sign in again.")
}

impl RefreshSession {
    async fn refresh(&self, text: &str, origin: &Origin) -> Result<(Token, RefreshToken), Problem> {
        let presented = RefreshToken::parse(text).ok_or_else(unknown)?;
        for _ in 0..ATTEMPTS {
            let login = sessions::find(&self.pool, presented.session()).await?.ok_or_else(unknown)?;
            match login.family.present(&presented, self.world.now()) {
                Decision::Rotate(family, leaf) => {
                    // Signing first: a token that cannot be made must not cost the client the one that it has.
                    let token = self.mint(&login).await?;
                    if sessions::rotate(&self.pool, &login.family, &family, (&origin.address, &origin.territory))
                        .await?
                    {
                        return Ok((token, leaf));
                    }
                }
                Decision::Repeat(leaf) => return Ok((self.mint(&login).await?, leaf)),
                Decision::Reused => {
                    tracing::warn!(session = %login.family.session, "an old refresh token was used, the session is revoked");
                    self.outbox.transact(async |tx| self.revoke(tx, &login, origin).await).await?;
                    return Err(session_revoked());
                }
                Decision::Revoked => return Err(session_revoked()),
                Decision::Expired => {
                    return Err(Problem::unauthorized("session_expired", "The session has ended. Sign in again."));
                }
                Decision::Unknown => return Err(unknown()),
            }
        }
        Err(outrun("the session"))
    }

    async fn mint(&self, login: &Login) -> Result<Token, Problem> {
        let profile = login.profile();
        self.signing.mint(&login.person, profile.as_ref(), login.family.session, &login.proof).await
    }

    /// Ends the family; tells once.
    async fn revoke(&self, tx: &mut Transaction<'_>, login: &Login, origin: &Origin) -> Result<(), sqlx::Error> {
        let (account, session) = (login.person.account, login.family.session);
        if !session_end::end(tx, (account, session), "refresh_reused", &self.world).await? {
            return Ok(());
        }
        let event = happened(&self.world, account, Kind::RefreshReused, origin);
        security_events::add(&mut **tx, &event.in_session(session)).await?;
        let state = RefreshReused { account_id: account.to_string(), session_id: session.to_string() };
        tx.emit(&Event::new(&self.world, types::REFRESH_REUSED, session, 1, &state)).await
    }
}
