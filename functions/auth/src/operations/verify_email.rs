//! `POST /v1/auth/verify-email`: the code from the mail makes the account real: it gets its password and its default profile, and every service
//! hears of it. The password comes along because a code proves who reads the mailbox, not who registered the address last.

use std::sync::Arc;

use cinema_http::{Audience, HeaderMap, IntoResponse, Json, Origin, Problem, Response, State, StatusCode};
use events::{Outbox, Transaction};
use kernel::{AccountId, World};
use password::{Password, Pepper};
use runtime::{Boot, BootError, Key};
use serde::Deserialize;
use utoipa::ToSchema;

use super::steps::{
    happened::happened,
    known_devices::KnownDevices,
    limits::{Limits, VERIFY_EMAIL},
};
use crate::{
    code::{Code, Verdict},
    email::{Email, EmailError},
    leak::Leaks,
    password_rules,
    problems::{code_expired, weak_password, wrong_mailed_code},
    response_time::padded,
    role::Role,
    security_event::Kind,
    store::{
        accounts, codes,
        credentials::{self, NewHash},
        roles, security_events,
    },
};

/// A code, the address that it was sent to, and the password that the account gets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyEmailRequest {
    email: Email,
    code: Code,
    /// Replaces the one of the registration, which anybody may have sent.
    password: Password,
}

runtime::wire! {
    pub(super) struct VerifyEmail {
        outbox: Outbox,
        pepper: Key<Pepper>,
        devices: KnownDevices,
        limits: Limits,
        leaks: Leaks,
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

/// 204 when the code is right, and again when it is repeated, which changes nothing; 422 `invalid_code` when it is wrong, 410 when it is too
/// late, 422 `weak_password`, 429 at the sixth try.
#[utoipa::path(post, path = "/v1/auth/verify-email", tag = "auth", request_body = VerifyEmailRequest,
    responses((status = 204), Problem))]
pub(super) async fn verify_email(
    State(state): State<VerifyEmail>,
    _caller: Audience,
    origin: Origin,
    headers: HeaderMap,
    Json(request): Json<VerifyEmailRequest>,
) -> Result<Response, Problem> {
    password_rules::check(&request.password, &request.email).map_err(weak_password("/password"))?;
    let counted =
        state.limits.count_code(&VERIFY_EMAIL, request.email.as_str(), &origin.address, &request.code).await?;
    match padded(state.verify(&request, &origin)).await? {
        verdict @ (Verdict::Right | Verdict::Repeated) => {
            state.limits.refund(counted).await;
            let answer = StatusCode::NO_CONTENT.into_response();
            // A repeat proves nothing: the password that came along was not looked at.
            if verdict == Verdict::Repeated {
                return Ok(answer);
            }
            state.devices.remember(&headers, &request.email, answer).await
        }
        Verdict::Expired => Err(code_expired()),
        Verdict::Wrong => Err(wrong_mailed_code()),
    }
}

impl VerifyEmail {
    async fn verify(&self, request: &VerifyEmailRequest, origin: &Origin) -> Result<Verdict, Problem> {
        let (email, now) = (&request.email, self.world.now());
        let leak_unchecked = self.leaks.refuse(&request.password).await.map_err(weak_password("/password"))?;
        let pepper = self.pepper.get().await?;
        let hash = NewHash { phc: &pepper.hash(&self.world, &request.password)?, leak_unchecked };
        let digest = request.code.digest(pepper, email);
        self.outbox
            .transact(async |tx| {
                // The same order of locks as in register-account.
                accounts::lock_by_email(tx, email).await?;
                let sent = codes::count_try(tx, email).await?;
                // A wrong try has to be remembered as well.
                let verdict = sent.map_or(Verdict::Wrong, |sent| sent.judge((&digest, request.code.length()), now));
                if verdict == Verdict::Right {
                    codes::mark_used(tx, email, now).await?;
                    if let Some((account, verified)) = accounts::verify(tx, email, &self.world).await? {
                        credentials::set_if(tx, true, account, hash, now).await?;
                        self.appoint_first_admin(tx, (account, email), origin).await?;
                        tx.emit(&verified).await?;
                    }
                }
                Ok(verdict)
            })
            .await
    }

    /// While nobody administrates: whoever gets hold of that address later is an account like others.
    async fn appoint_first_admin(
        &self,
        tx: &mut Transaction<'_>,
        (account, email): (AccountId, &Email),
        origin: &Origin,
    ) -> Result<(), sqlx::Error> {
        let is_named = self.first_admin.as_ref().as_ref() == Some(email);
        if is_named && roles::grant_first_admin(tx, account, self.world.now()).await? {
            let event = happened(&self.world, account, Kind::RoleGranted, origin).with(Role::Admin.as_str());
            security_events::add(&mut **tx, &event).await?;
        }
        Ok(())
    }
}
