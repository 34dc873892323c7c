//! `POST /v1/auth/mfa/totp/confirm`: the first code takes the authenticator into use; the recovery codes are shown here and never again.

use cinema_http::{Account, Json, Problem, State, StatusCode};
use events::Outbox;
use kernel::World;
use password::Pepper;
use proto::mail::MfaEnabled;
use runtime::Key;
use serde::{Deserialize, Serialize};
use stores::PgPool;
use utoipa::ToSchema;

use super::steps::{
    happened::happened,
    limits::{Limits, SECOND_FACTOR},
    live_account::{LiveAccount, wire_with_sessions},
};
use crate::{
    code::Code,
    mail::mail,
    problems::totp_already_enabled,
    second_factor::{RECOVERY_CODES, RecoveryCode},
    security_event::Kind,
    store::{
        self, accounts, recovery_codes, security_events,
        totp::{self, Enrolment},
    },
    totp::{ENROLMENT, TotpSecret},
};

/// What the authenticator shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmTotpRequest {
    code: Code,
}

/// To be kept where the authenticator is not.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    /// Ten codes, each of which takes the place of the authenticator once.
    #[schema(example = json!(["4kq2m-8v0xd"]))]
    recovery_codes: Vec<String>,
}

wire_with_sessions! {
    pub(super) struct ConfirmTotp {
        pool: PgPool,
        pepper: Key<Pepper>,
        limits: Limits,
        outbox: Outbox = store::mail_outbox,
        world: World,
    }
}

/// 200 with the recovery codes; 422 `invalid_code`, 410 `enrolment_expired` after ten minutes, 404 without an enrolment, 409
/// `totp_already_enabled`.
#[utoipa::path(post, path = "/v1/auth/mfa/totp/confirm", tag = "auth", request_body = ConfirmTotpRequest,
    responses((status = 200, body = RecoveryCodes), Problem))]
pub(super) async fn confirm_totp(
    State(state): State<ConfirmTotp>,
    account: LiveAccount,
    Json(request): Json<ConfirmTotpRequest>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let counted = state.limits.count(&SECOND_FACTOR, account.id, &account.origin.address).await?;
    let enrolment = state.enrolment(&account).await?;
    let pepper = state.pepper.get().await?;
    let secret = TotpSecret::open(&enrolment.secret, pepper, account.id)?;
    let step = secret.step_of(request.code.as_str(), state.world.now()).ok_or_else(wrong_code)?;
    let recovery_codes = state.confirm(&account, (&enrolment, step), pepper).await?;
    state.limits.refund(counted).await;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

fn wrong_code() -> Problem {
    let detail = "This is not what the authenticator shows. Check the clock of its device.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_code", detail)
        .at("/code", "not what the authenticator shows")
}

impl ConfirmTotp {
    async fn enrolment(&self, account: &Account) -> Result<Enrolment, Problem> {
        let enrolment =
            totp::enrolment(&self.pool, account.id).await?.ok_or_else(|| Problem::not_found("enrolment"))?;
        if enrolment.is_confirmed {
            return Err(totp_already_enabled());
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
        pepper: &Pepper,
    ) -> Result<Vec<String>, Problem> {
        let codes: Vec<RecoveryCode> = (0..RECOVERY_CODES).map(|_| RecoveryCode::new(&self.world)).collect();
        let digests: Vec<Vec<u8>> = codes.iter().map(|code| code.digest(pepper, account.id)).collect();
        let (email, locale) = accounts::contact(&self.pool, account.id).await?;
        let event = happened(&self.world, account.id, Kind::MfaEnabled, &account.origin);
        let mail = mail(&self.world, &email, &locale, MfaEnabled {});
        self.outbox
            .transact(async |tx| {
                if !totp::confirm(tx, account.id, (&enrolment.secret, step), self.world.now()).await? {
                    return Err(totp_already_enabled());
                }
                recovery_codes::replace(tx, account.id, &digests).await?;
                security_events::add(&mut **tx, &event.in_session(account.session)).await?;
                Ok(tx.send(mail).await?)
            })
            .await?;
        Ok(codes.iter().map(RecoveryCode::reveal).collect())
    }
}
