//! `POST /v1/auth/step-up`: the person proves once more who they are; the session and its tokens carry the fresh time.

use cinema_http::{Account, Json, OpenApiRouter, Problem, State, routes};
use kernel::World;
use runtime::{Boot, BootError};
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::{
    current_password::CurrentPassword,
    guard::{Guard, SECOND_FACTOR},
    password::Password,
    profile,
    second_factor::{Candidate, Guess, SecondFactor},
    security_event::{Kind, SecurityEvent},
    signing::Signing,
    step_up::renewed,
    store::{Login, Proof, SecurityLog, Sessions, ended},
    token::Token,
};

/// Either of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StepUp {
    password: Option<Password>,
    code: Option<Guess>,
}

/// What was right, and still has to be used up.
enum Proven {
    Password,
    Code(Candidate),
}

#[derive(Clone)]
struct Stepper {
    pool: PgPool,
    sessions: Sessions,
    current: CurrentPassword,
    factor: SecondFactor,
    log: SecurityLog,
    guard: Guard,
    signing: Signing,
    world: World,
}

/// 200 with an access token of fresh `auth_time`; the refresh token stays the same. 403 `wrong_password` or `wrong_code`, 429 for 15 minutes
/// after five of them.
#[utoipa::path(post, path = "/v1/auth/step-up", tag = "auth", security(("account" = [])), request_body = StepUp,
    responses((status = 200, body = Token), Problem))]
async fn step_up(
    State(stepper): State<Stepper>,
    account: Account,
    Json(request): Json<StepUp>,
) -> Result<Json<Token>, Problem> {
    let login = stepper.sessions.live(&account, stepper.world.now()).await?;
    let proven = match (&request.password, &request.code) {
        (Some(password), None) => stepper.current.prove(&account, password).await.map(|_| Proven::Password)?,
        (None, Some(code)) => stepper.check_code(&account, code).await?,
        _ => return Err(Problem::invalid("/password", "send either a password or a code")),
    };
    stepper.renew(&account, &login, &proven).await.map(Json)
}

impl Stepper {
    async fn check_code(&self, account: &Account, code: &Guess) -> Result<Proven, Problem> {
        self.guard.knock(&SECOND_FACTOR, account.id, &account.origin.address).await?;
        match self.factor.look_at(account.id, code).await? {
            Some(candidate) => Ok(Proven::Code(candidate)),
            None => Err(self.wrong_code(account).await?),
        }
    }

    async fn wrong_code(&self, account: &Account) -> Result<Problem, Problem> {
        let event = SecurityEvent::new(&self.world, account.id, Kind::MfaFailed, &account.origin);
        self.log.record_alone(&event.in_session(account.session)).await?;
        Ok(Problem::forbidden("wrong_code", "This code is wrong, or it was used before."))
    }

    async fn renew(&self, account: &Account, login: &Login, proven: &Proven) -> Result<Token, Problem> {
        let method = if matches!(proven, Proven::Password) { "pwd" } else { "otp" };
        let proof = renewed(&login.proof, method, self.world.now());
        // Signing first: without a key nothing may be used up.
        let token = self.mint(login, &proof).await?;
        let mut transaction = self.pool.begin().await?;
        match proven {
            Proven::Password => {}
            Proven::Code(candidate) => match self.factor.use_up(&mut transaction, account.id, candidate).await? {
                Some(Some(kind)) => {
                    let event = SecurityEvent::new(&self.world, account.id, kind, &account.origin);
                    self.log.record(&mut transaction, &event.in_session(account.session)).await?;
                }
                Some(None) => {}
                None => {
                    transaction.rollback().await?;
                    return Err(self.wrong_code(account).await?);
                }
            },
        }
        if !self.sessions.renew_proof(&mut transaction, account.session, &proof).await? {
            return Err(ended());
        }
        let event = SecurityEvent::new(&self.world, account.id, Kind::StepUp, &account.origin);
        self.log.record(&mut transaction, &event.in_session(account.session)).await?;
        transaction.commit().await?;
        if matches!(proven, Proven::Code(_)) {
            self.guard.entered(&SECOND_FACTOR, account.id, &account.origin.address).await;
        }
        Ok(token)
    }

    async fn mint(&self, login: &Login, proof: &Proof) -> Result<Token, Problem> {
        let profile = login.chosen.clone().or_else(|| profile::without_asking(login.person.default.clone()));
        self.signing.mint(&login.person, profile.as_ref(), login.family.session, proof).await
    }
}

/// Postgres, Redis for the limits, the pepper and the signing key.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let stepper = Stepper {
        sessions: Sessions::new(pool.clone()),
        current: CurrentPassword::wire(boot)?,
        factor: SecondFactor::wire(boot)?,
        log: SecurityLog::new(pool.clone()),
        pool,
        guard: Guard::wire(boot)?,
        signing: Signing::wire(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(step_up)).with_state(stepper))
}
