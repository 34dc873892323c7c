//! `POST /v1/auth/profile`: a token for another profile of the account, which the session keeps.

use cinema_http::{Account, Json, OpenApiRouter, Problem, State, routes};
use kernel::{ProfileId, World};
use runtime::{Boot, BootError};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    password::Password,
    pepper::{Pepper, Verdict},
    profile::Profile,
    security_event::{Kind, SecurityEvent},
    signing::Signing,
    store::{Profiles, SecurityLog, Sessions, ended},
    token::Token,
    tries::locked,
};

/// A profile of the account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SwitchProfile {
    profile_id: ProfileId,
    /// Of a profile that has one.
    pin: Option<Password>,
}

#[derive(Clone)]
struct Switcher {
    profiles: Profiles,
    sessions: Sessions,
    log: SecurityLog,
    pepper: Pepper,
    signing: Signing,
    world: World,
}

/// 200 with an access token; the refresh token stays the same. 404 for a profile of somebody else, 403 `pin_required` or `wrong_pin`, 429
/// `pin_locked` for 15 minutes after five wrong PINs.
#[utoipa::path(post, path = "/v1/auth/profile", tag = "auth", security(("account" = [])), request_body = SwitchProfile,
    responses((status = 200, body = Token), Problem))]
async fn switch_profile(
    State(switcher): State<Switcher>,
    account: Account,
    Json(request): Json<SwitchProfile>,
) -> Result<Json<Token>, Problem> {
    let login = switcher.sessions.live(&account, switcher.world.now()).await?;
    let found = switcher.profiles.find(account.id, request.profile_id).await?;
    let (profile, pin_digest) = found.ok_or_else(|| Problem::not_found("profile"))?;
    if profile.needs_pin {
        switcher.check_pin(&account, (&profile, &pin_digest), request.pin.as_ref()).await?;
    }
    let token = switcher.signing.mint(&login.person, Some(&profile), account.session, &login.proof).await?;
    if !switcher.sessions.choose(account.session, profile.id).await? {
        return Err(ended());
    }
    Ok(Json(token))
}

impl Switcher {
    async fn check_pin(
        &self,
        account: &Account,
        (profile, digest): (&Profile, &str),
        pin: Option<&Password>,
    ) -> Result<(), Problem> {
        let pin = pin.ok_or_else(|| Problem::forbidden("pin_required", "This profile needs its PIN."))?;
        if digest.is_empty() {
            // The profile says that it has one; the PIN itself comes by another way and is late.
            return Err(Problem::unavailable("temporarily_unavailable", "the digest of the PIN has not arrived"));
        }
        let hasher = self.pepper.hasher().await?;
        if let Err(wait) = self.profiles.count_pin_try(profile.id, self.world.now()).await? {
            return Err(locked("pin_locked", "PINs", wait));
        }
        if hasher.verify(pin, Some(digest)).await? == Verdict::Wrong {
            let event = SecurityEvent::new(&self.world, account.id, Kind::PinFailed, &account.origin);
            self.log.record_alone(&event.in_session(account.session).with(profile.id.to_string())).await?;
            return Err(Problem::forbidden("wrong_pin", "This is not the PIN of the profile."));
        }
        self.profiles.forget_pin_tries(profile.id).await?;
        Ok(())
    }
}

/// Postgres, the pepper and the signing key.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let switcher = Switcher {
        profiles: Profiles::new(pool.clone()),
        sessions: Sessions::new(pool.clone()),
        log: SecurityLog::new(pool),
        pepper: Pepper::wire(boot)?,
        signing: Signing::wire(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(switch_profile)).with_state(switcher))
}
