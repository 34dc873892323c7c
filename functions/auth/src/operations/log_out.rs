//! `POST /v1/auth/logout`: ends the session of the access token. The access token itself lives out its last minutes.

use cinema_http::{Account, HeaderMap, Problem, Response, State};
use events::{Outbox, Transaction};
use kernel::World;

use super::steps::{happened::happened, refresh_token::signed_out};
use crate::{security_event::Kind, session_end, store::security_events};

runtime::wire! {
    pub(super) struct LogOut {
        outbox: Outbox,
        world: World,
    }
}

/// 204, also when the session has ended before; a cookie is cleared.
#[utoipa::path(post, path = "/v1/auth/logout", tag = "auth", responses((status = 204), Problem))]
pub(super) async fn log_out(
    State(state): State<LogOut>,
    account: Account,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.outbox.transact(async |tx| state.end(tx, &account).await).await?;
    signed_out(&headers)
}

impl LogOut {
    async fn end(&self, tx: &mut Transaction<'_>, account: &Account) -> Result<(), sqlx::Error> {
        if session_end::end(tx, (account.id, account.session), "log_out", &self.world).await? {
            let event = happened(&self.world, account.id, Kind::SignedOut, &account.origin);
            security_events::add(&mut **tx, &event.in_session(account.session)).await?;
        }
        Ok(())
    }
}
