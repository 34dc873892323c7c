//! `POST /v1/auth/register`: sends a code to the address. The answer is the same, byte by byte and in its time, whether or not the address is
//! known: a verified one gets a mail that says so, an unverified one a new code.

use cinema_http::{Audience, ClientAddress, Json, OpenApiRouter, Problem, State, StatusCode, routes};
use events::Outbox;
use kernel::{Locale, World};
use runtime::{Boot, BootError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    code::Code,
    email::Email,
    even::even,
    guard::Guard,
    leak::Leaks,
    letter::{self, letter},
    password::Password,
    pepper::Pepper,
    store::{Accounts, NewHash, Registration},
};

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterAccount {
    email: Email,
    password: Password,
    /// Language of the mails; by default the first of `Accept-Language`.
    locale: Option<Locale>,
}

/// The same for every address.
#[derive(Serialize, ToSchema)]
struct Registered {
    /// Always `verification_sent`.
    #[schema(example = "verification_sent")]
    status: &'static str,
}

#[derive(Clone)]
struct Registrar {
    accounts: Accounts,
    outbox: Outbox,
    pepper: Pepper,
    guard: Guard,
    leaks: Leaks,
    world: World,
}

/// Sends a code to the address; 422 `weak_password`, 429 when it happens too often.
#[utoipa::path(post, path = "/v1/auth/register", tag = "auth", request_body = RegisterAccount,
    responses((status = 202, body = Registered), Problem))]
async fn register_account(
    State(registrar): State<Registrar>,
    caller: Audience,
    ClientAddress(address): ClientAddress,
    Json(new): Json<RegisterAccount>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    new.password.check(&new.email, "/password")?;
    registrar.guard.register(&new.email, &address).await?;
    let locale = new.locale.unwrap_or(caller.locale);
    let leak_unchecked = registrar.leaks.refuse(&new.password, "/password").await?;
    even(registrar.register((&new.email, &locale), &new.password, leak_unchecked)).await?;
    Ok((StatusCode::ACCEPTED, Json(Registered { status: "verification_sent" })))
}

impl Registrar {
    async fn register(
        &self,
        (email, locale): (&Email, &Locale),
        password: &Password,
        leak_unchecked: bool,
    ) -> Result<(), Problem> {
        let hasher = self.pepper.hasher().await?;
        let code = Code::new(&self.world);
        let with_code = letter(&self.world, "verify_email", email, locale, json!({ "code": code.as_str() }));
        let without = letter(&self.world, "already_registered", email, locale, json!({}));
        let registration = Registration {
            email,
            hash: NewHash { phc: &hasher.hash(&self.world, password).await?, leak_unchecked },
            locale,
            code_digest: code.digest(&hasher, email),
            no_digest: self.world.bytes::<32>().to_vec(),
            letters: (with_code, without),
        };
        let posted = self.accounts.register(&self.outbox, registration, &self.world).await?;
        self.outbox.publish(posted).await;
        Ok(())
    }
}

/// Postgres, Redis for the limits, the pepper, the list of leaked passwords, and the queue of mails.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let registrar = Registrar {
        accounts: Accounts::new(boot.postgres()?),
        outbox: letter::outbox(boot)?,
        pepper: Pepper::wire(boot)?,
        guard: Guard::wire(boot)?,
        leaks: Leaks::wire(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(register_account)).with_state(registrar))
}
