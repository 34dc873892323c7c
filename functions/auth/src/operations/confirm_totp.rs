//! `POST /v1/auth/mfa/totp/confirm`: the first code takes the authenticator into use; the recovery codes are shown here and never again.

use cinema_http::{Account, Json, OpenApiRouter, Problem, State, StatusCode, routes};
use events::Outbox;
use kernel::World;
use runtime::{Boot, BootError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::{
    code::Code,
    guard::{Guard, SECOND_FACTOR},
    letter::{self, letter},
    pepper::{Hasher, Pepper},
    second_factor::{RECOVERY_CODES, RecoveryCode},
    security_event::{Kind, SecurityEvent},
    store::{Accounts, Enrolment, SecondFactors, SecurityLog, Sessions},
    totp::{ENROLMENT, TotpSecret},
};

/// What the authenticator shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmTotp {
    code: Code,
}

/// To be kept where the authenticator is not.
#[derive(Serialize, ToSchema)]
struct Confirmed {
    /// Ten codes, each of which takes the place of the authenticator once.
    #[schema(example = json!(["4kq2m-8v0xd"]))]
    recovery_codes: Vec<String>,
}

#[derive(Clone)]
struct Confirmer {
    pool: PgPool,
    accounts: Accounts,
    sessions: Sessions,
    factors: SecondFactors,
    log: SecurityLog,
    outbox: Outbox,
    pepper: Pepper,
    guard: Guard,
    world: World,
}

/// 200 with the recovery codes; 422 `invalid_code`, 410 `enrolment_expired` after ten minutes, 404 without an enrolment, 409
/// `totp_already_enabled`.
#[utoipa::path(post, path = "/v1/auth/mfa/totp/confirm", tag = "auth", security(("account" = [])), request_body = ConfirmTotp,
    responses((status = 200, body = Confirmed), Problem))]
async fn confirm_totp(
    State(confirmer): State<Confirmer>,
    account: Account,
    Json(request): Json<ConfirmTotp>,
) -> Result<Json<Confirmed>, Problem> {
    confirmer.sessions.live(&account, confirmer.world.now()).await?;
    confirmer.guard.knock(&SECOND_FACTOR, account.id, &account.origin.address).await?;
    let enrolment = confirmer.enrolment(&account).await?;
    let hasher = confirmer.pepper.hasher().await?;
    let secret = TotpSecret::open(&enrolment.secret, &hasher, account.id).map_err(Problem::internal)?;
    let step = secret.step_of(request.code.as_str(), confirmer.world.now()).ok_or_else(wrong)?;
    let recovery_codes = confirmer.confirm(&account, (&enrolment, step), &hasher).await?;
    confirmer.guard.entered(&SECOND_FACTOR, account.id, &account.origin.address).await;
    Ok(Json(Confirmed { recovery_codes }))
}

fn wrong() -> Problem {
    let detail = "This is not what the authenticator shows. Check the clock of its device.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_code", detail)
        .at("/code", "not what the authenticator shows")
}

fn already() -> Problem {
    Problem::conflict("totp_already_enabled", "An authenticator is in use already.")
}

impl Confirmer {
    async fn enrolment(&self, account: &Account) -> Result<Enrolment, Problem> {
        let enrolment = self.factors.enrolment(account.id).await?.ok_or_else(|| Problem::not_found("enrolment"))?;
        if enrolment.is_confirmed {
            return Err(already());
        }
        if self.world.now() - enrolment.enrolled_at >= ENROLMENT {
            let detail = "This took more than ten minutes. Begin again with a new secret.";
            return Err(Problem::new(StatusCode::GONE, "enrolment_expired", detail));
        }
        Ok(enrolment)
    }

    async fn confirm(
        &self,
        account: &Account,
        (enrolment, step): (&Enrolment, i64),
        hasher: &Hasher,
    ) -> Result<Vec<String>, Problem> {
        let codes: Vec<RecoveryCode> = (0..RECOVERY_CODES).map(|_| RecoveryCode::new(&self.world)).collect();
        let digests: Vec<Vec<u8>> = codes.iter().map(|code| code.digest(hasher, account.id)).collect();
        let (email, locale) = self.accounts.contact(account.id).await?;
        let mut transaction = self.pool.begin().await?;
        let entry = (account.id, enrolment, step);
        if !self.factors.confirm(&mut transaction, entry, &digests, self.world.now()).await? {
            return Err(already());
        }
        let event = SecurityEvent::new(&self.world, account.id, Kind::MfaEnabled, &account.origin);
        self.log.record(&mut transaction, &event.in_session(account.session)).await?;
        let mail = letter(&self.world, "mfa_enabled", &email, &locale, json!({}));
        let posted = self.outbox.post(&mut transaction, [mail]).await?;
        transaction.commit().await?;
        self.outbox.publish(posted).await;
        Ok(codes.iter().map(RecoveryCode::reveal).collect())
    }
}

/// Postgres, Redis for the limits, the pepper, and the queue of mails.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let confirmer = Confirmer {
        accounts: Accounts::new(pool.clone()),
        sessions: Sessions::new(pool.clone()),
        factors: SecondFactors::new(pool.clone()),
        log: SecurityLog::new(pool.clone()),
        pool,
        outbox: letter::outbox(boot)?,
        pepper: Pepper::wire(boot)?,
        guard: Guard::wire(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(confirm_totp)).with_state(confirmer))
}
