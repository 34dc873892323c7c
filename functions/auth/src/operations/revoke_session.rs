//! `DELETE /v1/auth/sessions/{id}`: ends a session of the account from another one.

use cinema_http::{Account, Path, Problem, State, StatusCode};
use events::{Outbox, Transaction};
use kernel::{SessionId, World};
use stores::PgPool;

use super::steps::{
    happened::happened,
    live_account::{LiveAccount, wire_with_sessions},
};
use crate::{
    security_event::Kind,
    session_end,
    store::{security_events, sessions},
};

wire_with_sessions! {
    pub(super) struct RevokeSession {
        pool: PgPool,
        outbox: Outbox,
        world: World,
    }
}

/// 204, also when it has ended before; 404 for a session of somebody else.
#[utoipa::path(delete, path = "/v1/auth/sessions/{id}", tag = "auth",
    params(("id" = SessionId, Path, description = "Session")), responses((status = 204), Problem))]
pub(super) async fn revoke_session(
    State(state): State<RevokeSession>,
    account: LiveAccount,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, Problem> {
    if !sessions::belongs(&state.pool, id, account.id).await? {
        return Err(Problem::not_found("session"));
    }
    state.outbox.transact(async |tx| state.end(tx, &account, id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl RevokeSession {
    async fn end(&self, tx: &mut Transaction<'_>, account: &Account, session: SessionId) -> Result<(), sqlx::Error> {
        if session_end::end(tx, (account.id, session), "revoked", &self.world).await? {
            let event = happened(&self.world, account.id, Kind::SessionRevoked, &account.origin);
            security_events::add(&mut **tx, &event.in_session(session)).await?;
        }
        Ok(())
    }
}
