//! `PATCH /v1/users/me/profiles/{id}`: changes a profile by JSON Merge Patch. A new PIN is digested at once; its digest, or that there is none
//! any more, goes to auth alone.

use cinema_http::{Account, Json, Patch, Path, Problem, State};
use events::Outbox;
use kernel::{Locale, ProfileId, World};
use password::{Pepper, Pin};
use runtime::Key;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    problems::no_such_profile,
    profile::{Avatar, Name, Profile, Rating, STEP_UP},
    store::{self, profiles},
};

runtime::wire! {
    pub(super) struct UpdateProfile { outbox: Outbox = store::outbox, pepper: Key<Pepper>, world: World }
}

/// What may be changed of a profile; null brings the default back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateProfileRequest {
    /// Cannot be taken away.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 40, example = "Anna")]
    name: Patch<Name>,
    /// The name of a picture.
    #[serde(default)]
    #[schema(value_type = Option<Avatar>)]
    avatar: Patch<Avatar>,
    /// Null: the account's language.
    #[serde(default)]
    #[schema(value_type = Option<Locale>)]
    locale: Patch<Locale>,
    /// Null: 18.
    #[serde(default)]
    #[schema(value_type = Option<Rating>)]
    max_rating: Patch<Rating>,
    /// Null: no PIN any more.
    #[serde(default)]
    #[schema(value_type = Option<Pin>)]
    pin: Patch<Pin>,
    /// Null: the next episode begins by itself.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    autoplay: Patch<bool>,
}

impl UpdateProfileRequest {
    /// The profile after the change, in an account of this language.
    fn applied_to(&self, profile: &Profile, account_locale: Locale) -> Result<Profile, Problem> {
        let Self { name, avatar, locale, max_rating, pin, autoplay } = self;
        if *name == Patch::Remove {
            return Err(Problem::invalid("/name", "cannot be removed"));
        }
        Ok(Profile {
            id: profile.id,
            name: name.value().map_or_else(|| profile.name.clone(), Name::to_string),
            avatar: match avatar {
                Patch::Absent => profile.avatar.clone(),
                Patch::Remove => Avatar::default().to_string(),
                Patch::Set(avatar) => avatar.to_string(),
            },
            locale: locale.clone().or(profile.locale.clone(), || account_locale),
            max_rating: match max_rating {
                Patch::Absent => profile.max_rating,
                Patch::Remove => Rating::default().age(),
                Patch::Set(rating) => rating.age(),
            },
            has_pin: match pin {
                Patch::Absent => profile.has_pin,
                Patch::Remove => false,
                Patch::Set(_) => true,
            },
            is_default: profile.is_default,
            autoplay: autoplay.clone().or(profile.autoplay, || true),
        })
    }
}

/// Changes a profile.
///
/// 403 `step_up_required` when it raises the cap, touches a PIN that is set, or changes a profile other than the caller's own that has a PIN or a
/// cap above theirs, and the caller has not proved who they are just now: a child holds the same token as its parents.
#[utoipa::path(
    patch, path = "/v1/users/me/profiles/{id}", tag = "user", params(("id" = ProfileId, Path)),
    request_body(
        content = UpdateProfileRequest, content_type = "application/merge-patch+json",
        description = "JSON Merge Patch (RFC 7396): absent members stay, null brings the default back"
    ),
    responses((status = 200, body = Profile), Problem)
)]
pub(super) async fn update_profile(
    State(UpdateProfile { outbox, pepper, world }): State<UpdateProfile>,
    account: Account,
    Path(id): Path<ProfileId>,
    Json(request): Json<UpdateProfileRequest>,
) -> Result<Json<Profile>, Problem> {
    outbox
        .transact(async |tx| {
            let (before, locale) = profiles::lock(tx, account.id, id).await?.ok_or_else(no_such_profile)?;
            let after = request.applied_to(&before, locale)?;
            let touches_pin = !request.pin.is_absent();
            // Whoever could put a PIN of their own on a profile that may see more would get in by it.
            let is_out_of_reach = account.claims.pid != Some(id) && before.is_guarded_from(account.claims.cap());
            if is_out_of_reach || before.is_loosened_by(&after, touches_pin) {
                account.require_fresh(world.now(), STEP_UP)?;
            }
            // Setting the same PIN again is a change, too: nobody can compare digests.
            if after == before && request.pin.value().is_none() {
                return Ok(Json(after));
            }
            let version = profiles::put(tx, &after).await?;
            tx.emit(&after.changed(&world, account.id, version)).await?;
            let digest = match &request.pin {
                Patch::Absent => return Ok(Json(after)),
                Patch::Remove => String::new(),
                Patch::Set(pin) => pepper.get().await?.hash_pin(&world, pin)?,
            };
            tx.send(store::secret(&after.secret_changed(&world, account.id, version, digest))).await?;
            Ok(Json(after))
        })
        .await
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_change_leaves_the_rest_and_null_brings_defaults_back() {
        let german: Locale = "de".parse().unwrap();
        let kids = Profile {
            avatar: "fox".to_owned(),
            max_rating: 6,
            has_pin: true,
            autoplay: false,
            ..Profile::first(World::system().id(), Locale::english())
        };
        let change = |patch: Value| {
            let request: UpdateProfileRequest = serde_json::from_value(patch).unwrap();
            request.applied_to(&kids, german.clone())
        };
        assert_eq!(change(json!({})).unwrap(), kids);
        let expected = Profile { name: "Anna".to_owned(), max_rating: 0, ..kids.clone() };
        assert_eq!(change(json!({"name": " Anna ", "max_rating": 0})).unwrap(), expected);
        let nulls = json!({"avatar": null, "locale": null, "max_rating": null, "autoplay": null});
        let after = change(nulls).unwrap();
        assert_eq!((after.avatar.as_str(), after.locale, after.max_rating), ("default", german.clone(), 18));
        assert!(after.autoplay);
        for (pin, has_pin) in [(json!(null), false), (json!("4711"), true)] {
            assert_eq!(change(json!({"pin": pin})).unwrap().has_pin, has_pin);
        }
        assert_eq!(change(json!({"name": null})).unwrap_err().status().as_u16(), 422);
    }
}
