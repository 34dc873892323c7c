//! `POST /v1/auth/email`: sends a code to the new address and a notice to the old one. The answer is the same, byte by byte and in its time,
//! whether or not the new address is taken.

use cinema_http::{Account, Json, OpenApiRouter, Problem, State, StatusCode, routes};
use events::Outbox;
use kernel::World;
use runtime::{Boot, BootError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    code::{Code, Purpose},
    current_password::CurrentPassword,
    email::Email,
    even::even,
    guard::{CONFIRM_EMAIL, Guard, NEW_EMAIL},
    letter::{self, letter},
    password::Password,
    pepper::Hasher,
    store::{Accounts, Addresses, NewAddress, Sessions},
};

/// The new address, and the password as the proof that it is the owner who wants it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeEmail {
    new: Email,
    password: Password,
}

/// The same for every address.
#[derive(Serialize, ToSchema)]
struct ConfirmationSent {
    /// Always `confirmation_sent`.
    #[schema(example = "confirmation_sent")]
    status: &'static str,
}

#[derive(Clone)]
struct Mover {
    accounts: Accounts,
    sessions: Sessions,
    addresses: Addresses,
    current: CurrentPassword,
    guard: Guard,
    outbox: Outbox,
    world: World,
}

/// 202 for every address; 403 `wrong_password`, 409 `no_password`, 429 when it is tried too often. A code before it is dead then.
#[utoipa::path(post, path = "/v1/auth/email", tag = "auth", security(("account" = [])), request_body = ChangeEmail,
    responses((status = 202, body = ConfirmationSent), Problem))]
async fn change_email(
    State(mover): State<Mover>,
    account: Account,
    Json(request): Json<ChangeEmail>,
) -> Result<(StatusCode, Json<ConfirmationSent>), Problem> {
    mover.sessions.live(&account, mover.world.now()).await?;
    even(mover.request(&account, &request)).await?;
    Ok((StatusCode::ACCEPTED, Json(ConfirmationSent { status: "confirmation_sent" })))
}

impl Mover {
    async fn request(&self, account: &Account, request: &ChangeEmail) -> Result<(), Problem> {
        let (hasher, _) = self.current.prove(account, &request.password).await?;
        self.guard.knock(&NEW_EMAIL, request.new.as_str(), &account.origin.address).await?;
        self.guard.disposable(&request.new).await?;
        self.guard.has_new_code(&CONFIRM_EMAIL, &account.id.to_string()).await;
        self.send(account, &request.new, &hasher).await
    }

    async fn send(&self, account: &Account, new: &Email, hasher: &Hasher) -> Result<(), Problem> {
        let (old, locale) = self.accounts.contact(account.id).await?;
        if old == *new {
            return Err(Problem::invalid("/new", "the account has this address"));
        }
        let code = Code::new(&self.world);
        let with_code = letter(&self.world, "confirm_email", new, &locale, json!({ "code": code.as_str() }));
        let taken = letter(&self.world, "already_registered", new, &locale, json!({}));
        let notice = json!({ "new": new.masked() });
        let change = NewAddress {
            account: account.id,
            email: new,
            code_digest: code.digest_for(hasher, Purpose::NewAddress, &account.id.to_string()),
            no_digest: self.world.bytes::<32>().to_vec(),
            letters: (with_code, taken),
            notice: letter(&self.world, "email_change_requested", &old, &locale, notice),
        };
        let posted = self.addresses.request(&self.outbox, change, self.world.now()).await?;
        self.outbox.publish(posted).await;
        Ok(())
    }
}

/// Postgres, Redis for the limits, the pepper, and the queue of mails.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let mover = Mover {
        accounts: Accounts::new(pool.clone()),
        sessions: Sessions::new(pool.clone()),
        addresses: Addresses::new(pool),
        current: CurrentPassword::wire(boot)?,
        guard: Guard::wire(boot)?,
        outbox: letter::outbox(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(change_email)).with_state(mover))
}
