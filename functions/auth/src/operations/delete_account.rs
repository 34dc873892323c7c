//! `DELETE /v1/auth/account`: everything about the person goes. Nobody can sign in from this moment on; each service erases what it holds and
//! sends a receipt, and auth goes last.

use cinema_http::{Account, Json, Problem, Proven, State, StatusCode};
use events::Outbox;
use kernel::{ErasureId, World};
use password::Pepper;
use runtime::{Key, PublicUrl};
use serde::Serialize;
use stores::PgPool;
use utoipa::ToSchema;

use super::steps::{happened::happened, live_account::wire_with_sessions};
use crate::{
    erasure,
    problems::last_admin,
    security_event::Kind,
    session_end,
    store::{erasures, roles, security_events},
};

/// The erasure has begun.
#[derive(Serialize, ToSchema)]
pub(super) struct ErasureBegun {
    erasure_id: ErasureId,
    /// Always `erasing`.
    #[schema(example = "erasing")]
    status: &'static str,
    /// Shows the receipts of all services without signing in; only who knows this address can read it.
    receipts_url: String,
}

wire_with_sessions! {
    pub(super) struct DeleteAccount {
        pool: PgPool,
        outbox: Outbox,
        pepper: Key<Pepper>,
        public_url: PublicUrl,
        world: World,
    }
}

/// Deletes the account and what belongs to it. A plan ends at once and rented and bought films are lost, without any money back but for what was paid in
/// the last five minutes, or ahead of a trial's end.
///
/// 202, and the same again when it is repeated; 403 `step_up_required` unless the person proved who they are in the last ten minutes, with a
/// code where an authenticator is in use; 409 `last_admin` for the only administrator.
#[utoipa::path(delete, path = "/v1/auth/account", tag = "auth",
    responses((status = 202, body = ErasureBegun), Problem))]
pub(super) async fn delete_account(
    State(state): State<DeleteAccount>,
    account: Account,
    proven: Result<Proven<10, true>, Problem>,
) -> Result<(StatusCode, Json<ErasureBegun>), Problem> {
    let proven = match proven {
        // The first call has ended the session of the second.
        Err(problem) if problem.code() != "session_revoked" => return Err(problem),
        proven => proven,
    };
    // First, so that nothing begins whose receipts nobody could read.
    let pepper = state.pepper.get().await?;
    let id = match erasures::of(&state.pool, account.id).await? {
        Some(begun) => begun,
        None => {
            let proven = proven?;
            state.begin(&proven).await?
        }
    };
    let path = format!("/v1/auth/erasures/{id}?token={}", erasure::token(pepper, id));
    let receipts_url = state.public_url.join(&path);
    Ok((StatusCode::ACCEPTED, Json(ErasureBegun { erasure_id: id, status: "erasing", receipts_url })))
}

impl DeleteAccount {
    /// Begins an erasure, or finds the one that another request has begun meanwhile.
    async fn begin(&self, account: &Account) -> Result<ErasureId, Problem> {
        let (id, now) = (self.world.id::<ErasureId>(), self.world.now());
        let event = happened(&self.world, account.id, Kind::ErasureRequested, &account.origin);
        let begun = self.outbox.transact(async |tx| {
            let Some(open) = erasures::add(tx, id, account.id, now).await? else {
                return Ok(erasures::of(&mut **tx, account.id).await?);
            };
            if !roles::others_administrate(tx, account.id).await? {
                return Err(last_admin());
            }
            security_events::add(&mut **tx, &event.in_session(account.session)).await?;
            session_end::end_all(tx, account.id, (None, "account_erased"), &self.world).await?;
            erasures::close_ways_in(tx, account.id).await?;
            tx.emit(&open.event(&self.world)).await?;
            Ok::<_, Problem>(Some(open.id))
        });
        begun.await?.ok_or_else(|| Problem::from(sqlx::Error::RowNotFound))
    }
}
