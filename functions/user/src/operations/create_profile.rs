//! `POST /v1/users/me/profiles`: one more viewer profile, five at most. A PIN is digested at once; its digest goes to auth alone.

use cinema_http::{Account, IdempotencyKey, Json, Problem, Response, State, StatusCode};
use events::Outbox;
use kernel::{Locale, ProfileId, World};
use password::{Pepper, Pin};
use runtime::Key;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    problems::account_not_ready,
    profile::{self, Avatar, Name, Profile, Rating, STEP_UP},
    store::{self, accounts, profiles},
};

runtime::wire! {
    pub(super) struct CreateProfile { outbox: Outbox = store::outbox, pepper: Key<Pepper>, world: World }
}

/// A profile to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateProfileRequest {
    #[schema(value_type = String, min_length = 1, max_length = 40, example = "Anna")]
    name: Name,
    avatar: Option<Avatar>,
    /// The account's language without it.
    locale: Option<Locale>,
    /// 18 without it.
    max_rating: Option<Rating>,
    /// Asked for whenever somebody chooses the profile.
    pin: Option<Pin>,
}

impl CreateProfileRequest {
    /// What tells two requests apart. The PIN takes part under the pepper: a plain digest of a few digits would give it away.
    fn fingerprint(&self, pin: Option<(&Pepper, &Pin)>) -> impl Serialize + use<> {
        let mark = pin.map(|(pepper, pin)| pepper.mark(pin));
        (self.name.clone(), self.avatar.clone(), self.locale.clone(), self.max_rating, mark)
    }

    /// For an account of this language.
    fn profile(&self, id: ProfileId, locale: Locale) -> Profile {
        Profile {
            id,
            name: self.name.to_string(),
            avatar: self.avatar.clone().unwrap_or_default().to_string(),
            locale: self.locale.clone().unwrap_or(locale),
            max_rating: self.max_rating.unwrap_or_default().age(),
            has_pin: self.pin.is_some(),
            is_default: false,
            autoplay: true,
        }
    }
}

/// Makes a profile.
///
/// 409 `too_many_profiles` when the account has five. 403 `step_up_required` for a cap above the caller's own, unless they have just proved who
/// they are. Honours Idempotency-Key.
#[utoipa::path(
    post, path = "/v1/users/me/profiles", tag = "user",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe for 24 hours.")),
    request_body = CreateProfileRequest, responses((status = 201, body = Profile), Problem)
)]
pub(super) async fn create_profile(
    State(CreateProfile { outbox, pepper, world }): State<CreateProfile>,
    account: Account,
    key: IdempotencyKey,
    Json(request): Json<CreateProfileRequest>,
) -> Result<Response, Problem> {
    let now = world.now();
    let pin = match &request.pin {
        Some(pin) => Some((pepper.get().await?, pin)),
        None => None,
    };
    outbox
        .transact(async |tx| {
            // Before what is stored: the answer to a parent is not for whoever repeats the request with less.
            if request.max_rating.unwrap_or_default().age() > account.claims.cap() {
                account.require_fresh(now, STEP_UP)?;
            }
            key.once(tx, account.id, &request.fingerprint(pin), now, async |tx| {
                let (locale, count) = accounts::lock_profiles(tx, account.id).await?.ok_or_else(account_not_ready)?;
                if count >= profile::MOST {
                    let detail = format!("An account may have at most {} profiles. Delete one first.", profile::MOST);
                    return Err(Problem::conflict("too_many_profiles", detail));
                }
                let profile = request.profile(world.id(), locale);
                profiles::add(tx, account.id, &profile, now).await?;
                tx.emit(&profile.changed(&world, account.id, 1)).await?;
                if let Some((pepper, pin)) = pin {
                    let digest = pepper.hash_pin(&world, pin)?;
                    tx.send(store::secret(&profile.secret_changed(&world, account.id, 1, digest))).await?;
                }
                Ok((StatusCode::CREATED, profile))
            })
            .await
        })
        .await
}
