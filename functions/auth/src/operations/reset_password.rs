//! `POST /v1/auth/password/reset`: a new password for the code from the mail; every session ends. An address without an account costs the same
//! work as a wrong code.

use cinema_http::{Audience, HeaderMap, IntoResponse, Json, Origin, Problem, Response, State, StatusCode};
use events::{Outbox, Transaction};
use kernel::{AccountId, Locale, World};
use password::{Password, Pepper};
use proto::mail::PasswordChanged;
use runtime::Key;
use serde::Deserialize;
use utoipa::ToSchema;

use super::steps::{
    happened::happened,
    known_devices::KnownDevices,
    limits::{Limits, RESET_PASSWORD, reset_key},
};
use crate::{
    code::{Code, Purpose, Verdict},
    email::Email,
    leak::Leaks,
    mail::mail,
    password_rules,
    problems::{code_expired, weak_password, wrong_mailed_code},
    response_time::padded,
    security_event::{Kind, SecurityEvent},
    session_end,
    store::{
        self, accounts,
        credentials::{self, NewHash},
        oauth_links, reset_codes, security_events,
    },
};

/// A code, the address that it was sent to, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetPasswordRequest {
    email: Email,
    code: Code,
    password: Password,
}

runtime::wire! {
    pub(super) struct ResetPassword {
        outbox: Outbox = store::outbox,
        pepper: Key<Pepper>,
        devices: KnownDevices,
        limits: Limits,
        leaks: Leaks,
        world: World,
    }
}

/// 204 when the code is right. Links with providers go, but for the one that the account was made with: whoever added them may be why it is
/// reset. 422 `invalid_code` when it is wrong, 410 `code_expired` or `code_used`, 422 `weak_password`, 429 at the sixth try from one network.
#[utoipa::path(post, path = "/v1/auth/password/reset", tag = "auth", request_body = ResetPasswordRequest,
    responses((status = 204), Problem))]
pub(super) async fn reset_password(
    State(state): State<ResetPassword>,
    _caller: Audience,
    origin: Origin,
    headers: HeaderMap,
    Json(request): Json<ResetPasswordRequest>,
) -> Result<Response, Problem> {
    password_rules::check(&request.password, &request.email).map_err(weak_password("/password"))?;
    let key = reset_key(&request.email, &origin.address);
    let counted = state.limits.count_code(&RESET_PASSWORD, key, &origin.address, &request.code).await?;
    match padded(state.reset(&request, &origin)).await? {
        Verdict::Right => {
            state.limits.refund(counted).await;
            state.limits.forget_log_ins(&request.email).await;
            state.devices.remember(&headers, &request.email, StatusCode::NO_CONTENT.into_response()).await
        }
        Verdict::Repeated => {
            Err(Problem::new(StatusCode::GONE, "code_used", "This code was used before. Ask for a new one."))
        }
        Verdict::Expired => Err(code_expired()),
        Verdict::Wrong => Err(wrong_mailed_code()),
    }
}

impl ResetPassword {
    async fn reset(&self, request: &ResetPasswordRequest, origin: &Origin) -> Result<Verdict, Problem> {
        let leak_unchecked = self.leaks.refuse(&request.password).await.map_err(weak_password("/password"))?;
        let pepper = self.pepper.get().await?;
        let hash = NewHash { phc: &pepper.hash(&self.world, &request.password)?, leak_unchecked };
        let digest = request.code.digest_for(pepper, Purpose::Reset, request.email.as_str());
        self.outbox
            .transact(async |tx| {
                // Nobody signs in by a link, or adds one, while it is removed. First, as wherever an account is locked.
                accounts::lock_by_email(tx, &request.email).await?;
                let sent = reset_codes::count_try(tx, &request.email).await?;
                let holder = accounts::holder(&mut **tx, &request.email).await?;
                let verdict =
                    sent.map_or(Verdict::Wrong, |sent| sent.judge((&digest, request.code.length()), self.world.now()));
                // A wrong try has to be remembered as well.
                match (verdict, holder) {
                    (Verdict::Right, Some((account, locale, true))) => {
                        let event = happened(&self.world, account, Kind::PasswordReset, origin);
                        self.replace(tx, (account, &request.email, &locale), hash, &event).await?;
                        Ok(Verdict::Right)
                    }
                    (Verdict::Right, _) => Ok(Verdict::Wrong),
                    (verdict, _) => Ok(verdict),
                }
            })
            .await
    }

    /// Uses the code up, sets the password, removes what was added beside it and ends every session.
    async fn replace(
        &self,
        tx: &mut Transaction<'_>,
        (account, email, locale): (AccountId, &Email, &Locale),
        hash: NewHash<'_>,
        event: &SecurityEvent,
    ) -> Result<(), sqlx::Error> {
        let now = self.world.now();
        reset_codes::mark_used(tx, email, now).await?;
        credentials::set_if(tx, true, account, hash, now).await?;
        session_end::end_whatever_began(tx, account, (None, "password_reset"), &self.world).await?;
        let unlinked_providers = oauth_links::remove_added(tx, account).await?;
        for provider in &unlinked_providers {
            let unlinked = SecurityEvent { id: self.world.id(), kind: Kind::OauthUnlinked, ..event.clone() };
            security_events::add(&mut **tx, &unlinked.with(provider)).await?;
        }
        security_events::add(&mut **tx, event).await?;
        tx.send(mail(&self.world, email, locale, PasswordChanged { unlinked_providers })).await
    }
}
