//! `POST /v1/auth/mfa/totp`: a secret for an authenticator, which does nothing before auth-confirm-totp.

use cinema_http::{Json, Problem, Proven, State};
use kernel::World;
use password::Pepper;
use runtime::Key;
use serde::Serialize;
use stores::PgPool;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::steps::live_account::wire_with_sessions;
use crate::{
    problems::totp_already_enabled,
    store::{accounts, totp},
    totp::{ENROLMENT, TotpSecret},
};

/// For the authenticator.
#[derive(Serialize, ToSchema)]
pub(super) struct Enrolled {
    /// Base32, for typing it in.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// For a picture to scan.
    otpauth_uri: String,
    /// Until when it has to be confirmed.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

wire_with_sessions! {
    pub(super) struct EnrolTotp {
        pool: PgPool,
        pepper: Key<Pepper>,
        world: World,
    }
}

/// 200 with a secret, each time another one; 409 `totp_already_enabled`, 403 `step_up_required` when the proof is older than ten minutes: what the
/// authenticator shows is a proof itself, so an old one must not be made new by an authenticator of somebody else.
#[utoipa::path(post, path = "/v1/auth/mfa/totp", tag = "auth", responses((status = 200, body = Enrolled), Problem))]
pub(super) async fn enrol_totp(State(state): State<EnrolTotp>, account: Proven<10>) -> Result<Json<Enrolled>, Problem> {
    let now = state.world.now();
    let (email, _) = accounts::contact(&state.pool, account.id).await?;
    let secret = TotpSecret::new(&state.world);
    let sealed = secret.seal(state.pepper.get().await?, account.id, &state.world)?;
    if !totp::enrol(&state.pool, account.id, &sealed, now).await? {
        return Err(totp_already_enabled());
    }
    Ok(Json(Enrolled { secret: secret.base32(), otpauth_uri: secret.uri(&email), expires_at: now + ENROLMENT }))
}
