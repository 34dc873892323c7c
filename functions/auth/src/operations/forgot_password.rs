//! `POST /v1/auth/password/forgot`: mails a code for a new password. The answer is the same, byte by byte and in its time, whether or not the
//! address has an account.

use cinema_http::{Audience, ClientAddress, Json, OpenApiRouter, Problem, State, StatusCode, routes};
use events::Outbox;
use kernel::{Locale, World};
use runtime::{Boot, BootError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    code::{Code, Purpose},
    email::Email,
    even::even,
    guard::{FORGOT_PASSWORD, Guard, RESET_PASSWORD},
    letter::{self, letter},
    pepper::Pepper,
    store::Passwords,
};

/// Whose password was forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ForgotPassword {
    email: Email,
}

/// The same for every address.
#[derive(Serialize, ToSchema)]
struct ResetSent {
    /// Always `reset_sent`.
    #[schema(example = "reset_sent")]
    status: &'static str,
}

#[derive(Clone)]
struct Forgetter {
    passwords: Passwords,
    outbox: Outbox,
    pepper: Pepper,
    guard: Guard,
    world: World,
}

/// 202 for every address; 429 when it happens too often. A code before it is dead then.
#[utoipa::path(post, path = "/v1/auth/password/forgot", tag = "auth", request_body = ForgotPassword,
    responses((status = 202, body = ResetSent), Problem))]
async fn forgot_password(
    State(forgetter): State<Forgetter>,
    caller: Audience,
    ClientAddress(address): ClientAddress,
    Json(request): Json<ForgotPassword>,
) -> Result<(StatusCode, Json<ResetSent>), Problem> {
    forgetter.guard.knock(&FORGOT_PASSWORD, request.email.as_str(), &address).await?;
    forgetter.guard.has_new_code(&RESET_PASSWORD, request.email.as_str()).await;
    even(forgetter.send(&request.email, &caller.locale)).await?;
    Ok((StatusCode::ACCEPTED, Json(ResetSent { status: "reset_sent" })))
}

impl Forgetter {
    async fn send(&self, email: &Email, callers: &Locale) -> Result<(), Problem> {
        let (hasher, code) = (self.pepper.hasher().await?, Code::new(&self.world));
        let digests = (code.digest_for(&hasher, Purpose::Reset, email.as_str()), self.world.bytes::<32>().to_vec());
        let letter = |locale: Option<Locale>| match locale {
            Some(own) => letter(&self.world, "password_reset", email, &own, json!({ "code": code.as_str() })),
            None => letter(&self.world, "reset_unknown_account", email, callers, json!({})),
        };
        let posted = self.passwords.forgot(&self.outbox, email, digests, letter, self.world.now()).await?;
        self.outbox.publish(posted).await;
        Ok(())
    }
}

/// Postgres, Redis for the limits, the pepper, and the queue of mails.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let forgetter = Forgetter {
        passwords: Passwords::new(boot.postgres()?),
        outbox: letter::outbox(boot)?,
        pepper: Pepper::wire(boot)?,
        guard: Guard::wire(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(forgot_password)).with_state(forgetter))
}
