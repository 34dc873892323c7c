//! `POST /v1/auth/mfa/verify`: the second half of a sign-in, with a code of the authenticator or a recovery code.

use cinema_http::{Audience, HeaderMap, Json, Origin, Problem, Response, State, header};
use events::Transaction;
use kernel::World;
use serde::Deserialize;
use sqlx::PgConnection;
use stores::{PgPool, postgres};
use utoipa::ToSchema;

use super::steps::{
    happened::happened,
    known_devices::KnownDevices,
    limits::Limits,
    oauth_link,
    refresh_token::{self, Site},
    second_factor::{Candidate, SecondFactor, WAITING},
    sign_in::SignIn,
};
use crate::{
    person::Person,
    proof::Proof,
    second_factor::{Guess, Waiting, token_digest},
    security_event::Kind,
    session::RefreshToken,
    store::{accounts, mfa_tokens, oauth_links::ForeignAccount, security_events},
    token::Token,
    transport::Transport,
};

/// What signing in has answered, and a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyMfaRequest {
    /// Good for five minutes and five codes; absent when it is in the cookie `__Host-mfa`.
    mfa_token: Option<String>,
    code: Guess,
}

runtime::wire! {
    pub(super) struct VerifyMfa {
        pool: PgPool,
        factor: SecondFactor,
        devices: KnownDevices,
        limits: Limits,
        sign_in: SignIn,
        site: Site,
        world: World,
    }
}

/// 200 with tokens; 401 `invalid_mfa_token` or `invalid_code`, 429 `mfa_locked` for 15 minutes after five wrong codes. Where a provider and
/// this account have proven the same address, they are linked now; 409 `linked_elsewhere` or `already_linked` when they cannot be.
#[utoipa::path(post, path = "/v1/auth/mfa/verify", tag = "auth", request_body = VerifyMfaRequest,
    responses((status = 200, body = Token), Problem))]
pub(super) async fn verify_mfa(
    State(state): State<VerifyMfa>,
    _caller: Audience,
    origin: Origin,
    headers: HeaderMap,
    Json(request): Json<VerifyMfaRequest>,
) -> Result<Response, Problem> {
    let carried = WAITING.read(&headers);
    let token = request.mfa_token.as_deref().or(carried).ok_or_else(too_late)?;
    let digest = token_digest(token);
    let waiting = mfa_tokens::find(&state.pool, &digest, state.world.now()).await?.ok_or_else(too_late)?;
    if waiting.transport == Transport::Cookie {
        state.site.require(&headers)?;
    }
    let (email, _) = accounts::contact(&state.pool, waiting.account).await?;
    let device = state.devices.find(&headers, &email).await?;
    let counted =
        state.limits.count_second_factor(waiting.account, &origin.address, device.as_ref(), &request.code).await?;
    let signed_in = match state.factor.look_at(waiting.account, &request.code, device.as_ref()).await? {
        Some(candidate) => state.sign_in(&digest, &waiting, &candidate, &origin).await?,
        None => None,
    };
    let Some((token, refresh)) = signed_in else {
        state.limits.count_wrong_totp(&request.code).await;
        return Err(state.refuse(&digest, &waiting, &origin).await?);
    };
    state.limits.refund(counted).await;
    let mut answer = refresh_token::answer(waiting.transport, token, &refresh)?;
    if carried.is_some() {
        let forget = WAITING.forget().map_err(Problem::internal)?;
        answer.headers_mut().append(header::SET_COOKIE, forget);
    }
    state.devices.remember(&headers, &email, answer).await
}

fn too_late() -> Problem {
    Problem::unauthorized("invalid_mfa_token", "This sign-in took too long, or it has ended. Sign in again.")
}

impl VerifyMfa {
    /// Uses up code and token, and begins the session, all or nothing; `None`: the code was wrong, or used before.
    async fn sign_in(
        &self,
        digest: &[u8],
        waiting: &Waiting,
        candidate: &Candidate,
        origin: &Origin,
    ) -> Result<Option<(Token, RefreshToken)>, Problem> {
        let person = accounts::person(&self.pool, waiting.account).await?.ok_or_else(too_late)?;
        let begin = async |tx: &mut Transaction<'_>| {
            accounts::share(tx, waiting.account).await?;
            let Some(kind) = self.factor.use_up(tx, waiting.account, candidate).await? else { return Ok(None) };
            if !mfa_tokens::use_up(tx, digest).await? {
                return Err(too_late());
            }
            self.begin(tx, &person, waiting, kind, origin).await.map(Some)
        };
        self.sign_in.outbox.transact(begin).await
    }

    async fn begin(
        &self,
        tx: &mut Transaction<'_>,
        person: &Person,
        waiting: &Waiting,
        kind: Option<Kind>,
        origin: &Origin,
    ) -> Result<(Token, RefreshToken), Problem> {
        if let Some(kind) = kind {
            let event = happened(&self.world, waiting.account, kind, origin);
            security_events::add(&mut **tx, &event).await?;
        }
        let methods = waiting.methods.iter().cloned().chain(["otp".to_owned()]).collect();
        let proof = Proof { at: self.world.now(), methods };
        let device = (waiting.device_name.as_deref(), origin);
        let Some(provider) = waiting.provider.as_deref() else {
            return self.sign_in.begin_within(tx, person, &proof, device).await;
        };
        if let Some(subject) = waiting.link_subject.as_deref() {
            let foreign = ForeignAccount { provider, subject };
            oauth_link::link(tx, foreign, waiting.account, (origin, &self.world)).await?;
        }
        self.sign_in.begin_through(tx, provider, (person, &proof), device).await?.ok_or_else(too_late)
    }

    async fn refuse(&self, digest: &[u8], waiting: &Waiting, origin: &Origin) -> Result<Problem, Problem> {
        let event = happened(&self.world, waiting.account, Kind::MfaFailed, origin);
        let count = async |connection: &mut PgConnection| {
            mfa_tokens::count_failure(connection, digest).await?;
            security_events::add(connection, &event).await
        };
        postgres::transact(&self.pool, count).await?;
        Ok(Problem::unauthorized(
            "invalid_code",
            "This code is wrong, or it was used before. Enter the next one, or a recovery code.",
        ))
    }
}
