//! `POST /v1/auth/password/forgot`: mails a code for a new password. The answer is the same, byte by byte and in its time, whether or not the
//! address has an account.

use cinema_http::{Audience, ClientAddress, Json, Problem, State, StatusCode};
use events::{Message, Outbox};
use kernel::{Locale, World};
use password::Pepper;
use proto::mail::{PasswordReset, ResetUnknownAccount};
use runtime::Key;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::steps::limits::{FORGOT_PASSWORD, Limits, RESET_PASSWORD, reset_key};
use crate::{
    code::{Code, Length, Purpose},
    email::Email,
    mail::mail,
    response_time::padded,
    store::{self, accounts, reset_codes},
};

/// Whose password was forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ForgotPasswordRequest {
    email: Email,
}

/// The same for every address.
#[derive(Serialize, ToSchema)]
pub(super) struct ResetSent {
    /// Always `reset_sent`.
    #[schema(example = "reset_sent")]
    status: &'static str,
}

runtime::wire! {
    pub(super) struct ForgotPassword {
        outbox: Outbox = store::mail_outbox,
        pepper: Key<Pepper>,
        limits: Limits,
        world: World,
    }
}

/// 202 for every address; 429 when it happens too often. A code before it is dead then.
#[utoipa::path(post, path = "/v1/auth/password/forgot", tag = "auth", request_body = ForgotPasswordRequest,
    responses((status = 202, body = ResetSent), Problem))]
pub(super) async fn forgot_password(
    State(state): State<ForgotPassword>,
    caller: Audience,
    ClientAddress(address): ClientAddress,
    Json(request): Json<ForgotPasswordRequest>,
) -> Result<(StatusCode, Json<ResetSent>), Problem> {
    state.limits.count_mail(&FORGOT_PASSWORD, &request.email, &address).await?;
    state.limits.forget(&RESET_PASSWORD, reset_key(&request.email, &address)).await;
    padded(state.send(&request.email, &caller.locale)).await?;
    Ok((StatusCode::ACCEPTED, Json(ResetSent { status: "reset_sent" })))
}

impl ForgotPassword {
    /// An address without a verified account gets a digest that no code has; the same statements run in each case.
    async fn send(&self, email: &Email, callers: &Locale) -> Result<(), Problem> {
        let (code, no_code) = (Code::new(&self.world, Length::Long), self.world.bytes::<32>());
        let digest = code.digest_for(self.pepper.get().await?, Purpose::Reset, email.as_str());
        self.outbox
            .transact(async |tx| {
                let holder = accounts::holder(&mut **tx, email).await?;
                let own = holder.filter(|(_, _, is_verified)| *is_verified).map(|(_, locale, _)| locale);
                let digest = if own.is_some() { &digest } else { no_code.as_slice() };
                reset_codes::put(tx, email, digest, self.world.now()).await?;
                Ok(tx.send(self.mail(email, own.as_ref(), callers, &code)).await?)
            })
            .await
    }

    fn mail(&self, email: &Email, own: Option<&Locale>, callers: &Locale, code: &Code) -> Message {
        match own {
            Some(own) => mail(&self.world, email, own, PasswordReset { code: code.reveal() }),
            None => mail(&self.world, email, callers, ResetUnknownAccount {}),
        }
    }
}
