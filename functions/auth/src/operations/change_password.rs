//! `POST /v1/auth/password/change`: a new password for somebody who is signed in and knows the current one; every other session ends.

use cinema_http::{Account, HeaderMap, IntoResponse, Json, Problem, Proven, Response, State, StatusCode};
use events::Outbox;
use kernel::World;
use password::{Password, Pepper};
use proto::mail::PasswordChanged;
use serde::Deserialize;
use stores::PgPool;
use utoipa::ToSchema;

use super::steps::{
    current_password::CurrentPassword, happened::happened, known_devices::KnownDevices,
    live_account::wire_with_sessions,
};
use crate::{
    email::Email,
    leak::Leaks,
    mail::mail,
    password_rules,
    problems::weak_password,
    security_event::Kind,
    session_end,
    store::{
        self, accounts,
        credentials::{self, NewHash},
        security_events,
    },
};

/// The present password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePasswordRequest {
    current: Password,
    new: Password,
}

wire_with_sessions! {
    pub(super) struct ChangePassword {
        pool: PgPool,
        current: CurrentPassword,
        devices: KnownDevices,
        leaks: Leaks,
        outbox: Outbox = store::outbox,
        world: World,
    }
}

/// 204; 403 `wrong_password`, 403 `step_up_required` when the sign-in is older than an hour, 422 `weak_password`, 409 `no_password`, 429 after
/// five wrong passwords.
#[utoipa::path(post, path = "/v1/auth/password/change", tag = "auth", request_body = ChangePasswordRequest,
    responses((status = 204), Problem))]
pub(super) async fn change_password(
    State(state): State<ChangePassword>,
    account: Proven<60>,
    headers: HeaderMap,
    Json(request): Json<ChangePasswordRequest>,
) -> Result<Response, Problem> {
    let (pepper, old) = state.current.prove(&account, &request.current).await?;
    let email = state.change(&account, &request.new, (pepper, &old)).await?;
    state.devices.remember(&headers, &email, StatusCode::NO_CONTENT.into_response()).await
}

impl ChangePassword {
    /// Sets it; the address that it is for.
    async fn change(
        &self,
        account: &Account,
        new: &Password,
        (pepper, old): (&Pepper, &str),
    ) -> Result<Email, Problem> {
        let (email, locale) = accounts::contact(&self.pool, account.id).await?;
        password_rules::check(new, &email).map_err(weak_password("/new"))?;
        let leak_unchecked = self.leaks.refuse(new).await.map_err(weak_password("/new"))?;
        let hash = NewHash { phc: &pepper.hash(&self.world, new)?, leak_unchecked };
        let event = happened(&self.world, account.id, Kind::PasswordChanged, &account.origin);
        let mail = mail(&self.world, &email, &locale, PasswordChanged::default());
        self.outbox
            .transact(async |tx| {
                if !credentials::replace(tx, account.id, old, hash, self.world.now()).await? {
                    let detail = "The password was changed by another request. Sign in again.";
                    return Err(Problem::conflict("password_changed", detail));
                }
                let kept = (Some(account.session), "password_changed");
                session_end::end_whatever_began(tx, account.id, kept, &self.world).await?;
                security_events::add(&mut **tx, &event.in_session(account.session)).await?;
                Ok(tx.send(mail).await?)
            })
            .await?;
        Ok(email)
    }
}
