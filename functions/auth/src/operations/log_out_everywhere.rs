//! `POST /v1/auth/logout-all`: ends every session of the account, this one included, and every sign-in that waits for a code.

use cinema_http::{Account, HeaderMap, Problem, Response, State};
use events::Outbox;
use kernel::World;
use stores::PgPool;

use super::steps::{
    happened::happened,
    live_account::{LiveAccount, wire_with_sessions},
    refresh_token::signed_out,
};
use crate::{
    security_event::Kind,
    session_end,
    store::{accounts, mfa_tokens, security_events, sessions},
};

wire_with_sessions! {
    pub(super) struct LogOutEverywhere {
        pool: PgPool,
        outbox: Outbox,
        world: World,
    }
}

/// 204, also when everything has ended before; a cookie is cleared. 401 `session_revoked` from an ended session while others live.
#[utoipa::path(post, path = "/v1/auth/logout-all", tag = "auth", responses((status = 204), Problem))]
pub(super) async fn log_out_everywhere(
    State(state): State<LogOutEverywhere>,
    account: Account,
    live: Result<LiveAccount, Problem>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match live {
        Ok(_) => state.end_all(&account).await?,
        Err(problem) if problem.code() != "session_revoked" => return Err(problem),
        // The first call has ended the session of the second.
        Err(problem) => {
            if !sessions::list(&state.pool, account.id, state.world.now()).await?.is_empty() {
                return Err(problem);
            }
        }
    }
    signed_out(&headers)
}

impl LogOutEverywhere {
    async fn end_all(&self, account: &Account) -> Result<(), sqlx::Error> {
        let event = happened(&self.world, account.id, Kind::SignedOut, &account.origin);
        self.outbox
            .transact(async |tx| {
                let everything = (None, "log_out_everywhere");
                // A sign-in that is about to be let through ends as well, or finds nothing to begin with.
                accounts::lock(tx, account.id).await?;
                let ended = session_end::end_all(tx, account.id, everything, &self.world).await?;
                mfa_tokens::forget(tx, account.id).await?;
                let event = event.in_session(account.session).with(format!("{ended} sessions"));
                security_events::add(&mut **tx, &event).await
            })
            .await
    }
}
