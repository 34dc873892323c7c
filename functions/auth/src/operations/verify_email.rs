//! `POST /v1/auth/verify-email`: the code from the mail makes the account real: it gets its default profile, and every service hears of it.

use std::sync::Arc;

use cinema_http::{Audience, ClientAddress, Json, Problem, State, StatusCode};
use events::Outbox;
use kernel::World;
use password::Pepper;
use runtime::{Boot, BootError, Key};
use serde::Deserialize;
use utoipa::ToSchema;

use super::steps::limits::Limits;
use crate::{
    code::{Code, Verdict},
    email::{Email, EmailError},
    problems::{code_expired, wrong_mailed_code},
    response_time::padded,
    store::{accounts, codes},
};

/// A code and the address that it was sent to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyEmailRequest {
    email: Email,
    code: Code,
}

runtime::wire! {
    pub(super) struct VerifyEmail {
        outbox: Outbox,
        pepper: Key<Pepper>,
        limits: Limits,
        world: World,
        first_admin: Arc<Option<Email>> = first_admin,
    }
}

fn first_admin(boot: &Boot) -> Result<Arc<Option<Email>>, BootError> {
    let name = "FIRST_ADMIN_EMAIL";
    let email = boot.setting(name).map(|text| text.parse()).transpose();
    let invalid = |error: EmailError| BootError::Invalid { name: name.to_owned(), reason: error.to_string() };
    email.map(Arc::new).map_err(invalid)
}

/// 204 when the code is right, and again when it is repeated; 422 when it is wrong, 410 when it is too late, 429 at the sixth try.
#[utoipa::path(post, path = "/v1/auth/verify-email", tag = "auth", request_body = VerifyEmailRequest,
    responses((status = 204), Problem))]
pub(super) async fn verify_email(
    State(state): State<VerifyEmail>,
    _caller: Audience,
    ClientAddress(address): ClientAddress,
    Json(request): Json<VerifyEmailRequest>,
) -> Result<StatusCode, Problem> {
    state.limits.count_verification(&request.email, &address).await?;
    match padded(state.verify(&request)).await? {
        Verdict::Right | Verdict::Repeated => {
            state.limits.refund_verification(&request.email).await;
            Ok(StatusCode::NO_CONTENT)
        }
        Verdict::Expired => Err(code_expired()),
        Verdict::Wrong => Err(wrong_mailed_code()),
    }
}

impl VerifyEmail {
    async fn verify(&self, request: &VerifyEmailRequest) -> Result<Verdict, Problem> {
        let (email, now) = (&request.email, self.world.now());
        let digest = request.code.digest(self.pepper.get().await?, email);
        let is_first_admin = self.first_admin.as_ref().as_ref() == Some(email);
        self.outbox
            .transact(async |tx| {
                // The same order of locks as in register-account.
                accounts::lock_by_email(tx, email).await?;
                let sent = codes::count_try(tx, email).await?;
                // A wrong try has to be remembered as well.
                let verdict = sent.map_or(Verdict::Wrong, |sent| sent.judge(&digest, now));
                if verdict == Verdict::Right {
                    codes::mark_used(tx, email, now).await?;
                    if let Some(verified) = accounts::verify(tx, email, is_first_admin, &self.world).await? {
                        tx.emit(&verified).await?;
                    }
                }
                Ok(verdict)
            })
            .await
    }
}
