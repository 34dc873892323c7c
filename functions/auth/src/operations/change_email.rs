//! `POST /v1/auth/email`: sends a code to the new address and a notice to the old one. The answer is the same, byte by byte and in its time,
//! whether or not the new address is taken.

use cinema_http::{Account, Json, Problem, Proven, State, StatusCode};
use events::Outbox;
use kernel::World;
use password::{Password, Pepper};
use proto::mail::{AlreadyRegistered, ConfirmEmail, EmailChangeRequested};
use serde::{Deserialize, Serialize};
use stores::PgPool;
use utoipa::ToSchema;

use super::steps::{
    current_password::CurrentPassword,
    limits::{CONFIRM_EMAIL, Limits, NEW_EMAIL},
    live_account::wire_with_sessions,
};
use crate::{
    code::{Code, Purpose},
    email::Email,
    mail::mail,
    response_time::padded,
    store::{self, accounts, email_changes},
};

/// The new address, and the password as the proof that it is the owner who wants it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeEmailRequest {
    new: Email,
    password: Password,
}

/// The same for every address.
#[derive(Serialize, ToSchema)]
pub(super) struct ConfirmationSent {
    /// Always `confirmation_sent`.
    #[schema(example = "confirmation_sent")]
    status: &'static str,
}

wire_with_sessions! {
    pub(super) struct ChangeEmail {
        pool: PgPool,
        current: CurrentPassword,
        limits: Limits,
        outbox: Outbox = store::mail_outbox,
        world: World,
    }
}

/// 202 for every address; 403 `step_up_required` unless the person proved who they are in the last ten minutes, with a code where an
/// authenticator is in use; 403 `wrong_password`, 409 `no_password`, 429 when it is tried too often. A code before it is dead then.
#[utoipa::path(post, path = "/v1/auth/email", tag = "auth", request_body = ChangeEmailRequest,
    responses((status = 202, body = ConfirmationSent), Problem))]
pub(super) async fn change_email(
    State(state): State<ChangeEmail>,
    account: Proven<10, true>,
    Json(request): Json<ChangeEmailRequest>,
) -> Result<(StatusCode, Json<ConfirmationSent>), Problem> {
    padded(state.request(&account, &request)).await?;
    Ok((StatusCode::ACCEPTED, Json(ConfirmationSent { status: "confirmation_sent" })))
}

impl ChangeEmail {
    async fn request(&self, account: &Account, request: &ChangeEmailRequest) -> Result<(), Problem> {
        let (pepper, _) = self.current.prove(account, &request.password).await?;
        self.limits.count_mail(&NEW_EMAIL, &request.new, &account.origin.address).await?;
        self.limits.forget(&CONFIRM_EMAIL, account.id).await;
        self.send(account, &request.new, pepper).await
    }

    async fn send(&self, account: &Account, new: &Email, pepper: &Pepper) -> Result<(), Problem> {
        let (old, locale) = accounts::contact(&self.pool, account.id).await?;
        if old == *new {
            return Err(Problem::invalid("/new", "the account has this address"));
        }
        let code = Code::new(&self.world, self.limits.length_of_codes().await);
        let digest = code.digest_for(pepper, Purpose::NewAddress, &account.id.to_string());
        let no_code: [u8; 32] = self.world.bytes();
        let with_code = mail(&self.world, new, &locale, ConfirmEmail { code: code.reveal() });
        let without = mail(&self.world, new, &locale, AlreadyRegistered {});
        let notice = mail(&self.world, &old, &locale, EmailChangeRequested { new_email: new.masked() });
        // The same statements run whether or not the address is taken.
        self.outbox
            .transact(async |tx| {
                let holder = accounts::holder(&mut **tx, new).await?;
                let is_taken = holder.is_some_and(|(_, _, is_verified)| is_verified);
                let digest = if is_taken { no_code.as_slice() } else { &digest };
                email_changes::put(tx, account.id, (new, digest), self.world.now()).await?;
                tx.send(if is_taken { without } else { with_code }).await?;
                Ok(tx.send(notice).await?)
            })
            .await
    }
}
