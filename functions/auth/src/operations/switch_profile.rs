//! `POST /v1/auth/profile`: a token for another profile of the account, which the session keeps.

use cinema_http::{Account, Json, Problem, State, live::session_revoked};
use kernel::{ProfileId, World};
use password::{Password, Pepper, Verdict};
use runtime::Key;
use serde::Deserialize;
use sqlx::PgConnection;
use stores::{PgPool, postgres};
use time::Duration;
use utoipa::ToSchema;

use super::steps::{
    happened::happened,
    live_account::{LiveAccount, wire_with_sessions},
    signing::Signing,
};
use crate::{
    problems::{Secret, locked},
    profile::Profile,
    security_event::Kind,
    store::{profiles, security_events, sessions},
    token::Token,
};

/// A profile of the account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SwitchProfileRequest {
    profile_id: ProfileId,
    /// Of a profile that has one.
    pin: Option<Password>,
}

wire_with_sessions! {
    pub(super) struct SwitchProfile {
        pool: PgPool,
        pepper: Key<Pepper>,
        signing: Signing,
        world: World,
    }
}

/// How fresh the proof must be that opens a profile which may see more.
const STEP_UP: Duration = Duration::minutes(10);

/// 200 with an access token; the refresh token stays the same. 403 `step_up_required` for a profile without PIN that may see more than the
/// chosen one, unless the person has just proved who they are. 404 for a profile of somebody else, 403 `pin_required` or `wrong_pin`, 429
/// `pin_locked` for 15 minutes after five wrong PINs.
#[utoipa::path(post, path = "/v1/auth/profile", tag = "auth", request_body = SwitchProfileRequest,
    responses((status = 200, body = Token), Problem))]
pub(super) async fn switch_profile(
    State(state): State<SwitchProfile>,
    account: LiveAccount,
    Json(request): Json<SwitchProfileRequest>,
) -> Result<Json<Token>, Problem> {
    let found = profiles::find(&state.pool, account.id, request.profile_id).await?;
    let (profile, pin_digest) = found.ok_or_else(|| Problem::not_found("profile"))?;
    if profile.needs_pin {
        state.check_pin(&account, (&profile, &pin_digest), request.pin.as_ref()).await?;
    } else if profile.max_rating > account.claims.cap() {
        // A PIN is a proof; where there is none, whoever may see less proves who they are before they see more.
        account.require_fresh(state.world.now(), STEP_UP)?;
    }
    let login = &account.login;
    let token = state.signing.mint(&login.person, Some(&profile), account.session, &login.proof).await?;
    if !sessions::choose(&state.pool, account.session, profile.id).await? {
        return Err(session_revoked());
    }
    Ok(Json(token))
}

impl SwitchProfile {
    async fn check_pin(
        &self,
        account: &Account,
        (profile, digest): (&Profile, &str),
        pin: Option<&Password>,
    ) -> Result<(), Problem> {
        let pin = pin.ok_or_else(|| Problem::forbidden("pin_required", "This profile has a PIN. Enter it."))?;
        if digest.is_empty() {
            // The profile says that it has one; the PIN itself comes by another way and is late.
            return Err(Problem::unavailable("temporarily_unavailable", "the digest of the PIN has not arrived"));
        }
        let (pepper, now) = (self.pepper.get().await?, self.world.now());
        let count = async |connection: &mut PgConnection| profiles::count_pin_try(connection, profile.id, now).await;
        postgres::transact(&self.pool, count).await?.map_err(|wait| locked(Secret::Pin, wait))?;
        if pepper.verify(pin, Some(digest))? == Verdict::Wrong {
            let event = happened(&self.world, account.id, Kind::PinFailed, &account.origin);
            let event = event.in_session(account.session).with(profile.id.to_string());
            security_events::add(&self.pool, &event).await?;
            return Err(Problem::forbidden("wrong_pin", "This is not the PIN of the profile. Enter it once more."));
        }
        Ok(profiles::forget_pin_tries(&self.pool, profile.id).await?)
    }
}
