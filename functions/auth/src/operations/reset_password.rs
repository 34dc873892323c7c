//! `POST /v1/auth/password/reset`: a new password for the code from the mail; every session ends. An address without an account costs the same
//! work as a wrong code.

use cinema_http::{Audience, Json, OpenApiRouter, Origin, Problem, State, StatusCode, routes};
use events::Outbox;
use kernel::{AccountId, Locale, World};
use runtime::{Boot, BootError};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    code::{self, Code, Purpose, Verdict},
    email::Email,
    even::even,
    guard::{Guard, RESET_PASSWORD},
    leak::Leaks,
    letter::{self, letter},
    password::Password,
    pepper::Pepper,
    security_event::{Kind, SecurityEvent},
    store::{NewHash, Passwords, Reset},
};

/// A code, the address that it was sent to, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResetPassword {
    email: Email,
    code: Code,
    password: Password,
}

#[derive(Clone)]
struct Resetter {
    passwords: Passwords,
    outbox: Outbox,
    pepper: Pepper,
    guard: Guard,
    leaks: Leaks,
    world: World,
}

/// 204 when the code is right; 422 `invalid_code` when it is wrong, 410 `code_expired` or `code_used`, 422 `weak_password`, 429 at the sixth try.
#[utoipa::path(post, path = "/v1/auth/password/reset", tag = "auth", request_body = ResetPassword,
    responses((status = 204), Problem))]
async fn reset_password(
    State(resetter): State<Resetter>,
    _caller: Audience,
    origin: Origin,
    Json(request): Json<ResetPassword>,
) -> Result<StatusCode, Problem> {
    request.password.check(&request.email, "/password")?;
    resetter.guard.knock(&RESET_PASSWORD, request.email.as_str(), &origin.address).await?;
    match even(resetter.reset(&request, &origin)).await? {
        Verdict::Right => {
            resetter.guard.entered(&RESET_PASSWORD, request.email.as_str(), &origin.address).await;
            Ok(StatusCode::NO_CONTENT)
        }
        Verdict::Repeated => {
            Err(Problem::new(StatusCode::GONE, "code_used", "This code was used before. Ask for a new one."))
        }
        Verdict::Expired => Err(code::expired()),
        Verdict::Wrong => Err(code::wrong()),
    }
}

impl Resetter {
    async fn reset(&self, request: &ResetPassword, origin: &Origin) -> Result<Verdict, Problem> {
        let leak_unchecked = self.leaks.refuse(&request.password, "/password").await?;
        let hasher = self.pepper.hasher().await?;
        let phc = hasher.hash(&self.world, &request.password).await?;
        let reset = Reset {
            email: &request.email,
            digest: &request.code.digest_for(&hasher, Purpose::Reset, request.email.as_str()),
            hash: NewHash { phc: &phc, leak_unchecked },
        };
        let tell = |account: AccountId, locale: &Locale| {
            let event = SecurityEvent::new(&self.world, account, Kind::PasswordReset, origin);
            (event, letter(&self.world, "password_changed", &request.email, locale, json!({})))
        };
        let (verdict, posted) = self.passwords.reset(&self.outbox, reset, tell, self.world.now()).await?;
        self.outbox.publish(posted).await;
        Ok(verdict)
    }
}

/// Postgres, Redis for the limits, the pepper, the list of leaked passwords, and the queue of mails.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let resetter = Resetter {
        passwords: Passwords::new(boot.postgres()?),
        outbox: letter::outbox(boot)?,
        pepper: Pepper::wire(boot)?,
        guard: Guard::wire(boot)?,
        leaks: Leaks::wire(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(reset_password)).with_state(resetter))
}
