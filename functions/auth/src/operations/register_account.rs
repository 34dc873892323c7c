//! `POST /v1/auth/register`: sends a code to the address. The answer is the same, byte by byte and in its time, whether or not the address is
//! known: a verified one gets a mail that says so, an unverified one a new code.

use cinema_http::{Audience, ClientAddress, Json, Problem, State, StatusCode};
use events::Outbox;
use kernel::{AccountId, Locale, World};
use password::{Password, Pepper};
use proto::mail::{AlreadyRegistered, VerifyEmail};
use runtime::Key;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::steps::limits::{Limits, REGISTER, VERIFY_EMAIL};
use crate::{
    code::Code,
    email::Email,
    leak::Leaks,
    mail::mail,
    password_rules,
    problems::weak_password,
    response_time::padded,
    store::{
        self, accounts, codes,
        credentials::{self, NewHash},
    },
};

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterAccountRequest {
    email: Email,
    password: Password,
    /// Language of the mails; by default the first of `Accept-Language`.
    locale: Option<Locale>,
}

/// The same for every address.
#[derive(Serialize, ToSchema)]
pub(super) struct Registered {
    /// Always `verification_sent`.
    #[schema(example = "verification_sent")]
    status: &'static str,
}

runtime::wire! {
    pub(super) struct RegisterAccount {
        outbox: Outbox = store::mail_outbox,
        pepper: Key<Pepper>,
        limits: Limits,
        leaks: Leaks,
        world: World,
    }
}

/// Sends a code to the address; 422 `weak_password`, 429 when it happens too often.
#[utoipa::path(post, path = "/v1/auth/register", tag = "auth", request_body = RegisterAccountRequest,
    responses((status = 202, body = Registered), Problem))]
pub(super) async fn register_account(
    State(state): State<RegisterAccount>,
    caller: Audience,
    ClientAddress(address): ClientAddress,
    Json(new): Json<RegisterAccountRequest>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    password_rules::check(&new.password, &new.email).map_err(weak_password("/password"))?;
    state.limits.count_mail(&REGISTER, &new.email, &address).await?;
    state.limits.forget(&VERIFY_EMAIL, new.email.as_str()).await;
    let locale = new.locale.unwrap_or(caller.locale);
    let leak_unchecked = state.leaks.refuse(&new.password).await.map_err(weak_password("/password"))?;
    padded(state.register((&new.email, &locale), &new.password, leak_unchecked)).await?;
    Ok((StatusCode::ACCEPTED, Json(Registered { status: "verification_sent" })))
}

impl RegisterAccount {
    /// A verified account stays as it is. The same statements run in each case: the answer's time must not tell which it was.
    async fn register(
        &self,
        (email, locale): (&Email, &Locale),
        password: &Password,
        leak_unchecked: bool,
    ) -> Result<(), Problem> {
        let (pepper, now) = (self.pepper.get().await?, self.world.now());
        let (code, no_code) = (Code::new(&self.world, self.limits.length_of_codes().await), self.world.bytes::<32>());
        let (id, digest) = (self.world.id::<AccountId>(), code.digest(pepper, email));
        let hash = NewHash { phc: &pepper.hash(&self.world, password)?, leak_unchecked };
        let with_code = mail(&self.world, email, locale, VerifyEmail { code: code.reveal() });
        let without = mail(&self.world, email, locale, AlreadyRegistered {});
        self.outbox
            .transact(async |tx| {
                let (account, is_verified) = accounts::register(tx, (id, email, locale), now).await?;
                // A verified account without a password must not get one in this way either. That of an unverified account opens nothing: it
                // only lets log-in say what is missing, and verify-email replaces it.
                credentials::set_if(tx, !is_verified, account, hash, now).await?;
                codes::put(tx, email, if is_verified { &no_code } else { &digest }, now).await?;
                Ok(tx.send(if is_verified { without } else { with_code }).await?)
            })
            .await
    }
}
