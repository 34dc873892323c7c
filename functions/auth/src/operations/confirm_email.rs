//! `POST /v1/auth/email/confirm`: the code from the new mailbox gives the account its new address, and every service hears of it.

use cinema_http::{Account, Json, Problem, State, StatusCode};
use events::{Outbox, Transaction};
use kernel::World;
use password::Pepper;
use proto::mail::EmailChanged;
use runtime::Key;
use serde::Deserialize;
use utoipa::ToSchema;

use super::steps::{
    happened::happened,
    limits::{CONFIRM_EMAIL, Limits},
    live_account::{LiveAccount, wire_with_sessions},
};
use crate::{
    code::{Code, Purpose, Verdict},
    email::Email,
    mail::mail,
    problems::{code_expired, wrong_mailed_code},
    security_event::Kind,
    store::{self, accounts, codes, email_changes, reset_codes, security_events},
};

/// The code from the newest mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmEmailRequest {
    code: Code,
}

wire_with_sessions! {
    pub(super) struct ConfirmEmail {
        pepper: Key<Pepper>,
        limits: Limits,
        outbox: Outbox = store::outbox,
        world: World,
    }
}

/// 204 when the code is right, and again when it is repeated; 422 when it is wrong, 410 when it is too late, 409 `email_taken` when somebody
/// else was faster, 429 at the sixth try.
#[utoipa::path(post, path = "/v1/auth/email/confirm", tag = "auth", request_body = ConfirmEmailRequest,
    responses((status = 204), Problem))]
pub(super) async fn confirm_email(
    State(state): State<ConfirmEmail>,
    account: LiveAccount,
    Json(request): Json<ConfirmEmailRequest>,
) -> Result<StatusCode, Problem> {
    let counted = state.limits.count_code(&CONFIRM_EMAIL, account.id, &account.origin.address, &request.code).await?;
    match state.confirm(&account, &request.code).await? {
        Verdict::Right | Verdict::Repeated => {}
        Verdict::Expired => return Err(code_expired()),
        Verdict::Wrong => return Err(wrong_mailed_code()),
    }
    state.limits.refund(counted).await;
    Ok(StatusCode::NO_CONTENT)
}

impl ConfirmEmail {
    async fn confirm(&self, account: &Account, code: &Code) -> Result<Verdict, Problem> {
        let digest = code.digest_for(self.pepper.get().await?, Purpose::NewAddress, &account.id.to_string());
        self.outbox
            .transact(async |tx| {
                let Some((new, sent)) = email_changes::count_try(tx, account.id).await? else {
                    return Ok(Verdict::Wrong);
                };
                // A wrong try has to be remembered as well.
                let verdict = sent.judge((&digest, code.length()), self.world.now());
                if verdict == Verdict::Right {
                    self.move_account(tx, account, &new).await?;
                }
                Ok(verdict)
            })
            .await
    }

    async fn move_account(&self, tx: &mut Transaction<'_>, account: &Account, new: &Email) -> Result<(), Problem> {
        let (old, locale, verified) = match accounts::move_to(tx, account.id, new, &self.world).await {
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                return Err(Problem::conflict(
                    "email_taken",
                    "Somebody else has this address by now. Choose another one.",
                ));
            }
            moved => moved?,
        };
        email_changes::mark_used(tx, account.id, self.world.now()).await?;
        // Codes that lie in the old mailbox, or that were sent before anybody had the new one, are good for nothing any more.
        reset_codes::forget(tx, [&old, new]).await?;
        codes::forget(tx, [&old, new]).await?;
        let event = happened(&self.world, account.id, Kind::EmailChanged, &account.origin);
        security_events::add(&mut **tx, &event.in_session(account.session)).await?;
        tx.emit(&verified).await?;
        Ok(tx.send(mail(&self.world, &old, &locale, EmailChanged {})).await?)
    }
}
