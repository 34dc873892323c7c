//! `POST /v1/auth/verify-email`: the code from the mail makes the account real: it gets its default profile, and every service hears of it.

use std::sync::Arc;

use cinema_http::{Audience, ClientAddress, Json, OpenApiRouter, Problem, State, StatusCode, routes};
use events::Outbox;
use kernel::World;
use runtime::{Boot, BootError};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    code::{self, Code, Verdict},
    email::Email,
    even::even,
    guard::Guard,
    pepper::Pepper,
    store::Accounts,
};

/// A code and the address that it was sent to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VerifyEmail {
    email: Email,
    code: Code,
}

#[derive(Clone)]
struct Verifier {
    accounts: Accounts,
    outbox: Outbox,
    pepper: Pepper,
    guard: Guard,
    world: World,
    first_admin: Arc<Option<Email>>,
}

/// 204 when the code is right, and again when it is repeated; 422 when it is wrong, 410 when it is too late, 429 at the sixth try.
#[utoipa::path(post, path = "/v1/auth/verify-email", tag = "auth", request_body = VerifyEmail,
    responses((status = 204), Problem))]
async fn verify_email(
    State(verifier): State<Verifier>,
    _caller: Audience,
    ClientAddress(address): ClientAddress,
    Json(request): Json<VerifyEmail>,
) -> Result<StatusCode, Problem> {
    verifier.guard.verify(&request.email, &address).await?;
    match even(verifier.verify(&request)).await? {
        Verdict::Right | Verdict::Repeated => {
            verifier.guard.verified(&request.email).await;
            Ok(StatusCode::NO_CONTENT)
        }
        Verdict::Expired => Err(code::expired()),
        Verdict::Wrong => Err(code::wrong()),
    }
}

impl Verifier {
    async fn verify(&self, request: &VerifyEmail) -> Result<Verdict, Problem> {
        let digest = request.code.digest(&self.pepper.hasher().await?, &request.email);
        let is_first_admin = self.first_admin.as_ref().as_ref() == Some(&request.email);
        let (verdict, posted) =
            self.accounts.verify(&self.outbox, (&request.email, &digest), is_first_admin, &self.world).await?;
        self.outbox.publish(posted).await;
        Ok(verdict)
    }
}

/// Postgres, Redis for the limits, the pepper, and the stream of events.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let name = "FIRST_ADMIN_EMAIL";
    let first_admin = boot.setting(name).map(|text| text.parse()).transpose();
    let first_admin = first_admin.map_err(|error: crate::email::EmailError| BootError::Invalid {
        name: name.to_owned(),
        reason: error.to_string(),
    })?;
    let verifier = Verifier {
        accounts: Accounts::new(pool.clone()),
        outbox: Outbox::new(pool).stream("domain-events", boot.stream("domain-events")?),
        pepper: Pepper::wire(boot)?,
        guard: Guard::wire(boot)?,
        world: boot.world(),
        first_admin: Arc::new(first_admin),
    };
    Ok(OpenApiRouter::new().routes(routes!(verify_email)).with_state(verifier))
}
