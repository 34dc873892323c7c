//! `POST /v1/auth/mfa/verify`: the second half of a sign-in, with a code of the authenticator or a recovery code.

use cinema_http::{Audience, HeaderMap, Json, OpenApiRouter, Origin, Problem, Response, State, header, routes};
use kernel::World;
use runtime::{Boot, BootError};
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::{
    guard::{Guard, SECOND_FACTOR},
    second_factor::{Candidate, Guess, SecondFactor, WAITING, token_digest},
    security_event::{Kind, SecurityEvent},
    session::RefreshToken,
    sign_in::SignIn,
    store::{Accounts, Device, Proof, SecondFactors, SecurityLog, Waiting},
    token::Token,
    transport::{Site, Transport},
};

/// What signing in has answered, and a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VerifyMfa {
    /// Good for five minutes and five codes; absent when it is in the cookie `__Host-mfa`.
    mfa_token: Option<String>,
    code: Guess,
}

#[derive(Clone)]
struct Door {
    pool: PgPool,
    accounts: Accounts,
    waiting: SecondFactors,
    factor: SecondFactor,
    log: SecurityLog,
    guard: Guard,
    sign_in: SignIn,
    site: Site,
    world: World,
}

/// 200 with tokens; 401 `invalid_mfa_token` or `invalid_code`, 429 `mfa_locked` for 15 minutes after five codes in vain.
#[utoipa::path(post, path = "/v1/auth/mfa/verify", tag = "auth", request_body = VerifyMfa, responses((status = 200, body = Token), Problem))]
async fn verify_mfa(
    State(door): State<Door>,
    _caller: Audience,
    origin: Origin,
    headers: HeaderMap,
    Json(request): Json<VerifyMfa>,
) -> Result<Response, Problem> {
    let carried = WAITING.read(&headers);
    let token = request.mfa_token.as_deref().or(carried).ok_or_else(too_late)?;
    let digest = token_digest(token);
    let waiting = door.waiting.waiting(&digest, door.world.now()).await?.ok_or_else(too_late)?;
    if waiting.transport == Transport::Cookie {
        door.site.require(&headers)?;
    }
    door.guard.knock(&SECOND_FACTOR, waiting.account, &origin.address).await?;
    let entered = match door.factor.look_at(waiting.account, &request.code).await? {
        Some(candidate) => door.enter(&digest, &waiting, &candidate, &origin).await?,
        None => None,
    };
    let Some((token, refresh)) = entered else { return Err(door.refuse(&digest, &waiting, &origin).await?) };
    door.guard.entered(&SECOND_FACTOR, waiting.account, &origin.address).await;
    let mut answer = waiting.transport.answer(token, &refresh)?;
    if carried.is_some() {
        answer.headers_mut().append(header::SET_COOKIE, WAITING.forget()?);
    }
    Ok(answer)
}

fn too_late() -> Problem {
    Problem::unauthorized("invalid_mfa_token", "Sign in again.")
}

impl Door {
    /// Uses up code and token, and begins the session, all or nothing; `None`: the code was wrong, or used before.
    async fn enter(
        &self,
        digest: &[u8],
        waiting: &Waiting,
        candidate: &Candidate,
        origin: &Origin,
    ) -> Result<Option<(Token, RefreshToken)>, Problem> {
        let person = self.accounts.person(waiting.account).await?.ok_or_else(too_late)?;
        let mut transaction = self.pool.begin().await?;
        let Some(kind) = self.factor.use_up(&mut transaction, waiting.account, candidate).await? else {
            return Ok(None);
        };
        if !self.waiting.enter(&mut transaction, digest).await? {
            return Err(too_late());
        }
        if let Some(kind) = kind {
            let event = SecurityEvent::new(&self.world, waiting.account, kind, origin);
            self.log.record(&mut transaction, &event).await?;
        }
        let methods = waiting.methods.iter().cloned().chain(["otp".to_owned()]).collect();
        let proof = Proof { at: self.world.now(), methods };
        let device = Device { name: waiting.device_name.as_deref(), origin };
        let begun = self.sign_in.begin(&mut transaction, &person, &proof, device).await?;
        transaction.commit().await?;
        self.sign_in.publish(begun.posted).await;
        Ok(Some((begun.token, begun.refresh)))
    }

    async fn refuse(&self, digest: &[u8], waiting: &Waiting, origin: &Origin) -> Result<Problem, Problem> {
        let mut transaction = self.pool.begin().await?;
        self.waiting.failed(&mut transaction, digest).await?;
        let event = SecurityEvent::new(&self.world, waiting.account, Kind::MfaFailed, origin);
        self.log.record(&mut transaction, &event).await?;
        transaction.commit().await?;
        Ok(Problem::unauthorized("invalid_code", "This code is wrong, or it was used before."))
    }
}

/// Postgres, Redis for the limits, the pepper, the signing key, and the queue of mails.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let door = Door {
        accounts: Accounts::new(pool.clone()),
        waiting: SecondFactors::new(pool.clone()),
        factor: SecondFactor::wire(boot)?,
        log: SecurityLog::new(pool.clone()),
        pool,
        guard: Guard::wire(boot)?,
        sign_in: SignIn::wire(boot)?,
        site: Site::wire(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(verify_mfa)).with_state(door))
}
