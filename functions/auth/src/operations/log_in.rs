//! `POST /v1/auth/login`: tokens for an address and its password. Unknown addresses cost the same work as known ones.

use cinema_http::{Audience, HeaderMap, Json, OpenApiRouter, Origin, Problem, Response, State, routes};
use kernel::World;
use runtime::{Boot, BootError};
use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::ToSchema;

use crate::{
    email::Email,
    guard::Guard,
    password::Password,
    pepper::{Hasher, Pepper, Verdict},
    profile,
    session::{Family, RefreshToken},
    signing::Signing,
    store::{Accounts, Device, Person, Proof, Sessions},
    token::Token,
    transport::{Site, Transport},
};

const MAX_DEVICE_NAME: usize = 100;

/// An address and its password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LogIn {
    email: Email,
    password: Password,
    /// Where the refresh token goes; in the body by default.
    #[serde(default)]
    transport: Transport,
    /// Shown in the list of sessions; 1 to 100 characters.
    #[serde(default, deserialize_with = "device_name")]
    #[schema(max_length = 100, example = "TV in the kitchen")]
    device_name: Option<String>,
}

fn device_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let Some(name) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let name = name.trim();
    if !(1..=MAX_DEVICE_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(D::Error::custom("not 1 to 100 printable characters"));
    }
    Ok(Some(name.to_owned()))
}

#[derive(Clone)]
struct Door {
    accounts: Accounts,
    sessions: Sessions,
    pepper: Pepper,
    guard: Guard,
    signing: Signing,
    site: Site,
    world: World,
}

/// 200 with tokens; 401 `invalid_credentials`, 403 `email_unverified` with the right password, 429 when it is tried too often.
#[utoipa::path(post, path = "/v1/auth/login", tag = "auth", request_body = LogIn, responses((status = 200, body = Token), Problem))]
async fn log_in(
    State(door): State<Door>,
    _caller: Audience,
    origin: Origin,
    headers: HeaderMap,
    Json(request): Json<LogIn>,
) -> Result<Response, Problem> {
    if request.transport == Transport::Cookie {
        door.site.require(&headers)?;
    }
    let hasher = door.pepper.hasher().await?;
    let attempt = door.guard.log_in(&request.email, &request.password, &origin.address, &hasher).await?;
    let person = door.authenticate(&request, &hasher).await?;
    door.guard.succeeded(attempt).await;
    let device = Device { name: request.device_name.as_deref(), origin: &origin };
    let (token, refresh) = door.begin(&person, device).await?;
    request.transport.answer(token, &refresh)
}

impl Door {
    async fn authenticate(&self, request: &LogIn, hasher: &Hasher) -> Result<Person, Problem> {
        let candidate = self.accounts.candidate(&request.email).await?;
        let stored = candidate.as_ref().map(|candidate| candidate.password_hash.as_str());
        let verdict = hasher.verify(&request.password, stored).await?;
        let candidate = candidate
            .filter(|_| verdict != Verdict::Wrong)
            .ok_or_else(|| Problem::unauthorized("invalid_credentials", "The address or the password is wrong."))?;
        if !candidate.is_verified {
            return Err(Problem::forbidden("email_unverified", "Enter the code that was mailed to you first."));
        }
        if verdict == Verdict::RightButOutdated {
            let renewed = hasher.hash(&self.world, &request.password).await?;
            self.accounts.rehash(candidate.person.account, (&candidate.password_hash, &renewed)).await?;
        }
        Ok(candidate.person)
    }

    async fn begin(&self, person: &Person, device: Device<'_>) -> Result<(Token, RefreshToken), Problem> {
        let now = self.world.now();
        let proof = Proof { at: now, methods: vec!["pwd".to_owned()] };
        let chosen = profile::without_asking(person.default.clone());
        let (family, refresh) = Family::begin(self.world.id(), self.world.bytes(), self.world.bytes(), now);
        // Signing first: without a key there is no session to leave behind.
        let token = self.signing.mint(person, chosen.as_ref(), family.session, &proof).await?;
        let chosen = chosen.map(|profile| profile.id);
        self.sessions.begin(person.account, &family, chosen, &proof, device).await?;
        Ok((token, refresh))
    }
}

/// Postgres, Redis for the limits, the pepper and the signing key.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let door = Door {
        accounts: Accounts::new(pool.clone()),
        sessions: Sessions::new(pool),
        pepper: Pepper::wire(boot)?,
        guard: Guard::wire(boot)?,
        signing: Signing::wire(boot)?,
        site: Site::wire(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(log_in)).with_state(door))
}
