//! `DELETE /v1/auth/mfa/totp`: signing in takes the password alone again.

use cinema_http::{Account, Problem, Proven, State, StatusCode};
use events::Outbox;
use kernel::World;
use proto::mail::MfaDisabled;
use stores::PgPool;

use super::steps::{happened::happened, live_account::wire_with_sessions};
use crate::{
    mail::mail,
    security_event::Kind,
    store::{self, accounts, mfa_tokens, recovery_codes, security_events, totp},
};

wire_with_sessions! {
    pub(super) struct RemoveTotp {
        pool: PgPool,
        outbox: Outbox = store::mail_outbox,
        world: World,
    }
}

/// 204, also when there is none; 403 `step_up_required` unless the person proved who they are in the last ten minutes, with a code of the
/// authenticator or a recovery code.
#[utoipa::path(delete, path = "/v1/auth/mfa/totp", tag = "auth", responses((status = 204), Problem))]
pub(super) async fn remove_totp(
    State(state): State<RemoveTotp>,
    account: Proven<10, true>,
) -> Result<StatusCode, Problem> {
    state.remove(&account).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl RemoveTotp {
    async fn remove(&self, account: &Account) -> Result<(), Problem> {
        let (email, locale) = accounts::contact(&self.pool, account.id).await?;
        let event = happened(&self.world, account.id, Kind::MfaDisabled, &account.origin);
        let mail = mail(&self.world, &email, &locale, MfaDisabled {});
        self.outbox
            .transact(async |tx| {
                recovery_codes::remove(tx, account.id).await?;
                mfa_tokens::forget(tx, account.id).await?;
                if totp::remove(tx, account.id).await? {
                    security_events::add(&mut **tx, &event.in_session(account.session)).await?;
                    tx.send(mail).await?;
                }
                Ok(())
            })
            .await
    }
}
