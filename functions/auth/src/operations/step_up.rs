//! `POST /v1/auth/step-up`: the person proves once more who they are; the session and its tokens carry the fresh time.

use cinema_http::{Account, Json, Problem, State, live::session_revoked};
use kernel::World;
use password::Password;
use serde::Deserialize;
use sqlx::PgConnection;
use stores::{PgPool, postgres};
use utoipa::ToSchema;

use super::steps::{
    current_password::CurrentPassword,
    happened::happened,
    limits::Limits,
    live_account::{LiveAccount, wire_with_sessions},
    second_factor::{Candidate, SecondFactor},
    signing::Signing,
};
use crate::{
    proof::Proof,
    second_factor::Guess,
    security_event::Kind,
    store::{
        security_events,
        sessions::{self, Login},
    },
    token::Token,
};

/// Either of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepUpRequest {
    password: Option<Password>,
    code: Option<Guess>,
}

wire_with_sessions! {
    pub(super) struct StepUp {
        pool: PgPool,
        current: CurrentPassword,
        factor: SecondFactor,
        limits: Limits,
        signing: Signing,
        world: World,
    }
}

/// 200 with an access token of fresh `auth_time`; the refresh token stays the same. 403 `wrong_password` or `wrong_code`, 429 for 15 minutes
/// after five of them. What was proven in the ten minutes before stays part of the proof: password and code, one after the other, make both.
#[utoipa::path(post, path = "/v1/auth/step-up", tag = "auth", request_body = StepUpRequest,
    responses((status = 200, body = Token), Problem))]
pub(super) async fn step_up(
    State(state): State<StepUp>,
    account: LiveAccount,
    Json(request): Json<StepUpRequest>,
) -> Result<Json<Token>, Problem> {
    let token = match (&request.password, &request.code) {
        (Some(password), None) => {
            state.current.prove(&account, password).await?;
            state.renew(&account, &account.login, None).await?
        }
        (None, Some(code)) => state.check_code(&account, &account.login, code).await?,
        _ => return Err(Problem::invalid("/password", "send either a password or a code")),
    };
    Ok(Json(token))
}

impl StepUp {
    async fn check_code(&self, account: &Account, login: &Login, code: &Guess) -> Result<Token, Problem> {
        let counted = self.limits.count_second_factor(account.id, &account.origin.address, None, code).await?;
        let renewed = match self.factor.look_at(account.id, code, None).await? {
            Some(candidate) => self.renew(account, login, Some(&candidate)).await,
            None => Err(wrong_code()),
        };
        match renewed {
            Ok(token) => {
                self.limits.refund(counted).await;
                Ok(token)
            }
            Err(problem) => {
                if problem.code() == WRONG_CODE {
                    self.limits.count_wrong_totp(code).await;
                    let event = happened(&self.world, account.id, Kind::MfaFailed, &account.origin);
                    security_events::add(&self.pool, &event.in_session(account.session)).await?;
                }
                Err(problem)
            }
        }
    }

    /// Renews the proof of the session by the password, which was right, or by a code, which is used up.
    async fn renew(&self, account: &Account, login: &Login, code: Option<&Candidate>) -> Result<Token, Problem> {
        let proof = login.proof.renewed(if code.is_some() { "otp" } else { "pwd" }, self.world.now());
        // Signing first: without a key nothing may be used up.
        let token = self.mint(login, &proof).await?;
        postgres::transact(&self.pool, async |connection| self.keep(connection, account, &proof, code).await).await?;
        Ok(token)
    }

    async fn keep(
        &self,
        connection: &mut PgConnection,
        account: &Account,
        proof: &Proof,
        code: Option<&Candidate>,
    ) -> Result<(), Problem> {
        let event = |kind| happened(&self.world, account.id, kind, &account.origin).in_session(account.session);
        if let Some(candidate) = code {
            let used = self.factor.use_up(connection, account.id, candidate).await?.ok_or_else(wrong_code)?;
            if let Some(kind) = used {
                security_events::add(&mut *connection, &event(kind)).await?;
            }
        }
        if !sessions::renew_proof(connection, account.session, proof).await? {
            return Err(session_revoked());
        }
        Ok(security_events::add(connection, &event(Kind::StepUp)).await?)
    }

    async fn mint(&self, login: &Login, proof: &Proof) -> Result<Token, Problem> {
        let profile = login.profile();
        self.signing.mint(&login.person, profile.as_ref(), login.family.session, proof).await
    }
}

const WRONG_CODE: &str = "wrong_code";

fn wrong_code() -> Problem {
    Problem::forbidden(WRONG_CODE, "This code is wrong, or it was used before. Enter the next one, or a recovery code.")
}
