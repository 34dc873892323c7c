//! `POST /v1/auth/mfa/totp`: a secret for an authenticator, which does nothing before auth-confirm-totp.

use cinema_http::{Account, Json, OpenApiRouter, Problem, State, routes};
use kernel::World;
use runtime::{Boot, BootError};
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::{
    pepper::Pepper,
    step_up,
    store::{Accounts, SecondFactors, Sessions},
    totp::{ENROLMENT, TotpSecret},
};

/// A session that was taken over must not lock its owner out with an authenticator of somebody else.
const FRESH: Duration = Duration::HOUR;

/// For the authenticator.
#[derive(Serialize, ToSchema)]
struct Enrolled {
    /// Base32, for typing it in.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// For a picture to scan.
    otpauth_uri: String,
    /// Until when it has to be confirmed.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

#[derive(Clone)]
struct Enroller {
    accounts: Accounts,
    sessions: Sessions,
    factors: SecondFactors,
    pepper: Pepper,
    world: World,
}

/// 200 with a secret, each time another one; 409 `totp_already_enabled`, 403 `step_up_required` when the sign-in is older than an hour.
#[utoipa::path(post, path = "/v1/auth/mfa/totp", tag = "auth", security(("account" = [])), responses((status = 200, body = Enrolled), Problem))]
async fn enrol_totp(State(enroller): State<Enroller>, account: Account) -> Result<Json<Enrolled>, Problem> {
    let now = enroller.world.now();
    let login = enroller.sessions.live(&account, now).await?;
    step_up::require(&login.proof, now, FRESH)?;
    let (email, _) = enroller.accounts.contact(account.id).await?;
    let secret = TotpSecret::new(&enroller.world);
    let hasher = enroller.pepper.hasher().await?;
    let sealed = secret.seal(&hasher, account.id, &enroller.world).map_err(Problem::internal)?;
    if !enroller.factors.enrol(account.id, &sealed, now).await? {
        return Err(Problem::conflict("totp_already_enabled", "Remove the present authenticator first."));
    }
    Ok(Json(Enrolled { secret: secret.base32(), otpauth_uri: secret.uri(&email), expires_at: now + ENROLMENT }))
}

/// Postgres and the pepper.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let enroller = Enroller {
        accounts: Accounts::new(pool.clone()),
        sessions: Sessions::new(pool.clone()),
        factors: SecondFactors::new(pool),
        pepper: Pepper::wire(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(enrol_totp)).with_state(enroller))
}
