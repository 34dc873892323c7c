//! `POST /v1/auth/email/confirm`: the code from the new mailbox gives the account its new address, and every service hears of it.

use cinema_http::{Account, Json, OpenApiRouter, Problem, State, StatusCode, routes};
use events::Outbox;
use kernel::{Locale, World};
use runtime::{Boot, BootError};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    code::{self, Code, Purpose},
    email::Email,
    guard::{CONFIRM_EMAIL, Guard},
    letter::{self, letter},
    pepper::Pepper,
    security_event::{Kind, SecurityEvent},
    store::{Addresses, Confirmation, Sessions},
};

/// The code from the newest mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmEmail {
    code: Code,
}

#[derive(Clone)]
struct Confirmer {
    sessions: Sessions,
    addresses: Addresses,
    pepper: Pepper,
    guard: Guard,
    outbox: Outbox,
    world: World,
}

/// 204 when the code is right, and again when it is repeated; 422 when it is wrong, 410 when it is too late, 409 `email_taken` when somebody
/// else was faster, 429 at the sixth try.
#[utoipa::path(post, path = "/v1/auth/email/confirm", tag = "auth", security(("account" = [])), request_body = ConfirmEmail,
    responses((status = 204), Problem))]
async fn confirm_email(
    State(confirmer): State<Confirmer>,
    account: Account,
    Json(request): Json<ConfirmEmail>,
) -> Result<StatusCode, Problem> {
    confirmer.sessions.live(&account, confirmer.world.now()).await?;
    confirmer.guard.knock(&CONFIRM_EMAIL, account.id, &account.origin.address).await?;
    match confirmer.confirm(&account, &request.code).await? {
        Confirmation::Changed(posted) => confirmer.outbox.publish(posted).await,
        Confirmation::Repeated => {}
        Confirmation::Expired => return Err(code::expired()),
        Confirmation::Wrong => return Err(code::wrong()),
        Confirmation::Taken => {
            return Err(Problem::conflict("email_taken", "Somebody else has this address by now."));
        }
    }
    confirmer.guard.entered(&CONFIRM_EMAIL, account.id, &account.origin.address).await;
    Ok(StatusCode::NO_CONTENT)
}

impl Confirmer {
    async fn confirm(&self, account: &Account, code: &Code) -> Result<Confirmation, Problem> {
        let hasher = self.pepper.hasher().await?;
        let digest = code.digest_for(&hasher, Purpose::NewAddress, &account.id.to_string());
        let event = SecurityEvent::new(&self.world, account.id, Kind::EmailChanged, &account.origin);
        let letter = |old: &Email, locale: &Locale| letter(&self.world, "email_changed", old, locale, json!({}));
        let tried = (account.id, digest.as_slice());
        let event = event.in_session(account.session);
        Ok(self.addresses.confirm(&self.outbox, tried, &event, letter, &self.world).await?)
    }
}

/// Postgres, Redis for the limits, the pepper, the queue of mails, and the stream of events.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let confirmer = Confirmer {
        sessions: Sessions::new(pool.clone()),
        addresses: Addresses::new(pool),
        pepper: Pepper::wire(boot)?,
        guard: Guard::wire(boot)?,
        outbox: letter::outbox(boot)?.stream("domain-events", boot.stream("domain-events")?),
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(confirm_email)).with_state(confirmer))
}
