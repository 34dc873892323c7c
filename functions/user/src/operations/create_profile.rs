//! `POST /v1/users/me/profiles`: one more viewer profile, five at most. A PIN is digested at once; its digest goes to auth alone.

use axum::response::{IntoResponse, Response};
use cinema_http::{
    Account, IdempotencyKey, Json, OpenApiRouter, Problem, State, StatusCode, axum, idempotency::Begun, routes,
};
use events::{Destination, Letter, Outbox, outbox::Posted};
use kernel::{Locale, World};
use runtime::{Access, Boot, BootError};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use stores::PgPool;
use utoipa::ToSchema;

use crate::{
    pin::{Pepper, Pin},
    profile::{self, Avatar, Name, Profile, Rating},
    store,
};

const ROUTE: &str = "POST /v1/users/me/profiles";

/// A profile to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewProfile {
    name: Name,
    avatar: Option<Avatar>,
    /// The account's language without it.
    locale: Option<Locale>,
    /// 18 without it.
    max_rating: Option<Rating>,
    /// Asked for whenever somebody chooses the profile.
    pin: Option<Pin>,
}

impl NewProfile {
    /// What tells two requests apart. The PIN takes part under the pepper: a plain digest of a few digits would give it away.
    async fn fingerprint(&self, pepper: &Pepper) -> Result<impl Serialize + use<>, Problem> {
        let pin = match &self.pin {
            Some(pin) => Some(pepper.mark(pin).await?),
            None => None,
        };
        Ok((self.name.clone(), self.avatar.clone(), self.locale.clone(), self.max_rating, pin))
    }
}

#[derive(Clone)]
struct Creator {
    pool: PgPool,
    outbox: Outbox,
    pepper: Pepper,
    world: World,
}

/// Makes a profile.
///
/// 409 `too_many_profiles` when the account has five. 403 `step_up_required` for a cap above the caller's own, unless they have just proved who
/// they are. Honours Idempotency-Key.
#[utoipa::path(
    post, path = "/v1/users/me/profiles", tag = "user",
    security(("account" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe for 24 hours.")),
    request_body = NewProfile,
    responses((status = 201, body = Profile), Problem)
)]
async fn create_profile(
    State(creator): State<Creator>,
    account: Account,
    key: IdempotencyKey,
    Json(request): Json<NewProfile>,
) -> Result<Response, Problem> {
    let fingerprint = request.fingerprint(&creator.pepper).await?;
    let mut transaction = creator.pool.begin().await?;
    let created = creator.create(&mut transaction, &account, &key, &fingerprint, request).await;
    creator.outbox.settle(transaction, created).await
}

impl Creator {
    async fn create(
        &self,
        transaction: &mut PgConnection,
        account: &Account,
        key: &IdempotencyKey,
        fingerprint: &impl Serialize,
        request: NewProfile,
    ) -> Result<(Response, Posted), Problem> {
        let now = self.world.now();
        let ticket = match key.begin(transaction, (account.id, ROUTE), fingerprint, now).await? {
            Begun::Replay(answer) => return Ok((answer, Posted::default())),
            Begun::Fresh(ticket) => ticket,
        };
        let held = store::hold_account(transaction, account.id).await?;
        let (locale, count) = held.ok_or_else(store::account_not_ready)?;
        if count >= profile::MOST {
            let detail = format!("An account may have at most {} profiles.", profile::MOST);
            return Err(Problem::conflict("too_many_profiles", detail));
        }
        if request.max_rating.unwrap_or_default().age() > account.claims.max_rating {
            account.require_fresh(now, profile::STEP_UP)?;
        }
        let (profile, letters) = self.make(account, request, locale).await?;
        store::add_profile(transaction, account.id, &profile, now).await?;
        let posted = self.outbox.post(transaction, letters).await?;
        ticket.finish(transaction, StatusCode::CREATED, &profile).await?;
        let body: Json<Profile> = Json(profile);
        Ok(((StatusCode::CREATED, body).into_response(), posted))
    }

    async fn make(
        &self,
        account: &Account,
        request: NewProfile,
        locale: Locale,
    ) -> Result<(Profile, Vec<Letter>), Problem> {
        let profile = Profile {
            id: self.world.id(),
            name: request.name.to_string(),
            avatar: request.avatar.unwrap_or_default().to_string(),
            locale: request.locale.unwrap_or(locale),
            max_rating: request.max_rating.unwrap_or_default().age(),
            has_pin: request.pin.is_some(),
            is_default: false,
            autoplay: true,
        };
        let mut letters = vec![Letter::event(&profile.changed(&self.world, account.id, 1))];
        if let Some(pin) = &request.pin {
            let digest = self.pepper.digest(pin, &self.world).await?;
            let secret = profile.secret_changed(&self.world, account.id, 1, digest);
            letters.push(Letter::event_to(Destination::Sqs(store::AUTH_QUEUE.to_owned()), &secret));
        }
        Ok((profile, letters))
    }
}

/// The schema, its outbox, and the pepper.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let creator = Creator {
        pool: boot.postgres()?,
        outbox: store::outbox(boot)?,
        pepper: Pepper::new(boot.secret("pepper", Access::Read)?),
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(create_profile)).with_state(creator))
}
