//! `DELETE /v1/playback/active/{id}`: ends a stream of the account from another place, and frees its slot at once.

use cinema_http::{Account, Path, Problem, State, StatusCode};
use kernel::{PlaybackId, World};
use runtime::Access;
use stores::Table;

use super::require_say;
use crate::{
    problems,
    session::Ended,
    store::sessions::{self, Watching},
};

/// How often it is tried again when another request of the account was faster.
const ATTEMPTS: usize = 5;

runtime::wire! {
    pub(super) struct Kick {
        table: Table = |boot| boot.table("playback", Access::ReadWrite),
        world: World,
    }
}

/// Ends a stream; one that has ended already stays as it is. Its player is told `session_kicked`. 403 `step_up_required` for one of another profile,
/// unless the person has just proved who they are, and 401 `session_revoked` if they have signed out since.
#[utoipa::path(
    delete, path = "/v1/playback/active/{id}", tag = "streaming",
    params(("id" = PlaybackId, Path)),
    responses((status = 204), Problem)
)]
pub(super) async fn kick(
    State(state): State<Kick>,
    account: Account,
    Path(id): Path<PlaybackId>,
) -> Result<StatusCode, Problem> {
    for _ in 0..ATTEMPTS {
        if state.end(&account, id).await? {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(problems::too_busy())
}

impl Kick {
    /// `false`: another request of the account was faster.
    async fn end(&self, account: &Account, id: PlaybackId) -> Result<bool, Problem> {
        let now = self.world.now();
        let watching = sessions::watching(&self.table, id, account.id).await?;
        let Watching { session, slots, .. } = watching.ok_or_else(problems::unknown_session)?;
        require_say(&self.table, &session, account, now).await?;
        let next = match session.check_live(now) {
            Ok(()) => session.kick(now),
            // Nobody has noted it yet.
            Err(Ended::Expired) if session.state.is_live() => session.expire(),
            Err(_) => return Ok(true),
        };
        Ok(sessions::advance(&self.table, &next, &slots.release(id)).await?)
    }
}
