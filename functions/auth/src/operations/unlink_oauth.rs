//! `DELETE /v1/auth/oauth/{provider}`: an account of a provider can no longer sign in here, and whatever it has begun ends.

use cinema_http::{Account, Path, Problem, Proven, State, StatusCode};
use events::{Outbox, Transaction};
use kernel::World;

use super::steps::{happened::happened, live_account::wire_with_sessions};
use crate::{
    oidc::NoProvider,
    security_event::Kind,
    session_end,
    store::{accounts, oauth_links, security_events},
};

wire_with_sessions! {
    pub(super) struct UnlinkOauth {
        outbox: Outbox,
        world: World,
    }
}

/// 204, and sessions that began with the provider's account end, also the one that asks; 404 when the account has no link with this provider,
/// 409 `last_credential` when it could not sign in any more, 403 `step_up_required` unless the person proved who they are in the last ten
/// minutes, with a code where an authenticator is in use.
#[utoipa::path(delete, path = "/v1/auth/oauth/{provider}", tag = "auth",
    params(("provider" = String, Path)), responses((status = 204), Problem))]
pub(super) async fn unlink_oauth(
    State(state): State<UnlinkOauth>,
    account: Proven<10, true>,
    Path(provider): Path<String>,
) -> Result<StatusCode, Problem> {
    state.outbox.transact(async |tx| state.unlink(tx, &account, &provider).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl UnlinkOauth {
    async fn unlink(&self, tx: &mut Transaction<'_>, account: &Account, provider: &str) -> Result<(), Problem> {
        // Two links that are removed at the same time must not each count on the other.
        accounts::lock(tx, account.id).await?;
        if !oauth_links::remove(tx, account.id, provider).await? {
            return Err(NoProvider.into());
        }
        if !oauth_links::can_sign_in(tx, account.id).await? {
            let detail = "Nothing else signs you in. Set a password first with \"Forgot password\".";
            return Err(Problem::conflict("last_credential", detail));
        }
        session_end::end_provider(tx, (account.id, provider), "oauth_unlinked", &self.world).await?;
        let event = happened(&self.world, account.id, Kind::OauthUnlinked, &account.origin);
        let event = event.in_session(account.session).with(provider);
        Ok(security_events::add(&mut **tx, &event).await?)
    }
}
