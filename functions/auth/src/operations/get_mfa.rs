//! `GET /v1/auth/mfa`: what the account has to prove who it is.

use cinema_http::{Json, Problem, State};
use serde::Serialize;
use stores::PgPool;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::steps::live_account::{LiveAccount, wire_with_sessions};
use crate::store::factors;

/// What the account can give to `POST /v1/auth/step-up`; `GET /v1/auth/oauth/links` has the providers that can vouch for it as well.
#[derive(Serialize, ToSchema)]
pub(super) struct Factors {
    /// Whether it has one; an account that a provider has made may have none.
    password: bool,
    totp: Authenticator,
    /// Those that are not used up.
    recovery_codes_left: i64,
}

/// An authenticator; one that was never confirmed is none.
#[derive(Serialize, ToSchema)]
pub(super) struct Authenticator {
    /// Whether signing in takes its code.
    enabled: bool,
    /// Absent where it is not in use.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    since: Option<OffsetDateTime>,
}

wire_with_sessions! {
    pub(super) struct GetMfa {
        pool: PgPool,
    }
}

/// Whether the account has a password, whether an authenticator is in use and since when, and how many recovery codes are left.
#[utoipa::path(get, path = "/v1/auth/mfa", tag = "auth", responses((status = 200, body = Factors), Problem))]
pub(super) async fn get_mfa(State(state): State<GetMfa>, account: LiveAccount) -> Result<Json<Factors>, Problem> {
    let factors::Factors { has_password, authenticator_since, recovery_codes_left } =
        factors::of(&state.pool, account.id).await?;
    let totp = Authenticator { enabled: authenticator_since.is_some(), since: authenticator_since };
    Ok(Json(Factors { password: has_password, totp, recovery_codes_left }))
}
